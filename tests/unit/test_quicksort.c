// SPDX-License-Identifier: GPL-2.0-or-later
/* The sort itself, which is nobody else's business: hence the .c file. */
#include "tests/unit/test.h"

#include "workloads/quicksort.c"

enum pattern { RANDOM, SORTED, REVERSED, EQUAL, FEW, ORGAN_PIPE, EXTREMES, NR_PATTERNS };

static uint64_t element(enum pattern pattern, size_t i, size_t n, uint64_t *seed)
{
	switch (pattern) {
	case SORTED:
		return i;
	case REVERSED:
		return n - i;
	case EQUAL:
		return 42;
	case FEW:
		return random_next(seed) % 4;
	case ORGAN_PIPE:
		return i < n / 2 ? i : n - i;
	case EXTREMES:
		return random_next(seed) % 2 ? UINT64_MAX : 0;
	default:
		return random_next(seed);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Against libc's, with the fallback to heapsort at once, after few levels, and never. */
static void test_sorts(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, SMALL, SMALL + 1, SMALL + 2, 100, 1000, 12345 };
	static const unsigned int depths[] = { 0, 1, 3, 64 };
	uint64_t seed = 1;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		size_t n = sizes[s], bytes = n * sizeof(uint64_t);
		uint64_t *original = malloc(bytes), *ours = malloc(bytes), *libc = malloc(bytes);

		assert_true(original && ours && libc);
		for (enum pattern p = 0; p < NR_PATTERNS; p++) {
			for (size_t i = 0; i < n; i++)
				original[i] = element(p, i, n, &seed);
			memcpy(libc, original, bytes);
			qsort(libc, n, sizeof(*libc), compare);
			for (size_t d = 0; d < sizeof(depths) / sizeof(depths[0]); d++) {
				memcpy(ours, original, bytes);
				quicksort(ours, n, depths[d]);
				assert_memory_equal(ours, libc, bytes);
			}
		}
		free(original);
		free(ours);
		free(libc);
	}
}

static void test_verify(void **state)
{
	uint64_t a[1000];
	struct checksum before = fill(a, 1000, 1, 0), after;

	(void)state;
	assert_false(verify(a, 1000, &after));
	assert_true(checksum_equal(before, after));
	quicksort(a, 1000, 20);
	assert_true(verify(a, 1000, &after));
	assert_true(checksum_equal(before, after));

	/* In order still, but one number is another. */
	a[500] = a[501];
	assert_true(verify(a, 1000, &after));
	assert_false(checksum_equal(before, after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorts),
		cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests_name("quicksort", tests, NULL, NULL);
}
