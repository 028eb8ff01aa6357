// SPDX-License-Identifier: GPL-2.0
/* The debugfs files that show counters and histograms. */
#include <linux/debugfs.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>

#include "fastswap.h"

static struct dentry *dir;

static const char *const stat_names[NR_FASTSWAP_STATS] = {
	[STAT_LOADS] = "loads",
	[STAT_LOADS_ASYNC] = "loads_async",
	[STAT_STORES] = "stores",
	[STAT_STORES_ASYNC] = "stores_async",
	[STAT_FAILED_LOADS] = "failed_loads",
	[STAT_FAILED_STORES] = "failed_stores",
	[STAT_INVALIDATES] = "invalidates",
};

static const char *const timed_names[NR_TIMED] = {
	[TIMED_LOAD] = "load",
	[TIMED_STORE] = "store",
};

/* Every field is a 64-bit number that sums up over CPUs. */
static void sum_counters(struct fastswap_counters *sum)
{
	const u64 *from;
	u64 *to = (u64 *)sum;
	unsigned int i;
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		from = (const u64 *)per_cpu_ptr(&fastswap_counters, cpu);
		for (i = 0; i < sizeof(*sum) / sizeof(u64); i++)
			to[i] += READ_ONCE(from[i]);
	}
}

static u64 nr_timed(const struct fastswap_counters *sum, enum fastswap_timed what)
{
	u64 nr = 0;
	int i;

	for (i = 0; i < FASTSWAP_BUCKETS; i++)
		nr += sum->bucket[what][i];
	return nr;
}

static int stats_show(struct seq_file *file, void *unused)
{
	const struct pool *pool = READ_ONCE(fastswap_pool);
	struct fastswap_counters sum;
	int i;

	sum_counters(&sum);
	for (i = 0; i < NR_FASTSWAP_STATS; i++)
		seq_printf(file, "%s %llu\n", stat_names[i], sum.stat[i]);
	seq_printf(file, "curr_pages %lld\n", sum.curr_pages);
	seq_printf(file, "bytes %lld\n", sum.curr_pages << PAGE_SHIFT);
	seq_printf(file, "unhealed %ld\n", fastswap_nr_failed());
	seq_printf(file, "pool_bytes %llu\n", pool ? (u64)pool->nr_pages << PAGE_SHIFT : 0);
	for (i = 0; i < NR_TIMED; i++) {
		seq_printf(file, "%s_ns %llu\n", timed_names[i], sum.total_ns[i]);
		seq_printf(file, "%s_timed %llu\n", timed_names[i], nr_timed(&sum, i));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static void show_histogram(struct seq_file *file, enum fastswap_timed what)
{
	struct fastswap_counters sum;
	int i;

	sum_counters(&sum);
	for (i = 0; i < FASTSWAP_BUCKETS; i++)
		if (sum.bucket[what][i])
			seq_printf(file, "%llu %llu\n", 1ULL << i, sum.bucket[what][i]);
}

static int load_latency_show(struct seq_file *file, void *unused)
{
	show_histogram(file, TIMED_LOAD);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(load_latency);

static int store_latency_show(struct seq_file *file, void *unused)
{
	show_histogram(file, TIMED_STORE);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(store_latency);

void fastswap_stats_init(const struct file_operations *pool_fops)
{
	dir = debugfs_create_dir(FASTSWAP_NAME, NULL);
	debugfs_create_file("stats", 0444, dir, NULL, &stats_fops);
	debugfs_create_file("load_latency", 0444, dir, NULL, &load_latency_fops);
	debugfs_create_file("store_latency", 0444, dir, NULL, &store_latency_fops);
	debugfs_create_file("pool", 0444, dir, NULL, pool_fops);
}

void fastswap_stats_release(void)
{
	debugfs_remove(dir);
}

static bool latency;

static int latency_set(const char *value, const struct kernel_param *param)
{
	bool on;
	int err = kstrtobool(value, &on);

	if (err || on == latency)
		return err;
	if (on)
		static_branch_inc(&fastswap_timing);
	else
		static_branch_dec(&fastswap_timing);
	latency = on;
	return 0;
}

static int latency_get(char *buffer, const struct kernel_param *param)
{
	return sprintf(buffer, "%c\n", latency ? 'Y' : 'N');
}

static const struct kernel_param_ops latency_ops = { .set = latency_set, .get = latency_get };

module_param_cb(latency, &latency_ops, NULL, 0644);
MODULE_PARM_DESC(latency, "take the time of each load and store, for the histograms");
