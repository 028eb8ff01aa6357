// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Four counts of the same pages: the program's, rusage's, the group's and the backend's. Each of
 * them is made wrong once, and the run must say so.
 */
#include "tests/unit/synthetic.h"

#include "backend/fastswap_area.h"
#include "harness/run/flags.h"
#include "micro/tally.h"

/* --- the program's count against rusage ------------------------------------------------------ */

static const struct tally whole = { .touched = 100000, .major = 99000, .minor = 1000 };

static enum tally_verdict judge(struct tally t, int64_t faults)
{
	t.major += (uint64_t)faults;
	return tally_judge(&t);
}

static void test_every_touch_is_a_fault(void **state)
{
	(void)state;
	assert_int_equal(judge(whole, 0), TALLY_AGREES);
	assert_int_equal(judge(whole, 990), TALLY_AGREES);
	assert_int_equal(judge(whole, 1010), TALLY_TOO_MANY_FAULTS);
	assert_int_equal(judge(whole, -990), TALLY_AGREES);
	assert_int_equal(judge(whole, -1010), TALLY_TOO_FEW_FAULTS);
}

/* A write after a read may fault again, but it does not bring another page. */
static void test_a_second_fault_for_the_write(void **state)
{
	struct tally t = whole;

	(void)state;
	t.minor = 100000;
	assert_int_equal(judge(t, 0), TALLY_TOO_MANY_FAULTS);
	t.twice = true;
	assert_int_equal(judge(t, 0), TALLY_AGREES);
	assert_int_equal(judge(t, 2010), TALLY_TOO_MANY_FAULTS);
	t.minor = 0;
	assert_int_equal(judge(t, -1000), TALLY_TOO_FEW_FAULTS);
}

/* Pages that stay are known from the looks, not from what is missing in the sum. */
static void test_pages_that_stay(void **state)
{
	struct tally t = { .touched = 10000000, .major = 2000000, .looked = 40000, .near = 32000 };

	(void)state;
	assert_true(tally_near(&t) == 0.8);
	assert_true(tally_blur(&t) > 0.005 && tally_blur(&t) < 0.007);
	assert_int_equal(judge(t, 0), TALLY_AGREES);
	assert_int_equal(judge(t, 170000), TALLY_TOO_MANY_FAULTS);
	assert_int_equal(judge(t, -170000), TALLY_TOO_FEW_FAULTS);
	/* As many are missing, but nobody saw a page that stayed. */
	t.near = 0;
	assert_int_equal(judge(t, 0), TALLY_TOO_FEW_FAULTS);
	/* Where no page can stay nobody looks, and there is no blur. */
	t.looked = 0;
	assert_true(tally_blur(&t) == 0);
	/* One look tells little, but it does not tell that nothing stays. */
	t.looked = 1;
	assert_true(tally_blur(&t) > 0.5);
}

static void test_shared_pages(void **state)
{
	struct tally t = { .touched = 100000, .major = 60000, .minor = 90000, .shared = true };

	(void)state;
	assert_int_equal(judge(t, 0), TALLY_AGREES);
	assert_int_equal(judge(t, -50000), TALLY_AGREES);
	assert_int_equal(judge(t, 41010), TALLY_TOO_MANY_FAULTS);
}

/* --- against the group and the backend ------------------------------------------------------- */

/* Deltas of the measure phase; 0: that collector was not there. */
struct counts {
	uint64_t faults, loads, stores, pswpin, pswpout, zswpout;
	uint64_t disk_pages;   /* read by the disk under the area */
	uint64_t area, others; /* bytes more in the backend's area, and in others */
	double own;	       /* by rusage; 0: not a micro-benchmark */
	bool limited;
	const char *cluster;
};

static const struct counts hooked = {
	.faults = 100000, .loads = 100000, .own = 100000, .limited = true, .cluster = "0"
};
static const struct counts swapped = {
	.faults = 100000, .pswpin = 100000, .own = 100000, .limited = true, .cluster = "0"
};

