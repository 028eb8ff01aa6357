// SPDX-License-Identifier: GPL-2.0
/* The way of a page to the pool and back. No lock on it: one bit per slot, counters per CPU. */
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>

#include "fastswap.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

struct pool *fastswap_pool;

DEFINE_PER_CPU(struct fastswap_counters, fastswap_counters);
DEFINE_STATIC_KEY_FALSE(fastswap_timing);
DEFINE_STATIC_KEY_FALSE(fastswap_async_windows);

/* Which slots hold a page. A load of one that doesn't is an error, never a page of something. */
static unsigned long *held;

/* What is under way and has its time taken; so many at least can be. */
struct timed {
	enum fastswap_timed what;
	pgoff_t slot;
	pool_done_t done;
	void *ctx;
	u64 begin_ns;
};

#define MIN_TIMED 64
static mempool_t *timed_pool;

int fastswap_trace_on(void)
{
	static_branch_inc(&fastswap_timing);
	return 0;
}

void fastswap_trace_off(void)
{
	static_branch_dec(&fastswap_timing);
}

int fastswap_path_init(struct pool *pool)
{
	held = kvcalloc(BITS_TO_LONGS(pool->nr_pages), sizeof(*held), GFP_KERNEL);
	timed_pool = mempool_create_kmalloc_pool(MIN_TIMED, sizeof(struct timed));
	if (!held || !timed_pool) {
		mempool_destroy(timed_pool);
		kvfree(held);
		held = NULL;
		return -ENOMEM;
	}
	fastswap_pool = pool;
	return 0;
}

void fastswap_path_release(void)
{
	pgoff_t slot;

	for_each_set_bit(slot, held, fastswap_pool->nr_pages) {
		fastswap_discard(slot);
		cond_resched();
	}
	fastswap_pool = NULL;
	mempool_destroy(timed_pool);
	kvfree(held);
	held = NULL;
}

static __always_inline bool holds(const struct pool *pool, pgoff_t slot)
{
	return slot < pool->nr_pages && test_bit(slot, held);
}

bool fastswap_holds(pgoff_t slot)
{
	return holds(fastswap_pool, slot);
}

void fastswap_discard(pgoff_t slot)
{
	if (slot >= fastswap_pool->nr_pages || !test_and_clear_bit(slot, held))
		return;
	fastswap_pool->ops->discard(fastswap_pool, slot);
	this_cpu_dec(fastswap_counters.curr_pages);
	fastswap_count(STAT_INVALIDATES);
}

static noinline int store_failed(pgoff_t slot, int err)
{
	fastswap_count(STAT_FAILED_STORES);
	if (slot < fastswap_pool->nr_pages) {
		fastswap_pool->ops->discard(fastswap_pool, slot);
		/* What the slot held before is older than what should be there now. */
		if (test_and_clear_bit(slot, held))
			this_cpu_dec(fastswap_counters.curr_pages);
	}
	pr_err_ratelimited(FASTSWAP_NAME ": store to slot %lu of pool %s failed: %d\n",
			   slot, fastswap_pool->ops->name, err);
	return err;
}

static noinline int load_failed(pgoff_t slot, struct page *page, int err)
{
	fastswap_count(STAT_FAILED_LOADS);
	pr_err_ratelimited(FASTSWAP_NAME ": load of slot %lu from pool %s failed: %d\n",
			   slot, fastswap_pool->ops->name, err);
	if (fastswap_holds(slot))
		fastswap_heal_later(slot, page);
	return err;
}

/* The slot holds the page now. */
static __always_inline void take_slot(pgoff_t slot)
{
	if (test_bit(slot, held))
		return;
	set_bit(slot, held);
	this_cpu_inc(fastswap_counters.curr_pages);
}

/* 0, or why the pool shall not even be asked. */
static __always_inline int refuse_store(const struct pool *pool, pgoff_t slot)
{
	if (unlikely(slot >= pool->nr_pages))
		return -ERANGE;
	if (static_branch_unlikely(&fastswap_injecting) && fastswap_inject_store_fail())
		return -EIO;
	return 0;
}

static __always_inline int refuse_load(const struct pool *pool, pgoff_t slot)
{
	if (unlikely(!holds(pool, slot)))
		return -ENODATA;
	if (static_branch_unlikely(&fastswap_injecting) && fastswap_inject_load_fail())
		return -EIO;
	return 0;
}

static __always_inline int store_page(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	struct pool *pool = fastswap_pool;
	int err = refuse_store(pool, slot);

	if (likely(!err))
		err = pool->ops->store(pool, slot, page);
	if (unlikely(err))
		return store_failed(slot, err);
	take_slot(slot);
	fastswap_count(via == VIA_HOOK ? STAT_STORES : STAT_STORES_ASYNC);
	return 0;
}

