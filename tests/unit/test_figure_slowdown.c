// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/slowdown.gp: performance over the local ratio, from runs whose every number is known. */
#include "tests/unit/figure.h"

#define REPEATS "\"series\"\t\"ratio\"\t\"y\"\t\"flagged\"\t\"run\"\t\"baseline_run\"\n"
#define MEDIANS "\n\n\"series\"\t\"ratio\"\t\"y\"\t\"low\"\t\"high\"\n"

static void add_run(struct store *s, const char *backend, double ratio, double ops,
		    const char *status, const char *flag)
{
	make_run(s, (struct made){ .workload = "memaslap",
				   .backend = backend,
				   .ratio = ratio,
				   .experiment = "e",
				   .results = { { "ops", ops } },
				   .status = status,
				   .flag = flag,
				   .severity = SEVERITY_WARNING });
}

static void test_relative_to_the_median(void **state)
{
	struct store *s = synthetic_store("relative.db");

	(void)state;
	/* Each backend has its own base; zram's is the median of 800 and 1200. */
	add_run(s, "swapfile", 1, 500, NULL, NULL);
	add_run(s, "zram", 1, 800, NULL, NULL);
	add_run(s, "zram", 1, 1200, NULL, NULL);
	add_run(s, "zram", 0.5, 250, NULL, NULL);
	add_run(s, "zram", 0.5, 500, NULL, "SHARED_CORES");
	add_run(s, "swapfile", 0.5, 125, NULL, NULL);
	/* Neither drawn nor a base. */
	add_run(s, "zram", 0.5, 5000, "untrusted", NULL);
	add_run(s, "zram", 1, 9000, "failed", NULL);
	expect_data(s, "slowdown", 0, "slowdown",
		    REPEATS "0\t0.5\t4\t0\t6\t1\n"
			    "0\t1\t1\t0\t1\t1\n"
			    "1\t0.5\t4\t0\t4\t3\n"
			    "1\t0.5\t2\t1\t5\t3\n"
			    "1\t1\t1.25\t0\t2\t2\n"
			    "1\t1\t0.8333333333333334\t0\t3\t3\n" MEDIANS "0\t0.5\t4\tNaN\tNaN\n"
			    "0\t1\t1\tNaN\tNaN\n"
			    "1\t0.5\t3\t2\t4\n" /* (4 + 2) / 2, of two runs */
			    "1\t1\t1.0416666666666667\t0.8333333333333334\t1.25\n");
	expect_variable("slowdown", "y_label = 'slowdown of ops (times ratio 1)'\n");
	expect_variable("slowdown", "top = 4\n");
	expect_variable("slowdown", "labels = 'memaslap, swapfile\tmemaslap, zram'\n");
	expect_variable("slowdown", "normalised = 1\n");
	expect_variable("slowdown", "caption = '1 of 6 runs flagged (×): SHARED_CORES; 1 failed, "
				    "1 untrusted left out; relative to runs 1 2 3 at ratio 1'\n");
	store_close(s);
}

/* Without a run at ratio 1 the numbers are the results themselves. */
static void test_nothing_to_be_relative_to(void **state)
{
	struct store *s = synthetic_store("raw.db");

	(void)state;
	add_run(s, "zram", 0.5, 4000, NULL, NULL);
	add_run(s, "zram", 0.25, 1500, NULL, NULL);
	expect_data(s, "slowdown", 0, "slowdown-raw",
		    REPEATS "0\t0.25\t1500\t0\t2\tNaN\n"
			    "0\t0.5\t4000\t0\t1\tNaN\n" MEDIANS "0\t0.25\t1500\tNaN\tNaN\n"
			    "0\t0.5\t4000\tNaN\tNaN\n");
	expect_variable("slowdown-raw", "normalised = 0\n");
	expect_variable("slowdown-raw", "y_label = 'ops (1/s)'\n");
	store_close(s);
}

