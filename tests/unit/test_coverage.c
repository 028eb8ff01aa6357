// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * That intervals and verdicts are right as often as they say: simulated runs, whose truth is known,
 * go through the code that judges real ones. The seed is fixed, so a failure is a change of the
 * code.
 */
#include "tests/unit/test.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "results/compare_row.h"

#define TRIALS	3000
#define NOMINAL 0.95
#define SLACK	0.02 /* five standard errors of a share of so many trials */
#define MAX_N	10

/* What repeat i of n measures on a side, were it 1 on average. */
struct world {
	const char *name;
	double (*noise)(gsl_rng *rng, bool b);
	double drift; /* over the whole experiment; both sides of a block see the same */
};

static double normal(gsl_rng *rng, bool b)
{
	(void)b;
	return 1 + gsl_ran_gaussian_ziggurat(rng, 0.05);
}

static double lognormal(gsl_rng *rng, bool b)
{
	(void)b;
	return gsl_ran_lognormal(rng, 0, 0.3);
}

static double steady(gsl_rng *rng, bool b)
{
	(void)b;
	return 1 + gsl_ran_gaussian_ziggurat(rng, 0.01);
}

static double unequal(gsl_rng *rng, bool b)
{
	return 1 + gsl_ran_gaussian_ziggurat(rng, b ? 0.06 : 0.02);
}

static const struct world worlds[] = {
	{ "normal", normal, 0 },
	{ "lognormal", lognormal, 0 },
	{ "drift", steady, 0.1 },
	{ "unequal variances", unequal, 0 },
};
#define NR_WORLDS (sizeof(worlds) / sizeof(worlds[0]))

static const int sizes[] = { 3, 4, 5, 10 };
#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static double measure(const struct world *w, gsl_rng *rng, bool b, int i, int n)
{
	return w->noise(rng, b) * (1 + w->drift * ((double)i / (n - 1) - 0.5));
}

/* n repeats of two sides, of which b is `times` a. With blocks, or each run in a block of its own. */
static void fill(const struct world *w, gsl_rng *rng, int n, double times, bool blocks,
		 struct side_values *a, struct side_values *b)
{
	a->nr = b->nr = 0;
	for (int i = 0; i < n; i++) {
		side_values_add(a, measure(w, rng, false, i, n), i);
		side_values_add(b, times * measure(w, rng, true, i, n), blocks ? i : n + i);
	}
}

static void assert_covers(const char *what, const struct world *w, int n, double share,
			  double nominal, bool may_exceed)
{
	print_message("%-7s %-18s n %2d  %.1f %% of %.1f %%\n", what, w->name, n, 100 * share,
		      100 * nominal);
	if (share < nominal - SLACK || (share > nominal + SLACK && !may_exceed))
		fail_msg("%s, %s, %d runs: an interval of %.1f %% covers %.1f %%", what, w->name, n,
			 100 * nominal, 100 * share);
}

/* How often the interval of the ratio holds the true one. */
static double ratio_coverage(const struct world *w, int n, bool blocks)
{
	const double truth = 1.05;
	struct side_values a = { 0 }, b = { 0 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int held = 0;

	for (int trial = 0; trial < TRIALS; trial++) {
		struct stats_ratio r;
		size_t nr_blocks;

		fill(w, rng, n, truth, blocks, &a, &b);
		assert_int_equal(sides_ratio(&a, &b, &r, &nr_blocks), 0);
		assert_int_equal(nr_blocks, blocks ? n : 0);
		held += r.low <= truth && truth <= r.high;
	}
	gsl_rng_free(rng);
	side_values_release(&a);
	side_values_release(&b);
	return (double)held / TRIALS;
}

static void test_paired_ratio(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_WORLDS; i++) {
		for (size_t k = 0; k < NR_SIZES; k++)
			assert_covers("paired", &worlds[i], sizes[k],
				      ratio_coverage(&worlds[i], sizes[k], true), NOMINAL, false);
	}
}

/* Without blocks drift looks like spread: the intervals are wider than they need to be. */
static void test_ratio(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_WORLDS; i++) {
		for (size_t k = 0; k < NR_SIZES; k++)
			assert_covers("ratio", &worlds[i], sizes[k],
				      ratio_coverage(&worlds[i], sizes[k], false), NOMINAL,
				      worlds[i].drift > 0);
	}
}

static void test_median(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_WORLDS; i++) {
		for (size_t k = 0; k < NR_SIZES; k++) {
			gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
			struct stats_interval in = { 0 };
			int held = 0, n = sizes[k];

			for (int trial = 0; trial < TRIALS; trial++) {
				double values[MAX_N];

				for (int v = 0; v < n; v++)
					values[v] = measure(&worlds[i], rng, v % 2, v, n);
				assert_int_equal(stats_median_interval(values, (size_t)n, &in), 0);
				held += in.low <= 1 && 1 <= in.high;
			}
			gsl_rng_free(rng);
			/* Drift spreads the values around the median more evenly than chance. */
			assert_covers("median", &worlds[i], n, (double)held / TRIALS, in.coverage,
				      worlds[i].drift > 0);
		}
	}
}

