/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools: where far pages are. A pool is an array of slots, a page each. The pager says which slot holds
 * which page; the pool only keeps their bytes.
 *
 * To add one:
 *	1. write backend/pager/pool_NAME.c, ending in its one `const struct pool pool_NAME`;
 *	2. add its row to pager_pools in backend/pager/tables.c and its line to the list below;
 *	3. add its row to tests/cli/pager-pools.sh.
 *
 * Where it runs: create() once a job, in the keeper (fmpager or fmbench), which is in no group of the
 * job's. open() in the keeper after that, in each of the job's processes, and again in a forked child.
 * store(), load(), preload(), window() and reserve() run in the one thread of a process that serves its page
 * faults, drop() there and in the keeper, settle() as store(); bury(),
 * facts(), lost() and close() in the keeper. In a process of the job
 * these touch only memory that no pager pages: static data, .shared, .memory, pool_scratch(). They call no
 * malloc(), no stdio, nothing that may lock with the program.
 *
 * Batches: a call has 1 to POOL_RUNS runs, of together at most POOL_RUNS pages, in no order.
 *
 * Ownership: between reserve() and drop(), a slot is stored by one process at a time; several may load it
 * (after fork), none while it is stored. Of different slots, any process may do anything at any time, and
 * may be killed at any point of it: what processes share is changed by atomic operations, and no lock is
 * ever held in it.
 *
 * Errors: 0 or -errno. A page is never lost in silence: when store() or load() fails, the pager ends the
 * process by SIGBUS with a sentence. So room is found by reserve(), before a page has left its place.
 */
#ifndef BACKEND_PAGER_POOL_H
#define BACKEND_PAGER_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"

#define POOL_RUNS	  256u
#define POOL_SHARED_BYTES 4096u
#define POOL_PARAMS_BYTES 256u
#define POOL_FACTS	  9u
#define POOL_PAGE	  4096ull

struct pool_ctx {
	const struct pool *pool;
	void *shared; /* POOL_SHARED_BYTES for all processes of the job, zeros before create() */
	uint64_t nr_slots; /* create() may lower it, to no less than 1024 */
	/* A descriptor that create() opened; each process opens it anew by way of /proc. -1: none. */
	int fd;
	char *memory; /* pool_memory.h: mapped, and inherited by a forked child */
	void *state;  /* the pool's own, of this process; NULL when open() is called */
	/* Descriptors of this process. A forked child has its parent's: open() closes them. */
	int fds[2];
	unsigned int nr_fds;
	uint32_t owner; /* set by open(): who stores, for bury(); 0: nobody */
	char why[192]; /* what store(), load() or settle() failed for, for the last words; "": not said */
};

/* A run of neighbouring slots, and as many neighbouring pages in memory. */
struct pool_run {
	uint32_t slot;
	uint32_t nr;
	void *pages;
};

/* A figure for the job's report. */
struct pool_fact {
	const char *name; /* "stored_bytes" */
	double value;
	const char *help;
};

struct pool {
	const char *name, *summary;
	const struct opt *opts; /* NULL: none */
	size_t params_size;	/* at most POOL_PARAMS_BYTES */
	/* Make what the job's processes share. params: gone afterwards, its strings too. */
	int (*create)(struct pool_ctx *ctx, const void *params, struct err *err);
	/* NULL: nothing to do. */
	int (*open)(struct pool_ctx *ctx, struct err *err);
	/* Room for these slots, which nobody uses. -ENOSPC: there is none; the pages then stay in memory, and
	 * fmpager says so. NULL: there is always room. */
	int (*reserve)(struct pool_ctx *ctx, uint32_t slot, uint32_t nr);
	/*
	 * Runs are independent of each other: a pool with a latency has all of them under way at once.
	 * load() returns when all are done. A slot that was stored is loaded as stored, by the same process
	 * at once, by any of the job after settle().
	 */
	int (*store)(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs);
	int (*load)(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs);
	/*
	 * What load() will probably be asked for next, the same runs in the same order: begin, and don't wait.
	 * Wrong when other runs are loaded first, or one of these slots is stored: then load() is as if this had
	 * not been. The runs' pages are not set. NULL: nothing is gained by it.
	 */
	void (*preload)(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs);
	/* All that was stored is there for other processes, too: they are told of it after this. NULL:
	 * store() sees to it. */
	int (*settle)(struct pool_ctx *ctx);
	/* That owner's process has ended: nothing of it is under way any more when this returns, so that its
	 * slots can be another's. NULL: store() leaves nothing. */
	void (*bury)(struct pool_ctx *ctx, uint32_t owner);
	/* Where a run of slots can be read in place, for as long as it holds its pages. NULL (the
	 * function, or its value): nowhere. Spares a copy. */
	const void *(*window)(struct pool_ctx *ctx, uint32_t slot);
	/* Frees reserved slots: nobody will load these before they are stored again. NULL: nothing to do. */
	void (*drop)(struct pool_ctx *ctx, uint32_t slot, uint32_t nr);
	/* What it has to tell, at any time. Returns how many, at most POOL_FACTS. NULL: nothing. */
	size_t (*facts)(const struct pool_ctx *ctx, struct pool_fact facts[POOL_FACTS]);
	/* NULL, or a sentence's end if what was stored is lost: "memserver HOST is lost: ...". Doesn't wait. NULL
	 * (the function): can't be lost. */
	const char *(*lost)(struct pool_ctx *ctx);
	/* At the job's end, also after a failed create(). NULL: nothing to do. */
	void (*close)(struct pool_ctx *ctx);
};

extern const struct pool *const pager_pools[]; /* ended by NULL */

/* One line a pool. */
extern const struct pool pool_compressed; /* shared memory, by LZ4 */
extern const struct pool pool_delay;	  /* shared memory behind a latency and a bandwidth */
extern const struct pool pool_dram;	  /* shared memory of this machine */
extern const struct pool pool_file;	  /* a file, or a block device */
extern const struct pool pool_rdma;	  /* a memserver's memory, by one-sided RDMA */
extern const struct pool pool_tcp;	  /* a memserver's memory, over TCP */

#endif
