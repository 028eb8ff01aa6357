/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run is asked to do. Nothing in here changes while it is made. */
#ifndef HARNESS_SPEC_H
#define HARNESS_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "workloads/workload.h"

#define WARMUP_AUTO OPT_WORD

/* How runs are made; the same for all cells of a command. From options: durations in ns. */
struct run_settings {
	uint64_t duration_ns; /* the measure window of a SERVICE */
	uint64_t warmup_ns;   /* before it, not counted; WARMUP_AUTO: until its rates hold still */
	uint64_t settle_ns;   /* how long shrinking may make no progress */
	uint64_t sample_hz;
	bool offload; /* see reclaimer.h */
	uint64_t headroom_bytes, step_bytes;
	char *reclaim_cpu; /* as struct placement_wish */
	char *cpus, *client_cpus;
	char *mem_node;	    /* a number, or NULL: any */
	char *set;	    /* kernel settings while it runs, lines FILE=VALUE (sets.h), or NULL */
	char *page_cluster; /* short for one: vm.page-cluster */
	char *cgroup_root;  /* NULL: chosen */
	char *experiment;   /* NULL: none */
	char *prepare, *cleanup; /* lines for a shell, around each run; NULL: none */
	uint64_t warmup_runs;	 /* of each cell first, and not kept */
	bool show_output;
};

/* One program under one limit. */
struct job_spec {
	const char *name; /* in messages, tables and the store; unique within its run */
	const struct workload *workload;
	const void *params;
	char *const *argv; /* the user's command, else NULL */
	double ratio;	   /* (0, 1]; a LOOP states its limit itself */
	uint64_t seed;
	uint64_t peak_bytes; /* 0: not known (ratio 1 only: this run finds it) */
};

struct run_spec {
	const struct run_settings *settings;
	const struct backend *backend;
	const void *backend_params;
	const struct job_spec *jobs; /* at least one; a LOOP is always alone */
	size_t nr_jobs;
	int repeat;
	uint64_t seed;
};

#endif
