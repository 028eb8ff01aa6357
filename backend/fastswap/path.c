// SPDX-License-Identifier: GPL-2.0
/* The way of a page to the pool and back. No lock on it: one bit per slot, counters per CPU. */
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>

#include "fastswap.h"

struct pool *fastswap_pool;

DEFINE_PER_CPU(struct fastswap_counters, fastswap_counters);
DEFINE_STATIC_KEY_FALSE(fastswap_timing);
DEFINE_STATIC_KEY_FALSE(fastswap_async_windows);

/* Which slots hold a page. A load of one that doesn't is an error, never a page of something. */
static unsigned long *held;

/* An asynchronous load whose time is taken, until it ends; so many at least can be under way. */
struct timed_load {
	pool_done_t done;
	void *ctx;
	u64 begin_ns;
};

#define MIN_TIMED_LOADS 64
static mempool_t *timed_loads;

int fastswap_path_init(struct pool *pool)
{
	held = kvcalloc(BITS_TO_LONGS(pool->nr_pages), sizeof(*held), GFP_KERNEL);
	timed_loads = mempool_create_kmalloc_pool(MIN_TIMED_LOADS, sizeof(struct timed_load));
	if (!held || !timed_loads) {
		mempool_destroy(timed_loads);
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
	mempool_destroy(timed_loads);
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

noinline int fastswap_load_failed(pgoff_t slot, int err)
{
	fastswap_count(STAT_FAILED_LOADS);
	pr_err_ratelimited(FASTSWAP_NAME ": load of slot %lu from pool %s failed: %d\n",
			   slot, fastswap_pool->ops->name, err);
	return err;
}

static __always_inline int store_page(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	struct pool *pool = fastswap_pool;
	int err;

	if (unlikely(slot >= pool->nr_pages))
		return store_failed(slot, -ERANGE);
	if (static_branch_unlikely(&fastswap_injecting) && fastswap_inject_store_fail())
		return store_failed(slot, -EIO);
	err = pool->ops->store(pool, slot, page);
	if (unlikely(err))
		return store_failed(slot, err);
	if (!test_bit(slot, held)) {
		set_bit(slot, held);
		this_cpu_inc(fastswap_counters.curr_pages);
	}
	fastswap_count(via == VIA_HOOK ? STAT_STORES : STAT_STORES_ASYNC);
	return 0;
}

static __always_inline int load_page(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	struct pool *pool = fastswap_pool;
	int err;

	if (unlikely(!holds(pool, slot)))
		return fastswap_load_failed(slot, -ENODATA);
	if (static_branch_unlikely(&fastswap_injecting) && fastswap_inject_load_fail())
		return fastswap_load_failed(slot, -EIO);
	err = pool->ops->load(pool, slot, page);
	if (unlikely(err))
		return fastswap_load_failed(slot, err);
	if (static_branch_unlikely(&fastswap_injecting))
		fastswap_inject_flip(page);
	fastswap_count(via == VIA_HOOK ? STAT_LOADS : STAT_LOADS_ASYNC);
	return 0;
}

/* local_clock() may step back between CPUs where the TSC is unstable: such a page took no time. */
static void count_time(enum fastswap_timed what, u64 begin_ns)
{
	u64 ns = max_t(s64, local_clock() - begin_ns, 0);

	this_cpu_add(fastswap_counters.total_ns[what], ns);
	this_cpu_inc(fastswap_counters.bucket[what][min(ilog2(ns | 1), FASTSWAP_BUCKETS - 1)]);
}

static noinline int store_timed(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	u64 begin_ns = local_clock();
	int err = store_page(slot, page, via);

	count_time(TIMED_STORE, begin_ns);
	return err;
}

static noinline int load_timed(pgoff_t slot, struct page *page, enum fastswap_via via)
{
	u64 begin_ns = local_clock();
	int err = load_page(slot, page, via);

	count_time(TIMED_LOAD, begin_ns);
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
	if (unlikely(!fastswap_holds(slot)))
		done(ctx, page, -ENODATA);
	else if (static_branch_unlikely(&fastswap_injecting) && fastswap_inject_load_fail())
		done(ctx, page, -EIO);
	else
		fastswap_pool->ops->load_async(fastswap_pool, slot, page, done, ctx);
}

static void end_timed(void *ctx, struct page *page, int err)
{
	struct timed_load load = *(struct timed_load *)ctx;

	mempool_free(ctx, timed_loads);
	count_time(TIMED_LOAD, load.begin_ns);
	load.done(load.ctx, page, err);
}

/* May wait for others' ends where memory is short, as a full queue of the pool does. */
static noinline void load_async_timed(pgoff_t slot, struct page *page, pool_done_t done, void *ctx)
{
	struct timed_load *load = mempool_alloc(timed_loads, GFP_NOIO);

	load->done = done;
	load->ctx = ctx;
	load->begin_ns = local_clock();
	load_async(slot, page, end_timed, load);
}

void fastswap_load_async(pgoff_t slot, struct page *page, pool_done_t done, void *ctx)
{
	if (static_branch_unlikely(&fastswap_timing))
		load_async_timed(slot, page, done, ctx);
	else
		load_async(slot, page, done, ctx);
}
