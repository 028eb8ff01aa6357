// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <math.h>

#include "base/hist.h"

/* The stated bound: a bucket's middle is within 0.4 % of any value in it. */
#define BOUND 0.004

static void test_buckets_cover_everything_once(void **state)
{
	uint64_t expected = 0;

	(void)state;
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		uint64_t low, high;

		hist_bounds(i, &low, &high);
		assert_int_equal(low, expected);
		assert_true(high >= low);
		assert_int_equal(hist_index(low), i);
		assert_int_equal(hist_index(high), i);
		expected = high + 1;
	}
	assert_int_equal(expected, 0); /* UINT64_MAX + 1 */
}

/* The bound holds at both ends of every bucket, so for every uint64_t. */
static void test_error_bound(void **state)
{
	(void)state;
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		uint64_t low, high, middle;

		hist_bounds(i, &low, &high);
		middle = low + (high - low) / 2;
		if (low < 256) {
			assert_int_equal(low, high);
			continue;
		}
		assert_true((double)(middle - low) <= BOUND * (double)low);
		assert_true((double)(high - middle) <= BOUND * (double)high);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The same through hist_add() and hist_quantile(), against the sorted values themselves. */
static void test_quantiles(void **state)
{
	static uint64_t values[100001];
	const size_t n = sizeof(values) / sizeof(values[0]);
	const double quantiles[] = { 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999 };
	struct hist *h = hist_new();
	uint64_t random = 88172645463325252ull;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		/* xorshift64; the shift spreads the values over all magnitudes. */
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		values[i] = random >> (random & 63);
		hist_add(h, values[i]);
	}
	qsort(values, n, sizeof(values[0]), compare);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		double exact = (double)values[(size_t)ceil(quantiles[i] * (double)n) - 1];
		double got = (double)hist_quantile(h, quantiles[i]);

		if (fabs(got - exact) > BOUND * exact)
			fail_msg("p%g: %g, exactly %g", 100 * quantiles[i], got, exact);
	}
	assert_int_equal(hist_quantile(h, 0), values[0]);
	assert_int_equal(hist_quantile(h, 1), values[n - 1]);
	assert_int_equal(h->count, n);
	hist_free(h);
}

static void test_empty_and_single(void **state)
{
	struct hist *h = hist_new();

	(void)state;
	assert_int_equal(hist_quantile(h, 0.5), 0);
	assert_true(hist_mean(h) == 0);
	assert_int_equal(h->min, UINT64_MAX);
	hist_add(h, 100003); /* not a bucket's middle: clamped to what was seen */
	assert_int_equal(hist_quantile(h, 0.01), 100003);
	assert_int_equal(hist_quantile(h, 0.99), 100003);
	assert_true(hist_mean(h) == 100003);
	hist_reset(h);
	hist_add(h, 100300); /* above its bucket's middle */
	assert_int_equal(hist_quantile(h, 0.5), 100300);
	hist_reset(h);
	assert_int_equal(h->count, 0);
	assert_int_equal(h->min, UINT64_MAX);
	assert_int_equal(hist_quantile(h, 0.5), 0);
	hist_add(h, 0);
	hist_add(h, UINT64_MAX);
	assert_int_equal(hist_quantile(h, 0.5), 0);
	assert_int_equal(hist_quantile(h, 1), UINT64_MAX);
	hist_free(h);
	hist_free(NULL);
}

/* 10 values beyond it, or the quantile is not to be told. */
static void test_enough_beyond(void **state)
{
	static const struct {
		double q;
		uint64_t nr;
	} enough[] = { { 0.5, 20 }, { 0.9, 100 }, { 0.99, 1000 }, { 0.999, 10000 } };
	struct hist *h = hist_new();
	uint64_t nr = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (; nr < enough[i].nr; nr++) {
			assert_false(hist_has_quantile(h, enough[i].q));
			hist_add(h, nr);
		}
		assert_true(hist_has_quantile(h, enough[i].q));
	}
	hist_free(h);
}

static void test_merge(void **state)
{
	struct hist *a = hist_new(), *b = hist_new(), *empty = hist_new();

	(void)state;
	for (uint64_t v = 1; v <= 100; v++)
		hist_add(v % 2 ? a : b, v);
	hist_merge(a, b);
	hist_merge(a, empty);
	assert_int_equal(a->count, 100);
	assert_int_equal(a->sum, 5050);
	assert_int_equal(a->min, 1);
	assert_int_equal(a->max, 100);
	assert_int_equal(hist_quantile(a, 0.5), 50);
	assert_int_equal(hist_quantile(a, 0.501), 51);
	hist_free(a);
	hist_free(b);
	hist_free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets_cover_everything_once),
		cmocka_unit_test(test_error_bound),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_empty_and_single),
		cmocka_unit_test(test_enough_beyond),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
