/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job while it runs: one program under one limit, in groups of its own. run.c says when each of
 * these is called; none of them knows another job.
 */
#ifndef HARNESS_JOB_H
#define HARNESS_JOB_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/err.h"
#include "base/progress.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "collectors/limit.h"
#include "collectors/reclaimer.h"
#include "harness/group/cgroup.h"
#include "harness/group/reclaimer.h"
#include "harness/group/relief.h"
#include "harness/run/flags.h"
#include "harness/run/pace.h"
#include "harness/run/placement.h"
#include "harness/run/spec.h"

struct job {
	const struct job_spec *spec;
	const struct run_settings *settings;
	struct backend_ctx *backend; /* the run's */
	int number;		     /* from 1, as in the store */
	char dir[PATH_MAX];	     /* logs and artifacts */

	struct placement placement;
	struct groups groups;
	bool has_group;
	struct backend_job far; /* what the backend knows of it */
	struct place inside, outside;
	struct progress *progress;
	int progress_fd; /* 0: not made yet */
	struct workload_ctx ctx;
	bool started, ended, stopped;
	uint64_t begin_ns, end_ns; /* a window of its own, in a co-run; 0: the run's */
	struct results results;

	uint64_t limit_bytes; /* what stays local; 0: no limit */
	bool lift;	      /* the limit goes before the window: faults without reclaim */
	struct reclaimer *reclaimer;
	struct reclaimer_counters reclaimer_counters;
	struct moving_limit moving; /* instead, in a co-run */
	bool limit_stands;	    /* neither is it still being reached, nor was it lifted */
	uint64_t full_since_ns;	    /* see shrink_watch() */
	struct relief *relief;
	struct relief_count reliefs;
	struct usage_seen seen;
	struct pace pace;	    /* of the phase warmup or measure */
	uint64_t peak_bytes;	    /* of far-able memory: stated; or found where no limit stands */
	uint64_t memory_peak_bytes; /* of all memory, as the kernel kept it; 0: it keeps none */
	bool peak_seen;		    /* readings came near the kernel's */
};

void job_init(struct job *j, const struct job_spec *spec, const struct run_settings *settings,
	      struct backend_ctx *backend, int number);
void job_release(struct job *j);

/* How much may stay local: whole pages of ratio x peak, or what the workload states. 0: all. */
uint64_t job_limit_bytes(const struct job_spec *spec, bool *ret_lift);

/* Is its memory filled before the measure phase of a run with so many jobs, and under its limit? Never
 * LOADS_ALONE. */
enum workload_loads job_loads(const struct job_spec *spec, size_t nr_jobs);

/* Below root, journaled; tag tells them from other runs' groups. */
int job_make_groups(struct job *j, const char *root, const char *tag, struct journal *journal,
		    struct err *err);
/* Let the backend prepare it, and fill inside, outside and ctx. idle: see struct workload_ctx. */
int job_prepare(struct job *j, int (*idle)(void *arg, struct err *err), void *idle_arg,
		struct journal *journal, struct err *err);
/* What the collectors of this job read. */
struct collector_ctx job_collectors(struct job *j);

int job_start(struct job *j, struct err *err);
/* Take local memory away until limit_bytes are left, or say why it stays. */
int job_shrink(struct job *j, struct err *err);
/*
 * The limit as it stands in the window: as it was reached; or lifted; or kept by the reclaimer, with
 * memory.high above it as the back-stop.
 */
int job_set_window_limit(struct job *j, struct err *err);
/* In a co-run: another limit. -EBUSY: memory is not to be had back so fast, the old one stands. */
int job_move_limit(struct job *j, uint64_t bytes, struct err *err);
/* Local memory now. -ENODATA: nobody counts it. */
int job_local(struct job *j, uint64_t *ret_bytes);
/* Ten times a second: read local memory, also of a run that is not sampled. Fails where it stays above
 * its limit because swap is full. measuring: the phase is measure. */
int job_look(struct job *j, bool measuring, struct err *err);
/* As a workload's poll(); 1 also marks it as ended. */
int job_poll(struct job *j, int timeout_ms, struct err *err);

/* Before the processes end: the reclaimer stops, and the peak is read. */
void job_end_reclaim(struct job *j);
/* Once: the processes end; then relief, which until then kept them from the OOM killer. */
void job_stop(struct job *j, uint64_t window_begin_ns, uint64_t window_end_ns);
/* After the sampler, which may read what the backend counts of the job. */
void job_forget(struct job *j);

#endif
