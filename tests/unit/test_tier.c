// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory nodes and tiers as trees tell them, and what the collectors of them read. */
#include "tests/unit/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/tier_nodes.h"
#include "base/journal.h"
#include "base/numa_stat.h"
#include "base/opt.h"
#include "collectors/collector.h"

#define NODES	"/sys/devices/system/node"
#define TIERING "/sys/devices/virtual/memory_tiering"

static void lists_of_nodes(void **state)
{
	static const char *const bad[] = {
		"", "a", "1-", "3-1", "64", "0,,1", "0-1x", "-1", "0 1"
	};
	struct buf text = BUF_INIT;
	uint64_t nodes = 0;

	(void)state;
	assert_true(nodes_parse("0", &nodes));
	assert_int_equal(nodes, 1);
	assert_true(nodes_parse("0-2,5,63", &nodes));
	assert_int_equal(nodes, 0x8000000000000027);
	nodes_format(nodes, &text);
	assert_string_equal(text.data, "0,1,2,5,63");
	buf_release(&text);
	assert_int_equal(nodes_first(0x28), 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		nodes = 7;
		if (nodes_parse(bad[i], &nodes) || nodes != 7)
			fail_msg("'%s' is a list", bad[i]);
	}
}

/* A machine of nodes 0 to 2, the last one without CPUs. */
static void put_nodes(void)
{
	put(NODES "/has_memory", "0-2\n");
	put(NODES "/has_cpu", "0-1\n");
	put(NODES "/node0/meminfo", "Node 0 MemTotal:        1048576 kB\nNode 0 MemFree: 1 kB\n");
	put(NODES "/node2/meminfo", "Node 2 MemTotal:        2097152 kB\nNode 2 MemFree: 1 kB\n");
}

