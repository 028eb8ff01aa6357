// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/timeseries.gp: one run over time, from samples whose every number is known. */
#include "tests/unit/figure.h"

#define HEADER                                                                                     \
	"\"t_s\"\t\"page_ins_per_s\"\t\"page_outs_per_s\"\t\"local_mib\"\t\"far_mib\"\t"           \
	"\"ops_per_s\"\t\"cpus\"\t\"stalled\"\n"
#define SECONDS "\n\n\"t_s\"\t\"p99_us\"\n"
#define PHASES	"\n\n\"phase\"\t\"begin_s\"\t\"end_s\"\n"

enum { INS, OUTS, NEAR, FAR, OPS, CPU, STALL, NR_METRICS };

/* Readings at 1, 1.5, 2 and 3.5 s of a run that began at 0; a value that stands is not stored. */
static int64_t add_run(struct store *s, const char *status, const char *reason, const char *flag)
{
	static const char *const keys[NR_METRICS][2] = {
		[INS] = { "memory_stat", "pgmajfault" },
		[OUTS] = { "memory_stat", "pswpout" },
		[NEAR] = { "memory_usage", "memory.current" },
		[FAR] = { "memory_usage", "memory.swap.current" },
		[OPS] = { "progress", "operations" },
		[CPU] = { "cgroup_cpu", "usage_usec" },
		[STALL] = { "pressure", "some_total" },
	};
	static const char *const uses[NR_METRICS] = {
		[INS] = "page_ins",
		[OUTS] = "page_outs",
		[NEAR] = "local",
		[FAR] = "far",
	};
	static const struct {
		uint64_t tick;
		int metric;
		uint64_t value;
	} samples[] = {
		{ 0, INS, 100 }, { 0, OUTS, 10 },    { 0, NEAR, 64 << 20 }, { 0, FAR, 0 },
		{ 1, INS, 150 }, { 2, OUTS, 40 },    { 2, NEAR, 97 << 19 }, { 2, FAR, 31 << 19 },
		{ 3, INS, 600 }, { 0, OPS, 0 },	     { 1, OPS, 500 },	    { 3, OPS, 2000 },
		{ 0, CPU, 0 },	 { 2, CPU, 750000 }, { 0, STALL, 0 },	    { 1, STALL, 250000 },
	};
	static const uint64_t end_ms[] = { 1000, 1500, 2000, 3500 };
	struct run_record record = synthetic_record("memaslap", "zram", 0.5, 1);
	int64_t run = synthetic_begin(s, &record), metric[NR_METRICS];
	struct results results;

	for (int i = 0; i < NR_METRICS; i++) {
		assert_ok(store_metric(s, 1, keys[i][0], keys[i][1], "x", i <= OUTS || i >= OPS,
				       &metric[i], &err));
		if (i <= FAR)
			assert_ok(store_usage(s, run, 1, uses[i], metric[i], &err));
	}
	for (uint64_t i = 0; i < 4; i++)
		synthetic_tick(s, run, i, end_ms[i] * 1000000);
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		assert_ok(store_sample(s, run, samples[i].tick, metric[samples[i].metric],
				       samples[i].value, &err));
	assert_ok(store_phase(s, run, "load", 500000000, 1500000000, &err));
	assert_ok(store_phase(s, run, "measure", 1500000000, 3500000000, &err));
	results_init(&results);
	if (flag)
		results_flag(&results, flag, SEVERITY_WARNING, "for the test");
	results_flag(&results, "ONLY_A_NOTE", SEVERITY_NOTE, "for the test");
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, status, reason, &err));
	return run;
}

#define DATA                                                                                       \
	HEADER "1\tNaN\tNaN\t64\t0\tNaN\tNaN\tNaN\n"                                               \
	       "1.5\t100\t0\t64\t0\t1000\t0\t0.5\n"  /* (150 - 100) / 0.5 s */                     \
	       "2\t0\t60\t48.5\t15.5\t750\t1.5\t0\n" /* (40 - 10) / 0.5 s */                       \
	       "3.5\t300\t0\t48.5\t15.5\t750\t0\t0\n" /* (600 - 150) / 1.5 s */ PHASES             \
	       "\"load\"\t0.5\t1.5\n"                                                              \
	       "\"measure\"\t1.5\t3.5\n" SECONDS

