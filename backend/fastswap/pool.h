/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where far pages live: the interface between fastswap.ko and the pool modules beneath it.
 *
 * To add a pool: embed struct pool in your own structure, fill nr_pages, node and the flags, give
 * it a struct pool_ops, call fastswap_pool_register() when it can serve and
 * fastswap_pool_unregister() in module exit. dram.c is the shortest real example.
 *
 * What fastswap.ko promises a pool:
 * - slot < nr_pages, always.
 * - load and load_async only for a slot whose last store succeeded and which was not discarded
 *   since; discard likewise, or after a store to the slot failed.
 * - no two calls on one slot at a time; calls on different slots come from any CPU at any time, so
 *   a pool keeps its queues per CPU and takes no lock that all CPUs share.
 * - the pool's module stays loaded as long as the device is open. When it is unregistered every
 *   call has returned and every asynchronous one has been answered.
 *
 * What a pool promises fastswap.ko:
 * - every call ends within a bounded time, with 0 or -errno; no BUG, no endless wait. A pool whose
 *   far end died fails from then on with the same errno that health reports.
 * - a failed store leaves the slot without content, whatever it held before.
 */
#ifndef FASTSWAP_POOL_H
#define FASTSWAP_POOL_H

#include <linux/mm_types.h>
#include <linux/module.h>

#ifndef CONFIG_64BIT
#error "fastswap reaches pages through the direct map: 64-bit kernels only"
#endif

struct pool;

/* Ends one load_async or store_async: err is 0, or -errno and the page's content is undefined. Any context. */
typedef void (*pool_done_t)(void *ctx, struct page *page, int err);

struct pool_ops {
	struct module *owner;
	const char *name;

	/* Returns once page may be written to again. May sleep, without reaching for I/O. */
	int (*store)(struct pool *pool, pgoff_t slot, struct page *page);

	/* Returns once page holds the slot's content. May sleep; a task waits for it. */
	int (*load)(struct pool *pool, pgoff_t slot, struct page *page);

	/*
	 * As load_async, for a page that stays as it is until done is called. May be NULL, where a
	 * store waits for nothing.
	 */
	void (*store_async)(struct pool *pool, pgoff_t slot, struct page *page,
			    pool_done_t done, void *ctx);

	/*
	 * Starts a load and calls done exactly once, possibly before it returns. It has no return
	 * value: a load that could not even start is answered through done, too.
	 */
	void (*load_async)(struct pool *pool, pgoff_t slot, struct page *page,
			   pool_done_t done, void *ctx);

	/* The slot's content is no longer needed. Called under spinlocks. */
	void (*discard)(struct pool *pool, pgoff_t slot);

	/* 0, or the -errno with which this pool now fails. */
	int (*health)(struct pool *pool);
};

struct pool {
	const struct pool_ops *ops;
	pgoff_t nr_pages;
	int node;		/* nearest NUMA node, or NUMA_NO_NODE */

	/*
	 * The hook serves single pages, and leaves a whole window of read-ahead to load_async. For
	 * pools where a load has a latency worth overlapping.
	 */
	bool async_readahead;

	/*
	 * Loads are so cheap that mm shall skip the swap cache and read-ahead (SWP_SYNCHRONOUS_IO,
	 * as for brd and zram). A page then leaves its slot with the first fault on it.
	 */
	bool synchronous;
};

/*
 * Makes the block device. -EBUSY when another pool has it, -EINVAL for a pool without pages. The
 * pool must be ready to serve: the block layer may read at once.
 */
int fastswap_pool_register(struct pool *pool);

/* To call when a pool that failed serves again: pages that could not be loaded are, now. */
void fastswap_pool_recovered(void);

/* From the pool's module exit only: the module's reference count guarantees a closed device. */
void fastswap_pool_unregister(struct pool *pool);

#endif
