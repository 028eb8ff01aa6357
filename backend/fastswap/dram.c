// SPDX-License-Identifier: GPL-2.0
/* fastswap_dram.ko: a pool in local memory, one page for each slot that holds something. */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>

#include "dram_debug.h"
#include "pool.h"

static char *size;
module_param(size, charp, 0444);
MODULE_PARM_DESC(size, "bytes, with suffix K, M, G or T");

static int node = NUMA_NO_NODE;
module_param(node, int, 0444);
MODULE_PARM_DESC(node, "NUMA node whose memory to take (default: that of the storing CPU)");

static bool prealloc;
module_param(prealloc, bool, 0444);
MODULE_PARM_DESC(prealloc, "take all of the memory at load time, and keep it");

static bool async_readahead;
module_param(async_readahead, bool, 0444);
MODULE_PARM_DESC(async_readahead, "leave read-ahead to the block device, as for a remote pool");

static bool synchronous;
module_param(synchronous, bool, 0444);
MODULE_PARM_DESC(synchronous, "have mm skip swap cache and read-ahead, as for brd and zram");

/*
 * NULL, or the slot's page. mm has one use of a slot at a time; whoever else reads the device (dd) has a
 * discard beside it. So pages are used under RCU and freed after it.
 */
static struct page **slots;

/* Called from reclaim, which may use the reserves: the page that is stored is freed in return. */
static struct page *take_page(gfp_t gfp)
{
	if (node != NUMA_NO_NODE)
		gfp |= __GFP_THISNODE;
	return alloc_pages_node(node, gfp | __GFP_NOWARN, 0);
}

static void free_after_rcu(struct rcu_head *head)
{
	struct page *page = debug_keep(container_of(head, struct page, rcu_head));

	if (page)
		__free_page(page);
}

/* The slot's page, where it has none. */
static int make_page(pgoff_t slot)
{
	struct page *fresh;

	if (likely(READ_ONCE(slots[slot])))
		return 0;
	fresh = take_page(GFP_NOIO);
	if (!fresh)
		return -ENOMEM;
	if (cmpxchg(&slots[slot], NULL, fresh))
		__free_page(fresh);
	return 0;
}

/* A page that a discard takes away beside this is made again. */
static int dram_store(struct pool *pool, pgoff_t slot, struct page *page)
{
	struct page *to;
	int err;

	do {
		err = make_page(slot);
		if (err)
			return err;
		rcu_read_lock();
		to = READ_ONCE(slots[slot]);
		if (likely(to))
			copy_page(page_address(to), page_address(page));
		rcu_read_unlock();
	} while (unlikely(!to));
	return 0;
}

static int dram_load(struct pool *pool, pgoff_t slot, struct page *page)
{
	struct page *from;
	int err = -ENODATA;

	rcu_read_lock();
	from = READ_ONCE(slots[slot]);
	if (likely(from)) {
		debug_linger(&slots[slot], from);
		copy_page(page_address(page), page_address(from));
		debug_loaded(slot, page);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}

static void dram_load_async(struct pool *pool, pgoff_t slot, struct page *page,
			    pool_done_t done, void *ctx)
{
	done(ctx, page, dram_load(pool, slot, page));
}

static void dram_discard(struct pool *pool, pgoff_t slot)
{
	struct page *gone;

	if (prealloc)
		return;
	gone = xchg(&slots[slot], NULL);
	if (gone)
		call_rcu(&gone->rcu_head, free_after_rcu);
}

static int dram_health(struct pool *pool)
{
	return 0;
}

static const struct pool_ops dram_ops = {
	.owner = THIS_MODULE,
	.name = "dram",
	.store = dram_store,
	.load = dram_load,
	.load_async = dram_load_async,
	.discard = dram_discard,
	.health = dram_health,
};

static struct pool dram_pool = { .ops = &dram_ops };

static void release_slots(void)
{
	pgoff_t slot;

	/* Those that were discarded last go by this module's code. */
	rcu_barrier();
	for (slot = 0; slot < dram_pool.nr_pages; slot++) {
		if (slots[slot])
			__free_page(slots[slot]);
		cond_resched();
	}
	debug_release();
	kvfree(slots);
}

static int take_all(void)
{
	pgoff_t slot;

	for (slot = 0; slot < dram_pool.nr_pages; slot++) {
		slots[slot] = take_page(GFP_KERNEL | __GFP_RETRY_MAYFAIL);
		if (!slots[slot]) {
			pr_err("fastswap_dram: memory for only %lu of %lu pages\n", slot,
			       dram_pool.nr_pages);
			return -ENOMEM;
		}
		cond_resched();
	}
	return 0;
}

static int __init dram_init(void)
{
	unsigned long long bytes;
	char *rest;
	int err;

	bytes = size ? memparse(size, &rest) : 0;
	if (bytes < PAGE_SIZE || *rest || (bytes >> PAGE_SHIFT) > totalram_pages()) {
		pr_err("fastswap_dram: size=%s: give the pool's bytes, as in size=4G, no more than "
		       "the machine's memory\n", size ?: "");
		return -EINVAL;
	}
	if (node != NUMA_NO_NODE && (node < 0 || node >= MAX_NUMNODES || !node_online(node))) {
		pr_err("fastswap_dram: node=%d: no such NUMA node is online\n", node);
		return -EINVAL;
	}
	dram_pool.nr_pages = bytes >> PAGE_SHIFT;
	dram_pool.node = node;
	dram_pool.async_readahead = async_readahead;
	dram_pool.synchronous = synchronous;
	slots = kvcalloc(dram_pool.nr_pages, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return -ENOMEM;
	err = prealloc ? take_all() : 0;
	if (!err)
		err = fastswap_pool_register(&dram_pool);
	if (err)
		release_slots();
	return err;
}

static void __exit dram_exit(void)
{
	fastswap_pool_unregister(&dram_pool);
	release_slots();
}

module_init(dram_init);
module_exit(dram_exit);

MODULE_DESCRIPTION("Fastswap pool in local memory");
MODULE_LICENSE("GPL");
