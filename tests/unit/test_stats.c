// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/stats.h"

static void test_quantiles(void **state)
{
	const double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };

	(void)state;
	assert_true(stats_median(odd, 3) == 2);
	assert_true(stats_median(even, 4) == 2.5);
	assert_true(even[0] == 4); /* left as it was */
	assert_true(stats_quantile(even, 4, 0) == 1);
	assert_true(stats_quantile(even, 4, 1) == 4);
	assert_true(stats_quantile(even, 4, 0.25) == 1.75); /* as R's quantile(x, .25) */
	assert_true(isnan(stats_median(even, 0)));
	assert_true(stats_median(even, 1) == 4);
}

static void test_interval(void **state)
{
	const double values[] = { 10, 12, 11, 13, 9, 10.5, 11.5, 12.5, 9.5, 11 };
	const double shuffled[] = { 11, 9.5, 12.5, 11.5, 10.5, 9, 13, 11, 12, 10 };
	double low, high, low2, high2;

	(void)state;
	assert_int_equal(stats_bootstrap_median(values, 10, 7, &low, &high), 0);
	assert_true(low < 11 && 11 < high);
	assert_true(low >= 9.5 && high <= 12.5);
	assert_int_equal(stats_bootstrap_median(shuffled, 10, 7, &low2, &high2), 0);
	assert_true(low == low2 && high == high2);
	assert_int_equal(stats_bootstrap_median(values, 10, 8, &low2, &high2), 0);
	assert_true(fabs(low - low2) < 0.5 && fabs(high - high2) < 0.5);

	low = high = 42;
	assert_int_equal(stats_bootstrap_median(values, 1, 7, &low, &high), -ENODATA);
	assert_int_equal(stats_bootstrap_median(values, 0, 7, &low, &high), -ENODATA);
	assert_true(low == 42 && high == 42);
}

/* That a 95 % interval is one: how often it holds the true median of what was drawn from. */
static void test_coverage(void **state)
{
	enum { TRIALS = 300, N = 15 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int held = 0;

	(void)state;
	for (int trial = 0; trial < TRIALS; trial++) {
		double values[N], low, high;

		for (int i = 0; i < N; i++)
			values[i] = gsl_ran_lognormal(rng, 0, 0.5);
		stats_bootstrap_median(values, N, (uint64_t)trial, &low, &high);
		held += low <= 1 && 1 <= high;
	}
	gsl_rng_free(rng);
	assert_in_range(held, TRIALS * 90 / 100, TRIALS * 99 / 100);
}

static void test_ratio(void **state)
{
	const double a[] = { 20, 22, 21, 23, 19, 20, 21 }, b[] = { 10, 11, 10.5, 11.5, 9.5, 10 };
	const double zero[] = { 0, 0, 1 };
	double low, high;

	(void)state;
	assert_int_equal(stats_bootstrap_ratio(a, 7, b, 6, 1, &low, &high), 0);
	assert_true(low < 2.05 && 2.05 < high);
	assert_true(low > 1.7 && high < 2.4);
	assert_int_equal(stats_bootstrap_ratio(a, 7, a, 7, 1, &low, &high), 0);
	assert_true(low < 1 && 1 < high);
	assert_int_equal(stats_bootstrap_ratio(a, 7, b, 1, 1, &low, &high), -ENODATA);
	assert_int_equal(stats_bootstrap_ratio(a, 7, zero, 3, 1, &low, &high), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_ratio),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
