// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/bars.gp: cells side by side, from runs whose every number is known. */
#include "tests/unit/figure.h"

#define BARS   "\"series\"\t\"category\"\t\"median\"\t\"low\"\t\"high\"\t\"flagged\"\t\"runs\"\n"
#define LABELS "\n\n\"category\"\t\"label\"\n"

static void add_run(struct store *s, const char *workload, const char *backend, double ratio,
		    double ops, const char *flag)
{
	make_run(s, (struct made){ .workload = workload,
				   .backend = backend,
				   .ratio = ratio,
				   .results = { { "ops", ops } },
				   .flag = flag,
				   .severity = SEVERITY_WARNING });
}

static void test_bars(void **state)
{
	struct store *s = synthetic_store("bars.db");

	(void)state;
	add_run(s, "memaslap", "zram", 1, 1000, NULL);
	add_run(s, "memaslap", "zram", 0.5, 100, NULL);
	add_run(s, "memaslap", "zram", 0.5, 200, "SLOW");
	add_run(s, "memaslap", "zram", 0.5, 125, NULL);
	add_run(s, "memaslap", "swapfile", 0.5, 50, NULL);
	/* The median of 10, 5 and 8; three runs' interval is their range. */
	expect_data(s, "bars", 0, "bars",
		    BARS "0\t1\t20\t20\t20\t0\t1\n"
			 "1\t0\t1\t1\t1\t0\t1\n"
			 "1\t1\t8\t5\t10\t1\t3\n" LABELS "0\t\"1\"\n"
			 "1\t\"0.5\"\n");
	expect_variable("bars", "labels = 'swapfile\tzram'\n");
	expect_variable("bars", "x_label = 'local memory / peak'\n");
	expect_variable("bars", "nr_categories = 2\n");
	expect_variable("bars", "1 of 5 runs flagged (×): SLOW; relative to run 1 at ratio 1'\n");
	store_close(s);
}

/* Backends by their parameters; workloads that have no baseline by their own numbers. */
static void test_parameters(void **state)
{
	static const char *const params[] = { "{\"algorithm\":\"lz4\"}",
					      "{\"algorithm\":\"zstd\"}" };
	struct store *s = synthetic_store("parameters.db");

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct run_record r = synthetic_record(i / 2 ? "pr" : "bc", "zram", 0.5, 1);
		struct results results;
		int64_t run;

		r.backend_params = params[i % 2];
		run = synthetic_begin(s, &r);
		results_init(&results);
		results_add(&results, "elapsed", "s", BETTER_LOWER, i + 1);
		assert_ok(store_results(s, run, 1, &results, &err));
		results_release(&results);
		assert_ok(store_run_end(s, run, "ok", NULL, &err));
	}
	expect_data(s, "bars", 0, "bars-parameters",
		    BARS "0\t0\t1\t1\t1\t0\t1\n"
			 "0\t1\t3\t3\t3\t0\t1\n"
			 "1\t0\t2\t2\t2\t0\t1\n"
			 "1\t1\t4\t4\t4\t0\t1\n" LABELS "0\t\"bc 0.5\"\n"
			 "1\t\"pr 0.5\"\n");
	expect_variable("bars-parameters", "labels = 'zram algorithm=lz4\tzram algorithm=zstd'\n");
	expect_variable("bars-parameters", "y_label = 'elapsed (s)'\n");
	store_close(s);
}

/* What a label holds was typed by somebody. */
static void test_any_words(void **state)
{
	struct store *s = synthetic_store("words.db");

	(void)state;
	for (int i = 0; i < 2; i++)
		make_run(s, (struct made){ .workload = "command",
					   .backend = "none",
					   .ratio = 1,
					   .params = i ? "{\"command\":\"sh -c \\\"a\\\\.b\\\"\"}"
						       : "{\"command\":\"true\"}",
					   .results = { { "ops", 1 } } });
	expect_data(s, "bars", 0, "bars-words",
		    BARS "0\t0\t1\t1\t1\t0\t1\n"
			 "0\t1\t1\t1\t1\t0\t1\n" LABELS "0\t\"1 command=sh -c 'a\\.b'\"\n"
			 "1\t\"1 command=true\"\n");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_any_words),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