static __always_inline int load_page(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	struct pool *pool = fastswap_pool;
	int err = refuse_load(pool, slot);

	if (likely(!err))
		err = pool->ops->load(pool, slot, page);
	if (unlikely(err))
		return load_failed(slot, page, err);
	if (static_branch_unlikely(&fastswap_injecting))
		fastswap_inject_flip(page);
	fastswap_count(via == VIA_HOOK ? STAT_LOADS : STAT_LOADS_ASYNC);
	return 0;
}

int fastswap_load_ended(pgoff_t slot, struct page *page, int err)
{
	if (unlikely(err))
		return load_failed(slot, page, err);
	if (static_branch_unlikely(&fastswap_injecting))
		fastswap_inject_flip(page);
	fastswap_count(STAT_LOADS_ASYNC);
	return 0;
}

int fastswap_store_ended(pgoff_t slot, int err)
{
	if (unlikely(err))
		return store_failed(slot, err);
	take_slot(slot);
	fastswap_count(STAT_STORES);
	return 0;
}

/* local_clock() may step back between CPUs where the TSC is unstable: such a page took no time. */
static void count_time(enum fastswap_timed what, pgoff_t slot, u64 begin_ns, int err)
{
	u64 ns = max_t(s64, local_clock() - begin_ns, 0);

	if (err)
		trace_fail(slot, 1, ns, err);
	else if (what == TIMED_LOAD)
		trace_load(slot, 1, ns, 0);
	else
		trace_store(slot, 1, ns, 0);
	this_cpu_add(fastswap_counters.total_ns[what], ns);
	this_cpu_inc(fastswap_counters.bucket[what][min(ilog2(ns | 1), FASTSWAP_BUCKETS - 1)]);
}

static noinline int store_timed(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	u64 begin_ns = local_clock();
	int err = store_page(slot, page, via);

	count_time(TIMED_STORE, slot, begin_ns, err);
	return err;
}

static noinline int load_timed(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	u64 begin_ns = local_clock();
	int err = load_page(slot, page, via);

	count_time(TIMED_LOAD, slot, begin_ns, err);
	return err;
}

int fastswap_store(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	if (static_branch_unlikely(&fastswap_timing))
		return store_timed(slot, page, via);
	return store_page(slot, page, via);
}

int fastswap_load(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	if (static_branch_unlikely(&fastswap_timing))
		return load_timed(slot, page, via);
	return load_page(slot, page, via);
}

static __always_inline void load_async(pgoff_t slot, struct page *page, pool_done_t done,
				       void *ctx)
{
	struct pool *pool = fastswap_pool;
	int err = refuse_load(pool, slot);

	if (unlikely(err))
		done(ctx, page, err);
	else
		pool->ops->load_async(pool, slot, page, done, ctx);
}

static __always_inline void store_async(pgoff_t slot, struct page *page, pool_done_t done,
					void *ctx)
{
	struct pool *pool = fastswap_pool;
	int err = refuse_store(pool, slot);

	if (unlikely(err))
		done(ctx, page, err);
	else
		pool->ops->store_async(pool, slot, page, done, ctx);
}

static void end_timed(void *ctx, struct page *page, int err)
{
	struct timed timed = *(struct timed *)ctx;

	mempool_free(ctx, timed_pool);
	count_time(timed.what, timed.slot, timed.begin_ns, err);
	timed.done(timed.ctx, page, err);
}

/* May wait for others' ends where memory is short, as a full queue of the pool does. */
static noinline struct timed *new_timed(enum fastswap_timed what, pgoff_t slot, pool_done_t done,
					void *ctx)
{
	struct timed *timed = mempool_alloc(timed_pool, GFP_NOIO);

	timed->what = what;
	timed->slot = slot;
	timed->done = done;
	timed->ctx = ctx;
	timed->begin_ns = local_clock();
	return timed;
}

void fastswap_load_async(pgoff_t slot, struct page *page, pool_done_t done, void *ctx)
{
	if (static_branch_unlikely(&fastswap_timing))
		load_async(slot, page, end_timed, new_timed(TIMED_LOAD, slot, done, ctx));
	else
		load_async(slot, page, done, ctx);
}

void fastswap_store_async(pgoff_t slot, struct page *page, pool_done_t done, void *ctx)
{
	if (static_branch_unlikely(&fastswap_timing))
		store_async(slot, page, end_timed, new_timed(TIMED_STORE, slot, done, ctx));
	else
		store_async(slot, page, done, ctx);
}
