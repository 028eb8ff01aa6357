// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include "base/err.h"

static void test_kinds_and_codes(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_failed(&err, EACCES, "cannot open %s", "/x"), -EACCES);
	assert_int_equal(err.kind, ERR_FAILED);
	assert_string_equal(err.msg, "cannot open /x: Permission denied");

	assert_int_equal(err_failed(&err, 0, "it did not work"), -EIO);
	assert_string_equal(err.msg, "it did not work");

	assert_int_equal(err_usage(&err, "no"), -EINVAL);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_int_equal(err_missing(&err, "no"), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
}

static void test_none_wanted(void **state)
{
	(void)state;
	assert_int_equal(err_failed(NULL, ENOSPC, "x"), -ENOSPC);
	assert_int_equal(err_usage(NULL, "x"), -EINVAL);
	assert_int_equal(err_missing(NULL, "x"), -ENOENT);
	err_prefix(NULL, "x");
}

static void test_one_line(void **state)
{
	struct err err;

	(void)state;
	err_usage(&err, "a\nb\r\nc");
	assert_string_equal(err.msg, "a b  c");
}

static void test_may_quote_itself(void **state)
{
	struct err err;

	(void)state;
	err_missing(&err, "no zram");
	err_failed(&err, 0, "backend: %s", err.msg);
	assert_string_equal(err.msg, "backend: no zram");
	assert_int_equal(err.kind, ERR_FAILED);
}

static void test_prefix(void **state)
{
	struct err err;

	(void)state;
	err_missing(&err, "no such device");
	err_prefix(&err, "run %d", 7);
	assert_string_equal(err.msg, "run 7: no such device");
	assert_int_equal(err.kind, ERR_MISSING);
}

static void test_long_messages_are_cut(void **state)
{
	struct err err;

	(void)state;
	err_failed(&err, EIO, "%2000s", "x");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	err_prefix(&err, "%s", "where");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_memory_equal(err.msg, "where: ", 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_and_codes),
		cmocka_unit_test(test_none_wanted),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_may_quote_itself),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_long_messages_are_cut),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
