// SPDX-License-Identifier: GPL-2.0-or-later
/* Orders of touches and the rule for the end of a warm-up. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdbool.h>

#include "micro/order.h"

static const uint64_t sizes[] = { 1, 2, 3, 7, 8, 9, 100, 1023, 1024, 1025, 4099, 65537 };
#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* Two passes: each page exactly once in each, and in the same order. */
static void check_passes(enum order_kind kind, uint64_t n, uint64_t stride)
{
	uint64_t first = 1000, *order = calloc(n, sizeof(*order));
	uint8_t *seen = calloc(n, 1);
	struct order o;

	assert_non_null(order);
	assert_non_null(seen);
	order_init(&o, kind, first, n, stride, NULL, 42);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t page = order_next(&o);

		assert_in_range(page, first, first + n - 1);
		assert_int_equal(seen[page - first]++, 0);
		order[i] = page;
	}
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(order_next(&o), order[i]);
	free(order);
	free(seen);
}

static void test_each_page_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		check_passes(ORDER_SEQUENTIAL, sizes[i], 1);
		check_passes(ORDER_RANDOM, sizes[i], 1);
		for (uint64_t stride = 1; stride < sizes[i] && stride < 70; stride += 3)
			check_passes(ORDER_STRIDE, sizes[i], stride);
	}
}

static void test_sequential_and_stride(void **state)
{
	static const uint64_t strided[] = { 0, 4, 8, 1, 5, 9, 2, 6, 3, 7, 0, 4 };
	struct order o;

	(void)state;
	order_init(&o, ORDER_SEQUENTIAL, 5, 3, 1, NULL, 0);
	for (uint64_t i = 0; i < 7; i++)
		assert_int_equal(order_next(&o), 5 + i % 3);
	order_init(&o, ORDER_STRIDE, 0, 10, 4, NULL, 0);
	for (size_t i = 0; i < sizeof(strided) / sizeof(strided[0]); i++)
		assert_int_equal(order_next(&o), strided[i]);
}

/* Neither in runs, nor the same for two seeds. */
static void test_random_is_random(void **state)
{
	uint64_t n = 100000, neighbours = 0, equal = 0, last;
	struct order a, b;
	double sum = 0;

	(void)state;
	order_init(&a, ORDER_RANDOM, 0, n, 1, NULL, 1);
	order_init(&b, ORDER_RANDOM, 0, n, 1, NULL, 2);
	last = order_next(&a);
	order_next(&b);
	for (uint64_t i = 1; i < n; i++) {
		uint64_t x = order_next(&a);

		neighbours += x - last <= 8 || last - x <= 8;
		equal += x == order_next(&b);
		sum += (double)(x > last ? x - last : last - x);
		last = x;
	}
	/* 16 in n by chance, and 1 in n. */
	assert_true(neighbours < 40);
	assert_true(equal < 10);
	/* Two independent pages are n / 3 apart on average. */
	assert_true(fabs(sum / (double)n - (double)n / 3) < (double)n / 100);
}

/* Over pages: the same shares as over ranks (test_zipf.c), somewhere. */
static void test_zipf(void **state)
{
	enum { N = 1000, DRAWS = 1000000 };
	static uint64_t drawn[N];
	struct zipf *z = calloc(1, sizeof(*z));
	double total = 0;
	uint64_t top = 0;
	struct order o;

	(void)state;
	assert_non_null(z);
	for (size_t i = 0; i < N; i++)
		total += pow((double)(i + 1), -0.99);
	zipf_init(z, N, 0.99);
	order_init(&o, ORDER_ZIPF, 0, N, 1, z, 3);
	for (uint64_t i = 0; i < DRAWS; i++)
		drawn[order_next(&o)]++;
	for (size_t i = 0; i < N; i++)
		top = drawn[i] > top ? drawn[i] : top;
	assert_true(fabs((double)top / DRAWS - 1 / total) < 0.003);
	free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_page_once),
		cmocka_unit_test(test_sequential_and_stride),
		cmocka_unit_test(test_random_is_random),
		cmocka_unit_test(test_zipf),
	};

	return cmocka_run_group_tests_name("micro_order", tests, NULL, NULL);
}
