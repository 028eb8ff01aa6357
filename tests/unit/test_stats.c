// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <errno.h>
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

static void test_median_interval(void **state)
{
	const double few[] = { 3, 1, 2 }, five[] = { 5, 1, 4, 2, 3 };
	const double ten[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
	struct stats_interval i = { 42, 42, 42 };

	(void)state;
	assert_int_equal(stats_median_interval(few, 1, &i), -ENODATA);
	assert_int_equal(stats_median_interval(few, 0, &i), -ENODATA);
	assert_true(i.low == 42 && i.high == 42 && i.coverage == 42);
	/* The range of all, and what it covers. */
	assert_int_equal(stats_median_interval(few, 2, &i), 0);
	assert_true(i.low == 1 && i.high == 3 && fabs(i.coverage - 0.5) < 1e-12);
	assert_int_equal(stats_median_interval(few, 3, &i), 0);
	assert_true(i.low == 1 && i.high == 3 && fabs(i.coverage - 0.75) < 1e-12);
	assert_int_equal(stats_median_interval(five, 5, &i), 0);
	assert_true(i.low == 1 && i.high == 5 && fabs(i.coverage - 0.9375) < 1e-12);
	/* Between the second (97.9 %) and the third (89.1 %), by the paper's formula. */
	assert_int_equal(stats_median_interval(ten, 10, &i), 0);
	assert_true(fabs(i.low - 2.6577) < 1e-4 && fabs(i.high - 8.3423) < 1e-4);
	assert_true(i.coverage == STATS_CONFIDENCE);
}

/* The numbers come from another program, which integrates Student's density. */
static void test_ratio(void **state)
{
	const double a[] = { 10, 11, 12, 13, 14 }, b[] = { 11, 12.5, 13, 14.5, 15.5 };
	const double same[] = { 1, 2, 4 }, twice[] = { 2, 4, 8 }, zero[] = { 0, 0, 1 };
	struct stats_ratio r;

	(void)state;
	assert_int_equal(stats_ratio_paired(a, b, 5, &r), 0);
	assert_true(fabs(r.ratio - 1.10831) < 1e-5);
	assert_true(fabs(r.low - 1.08432) < 1e-5 && fabs(r.high - 1.13283) < 1e-5);
	assert_true(fabs(r.p - 0.0001993) < 1e-6 && r.df == 4 && r.paired);
	assert_int_equal(stats_ratio_welch(a, 5, b, 5, &r), 0);
	assert_true(fabs(r.ratio - 1.10831) < 1e-5);
	assert_true(fabs(r.low - 0.91271) < 1e-5 && fabs(r.high - 1.34582) < 1e-5);
	assert_true(fabs(r.p - 0.2567) < 1e-4 && !r.paired);

	/* No spread at all. */
	assert_int_equal(stats_ratio_paired(same, twice, 3, &r), 0);
	assert_true(r.low > 1.99 && r.high < 2.01 && r.p < 0.01);
	assert_int_equal(stats_ratio_paired(same, same, 3, &r), 0);
	assert_true(r.ratio == 1 && r.low == 1 && r.high == 1 && r.p == 1);
	/* One a side has a ratio, and nothing more. */
	assert_int_equal(stats_ratio_paired(same, twice, 1, &r), 0);
	assert_true(r.ratio == 2 && isnan(r.low) && isnan(r.high) && isnan(r.p) && isnan(r.sd));
	assert_int_equal(stats_ratio_welch(same, 1, twice, 3, &r), 0);
	assert_true(r.ratio == 4 && isnan(r.low) && isnan(r.p) && isnan(r.sd));
	assert_int_equal(stats_ratio_paired(same, zero, 3, &r), -ERANGE);
	assert_int_equal(stats_ratio_welch(zero, 3, same, 3, &r), -ERANGE);
	assert_int_equal(stats_ratio_paired(same, twice, 0, &r), -ENODATA);
	assert_int_equal(stats_ratio_welch(same, 3, twice, 0, &r), -ENODATA);
}

/* By hand: 5 p count; the smallest times 5, the next times 4 …, none below the one before. */
static void test_holm(void **state)
{
	double p[] = { 0.01, NAN, 0.04, 0.03, 0.005, 0.6 };
	const double want[] = { 0.04, NAN, 0.09, 0.09, 0.025, 0.6 };

	(void)state;
	stats_holm(p, 6);
	for (size_t i = 0; i < 6; i++)
		assert_true(isnan(want[i]) ? isnan(p[i]) : fabs(p[i] - want[i]) < 1e-12);
	stats_holm(p, 0);
}

static void test_runs_needed(void **state)
{
	struct stats_ratio pilot = { .paired = true, .sd = 0.05, .df = 4 };
	double from_5, from_100;

	(void)state;
	from_5 = stats_runs_needed(&pilot, 0.05);
	pilot.df = 99;
	from_100 = stats_runs_needed(&pilot, 0.05);
	/* The fewer the pilots, the higher the bound. */
	assert_true(from_5 > 1.5 * from_100);
	assert_true(from_100 == 12); /* by the same program */
	assert_true(stats_runs_needed(&pilot, 10) == STATS_MIN_RUNS);
	pilot.paired = false;
	assert_in_range((int)stats_runs_needed(&pilot, 0.05), 2 * 11 - 2, 2 * 12);
	pilot.df = 0;
	assert_true(isnan(stats_runs_needed(&pilot, 0.05)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),   cmocka_unit_test(test_median_interval),
		cmocka_unit_test(test_ratio),	    cmocka_unit_test(test_holm),
		cmocka_unit_test(test_runs_needed),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