/* Begins at something else than zero, as counters do. */
static void add_counter(struct store *s, int64_t run, const char *collector, const char *key,
			uint64_t delta)
{
	int64_t metric;

	assert_ok(store_metric(s, 1, collector, key, "pages", true, &metric, &err));
	assert_ok(store_sample(s, run, 0, metric, 77, &err));
	if (delta)
		assert_ok(store_sample(s, run, 1, metric, 77 + delta, &err));
}

static void add_level(struct store *s, int64_t run, const char *key, uint64_t from, uint64_t to)
{
	int64_t metric;

	assert_ok(store_metric(s, 0, "swap_area", key, "bytes", false, &metric, &err));
	assert_ok(store_sample(s, run, 0, metric, from, &err));
	if (to != from)
		assert_ok(store_sample(s, run, 1, metric, to, &err));
}

static void judge_counts(const struct counts *c, struct results *r)
{
	struct store *s = synthetic_store("tally.db");
	struct run_record record = synthetic_record("fault_throughput", "zram", 0.5, 1);
	int64_t run = synthetic_begin(s, &record);
	uint64_t origin = clock_ns();
	struct placement placement = { 0 };
	struct sampler_stats sampler = { 0 };
	struct facts settings;
	struct flag_input in = {
		.store = s,
		.run = run,
		.job = 1,
		.limit_bytes = c->limited ? 64 << 20 : 0,
		.target_bytes = c->limited ? 64 << 20 : 0,
		.has_group = true,
		.cgroup_version = 2,
		.placement = &placement,
		.settings = &settings,
		.usage = fastswap_usage,
		.sampler = &sampler,
	};

	assert_ok(store_begin(s, &err));
	synthetic_tick(s, run, 0, origin);
	synthetic_tick(s, run, 1, origin + NSEC_PER_SEC);
	add_counter(s, run, "memory_stat", "pgmajfault", c->faults);
	if (c->loads) {
		/* Some of each way. */
		add_counter(s, run, "fastswap", "loads", c->loads - 1000);
		add_counter(s, run, "fastswap", "loads_async", 1000);
		add_counter(s, run, "fastswap", "stores", c->stores / 2);
		add_counter(s, run, "fastswap", "stores_async", c->stores - c->stores / 2);
	} else {
		add_counter(s, run, "vmstat", "pswpin", c->pswpin);
		add_counter(s, run, "vmstat", "pswpout", c->pswpout);
		add_counter(s, run, "vmstat", "zswpout", c->zswpout);
	}
	if (c->disk_pages)
		add_counter(s, run, "swap_device", "read", c->disk_pages * 4096);
	if (c->area) {
		add_level(s, run, "areas", 2, 2);
		add_level(s, run, "size", 1 << 30, 1 << 30);
		add_level(s, run, "used", 0, c->area);
		add_level(s, run, "others_used", 5000, 5000 + c->others);
	}
	assert_ok(store_phase(s, run, "measure", origin, origin + NSEC_PER_SEC, &err));
	assert_ok(store_commit(s, &err));

	facts_init(&settings);
	facts_set(&settings, "page_cluster", "%s", c->cluster);
	results_init(r);
	if (c->own > 0)
		results_add(r, "all_major_faults", "count", BETTER_NEITHER, c->own);
	flags_judge(&in, r);
	facts_release(&settings);
	store_close(s);
}

/* code NULL: not a flag. */
static void expect_flag(const struct counts *c, const char *code, enum severity severity)
{
	struct results r;

	judge_counts(c, &r);
	if (code) {
		assert_int_equal(r.nr_flags, 1);
		assert_string_equal(r.flags[0].code, code);
		assert_int_equal(r.flags[0].severity, severity);
	} else if (r.nr_flags) {
		fail_msg("%s: %s", r.flags[0].code, r.flags[0].detail);
	}
	assert_int_equal(flags_untrusted(&r), code && severity == SEVERITY_FATAL);
	results_release(&r);
}

/* That one among others. */
static void expect_flags(const struct counts *c, const char *code)
{
	struct results r;
	bool found = false;

	judge_counts(c, &r);
	for (size_t i = 0; i < r.nr_flags; i++)
		found = found || strcmp(r.flags[i].code, code) == 0;
	assert_true(found);
	results_release(&r);
}

