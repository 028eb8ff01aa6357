/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Computations: BATCH workloads of fmbench's own that load their input, compute, and verify.
 *
 * To add one:
 *	1. write workloads/NAME.c: at its top the element types, access pattern and arithmetic; parameters
 *	   that begin with a struct compute_params; a `static const struct compute`; and last its
 *	   `const struct workload workload_NAME` with COMPUTE_HOOKS, whose metrics are the field's own
 *	   first and COMPUTE_METRICS last;
 *	2. add its row to workloads/table.c and its line to workload.h, and a row to doc/WORKLOADS.md.
 *
 * The run's phases are load, shrink, measure and verify. All memory that may be far comes from
 * compute_alloc(), so that a test can damage any of it: verify() must notice. What load() marks as
 * input must not change any more; compute.c compares its checksum, so that verify() need only judge
 * what was computed.
 */
#ifndef WORKLOADS_COMPUTE_H
#define WORKLOADS_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "base/result.h"
#include "workloads/crew.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"
#include "workloads/workload.h"

struct compute_params {
	uint64_t threads, seed;
};

/* First rows of an options table; S: the parameters, whose member `common` is a struct compute_params. */
#define COMPUTE_OPTS(S)                                                                            \
	OPT_U64("threads", S, common.threads, "1", 1, PROGRESS_SLOTS,                              \
		"each pinned to a CPU of its own"),                                                \
		OPT_U64("seed", S, common.seed, "0", 0, (double)UINT64_MAX,                        \
			"of the input; 0: the run's seed")

#define COMPUTE_METRICS                                                                            \
	{ "elapsed", "s", BETTER_LOWER, "the computation alone" },                                 \
		{ "load", "s", BETTER_NEITHER, "making the input, before the measure phase" },     \
	{                                                                                          \
		"verify", "s", BETTER_NEITHER, "checking the answer, after it"                     \
	}

enum compute_memory {
	COMPUTE_INPUT,	 /* constant after load() */
	COMPUTE_WORK,	 /* what is computed: verify() looks at all of it */
	COMPUTE_SCRATCH, /* lost after an iteration: written before it is read */
};

struct compute_run {
	const void *params;
	uint64_t seed;
	struct crew crew;
	struct progress *progress;
	void *state;	 /* the workload's own: compute->state_size, zeroed */
	uint64_t answer; /* set by verify(): the same for the same parameters, whatever threads */
	char wrong[160]; /* what verify() found; empty: nothing */
	struct worker *worker; /* NULL in a test */

	struct compute_range {
		const char *name;
		void *base;
		size_t bytes;
		enum compute_memory kind;
		uint64_t sum;
	} ranges[16];
	unsigned int nr_ranges;
};

struct compute {
	size_t state_size;
	/* Allocate all that the computation needs, and make the input. */
	int (*load)(struct compute_run *r, struct err *err);
	void (*measure)(struct compute_run *r);
	/* Judge what was computed: compute_wrong() for what isn't right. A damaged page may have sent
	 * measure() anywhere but out of its memory or into an endless loop. */
	void (*verify)(struct compute_run *r);
	/* All metrics but COMPUTE_METRICS, the performance first; a histogram becomes its LATENCY_METRICS, after them.
	 * seconds: of measure(). */
	void (*report)(const struct compute_run *r, double seconds, struct results *results);
	/* What is not of compute_alloc(); NULL: nothing. */
	void (*release)(struct compute_run *r);
};

/* Zeroed, page-aligned, given back by compute_release(). NULL: no room, err says how to ask for less. */
void *compute_alloc(struct compute_run *r, const char *name, size_t bytes, enum compute_memory kind,
		    struct err *err);
/* The first thing that is wrong, as a sentence. */
void compute_wrong(struct compute_run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* One more part of the answer. */
void compute_answer(struct compute_run *r, uint64_t part);

/* The phases, as tests call them. compute_load() also sums up the input. */
int compute_load(struct compute_run *r, const struct compute *c, struct err *err);
void compute_verify(struct compute_run *r, const struct compute *c);
void compute_release(struct compute_run *r, const struct compute *c);

int compute_main(const void *params, struct worker *worker);
/* LOADS_ALONE: its input is placed before memory shrinks. */
enum workload_loads compute_loads(const void *params);

#define COMPUTE_HOOKS(C) .compute = &(C), .loads = compute_loads, .main = compute_main, WORKER_HOOKS

#endif