/* Judged as `fmbench compare` does. */
static double share_found(double times, bool blocks, int n, const char *verdict)
{
	const struct compare_terms terms = { .interleaved = true,
					     .may_speak = true,
					     .difference = COMPARE_DIFFERENCE };
	static char better[] = "lower";
	struct compare_row row = { .better = better };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int found = 0;

	for (int trial = 0; trial < TRIALS; trial++) {
		fill(&worlds[2], rng, n, times, blocks, &row.a, &row.b);
		compare_judge(&row, 1, &terms);
		found += strcmp(row.verdict, verdict) == 0;
	}
	gsl_rng_free(rng);
	side_values_release(&row.a);
	side_values_release(&row.b);
	return (double)found / TRIALS;
}

static void test_finds_a_planted_difference(void **state)
{
	double paired = share_found(1.05, true, 5, "B is worse");
	double unpaired = share_found(1.05, false, 5, "B is worse");

	(void)state;
	print_message("5 %% under 10 %% of drift, n 5: paired %.1f %%, without blocks %.1f %%\n",
		      100 * paired, 100 * unpaired);
	assert_true(paired > 0.9);
	assert_true(unpaired < 0.5); /* which is what blocks are for */
	assert_true(share_found(1 / 1.05, true, 5, "B is better") > 0.9);
	assert_true(share_found(1, true, 5, "no difference seen") > NOMINAL - 0.01);
	/* However clear it is: not with 3. */
	assert_true(share_found(1.5, true, 3, "B is worse") == 0);
	assert_true(share_found(1.5, false, 3, "B is worse") == 0);
}

/* 20 results of equal sides: how many tables say anything that is not so? */
static void test_tables(void **state)
{
	enum { ROWS = 20, TABLES = 1000, N = 5 };
	const struct compare_terms terms = { .interleaved = true,
					     .may_speak = true,
					     .difference = COMPARE_DIFFERENCE };
	static char better[] = "higher";
	struct compare_row rows[ROWS] = { 0 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int verdicts = 0, small = 0, plain = 0;

	(void)state;
	for (int table = 0; table < TABLES; table++) {
		bool any_verdict = false, any_small = false, any_plain = false;

		for (int i = 0; i < ROWS; i++) {
			fill(&worlds[i % NR_WORLDS], rng, N, 1, true, &rows[i].a, &rows[i].b);
			rows[i].better = i > 2 ? better : NULL;
		}
		compare_judge(rows, ROWS, &terms);
		for (int i = 0; i < ROWS; i++) {
			any_verdict |= strncmp(rows[i].verdict, "B is", 4) == 0;
			any_small |= !rows[i].performance && rows[i].p < 1 - NOMINAL;
			any_plain |= rows[i].ratio.p < 1 - NOMINAL;
			assert_true(rows[i].performance == (i == 3));
			assert_true(rows[i].performance == (rows[i].verdict[0] != '\0'));
		}
		verdicts += any_verdict;
		small += any_small;
		plain += any_plain;
	}
	gsl_rng_free(rng);
	for (int i = 0; i < ROWS; i++) {
		side_values_release(&rows[i].a);
		side_values_release(&rows[i].b);
	}
	print_message("tables of %d rows: %.1f %% a false verdict, %.1f %% a small p "
		      "(%.1f %% before Holm)\n",
		      ROWS, 100.0 * verdicts / TABLES, 100.0 * small / TABLES,
		      100.0 * plain / TABLES);
	assert_true(verdicts <= TABLES * 5 / 100 + 14); /* and two standard errors */
	assert_true(small <= TABLES * 5 / 100 + 14);
	assert_true(plain > TABLES / 2);
}

/* Of pilots whose spread is known by chance only: do the runs that they ask for suffice? */
static void test_power(void **state)
{
	enum { PILOTS = 400, TRIES = 100, N = 4 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int enough = 0;

	(void)state;
	for (int pilot = 0; pilot < PILOTS; pilot++) {
		struct side_values a = { 0 }, b = { 0 };
		struct stats_ratio r;
		size_t blocks;
		int found = 0, n;

		fill(&worlds[0], rng, N, 1, true, &a, &b);
		sides_ratio(&a, &b, &r, &blocks);
		n = (int)stats_runs_needed(&r, 0.1);
		for (int i = 0; i < TRIES; i++) {
			fill(&worlds[0], rng, n, 1.1, true, &a, &b);
			sides_ratio(&a, &b, &r, &blocks);
			found += r.low > 1;
		}
		enough += found >= TRIES * (STATS_POWER - 0.04);
		side_values_release(&a);
		side_values_release(&b);
	}
	gsl_rng_free(rng);
	print_message("runs that %d pilots ask for suffice in %.1f %%\n", N,
		      100.0 * enough / PILOTS);
	assert_in_range(enough * 100 / PILOTS, 76, 92);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paired_ratio),
		cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_finds_a_planted_difference),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_power),
	};

	return cmocka_run_group_tests_name("coverage", tests, NULL, NULL);
}
