// SPDX-License-Identifier: GPL-2.0-or-later
/* Zipf's draws against the definition; the bijection and the checksum of base/. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdbool.h>

#include "base/checksum.h"
#include "base/scatter.h"
#include "base/zipf.h"

/* What the alias table makes of one group, exactly. */
static double share_of_group(const struct zipf *z, uint32_t group)
{
	double share = 0;

	for (uint32_t i = 0; i < ZIPF_CELLS; i++) {
		double own = ((double)z->cell[i].below + (z->cell[i].below == UINT32_MAX)) / 0x1p32;

		share += (i == group ? own : 0) + (z->cell[i].alias == group ? 1 - own : 0);
	}
	return share / ZIPF_CELLS;
}

static void check_table(uint64_t n, double exponent)
{
	struct zipf *z = malloc(sizeof(*z));
	double total = 0;
	uint64_t rank = 0;

	assert_non_null(z);
	zipf_init(z, n, exponent);
	for (uint64_t i = n; i-- > 0;)
		total += pow((double)(i + 1), -exponent);
	for (uint32_t i = 0; i < ZIPF_CELLS && rank < n; i++) {
		double exact = 0;

		assert_int_equal(z->group[i].first, rank);
		for (uint64_t end = rank + z->group[i].ranks; rank < end; rank++)
			exact += pow((double)(rank + 1), -exponent) / total;
		/* 2^-32 of each cell it is in, and the integral. */
		assert_true(fabs(share_of_group(z, i) - exact) < 1e-6 * exact + 1e-9);
	}
	assert_int_equal(rank, n);
	free(z);
}

static void test_table(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 100, 511, 512, 513, 1000, 70000, 1234567 };
	static const double exponents[] = { 0, 0.5, 0.8, 0.99, 1, 1.2, 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < sizeof(exponents) / sizeof(exponents[0]); k++)
			check_table(sizes[i], exponents[k]);
	}
}

/* Pearson's chi-square of a million draws, ranks taken together where fewer than 100 are due. */
static void test_draws(void **state)
{
	enum { N = 100000, DRAWS = 1000000 };
	static uint64_t drawn[N];
	struct zipf *z = malloc(sizeof(*z));
	double total = 0, due = 0, square = 0;
	uint64_t seed = 7, found = 0, bins = 0;

	(void)state;
	assert_non_null(z);
	zipf_init(z, N, 0.99);
	for (uint64_t i = 0; i < DRAWS; i++) {
		uint64_t rank = zipf_rank(z, random_next(&seed));

		assert_in_range(rank, 0, N - 1);
		drawn[rank]++;
	}
	for (size_t i = 0; i < N; i++)
		total += pow((double)(i + 1), -0.99);
	for (size_t i = 0; i < N; i++) {
		due += DRAWS * pow((double)(i + 1), -0.99) / total;
		found += drawn[i];
		if (due < 100)
			continue;
		square += ((double)found - due) * ((double)found - due) / due;
		bins++;
		due = 0, found = 0;
	}
	assert_true(bins > 500);
	/* Mean bins - 1, variance twice that: five standard deviations. */
	assert_true(fabs(square - (double)(bins - 1)) < 5 * sqrt(2.0 * (double)bins));
	free(z);
}

static void test_scatter(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 3, 7, 8, 9, 100, 1024, 1025, 65537 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool *seen = calloc(sizes[i], sizeof(*seen));
		struct scatter s;

		assert_non_null(seen);
		scatter_init(&s, sizes[i], 42);
		for (uint64_t x = 0; x < sizes[i]; x++) {
			uint64_t y = scatter(&s, x);

			assert_true(y < sizes[i] && !seen[y]);
			seen[y] = true;
			assert_int_equal(gather(&s, y), x);
		}
		free(seen);
	}
}

static void test_checksum(void **state)
{
	enum { N = 1001 };
	uint64_t words[N], seed = 1, sum;

	(void)state;
	for (size_t i = 0; i < N; i++)
		words[i] = random_next(&seed);
	sum = checksum64(words, N);
	assert_int_equal(checksum64(words, N), sum);
	for (size_t i = 0; i < N; i++) {
		for (unsigned int bit = 0; bit < 64; bit += 7) {
			words[i] ^= 1ull << bit;
			assert_true(checksum64(words, N) != sum);
			words[i] ^= 1ull << bit;
		}
	}
	for (size_t i = 0; i + 512 < N; i += 100) { /* a word in another's place */
		uint64_t word = words[i];

		words[i] = words[i + 512], words[i + 512] = word;
		assert_true(checksum64(words, N) != sum);
		word = words[i], words[i] = words[i + 512], words[i + 512] = word;
	}
	assert_int_equal(checksum64(words, N), sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_draws),
		cmocka_unit_test(test_scatter),
		cmocka_unit_test(test_checksum),
	};

	return cmocka_run_group_tests_name("zipf", tests, NULL, NULL);
}
