/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads of a micro-benchmark: one pinned to each CPU, started by a barrier, watched by the
 * main thread, which reads their counts a few times a second, finds the end of the warm-up
 * (base/steady.h), and ends them after the window.
 *
 * The threads' stacks, counts and histograms exist and are locked before the region is filled, so
 * that no fault in the window is one of their own.
 */
#ifndef MICRO_TEAM_H
#define MICRO_TEAM_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/steady.h"
#include "micro/loop.h"
#include "micro/micro.h"
#include "micro/verify.h"
#include "workloads/worker.h"

#define CACHE_LINES 128 /* two: processors fetch them in pairs */

struct team;

struct member {
	alignas(CACHE_LINES) _Atomic uint64_t touched; /* written by its own thread only */
	alignas(CACHE_LINES) struct team *team;
	unsigned int index;
	int cpu;
	pthread_t thread;
	struct walk walk;
	struct timing timing;
	double share; /* of the window's touches, a fair one being 1; set by team_run() */
	void *arg;    /* the micro-benchmark's own */
};

struct team {
	/* Read by all threads, written twice a run. */
	alignas(CACHE_LINES) atomic_bool stop, recording;
	/* Its orders. */
	alignas(CACHE_LINES) const struct micro_common *common;
	void (*loop)(struct member *);
	bool one_pass; /* each page is touched once only, as the limit was lifted */
	bool stays;    /* the region is not far away: no proof */
	bool looks;    /* its loop is loop_count(), and pages may stay: look which do */

	unsigned int nr, running;
	struct member *members;
	pthread_barrier_t gate;
	bool gated;
	struct region region;
	struct zipf *zipf;
	struct ticks ticks;
	int pagemap_fd;
	uint64_t pushed;
	atomic_uint ended; /* members whose loop returned */
};

struct window {
	uint64_t begin_ns, end_ns, warmup_ns;
	struct steady pace; /* of its touches */
	bool steady;	    /* the end of the warm-up was found; else the second half was taken */
	bool exhausted;	    /* a thread had touched all its pages before the window's end */
	uint64_t touched, major, minor;
	double on_cpu; /* share of its time that a thread was on its CPU */
	/* From before the gate opened to after the threads' end. */
	uint64_t all_touched, all_major, all_minor, looked, near;
};

/*
 * The caller sets what is under "its orders" above and zeroes the rest. These report their errors
 * to the harness themselves; team_release() comes last whatever they return.
 *
 * team_prime(): threads on their CPUs (of this process's affinity mask: one a physical core, then
 * siblings if `smt`), region filled, harness told and waited for, region proven far away.
 * -EPIPE: the harness wants an end.
 */
int team_prime(struct team *t, struct worker *worker);
/* Has each thread a core of its own among these? Called before anything is touched. */
int team_check_cpus(const struct micro_common *common, const cpu_set_t *allowed, struct err *err);
/* Open the gate, watch, and end the threads after the window. */
int team_run(struct team *t, struct worker *worker, struct window *ret);
/* The results in TEAM_METRICS and the window's warning signs. With verify all pages are checked
 * once more. */
void team_report(struct team *t, const struct window *w, struct worker *worker);
void team_release(struct team *t);

#define TEAM_METRICS                                                                               \
	{ "window", "s", BETTER_NEITHER, "measured, after the warm-up" },                          \
		{ "warmup", "s", BETTER_NEITHER, "until the rate of touches was steady" },         \
		{ "major_faults", "count", BETTER_NEITHER, "in the window, by rusage" },           \
		{ "minor_faults", "count", BETTER_NEITHER,                                         \
		  "in the window, by rusage: found in the swap cache" },                           \
		{ "touches", "count", BETTER_NEITHER, "in the window, by the program's count" },   \
		{ "all_major_faults", "count", BETTER_NEITHER,                                     \
		  "by rusage, warm-up included: the group's page-ins of the measure phase" },      \
		{ "thread_share_min", "share", BETTER_NEITHER,                                     \
		  "touches of the slowest thread, its fair share being 1" },                       \
		{ "thread_share_max", "share", BETTER_NEITHER, "the same of the fastest" },        \
		{ "thread_share", "share", BETTER_NEITHER,                                         \
		  "the same of each, see `export results`" },                                      \
		{ "on_cpu", "share", BETTER_NEITHER,                                               \
		  "of the window, that a thread was on its CPU; for the rest it slept" },          \
		{ "pages_pushed", "count", BETTER_NEITHER,                                         \
		  "pages the shrunk limit had left in memory, pushed out by MADV_PAGEOUT" },       \
		VERIFY_METRICS

#endif