/* An experiment's runs are drawn; the base is any run's at ratio 1 of the same cell. */
static void test_of_an_experiment(void **state)
{
	struct store *s = synthetic_store("experiment.db");
	char *data;

	(void)state;
	add_run(s, "zram", 0.5, 500, NULL, NULL);
	make_run(s, (struct made){
			    .workload = "memaslap", .ratio = 1, .results = { { "ops", 2000 } } });
	data = draw_data(s, "slowdown", 0, "e", "slowdown-e");
	assert_string_equal(data, REPEATS "0\t0.5\t4\t0\t1\t2\n" MEDIANS "0\t0.5\t4\tNaN\tNaN\n");
	free(data);
	store_close(s);
}

/* Any result, and the performance itself, as they are; a slowdown of those that have one. */
static void test_other_y(void **state)
{
	static const struct figure_style style = {
		.title = "Ops, it's all", .labels = "one", .legend = "inside", .axis = "log"
	};
	struct store *s = synthetic_store("y.db");
	struct figure_choice choice = { .y = "no_such" };
	char *data;

	(void)state;
	make_run(s, (struct made){ .workload = "memaslap",
				   .ratio = 1,
				   .results = { { "ops", 2000 }, { "latency_p99", 30 } } });
	make_run(s, (struct made){ .workload = "memaslap",
				   .ratio = 0.5,
				   .results = { { "ops", 500 }, { "latency_p99", 90 } } });
	data = draw_styled(s, "slowdown", 0, NULL, "performance", &style, "slowdown-performance");
	assert_non_null(strstr(data, "0\t0.5\t500\t0\t2\t1\n0\t1\t2000\t0\t1\t1\n"));
	free(data);
	expect_variable("slowdown-performance", "y_label = 'ops (1/s)'\n");
	expect_variable("slowdown-performance", "title = 'Ops, it''s all'\n");
	expect_variable("slowdown-performance", "labels = 'one'\n");
	expect_variable("slowdown-performance", "legend = 'inside'\n");
	expect_variable("slowdown-performance", "axis = 'log'\n");
	data = draw_styled(s, "slowdown", 0, NULL, "latency_p99", NULL, "slowdown-p99");
	assert_non_null(strstr(data, "0\t0.5\t90\t0\t2\t1\n0\t1\t30\t0\t1\t1\n"));
	free(data);

	/* One without a baseline is no part of a slowdown that was asked for. */
	make_run(s, (struct made){ .workload = "null", .ratio = 0.5, .results = { { "ops", 1 } } });
	data = draw_styled(s, "slowdown", 0, NULL, "slowdown", NULL, "slowdown-asked");
	assert_non_null(strstr(data, "0\t0.5\t4\t0\t2\t1\n0\t1\t1\t0\t1\t1\n\n\n"));
	free(data);

	assert_int_equal(draw_figure(s, figure_find("slowdown", &err), &choice, NULL,
				     drawn_path("none", "png"), &err),
			 -ENODATA);
	choice.y = NULL;
	assert_int_equal(draw_figure(s, figure_find("slowdown", &err), &choice,
				     &(struct figure_style){ .labels = "a,b,c" },
				     drawn_path("none", "png"), &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "--labels has 3, and there are 2 series"));
	store_close(s);
}

/* Published curves lie over slowdowns, and over nothing else. */
static void test_published(void **state)
{
	static const struct figure_style style = {
		.overlay = "plots/published/eden-synthetic.csv",
	};
	static const struct figure_choice raw = { .y = "performance" };
	struct store *s = synthetic_store("published.db");

	(void)state;
	add_run(s, "zram", 1, 100, NULL, NULL);
	add_run(s, "zram", 0.5, 50, NULL, NULL);
	free(draw_styled(s, "slowdown", 0, NULL, NULL, &style, "slowdown-published"));
	expect_variable("slowdown-published", "nr_overlays = 3\noverlay_top = 48.7\n");
	expect_variable("slowdown-published", "on another machine (10 CPUs, RDMA)'\n");
	assert_int_equal(draw_figure(s, figure_find("slowdown", &err), &raw, &style,
				     drawn_path("none", "png"), &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "relative to ratio 1"));
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relative_to_the_median),
		cmocka_unit_test(test_nothing_to_be_relative_to),
		cmocka_unit_test(test_of_an_experiment),
		cmocka_unit_test(test_other_y),
		cmocka_unit_test(test_published),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