static void test_all_agree(void **state)
{
	(void)state;
	expect_flag(&hooked, NULL, 0);
	expect_flag(&swapped, NULL, 0);
}

static void test_group_disagrees(void **state)
{
	struct counts c = hooked;

	(void)state;
	c.own = 98000;
	expect_flag(&c, "FAULTS_MISMATCH", SEVERITY_FATAL);
	c.own = 102000;
	expect_flag(&c, "FAULTS_MISMATCH", SEVERITY_FATAL);
	c.own = 100900;
	expect_flag(&c, NULL, 0);
}

static void test_backend_disagrees(void **state)
{
	struct counts c = hooked;

	(void)state;
	c.loads = 98000;
	expect_flag(&c, "LOADS_MISMATCH", SEVERITY_FATAL);
	c.loads = 102000;
	expect_flag(&c, "LOADS_MISMATCH", SEVERITY_FATAL);
	c.cluster = "3"; /* the neighbours are loaded, too */
	expect_flag(&c, NULL, 0);

	c = swapped;
	c.pswpin = 98000;
	expect_flag(&c, "LOADS_MISMATCH", SEVERITY_FATAL);
	c.pswpin = 102000;
	expect_flag(&c, "LOADS_MISMATCH", SEVERITY_FATAL);
	/* Any other program has page-ins of files, and a machine that others swap on. */
	c.own = 0;
	expect_flag(&c, NULL, 0);
}

static void test_stores_without_reclaim(void **state)
{
	struct counts c = hooked;

	(void)state;
	c.limited = false;
	expect_flag(&c, NULL, 0);
	c.stores = 2000;
	expect_flag(&c, "STORES_WITHOUT_RECLAIM", SEVERITY_FATAL);
	c.limited = true;
	expect_flag(&c, NULL, 0);

	c = swapped;
	c.limited = false;
	c.pswpout = 2000;
	expect_flag(&c, "STORES_WITHOUT_RECLAIM", SEVERITY_FATAL);
	c.own = 0;
	expect_flag(&c, "STORES_WITHOUT_RECLAIM", SEVERITY_WARNING);
}

/* For every workload: it counts no faults of its own. */
static void test_pages_that_went_elsewhere(void **state)
{
	struct counts c = swapped;

	(void)state;
	c.own = 0;
	c.disk_pages = 100000;
	expect_flag(&c, NULL, 0);
	c.disk_pages = 98000;
	expect_flag(&c, "LOADS_MISMATCH", SEVERITY_FATAL);
	c.disk_pages = 200000; /* a disk that is read for other reasons, too */
	expect_flag(&c, NULL, 0);

	c.zswpout = 400, c.pswpout = 99600;
	expect_flag(&c, NULL, 0);
	c.zswpout = 2000;
	expect_flag(&c, "PAGES_ELSEWHERE", SEVERITY_FATAL);
	c.zswpout = 0;

	c.area = 64 << 20;
	expect_flag(&c, "SEVERAL_SWAPS", SEVERITY_WARNING);
	c.others = 600 << 10;
	expect_flag(&c, "SEVERAL_SWAPS", SEVERITY_WARNING);
	c.others = 700 << 10;
	expect_flag(&c, "PAGES_ELSEWHERE", SEVERITY_FATAL);
	c.others = 0;
	c.area = (1 << 30) - 4096;
	expect_flags(&c, "SWAP_FULL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_touch_is_a_fault),
		cmocka_unit_test(test_a_second_fault_for_the_write),
		cmocka_unit_test(test_pages_that_stay),
		cmocka_unit_test(test_shared_pages),
		cmocka_unit_test(test_all_agree),
		cmocka_unit_test(test_group_disagrees),
		cmocka_unit_test(test_backend_disagrees),
		cmocka_unit_test(test_stores_without_reclaim),
		cmocka_unit_test(test_pages_that_went_elsewhere),
	};

	return cmocka_run_group_tests_name("micro_tally", tests, NULL, synthetic_clean);
}
