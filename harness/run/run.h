/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run: a workload, a backend, a ratio. run.c is the whole of a run's life. */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/buf.h"
#include "base/err.h"
#include "harness/run/placement.h"
#include "harness/run/session.h"
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

enum run_status { RUN_OK, RUN_UNTRUSTED, RUN_FAILED };

struct run_outcome {
	int64_t id; /* in the store; 0: it was not even recorded */
	enum run_status status;
	uint64_t peak_bytes;
};

/* Everything that can be known before anything is touched. Changes nothing. */
int run_check(const struct run_spec *spec, struct err *err);

/*
 * Make it. Returns 0 when it was made to its end (ok or untrusted), -errno with the reason when it
 * failed: then it is recorded as failed, and the machine is as before all the same. -EINTR: the
 * user wants no more.
 */
int run_execute(struct session *s, const struct run_spec *spec, struct run_outcome *outcome,
		struct err *err);

#endif
