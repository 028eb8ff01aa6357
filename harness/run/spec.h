/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run is asked to do. Nothing in here changes while it is made. */
#ifndef HARNESS_SPEC_H
#define HARNESS_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/backend.h"
#include "harness/policy/policy.h"
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
	bool limit_first; /* memory is limited from its first page, as a co-run's is */
};

/* A job of a co-run: when it comes, and what it may get. */
struct job_turn {
	double arrival_s;   /* since the run's measure phase began */
	double least_ratio; /* it is admitted with so much of its peak, and never gets less */
	double ratio;	    /* its own, for policy fixed */
	unsigned int
		cores; /* that it claims for itself, and waits for; 0: it shares where there are few */
	const struct curve *profile; /* NULL: none is stored */
};

/* Jobs that share local memory, and come and go: corun.h. */
struct corun_spec {
	const struct policy *policy;
	const struct policy_options *options;
	uint64_t local_bytes;
	uint64_t step_bytes;	/* so far a limit moves in a tenth of a second, at most */
	uint64_t time_limit_ns; /* then the run fails */
	const char *mix;	/* the jobs in words: runs of one mix are compared */
};

/* One program under one limit. */
struct job_spec {
	const char *name; /* in messages, tables and the store; unique within its run */
	const struct workload *workload;
	const void *params;
	char *const *argv;	     /* the user's command, else NULL */
	double ratio;		     /* (0, 1]; a LOOP states its limit itself */
	const struct job_turn *turn; /* NULL: its limit is ratio x peak, and stands */
	uint64_t seed;
	uint64_t peak_bytes; /* 0: not known (ratio 1 only: this run finds it) */
};

struct run_spec {
	const struct run_settings *settings;
	const struct backend *backend;
	const void *backend_params;
	const struct job_spec *jobs; /* at least one; a LOOP is always alone */
	size_t nr_jobs;
	const struct corun_spec *corun; /* NULL: all jobs begin together, and no limit moves */
	int repeat;
	uint64_t seed;
};

#endif
