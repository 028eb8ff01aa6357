/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run is asked to do. Nothing in here changes while it is made. */
#ifndef HARNESS_SPEC_H
#define HARNESS_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "workloads/workload.h"

/* How runs are made; the same for all cells of a command. From options: durations in ns. */
struct run_settings {
	uint64_t duration_ns; /* the measure window of a SERVICE */
	uint64_t warmup_ns;   /* before it, not counted */
	uint64_t settle_ns;   /* how long shrinking may make no progress */
	uint64_t sample_hz;
	bool offload; /* see reclaimer.h */
	uint64_t headroom_bytes, step_bytes;
	char *reclaim_cpu; /* as struct placement_wish */
	char *cpus, *client_cpus;
	char *mem_node;	    /* a number, or NULL: any */
	char *page_cluster; /* vm.page-cluster while it runs, or NULL: as it is */
	char *cgroup_root;  /* NULL: chosen */
	char *experiment;   /* NULL: none */
};

struct run_spec {
	const struct run_settings *settings;
	const struct workload *workload;
	const void *workload_params;
	char *const *argv; /* the user's command */
	const struct backend *backend;
	const void *backend_params;
	double ratio; /* (0, 1] */
	int repeat;
	uint64_t seed;
	uint64_t peak_bytes; /* 0: not known (ratio 1 only: this run finds it) */
};

#endif
