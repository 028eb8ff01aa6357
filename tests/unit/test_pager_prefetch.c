// SPDX-License-Identifier: GPL-2.0-or-later
/* The prefetcher neighbours: a third fault in line opens a window, two of them do not. */
#include "tests/unit/test.h"

#include "backend/pager/prefetch.h"

#define MOST 64u

static uint64_t pages[PREFETCH_MAX];

static size_t ahead(uint64_t page, bool is_new)
{
	return prefetch_neighbours.ahead(NULL, page, is_new, pages, PREFETCH_MAX);
}

static int start(void **state)
{
	(void)state;
	return prefetch_neighbours.start(NULL);
}

/* A record across two pages, anywhere: nothing comes along. */
static void pairs_bring_nothing(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < 100; i++) {
		assert_int_equal(ahead(i * 1000, false), 0);
		assert_int_equal(ahead(i * 1000 + 1, false), 0);
	}
}

/* Each fault is at the first page that did not come. */
static void stream(int direction)
{
	uint64_t at = 100000;
	size_t expected[] = { 0, 0, 1, 3, 7, 15, 31, 63, 63 };

	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		size_t nr = ahead(at, false);

		assert_int_equal(nr, expected[i]);
		for (size_t k = 0; k < nr; k++)
			assert_int_equal(pages[k], direction > 0 ? at + k + 1 : at - k - 1);
		at = direction > 0 ? at + nr + 1 : at - nr - 1;
	}
}

static void windows_grow_upwards(void **state)
{
	(void)state;
	stream(1);
}

static void windows_grow_downwards(void **state)
{
	(void)state;
	stream(-1);
}

static void a_turn_closes_the_window(void **state)
{
	(void)state;
	for (uint64_t page = 10; page < 13; page++)
		ahead(page, false);
	assert_int_equal(ahead(9, false), 0);
}

static void zeros_come_wide_at_once(void **state)
{
	(void)state;
	assert_int_equal(ahead(10, true), 0);
	assert_int_equal(ahead(11, true), MOST - 1);
}

/* What is loaded beforehand is what the next fault of a long stream brings, the page itself first; else nothing. */
static void next_is_foreseen(void **state)
{
	uint64_t next[MOST], at = 100000;

	(void)state;
	assert_int_equal(prefetch_neighbours.next(NULL, next, MOST), 0);
	for (size_t i = 0; i < 10; i++) {
		size_t nr = prefetch_neighbours.next(NULL, next, MOST);

		assert_int_equal(nr, i < 8 ? 0 : MOST);
		assert_int_equal(ahead(at, false) + 1, nr ? nr : i < 2 ? 1 : 1u << (i - 1));
		for (size_t k = 0; k < nr; k++)
			assert_int_equal(next[k], k ? pages[k - 1] : at);
		at += i < 2 ? 1 : i < 7 ? 1u << (i - 1) : MOST;
	}
	ahead(1, false);
	assert_int_equal(prefetch_neighbours.next(NULL, next, MOST), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pairs_bring_nothing, start),
		cmocka_unit_test_setup(windows_grow_upwards, start),
		cmocka_unit_test_setup(windows_grow_downwards, start),
		cmocka_unit_test_setup(a_turn_closes_the_window, start),
		cmocka_unit_test_setup(zeros_come_wide_at_once, start),
		cmocka_unit_test_setup(next_is_foreseen, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
