// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/fit.gp: what a search and what profiles look like, from runs whose every number is known. */
#include "tests/unit/figure.h"

#include "results/profile.h"

#define RUNS  "\"series\"\t\"ratio\"\t\"y\"\t\"flagged\"\t\"run\"\n"
#define CURVE "\n\n\"series\"\t\"ratio\"\t\"y\"\t\"low\"\t\"high\"\n"

static int64_t add(struct store *s, const char *workload, const char *fit, double ratio, int repeat,
		   double ops)
{
	int64_t run = make_run(s, (struct made){ .workload = workload,
						 .ratio = ratio,
						 .repeat = repeat,
						 .experiment = "e",
						 .results = { { "ops", ops }, { "other", 1 } } });

	if (fit)
		assert_ok(profile_mark(s, run, fit, &err));
	return run;
}

/* All repeats are of one command. */
static void of_one_seed(const char *db_name)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(synthetic_path(db_name), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE run SET seed = 10 + repeat", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

static void profiles(void **state)
{
	struct store *s = synthetic_store("profiles.db");

	(void)state;
	add(s, "memaslap", PROFILE_VALUE, 1, 1, 1000);
	add(s, "memaslap", PROFILE_VALUE, 0.5, 1, 500);
	add(s, "memaslap", PROFILE_VALUE, 1, 2, 100);
	add(s, "memaslap", PROFILE_VALUE, 0.5, 2, 50);
	add(s, "scan", PROFILE_VALUE, 1, 1, 600);
	add(s, "scan", PROFILE_VALUE, 0.25, 1, 200);
	/* No profile's. */
	add(s, "memaslap", NULL, 0.5, 1, 1);
	of_one_seed("profiles.db");
	/* Of two equal repeats the band is as narrow as can be; one repeat has none. */
	expect_data(s, "fit", 0, "fit-profiles",
		    RUNS "0\t0.5\t2\t0\t2\n0\t0.5\t2\t0\t4\n0\t1\t1\t0\t1\n0\t1\t1\t0\t3\n"
			 "1\t0.25\t3\t0\t6\n1\t1\t1\t0\t5\n" CURVE
			 "0\t0.5\t2\t2\t2\n0\t1\t1\t1\t1\n"
			 "1\t0.25\t3\tNaN\tNaN\n1\t1\t1\t1\t1\n");
	expect_variable("fit-profiles", "labels = 'memaslap, zram\tscan, zram'\n");
	expect_variable("fit-profiles", "high = NaN\n");
	store_close(s);
}

static void a_search(void **state)
{
	struct store *s = synthetic_store("search.db");
	/* Slowdown 1 + 2 (1 - r), but for a hair: 1.5 at 0.75. No run has confirmed it there. */
	const double ratios[] = { 1, 1, 0.7, 0.8, 0.7, 0.8, 0.7, 0.8, 0.7, 0.8, 0.7, 0.8 };
	char *data;

	(void)state;
	for (int i = 0; i < 12; i++)
		add(s, "memaslap", i == 11 ? "slowdown:1.5:0.1" : "slowdown:9:0.1", ratios[i],
		    1 + i, 1000 / (1 + 2 * (1 - ratios[i])) * (1 + 1e-5 * (i % 3)));
	data = draw_data(s, "fit", 0, NULL, "fit-search");
	free(data);
	expect_variable("fit-search", "bound = 1.5\n");
	expect_variable("fit-search", "the bound is crossed between ratio 0.70 and 0.80 (95 %)'\n");
	store_close(s);
}

/* A result that is better higher: at least 700 of it. */
static void a_bound_on_a_result(void **state)
{
	struct store *s = synthetic_store("result.db");
	char *data;

	(void)state;
	add(s, "memaslap", "ops:0.00125:0.1", 1, 1, 1000);
	add(s, "memaslap", "ops:0.00125:0.1", 0.5, 1, 500);
	data = draw_data(s, "fit", 0, NULL, "fit-result");
	assert_string_equal(data, RUNS "0\t0.5\t500\t0\t2\n0\t1\t1000\t0\t1\n" CURVE
				       "0\t0.5\t500\tNaN\tNaN\n0\t1\t1000\tNaN\tNaN\n");
	free(data);
	expect_variable("fit-result", "bound = 800\n");
	expect_variable("fit-result", "y_label = 'ops (1/s)'\n");
	expect_variable("fit-result", "normalised = 0\n");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles),
		cmocka_unit_test(a_search),
		cmocka_unit_test(a_bound_on_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