static void sides(const char *text, uint64_t fast, uint64_t slow, bool ranked)
{
	struct tier_sides s = { 0 };
	struct err err = { 0 };

	if (tier_sides_find(text, &s, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(s.fast, fast);
	assert_int_equal(s.slow, slow);
	assert_int_equal(s.ranked, ranked);
}

static void refused(const char *text, enum err_kind kind, const char *words)
{
	struct tier_sides s = { .fast = 77 };
	struct err err = { 0 };

	assert_true(tier_sides_find(text, &s, &err) < 0);
	assert_int_equal(err.kind, kind);
	assert_int_equal(s.fast, 77);
	if (!strstr(err.msg, words))
		fail_msg("'%s' lacks '%s'", err.msg, words);
}

static void by_the_kernels_tiers(void **state)
{
	(void)state;
	put_nodes();
	/* No tiers at all, as before Linux 6.1; then one; then two, whose ranks are no names in order. */
	sides(NULL, 3, 4, false);
	put(TIERING "/memory_tier4/nodelist", "0-2\n");
	sides(NULL, 3, 4, false);
	put(TIERING "/memory_tier4/nodelist", "0-1\n");
	put(TIERING "/memory_tier27/nodelist", "2\n");
	put(TIERING "/memory_tier_other/nodelist", "0\n");
	sides(NULL, 3, 4, true);
	put(TIERING "/memory_tier3/nodelist", "1\n");
	put(TIERING "/memory_tier4/nodelist", "0\n");
	sides(NULL, 2, 5, true);
	assert_int_equal(nodes_bytes(5), 3ull << 30);
}

static void by_the_users_word(void **state)
{
	(void)state;
	put_nodes();
	put(TIERING "/memory_tier4/nodelist", "0-1\n");
	put(TIERING "/memory_tier27/nodelist", "2\n");
	sides("0:2", 1, 4, true);
	sides("0:1", 1, 2, false);
	sides("1,0:2", 3, 4, true);
	refused("0", ERR_USAGE, "a colon");
	refused("0:", ERR_USAGE, "a colon");
	refused("0:0-1", ERR_USAGE, "not both");
	refused("0:3", ERR_USAGE, "on node 0,1,2 only");
	refused("2:0", ERR_USAGE, "has a CPU");
}

static void no_slow_node(void **state)
{
	(void)state;
	put(NODES "/has_memory", "0\n");
	put(NODES "/has_cpu", "0\n");
	refused(NULL, ERR_MISSING, "one memory node");
	put(NODES "/has_memory", "0-1\n");
	put(NODES "/has_cpu", "0-1\n");
	refused(NULL, ERR_MISSING, "tier.nodes=0:1");
}

static int check(const char *pair, struct err *err)
{
	void *params = calloc(1, backend_tier.params_size);
	int rc;

	opt_defaults(backend_tier.opts, params);
	rc = pair ? opt_set_pair(backend_tier.opts, params, pair, "backend tier", err) : 0;
	if (!rc)
		rc = backend_tier.check(params, err);
	opt_release(backend_tier.opts, params);
	free(params);
	return rc;
}

static void missing(const char *pair, const char *words)
{
	struct err err = { 0 };

	assert_int_equal(check(pair, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	if (!strstr(err.msg, words))
		fail_msg("'%s' lacks '%s'", err.msg, words);
}

/* Each method needs something else of the kernel. */
static void what_a_method_needs(void **state)
{
	struct err err = { 0 };

	(void)state;
	put_nodes();
	missing(NULL, "in one tier");
	missing("method=bind", "needs Linux 6.9");
	put("/sys/kernel/mm/mempolicy/weighted_interleave/node0", "1\n");
	assert_int_equal(check("method=bind", &err), 0);
	put(TIERING "/memory_tier4/nodelist", "0-1\n");
	put(TIERING "/memory_tier27/nodelist", "2\n");
	missing(NULL, "demotes nothing");
	put("/sys/kernel/mm/numa/demotion_enabled", "false\n");
	missing(NULL, "no NUMA balancing");
	assert_int_equal(check("method=none", &err), 0);
	put("/proc/sys/kernel/numa_balancing", "0\n");
	assert_int_equal(check(NULL, &err), 0);
	missing("promote-rate=9", "promote-rate");
	missing("scan-ms=100", "scan-ms");
	missing("method=damos", "no DAMON");
	put("/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "2\n");
	missing("method=damos", "in use");
	put("/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "0\n");
	assert_int_equal(check("method=damos", &err), 0);
}

/* --- promotion ------------------------------------------------------------------------------- */

#define RATE "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps"

static void eventually_rate(const char *value)
{
	char line[32] = "";

	for (int i = 0; i < 4000 && strcmp(line, value) != 0; i++) {
		usleep(5000);
		sysfile_read_line(RATE, line, sizeof(line));
	}
	assert_string_equal(line, value);
}

static void put_job(struct backend_job *job, const char *dir, const char *stat)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/memory.numa_stat", dir);
	put(path, stat);
	snprintf(path, sizeof(path), "%s/memory.reclaim", dir);
	put(path, "");
	*job = (struct backend_job){ .memory_dir = dir, .cgroup_version = 2 };
}

/* Kernel and group are files: nothing is demoted here but by the test. */
static void full_jobs_shut_promotion(void **state)
{
	static const struct journal_op *const ops[] = { journal_ops_base, NULL };
	void *params = calloc(1, backend_tier.params_size);
	struct backend_ctx ctx = { .backend = &backend_tier, .params = params };
	struct backend_job jobs[2];
	struct journal *j;
	struct err err;

	put_nodes();
	put(TIERING "/memory_tier4/nodelist", "0-1\n");
	put(TIERING "/memory_tier27/nodelist", "2\n");
	put("/sys/kernel/mm/numa/demotion_enabled", "true\n");
	put("/proc/sys/kernel/numa_balancing", "2\n");
	put(RATE, "65536\n");
	put_job(&jobs[0], "/a", "anon N0=10000000 N2=0\n");
	put_job(&jobs[1], "/b", "anon N0=10000000 N2=0\n");
	opt_defaults(backend_tier.opts, params);
	assert_int_equal(opt_set_pair(backend_tier.opts, params, "promote-rate=7", "tier", &err),
			 0);
	assert_int_equal(opt_set_pair(backend_tier.opts, params, "hold=1ms", "tier", &err), 0);
	assert_int_equal(journal_create(*state, "tier", ops, &j, &err), 0);
	assert_int_equal(backend_tier.up(&ctx, j, &err), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(backend_tier.prepare(&ctx, &jobs[i], j, &err), 0);
		assert_int_equal(backend_tier.limit(&ctx, &jobs[i], 5000000, &err), 0);
	}
	eventually_rate("0");
	put("/a/memory.numa_stat", "anon N0=5000000 N2=5000000\n");
	usleep(20000); /* the other one still has too much */
	eventually_rate("0");
	put("/b/memory.numa_stat", "anon N0=5000000 N2=5000000\n");
	eventually_rate("7");
	put("/a/memory.numa_stat", "anon N0=6000000 N2=4000000\n");
	eventually_rate("0");
	for (size_t i = 0; i < 2; i++)
		backend_tier.forget(&ctx, &jobs[i]);
	eventually_rate("7");
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	eventually_rate("65536");
	journal_free(j);
	backend_tier.release(&ctx);
	opt_release(backend_tier.opts, params);
	free(params);
}

/* --- memory.numa_stat ------------------------------------------------------------------------ */

#define STAT                                                                                       \
	"anon N0=1000 N1=200 N12=30\n"                                                             \
	"file N0=4 N1=5\n"                                                                         \
	"shmem N0=3 N1=2\n"                                                                        \
	"anon_thp N0=0 N1=99\n"                                                                    \
	"anonymous N0=7\n"                                                                         \
	"unevictable N0=1 N1=1\n"

static void split_by_nodes(void **state)
{
	static const struct {
		const char *text;
		uint64_t nodes, there, others;
	} rows[] = {
		{ STAT, 2, 205, 1034 },
		{ STAT, 1 << 12, 30, 1209 },
		{ STAT, 0, 0, 1239 },
		{ "", 2, 0, 0 },
		{ "anon N0=5 N1=x N2=7\nfile N1=2", 2, 2, 5 },
		{ "anon N0=5 M1=3\n\nfile\nfile N99=4\n", 2, 0, 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t there, others;

		numa_stat_split(rows[i].text, rows[i].nodes, &there, &others);
		if (there != rows[i].there || others != rows[i].others)
			fail_msg("row %zu: %llu and %llu", i, (unsigned long long)there,
				 (unsigned long long)others);
	}
}

#define ABSENT UINT64_MAX

static uint64_t read_key(const struct collector *c, const struct collector_ctx *ctx,
			 const char *name)
{
	uint64_t values[128];
	bool have[128];
	struct err err = { 0 };
	void *s;

	if (c->open(ctx, &s, &err) != 0) {
		assert_int_equal(err.kind, ERR_MISSING);
		return ABSENT;
	}
	assert_int_equal(c->read(s, values, have), 0);
	assert_int_equal(c->read(s, values, have), 0);
	c->close(s);
	for (size_t i = 0; i < c->nr_keys; i++) {
		if (strcmp(c->keys[i].name, name) == 0)
			return have[i] ? values[i] : ABSENT;
	}
	fail_msg("%s has no key %s", c->name, name);
	return 0;
}

static void numa_by_node(void **state)
{
	struct collector_ctx ctx = { .cgroup_version = 2,
				     .memory_dir = "/group",
				     .reclaim_cpu = -1 };

	(void)state;
	put("/group/memory.numa_stat", STAT);
	assert_int_equal(read_key(&collector_numa, &ctx, "anon_n0"), 1000);
	assert_int_equal(read_key(&collector_numa, &ctx, "anon_thp_n1"), 99);
	assert_int_equal(read_key(&collector_numa, &ctx, "shmem_n1"), 2);
	assert_int_equal(read_key(&collector_numa, &ctx, "anon_n2"), ABSENT);
	assert_int_equal(read_key(&collector_numa, &ctx, "local"), ABSENT);
	ctx.far_nodes = 2;
	assert_int_equal(read_key(&collector_numa, &ctx, "local"), 1034);
	assert_int_equal(read_key(&collector_numa, &ctx, "far"), 205);
	ctx.cgroup_version = 1;
	assert_int_equal(read_key(&collector_numa, &ctx, "far"), ABSENT);
}

#define THP "/sys/kernel/mm/transparent_hugepage/hugepages-"

/* Sizes that are off and were never in use cost nothing. */
static void thp_by_size(void **state)
{
	const struct collector_ctx ctx = { .reclaim_cpu = -1 };

	(void)state;
	put(THP "64kB/enabled", "always inherit madvise [never]\n");
	put(THP "64kB/stats/anon_fault_alloc", "0\n");
	put(THP "64kB/stats/swpout", "5\n");
	assert_int_equal(read_key(&collector_thp, &ctx, "64kB.swpout"), ABSENT);
	put(THP "64kB/stats/anon_fault_alloc", "3\n");
	assert_int_equal(read_key(&collector_thp, &ctx, "64kB.swpout"), 5);
	assert_int_equal(read_key(&collector_thp, &ctx, "64kB.swpin"), ABSENT);
	put(THP "2048kB/enabled", "always [inherit] madvise never\n");
	put(THP "2048kB/stats/swpin", "8\n");
	assert_int_equal(read_key(&collector_thp, &ctx, "2048kB.swpin"), 8);
	assert_int_equal(read_key(&collector_thp, &ctx, "16kB.swpin"), ABSENT);
}

#define NVME "/sys/class/nvme/"

/* Paths of the head nvme3n1: by controllers 0 and 11, of which one has lost its target. */
static void nvme_by_path(void **state)
{
	struct collector_ctx ctx = { .swap_device = "/dev/nvme3n1", .reclaim_cpu = -1 };

	(void)state;
	put(NVME "nvme0/state", "live\n");
	put(NVME "nvme11/state", "connecting\n");
	put(NVME "nvme0/nvme3c0n1/stat", " 10 0 80 1  20 0 160 2  3 4 5 0 0 0 0 0 0\n");
	put(NVME "nvme11/nvme3c11n1/stat", "1 0 8 1 2 0 16 2 1 4 5\n");
	put(NVME "nvme11/nvme3c11n12/stat", "999 0 999 0 999 0 999 0 0 0 0\n");
	assert_int_equal(read_key(&collector_nvme, &ctx, "paths"), 2);
	assert_int_equal(read_key(&collector_nvme, &ctx, "live"), 1);
	assert_int_equal(read_key(&collector_nvme, &ctx, "reads"), 11);
	assert_int_equal(read_key(&collector_nvme, &ctx, "written"), 176 * 512);
	assert_int_equal(read_key(&collector_nvme, &ctx, "in_flight"), 4);
	/* A disk without multipath is its own path. */
	put(NVME "nvme5/state", "live\n");
	put(NVME "nvme5/nvme5n2/stat", "7 0 8 1 2 0 16 2 0 4 5\n");
	ctx.swap_device = "/dev/nvme5n2";
	assert_int_equal(read_key(&collector_nvme, &ctx, "reads"), 7);
	ctx.swap_device = "/dev/nvme5n2p1";
	assert_int_equal(read_key(&collector_nvme, &ctx, "reads"), ABSENT);
	ctx.swap_device = "/dev/nvme6n1";
	assert_int_equal(read_key(&collector_nvme, &ctx, "reads"), ABSENT);
	ctx.swap_device = NULL;
	assert_int_equal(read_key(&collector_nvme, &ctx, "reads"), ABSENT);
}

static void zswap_of_the_kernel(void **state)
{
	const struct collector_ctx ctx = { .reclaim_cpu = -1 };

	(void)state;
	assert_int_equal(read_key(&collector_zswap, &ctx, "stored_pages"), ABSENT);
	put("/sys/kernel/debug/zswap/stored_pages", "12\n");
	assert_int_equal(read_key(&collector_zswap, &ctx, "stored_pages"), 12);
	assert_int_equal(read_key(&collector_zswap, &ctx, "same_filled_pages"), ABSENT);
}

#define KDAMOND "/sys/kernel/mm/damon/admin/kdamonds/0"

static void damon_by_action(void **state)
{
	const struct collector_ctx ctx = { .reclaim_cpu = -1 };

	(void)state;
	put(KDAMOND "/contexts/0/schemes/0/action", "migrate_hot\n");
	put(KDAMOND "/contexts/0/schemes/0/stats/sz_applied", "8192\n");
	put(KDAMOND "/contexts/0/schemes/1/action", "pageout\n");
	put(KDAMOND "/contexts/0/schemes/1/stats/sz_applied", "4096\n");
	assert_int_equal(read_key(&collector_damon, &ctx, "migrate_hot_pages"), ABSENT);
	put(KDAMOND "/refresh_ms", "100\n");
	assert_int_equal(read_key(&collector_damon, &ctx, "migrate_hot_pages"), 2);
	assert_int_equal(read_key(&collector_damon, &ctx, "migrate_cold_pages"), ABSENT);
	put(KDAMOND "/contexts/0/schemes/0/action", "stat\n");
	assert_int_equal(read_key(&collector_damon, &ctx, "migrate_hot_pages"), ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_nodes),
		cmocka_unit_test_setup_teardown(by_the_kernels_tiers, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(by_the_users_word, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(no_slow_node, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(what_a_method_needs, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(full_jobs_shut_promotion, tree_setup,
						tree_teardown),
		cmocka_unit_test(split_by_nodes),
		cmocka_unit_test_setup_teardown(numa_by_node, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(thp_by_size, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(nvme_by_path, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(zswap_of_the_kernel, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(damon_by_action, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
