/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools: where far pages are. A pool is an array of slots, a page each. The pager says which slot holds
 * which page; the pool only keeps their bytes.
 *
 * To add one:
 *	1. write backend/pager/pool_NAME.c, ending in its one `const struct pool pool_NAME`;
 *	2. add its row to pager_pools in backend/pager/tables.c and its line to the list below.
 *
 * create() runs once a job, in the process fmpager, which is in no group of the job's; open() runs in
 * each of the job's processes, again in a forked child. All others run in the thread of a process that
 * serves its page faults. So between open() and close() a pool
 *	- touches only memory that no pager pages: its own static data, and pager_memory() (policy.h);
 *	- so calls no malloc(), no stdio, nothing that may lock with the program.
 */
#ifndef BACKEND_PAGER_POOL_H
#define BACKEND_PAGER_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pool_ctx {
	const struct pool *pool;
	const char *options; /* what follows "NAME:" in --pool, "" for nothing */
	uint64_t nr_slots;
	/* A descriptor that create() opened and each process inherits by way of /proc; -1: none. */
	int fd;
	void *state; /* the pool's own, of this process */
};

/* A run of neighbouring slots, and as many neighbouring pages in memory. */
struct pool_run {
	uint32_t slot;
	uint32_t nr;
	void *pages;
};

struct pool {
	const char *name, *summary;
	/* Check the options and make what the job's processes share. */
	int (*create)(struct pool_ctx *ctx, struct err *err);
	/* NULL: nothing to do. */
	int (*open)(struct pool_ctx *ctx, struct err *err);
	/*
	 * Runs are independent of each other: a pool with a latency has all of them under way at once.
	 * Each returns when all are done: a slot that was stored is loaded as stored, by any process of
	 * the job. 0 or -errno; then the pager ends the process with a sentence, as its data is lost.
	 */
	int (*store)(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs);
	int (*load)(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs);
	/* Where a run of slots can be read in place, for as long as it holds its pages. NULL (the
	 * function, or its value): nowhere. Spares a copy. */
	const void *(*window)(struct pool_ctx *ctx, uint32_t slot);
	/* Nobody will load these before they are stored again. NULL: nothing to free. */
	void (*drop)(struct pool_ctx *ctx, uint32_t slot, uint32_t nr);
	/* Of this process, or in fmpager at the job's end. NULL: nothing to do. */
	void (*close)(struct pool_ctx *ctx);
};

extern const struct pool *const pager_pools[]; /* ended by NULL */

/* One line a pool. */
extern const struct pool pool_dram; /* shared memory of this machine */

#endif
