// SPDX-License-Identifier: GPL-2.0-or-later
/* Traces of the user-space pager: what was recorded is followed; another program's, or a torn file, is not. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "backend/pager/trace.h"

#define PATH   "build/tests/unit/test_pager_trace.trace"
#define ANCHOR 0x7f0000000000ull
#define GRAIN  16u
#define NR     3000u
#define PAGES  101u

static uint64_t nth(unsigned int i)
{
	return 1000 + (uint64_t)i * 7 % PAGES;
}

static void asked(unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		assert_true(trace_asked(nth(i), GRAIN));
}

/* Of two processes, one chunk after the other. */
static void record(void)
{
	struct err err = { 0 };
	int fd = trace_create(PATH, &err);

	assert_true(fd >= 0);
	assert_int_equal(trace_record(fd, "other", ANCHOR), TRACE_OK);
	asked(0, 10);
	assert_int_equal(trace_record(fd, "program", ANCHOR), TRACE_OK);
	asked(0, NR);
	trace_stop();
	assert_int_equal(trace_end(fd), NR + 10);
	close(fd);
}

static enum trace_start follow(const char *name, uint64_t anchor, _Atomic uint64_t *claimed)
{
	struct err err = { 0 };
	int fd = trace_open(PATH, &err);
	enum trace_start how;

	assert_true(fd >= 0);
	how = trace_follow(fd, name, anchor, claimed);
	close(fd);
	return how;
}

static void test_what_was_recorded(void **state)
{
	_Atomic uint64_t claimed = 0;

	(void)state;
	record();
	assert_int_equal(follow("program", ANCHOR, &claimed), TRACE_OK);
	assert_int_equal(trace_length(), NR);
	assert_int_equal(trace_grain(), GRAIN);
	for (unsigned int i = 0; i < NR; i++)
		assert_int_equal(trace_page(i), nth(i));
	for (unsigned int i = 0; i < NR - PAGES; i++) {
		assert_int_equal(trace_find(nth(i), i), i);
		assert_int_equal(trace_find(nth(i), i + 1), i + PAGES);
	}
	assert_int_equal(trace_find(nth(NR - 1), NR), NR);
	assert_int_equal(trace_find(7, 0), NR); /* a page that it doesn't have */
	trace_stop();
	assert_int_equal(trace_length(), 0);
}

/* A program has but a few faults of those that were recorded. */
static void test_where_the_program_is(void **state)
{
	_Atomic uint64_t claimed = 0;

	(void)state;
	assert_int_equal(follow("program", ANCHOR, &claimed), TRACE_OK);
	for (unsigned int i = 0; i < NR; i += 13) {
		assert_true(trace_asked(nth(i), 0));
		assert_int_equal(trace_now(), i + 1);
	}
	/* Used a moment ago: the program has not come round again. */
	assert_int_equal(follow("program", ANCHOR, (_Atomic uint64_t[]){ 0 }), TRACE_OK);
	asked(0, 20);
	assert_true(trace_asked(nth(12), 0));
	assert_int_equal(trace_now(), 20);
	assert_false(trace_asked(7, 0));
	assert_int_equal(trace_now(), 20);
	/* At the end the trace begins anew only if two pages say so. */
	asked(20, NR);
	assert_int_equal(trace_now(), NR);
	assert_false(trace_asked(nth(30), 0));
	trace_asked(nth(31), 0);
	assert_int_equal(trace_now(), 32);
	trace_stop();
}

static void test_other_programs(void **state)
{
	_Atomic uint64_t claimed = 0;

	(void)state;
	assert_int_equal(follow("nosuch", ANCHOR, &claimed), TRACE_OTHER);
	assert_int_equal(follow("program", ANCHOR + 4096, &claimed), TRACE_OTHER);
	assert_int_equal(trace_length(), 0);
	assert_int_equal(follow("program", ANCHOR, &claimed), TRACE_OK);
	assert_int_equal(follow("program", ANCHOR, &claimed), TRACE_OTHER); /* it has one already */
	assert_int_equal(follow("other", ANCHOR, &claimed), TRACE_OK);
	assert_int_equal(trace_length(), 10);
	trace_stop();
}

static void test_no_trace(void **state)
{
	struct err err = { 0 };
	int fd = open(PATH, O_RDWR);

	(void)state;
	assert_int_equal(ftruncate(fd, 5000), 0); /* its header says more */
	assert_true(trace_open(PATH, &err) < 0);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, PATH));
	assert_true(trace_create(PATH, &err) < 0); /* it could be anything */
	close(fd);
	unlink(PATH);
	assert_true(trace_open(PATH, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_recorded),
		cmocka_unit_test(test_where_the_program_is),
		cmocka_unit_test(test_other_programs),
		cmocka_unit_test(test_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