static void test_one_run(void **state)
{
	struct store *s = synthetic_store("time.db");
	int64_t run = add_run(s, "ok", NULL, NULL);

	(void)state;
	make_run(s, (struct made){ .workload = "null" });
	begin_at_zero("time.db");
	expect_data(s, "timeseries", run, "timeseries", DATA);
	expect_variable("timeseries", "end_s = 3.5\n");
	expect_variable("timeseries", "limit_mib = 256\n");
	expect_variable("timeseries", "has_ops = 1\n");
	/* A note is no flag to travel. */
	expect_variable("timeseries", "caption = ''\n");
	/* The latest has no samples. */
	assert_int_equal(draw_figure(s, figure_find("timeseries", &err),
				     &(struct figure_choice){ 0 }, NULL, drawn_path("none", "png"),
				     &err),
			 -ENODATA);
	store_close(s);
}

/* The first whole second since 1.2 s that lies in the window is from 2.2 s on. */
static void test_each_second(void **state)
{
	struct store *s = synthetic_store("seconds.db");
	struct run_record record = synthetic_record("kv", "zram", 0.5, 1);
	int64_t run = synthetic_begin(s, &record), metric, ops;
	struct results results;
	char *data;

	(void)state;
	assert_ok(store_metric(s, 1, "memory_stat", "pgmajfault", "x", true, &metric, &err));
	for (uint64_t i = 0; i < 2; i++) {
		synthetic_tick(s, run, i, (1 + 4 * i) * NSEC_PER_SEC);
		assert_ok(store_sample(s, run, i, metric, i, &err));
	}
	/* Told once, it has no rate. */
	assert_ok(store_metric(s, 1, "progress", "operations", "x", true, &ops, &err));
	assert_ok(store_sample(s, run, 1, ops, 500, &err));
	assert_ok(store_phase(s, run, "warmup", 1200000000, 1500000000, &err));
	assert_ok(store_phase(s, run, "measure", 1500000000, 4300000000, &err));
	results_init(&results);
	results_add(&results, "latency_p99", "us", BETTER_LOWER, 900);
	results_add(&results, "latency_p99_at.0", "us", BETTER_LOWER, 800);
	results_add(&results, "latency_p99_at.1", "us", BETTER_LOWER, 1000);
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	begin_at_zero("seconds.db");
	data = draw_data(s, "timeseries", run, NULL, "timeseries-p99");
	if (!strstr(data, SECONDS "2.7\t800\n3.7\t1000\n"))
		fail_msg("%s", data);
	free(data);
	expect_variable("timeseries-p99", "has_p99 = 1\n");
	expect_variable("timeseries-p99", "has_ops = 0\n");
	store_close(s);
}

static void test_latest_of_an_experiment(void **state)
{
	struct store *s = synthetic_store("latest.db");

	(void)state;
	/* Without samples, and not the latest of all. */
	make_run(s, (struct made){ .workload = "null", .experiment = "other" });
	add_run(s, "ok", NULL, NULL);
	assert_int_equal(draw_figure(s, figure_find("timeseries", &err),
				     &(struct figure_choice){ .experiment = "other" }, NULL,
				     drawn_path("none", "png"), &err),
			 -ENODATA);
	store_close(s);
}

/* Drawn, since it was asked for, but never as if it were sound. */
static void test_unsound_run(void **state)
{
	struct store *s = synthetic_store("unsound.db");

	(void)state;
	add_run(s, "untrusted", NULL, "SWAP_FULL");
	begin_at_zero("unsound.db");
	expect_data(s, "timeseries", 0, "timeseries-untrusted", DATA);
	expect_variable("timeseries-untrusted",
			"caption = 'run 1 is not to be trusted; flagged: SWAP_FULL'\n");
	expect_variable("timeseries-untrusted", "unsound = 1\n");
	add_run(s, "failed", "the group's server was killed", NULL);
	begin_at_zero("unsound.db");
	expect_data(s, "timeseries", 0, "timeseries-failed", DATA);
	expect_variable("timeseries-failed",
			"caption = 'run 2 failed: the group''s server was killed'\n");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_run),
		cmocka_unit_test(test_each_second),
		cmocka_unit_test(test_latest_of_an_experiment),
		cmocka_unit_test(test_unsound_run),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
