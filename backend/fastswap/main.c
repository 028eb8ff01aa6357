// SPDX-License-Identifier: GPL-2.0
/* fastswap.ko: far memory under swap, on unpatched kernels. README.md describes it. */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "fastswap.h"

/* Serializes pools that come, go and are looked at; the page path knows nothing of it. */
static DEFINE_MUTEX(pool_lock);

/* hook=auto takes the first that can be installed. */
static const struct fastswap_hook *const hooks[] = {
	&fastswap_hook_of_version,
#ifdef FASTSWAP_SWAP_OPS
	&fastswap_hook_swap_ops,
#endif
};

static bool any_wanted = true;
static const struct fastswap_hook *wanted, *installed;

static int hook_set(const char *value, const struct kernel_param *param)
{
	size_t i;

	any_wanted = sysfs_streq(value, "auto");
	if (any_wanted || sysfs_streq(value, "none"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (sysfs_streq(value, hooks[i]->name))
			wanted = hooks[i];
	return wanted ? 0 : -EINVAL;
}

static const char *hook_name(void)
{
	return installed ? installed->name : "none";
}

static int hook_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%s\n", hook_name());
}

static const struct kernel_param_ops hook_ops = { .set = hook_set, .get = hook_get };

module_param_cb(hook, &hook_ops, NULL, 0444);
MODULE_PARM_DESC(hook, "auto, none, or a hook's name: intercept pages above the block layer");

static int start_pool(struct pool *pool)
{
	int err;

	if (fastswap_pool)
		return -EBUSY;
	if (!pool->nr_pages)
		return -EINVAL;
	err = fastswap_path_init(pool);
	if (err)
		return err;
	fastswap_heal_init(pool);
	err = fastswap_blkdev_add(pool, fastswap_area_closed,
				  installed && installed->take_area ? fastswap_area_seek : NULL);
	if (err) {
		fastswap_path_release();
		return err;
	}
	if (pool->async_readahead)
		static_branch_enable(&fastswap_async_windows);
	pr_info(FASTSWAP_NAME ": /dev/" FASTSWAP_NAME "0 has %lu pages of pool %s, hook %s\n",
		pool->nr_pages, pool->ops->name, hook_name());
	return 0;
}

int fastswap_pool_register(struct pool *pool)
{
	int err;

	mutex_lock(&pool_lock);
	err = start_pool(pool);
	mutex_unlock(&pool_lock);
	return err;
}
EXPORT_SYMBOL_GPL(fastswap_pool_register);

void fastswap_pool_unregister(struct pool *pool)
{
	mutex_lock(&pool_lock);
	fastswap_blkdev_remove();
	fastswap_heal_release();
	static_branch_disable(&fastswap_async_windows);
	fastswap_path_release();
	mutex_unlock(&pool_lock);
}
EXPORT_SYMBOL_GPL(fastswap_pool_unregister);

static void show_pool(struct seq_file *file, struct pool *pool)
{
	int err = pool->ops->health(pool);
	int type;

	if (installed)
		fastswap_area_seek();
	type = READ_ONCE(fastswap_type);
	seq_printf(file, "name %s\npages %lu\nnode %d\n", pool->ops->name, pool->nr_pages,
		   pool->node);
	if (err)
		seq_printf(file, "health %d\n", err);
	else
		seq_puts(file, "health ok\n");
	if (type < 0)
		seq_puts(file, "area none\n");
	else
		seq_printf(file, "area %d\n", type);
}

static int fastswap_pool_show(struct seq_file *file, void *unused)
{
	mutex_lock(&pool_lock);
	if (fastswap_pool)
		show_pool(file, fastswap_pool);
	else
		seq_puts(file, "name none\n");
	mutex_unlock(&pool_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fastswap_pool);

static int install(const struct fastswap_hook *hook)
{
	int err = fastswap_area_init(hook->take_area);

	if (err)
		return err;
	err = hook->install();
	if (!err)
		installed = hook;
	return err;
}

static int __init fastswap_init(void)
{
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(hooks) && any_wanted && !installed; i++)
		install(hooks[i]);
	if (any_wanted && !installed)
		pr_notice(FASTSWAP_NAME ": pages take the block device\n");
	if (wanted)
		err = install(wanted);
	if (!err)
		fastswap_stats_init(&fastswap_pool_fops);
	return err;
}

static void __exit fastswap_exit(void)
{
	fastswap_stats_release();
	if (installed)
		installed->remove();
}

module_init(fastswap_init);
module_exit(fastswap_exit);

MODULE_DESCRIPTION("Far memory under swap: block device and page hook");
MODULE_LICENSE("GPL");
