// SPDX-License-Identifier: GPL-2.0
/*
 * fastswap_null.ko: a pool that copies nothing, for measuring what the way to a pool costs. Pages
 * come back with whatever was in their memory: programs whose pages go there are destroyed, and
 * see other programs' data. Only slot 0, the swap header, is kept.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "pool.h"

static char *size;
module_param(size, charp, 0444);
MODULE_PARM_DESC(size, "bytes, with suffix K, M, G or T");

static bool unsafe;
module_param(unsafe, bool, 0444);
MODULE_PARM_DESC(unsafe, "yes, lose all pages and leak memory to their readers");

static void *header;

static int null_store(struct pool *pool, pgoff_t slot, struct page *page)
{
	if (slot == 0)
		copy_page(header, page_address(page));
	return 0;
}

static int null_load(struct pool *pool, pgoff_t slot, struct page *page)
{
	if (slot == 0)
		copy_page(page_address(page), header);
	return 0;
}

static void null_load_async(struct pool *pool, pgoff_t slot, struct page *page,
			    pool_done_t done, void *ctx)
{
	done(ctx, page, null_load(pool, slot, page));
}

static void null_discard(struct pool *pool, pgoff_t slot)
{
}

static int null_health(struct pool *pool)
{
	return 0;
}

static const struct pool_ops null_ops = {
	.owner = THIS_MODULE,
	.name = "null",
	.store = null_store,
	.load = null_load,
	.load_async = null_load_async,
	.discard = null_discard,
	.health = null_health,
};

static struct pool null_pool = { .ops = &null_ops, .node = NUMA_NO_NODE };

static int __init null_init(void)
{
	char *rest;
	int err;

	if (!unsafe) {
		pr_err("fastswap_null: loses every page: unsafe=1 says that this is wanted\n");
		return -EPERM;
	}
	null_pool.nr_pages = size ? memparse(size, &rest) >> PAGE_SHIFT : 0;
	if (!null_pool.nr_pages || *rest) {
		pr_err("fastswap_null: size=%s: give the pool's bytes, as in size=1G\n",
		       size ?: "");
		return -EINVAL;
	}
	header = (void *)get_zeroed_page(GFP_KERNEL);
	if (!header)
		return -ENOMEM;
	err = fastswap_pool_register(&null_pool);
	if (err)
		free_page((unsigned long)header);
	return err;
}

static void __exit null_exit(void)
{
	fastswap_pool_unregister(&null_pool);
	free_page((unsigned long)header);
}

module_init(null_init);
module_exit(null_exit);

MODULE_DESCRIPTION("Fastswap pool that keeps nothing: for measurement only");
MODULE_LICENSE("GPL");
