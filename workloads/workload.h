/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workloads: what runs while part of its memory is far away.
 *
 * To add one:
 *	1. write workloads/NAME.c, ending in its one `const struct workload workload_NAME`;
 *	2. add its row to workloads/table.c and its line to the list below.
 * The options table makes its -o keys, --help and stored parameters; make check walks the table.
 *
 * The shape says who measures, and when:
 *	BATCH	has a beginning and an end: its processes start in the limited group, and its measure
 *		phase is its whole life (quicksort; any command of the user's). Calls: start, stop, parse.
 *		One that .loads makes its input first (compute.h), or is ready at some time (command.c): it is
 *		filled and shrunk as a service is. Calls: start, load, [memory shrinks], go, go for each
 *		phase that phase() names, stop, parse.
 *	SERVICE	is filled, shrunk, then measured for a time by a client outside its group (memaslap).
 *		Calls: start, load, [memory shrinks], go, [warm-up], [measure], stop, parse. With a
 *		hook measure() a client that starts there ends the window by its own end.
 *	LOOP	is filled and shrunk, then evicts, warms up and times itself until it ends (every
 *		micro-benchmark). Calls: start, load, [memory shrinks], go, go for each phase that
 *		phase() names, stop, parse.
 *
 * A workload whose code is fmbench's gives .main and WORKER_HOOKS (worker_host.h): it runs in a
 * process of its own (`fmbench worker`) and talks to the harness through worker.h.
 *
 * Hooks return 0 or -errno with err filled. They run in the harness's main thread; they must not
 * print. Processes are started with child_spawn() in ctx->inside (the limited group) or
 * ctx->outside (load generators: their own group and CPUs, no limit).
 */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/child.h"
#include "base/err.h"
#include "base/opt.h"
#include "base/progress.h"
#include "base/result.h"

enum workload_shape { WORKLOAD_BATCH, WORKLOAD_SERVICE, WORKLOAD_LOOP };

/* Is memory filled before the measure phase? */
enum workload_loads {
	LOADS_NOT,
	LOADS_LIMITED, /* under its limit */
	LOADS_FREELY,  /* the limit is applied afterwards */
	LOADS_ALONE, /* freely where it is alone in its run; else not: its whole life is measured */
};

struct worker;
struct compute;

struct workload_ctx {
	const struct workload *workload;
	const void *params; /* of workload->params_size, from its options */
	char *const *argv;  /* the user's command (workload `command` only), else NULL */
	uint64_t seed;
	double ratio;	     /* local memory as a share of the peak */
	uint64_t measure_ns; /* how long the measure window will be (SERVICE) */
	/* For stop(): the window as it was; 0 where it was not reached, or has not ended. */
	uint64_t window_begin_ns, window_end_ns;
	unsigned int inside_cpus; /* how many CPUs each place has */
	unsigned int outside_cpus;
	const struct place *inside, *outside;
	unsigned int client_threads; /* start() may say: of the load generator; 0: not known */
	/* For hooks that count operations themselves; a worker has worker_progress(). NULL in a test. */
	struct progress *progress;
	const char *dir; /* existing directory for logs and artifacts of this run */
	/* load() calls it at least ten times a second while it waits; non-zero: return that. NULL
	 * in a test: nothing to do. It notices signals, empties the sampler, shows progress. */
	int (*idle)(void *idle_arg, struct err *err);
	void *idle_arg;
	void *state; /* the workload's own, from start to release */
};

/*
 * An option that is an axis: `fmbench run` takes several values of it with commas, and the word auto: a run
 * with `first` at ratio 1, then one at each share of its performance.
 */
struct ladder {
	const char *option, *first;
	const double *shares; /* ended by 0 */
};

struct workload {
	const char *name, *summary;
	enum workload_shape shape;
	const struct metric *metrics; /* ended by an all-zero row */
	const struct opt *opts;	      /* ended by OPT_END; NULL: none */
	size_t params_size;
	const struct ladder *ladder; /* NULL: none */

	/* Before anything is touched: programs there? options coherent? argv may be NULL. */
	int (*check)(const void *params, char *const *argv, struct err *err);

	/* The same once CPUs are chosen: of ctx there are params, argv, measure_ns and the places with
	 * their CPUs. NULL: any will do. */
	int (*check_place)(const struct workload_ctx *ctx, struct err *err);
	/* Versions of its programs as facts "WORKLOAD.PROGRAM_version": a run with others is no
	 * baseline. NULL: it is all fmbench's code. */
	void (*versions)(char *const *argv, struct facts *facts);

	/* Micro-benchmarks state their limit in bytes instead of taking a ratio of a measured peak.
	 * *ret_lift: the limit is taken away again before go(). NULL: ratio x peak. */
	void (*limit)(const void *params, uint64_t *ret_local_bytes, bool *ret_lift);

	/* BATCH only. NULL: LOADS_NOT. */
	enum workload_loads (*loads)(const void *params);

	/* In the load phase, before start(): make input, outside the group. NULL: nothing to do. */
	int (*prepare)(struct workload_ctx *ctx, struct err *err);
	/* The workload's processes exist, inside. BATCH: it runs from here on. */
	int (*start)(struct workload_ctx *ctx, struct err *err);
	/* Memory is full, and nothing touches it until go(). May take long: see ctx->idle. */
	int (*load)(struct workload_ctx *ctx, struct err *err);
	int (*go)(struct workload_ctx *ctx, struct err *err);
	/* SERVICE: the window begins; when poll() says 1 it ends. NULL: the window has a length. */
	int (*measure)(struct workload_ctx *ctx, struct err *err);
	/* LOOP, or .loads, after poll(): the phase that waits for another go() to begin; NULL: none. */
	const char *(*phase)(const struct workload_ctx *ctx);
	/*
	 * Wait up to timeout_ms (-1: for ever, a signal ends it) and take in what arrived. 0: still
	 * running. 1: it has ended well, a BATCH workload, a LOOP, a client. <0: something died or
	 * went wrong; err names it with its last output.
	 */
	int (*poll)(struct workload_ctx *ctx, int timeout_ms, struct err *err);
	/* End all processes. Called exactly once if start() was called, whatever came between. */
	void (*stop)(struct workload_ctx *ctx);
	/*
	 * After stop() of a run that went well: results of the measure window only. Every metric of
	 * the table that could be had.
	 */
	int (*parse)(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
		     struct results *results, struct err *err);
	/* Free ctx->state. */
	void (*release)(struct workload_ctx *ctx);

	/* Code of fmbench's, run in a process of its own. Returns the exit status. */
	int (*main)(const void *params, struct worker *worker);
	const struct compute *compute; /* compute.h; NULL: .main is its own */
};

extern const struct workload *const *workload_table; /* ended by NULL */
/* One more row, that was read from a file (unit.h). */
void workload_add(const struct workload *w);
/* Exact name; else NULL and err says what was meant. */
const struct workload *workload_find(const char *name, struct err *err);

/* For load(): ctx->idle where there is one. */
static inline int workload_idle(struct workload_ctx *ctx, struct err *err)
{
	return ctx->idle ? ctx->idle(ctx->idle_arg, err) : 0;
}

/* One line a workload; the rows of table.c. */
extern const struct workload workload_bfs;
extern const struct workload workload_btree;
extern const struct workload workload_chase;
extern const struct workload workload_command; /* fmbench run -- COMMAND ARGS… */
extern const struct workload workload_groupby;
extern const struct workload workload_gups;
extern const struct workload workload_hashjoin;
extern const struct workload workload_kmeans;
extern const struct workload workload_kv;
extern const struct workload workload_kvmap;
extern const struct workload workload_memaslap;
extern const struct workload workload_null;
extern const struct workload workload_pagerank;
extern const struct workload workload_quicksort;
extern const struct workload workload_scan;
extern const struct workload workload_stream;
extern const struct workload workload_xslookup;

#endif
