// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/slowdown.gp: performance over the local ratio, from runs whose every number is known. */
#include "tests/unit/figure.h"

#define REPEATS "\"series\"\t\"ratio\"\t\"performance\"\t\"flagged\"\t\"run\"\t\"baseline_run\"\n"
#define MEDIANS "\n\n\"series\"\t\"ratio\"\t\"performance\"\n"

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
		    REPEATS "0\t0.5\t0.25\t0\t6\t1\n"
			    "0\t1\t1\t0\t1\t1\n"
			    "1\t0.5\t0.25\t0\t4\t3\n"
			    "1\t0.5\t0.5\t1\t5\t3\n"
			    "1\t1\t0.8\t0\t2\t2\n"
			    "1\t1\t1.2\t0\t3\t3\n" MEDIANS "0\t0.5\t0.25\n"
			    "0\t1\t1\n"
			    "1\t0.5\t0.375\n" /* (0.25 + 0.5) / 2 */
			    "1\t1\t1\n");
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
			    "0\t0.5\t4000\t0\t1\tNaN\n" MEDIANS "0\t0.25\t1500\n"
			    "0\t0.5\t4000\n");
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
	assert_string_equal(data, REPEATS "0\t0.5\t0.25\t0\t1\t2\n" MEDIANS "0\t0.5\t0.25\n");
	free(data);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relative_to_the_median),
		cmocka_unit_test(test_nothing_to_be_relative_to),
		cmocka_unit_test(test_of_an_experiment),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
