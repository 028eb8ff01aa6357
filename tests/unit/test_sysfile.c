// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/sysfile.h"

static void test_root(void **state)
{
	char path[64];

	sysfile_set_root("/captured/");
	assert_string_equal(sysfile_root(), "/captured");
	assert_int_equal(sysfile_path(path, sizeof(path), "/proc/swaps"), 0);
	assert_string_equal(path, "/captured/proc/swaps");
	assert_int_equal(sysfile_path(path, 20, "/proc/swaps"), -ENAMETOOLONG);
	sysfile_set_root("/");
	assert_string_equal(sysfile_root(), "");
	sysfile_set_root(*state);
	assert_string_equal(sysfile_root(), *state);
}

static void test_lines_and_numbers(void **state)
{
	char line[8];
	uint64_t value = 42;

	write_text(scratch_path(state, "n"), "18446744073709551615\n");
	assert_int_equal(sysfile_read_u64("/n", &value), 0);
	assert_int_equal(value, UINT64_MAX);
	assert_int_equal(sysfile_read_line("/n", line, sizeof(line)), -ENOSPC);
	assert_string_equal(line, "1844674");

	write_text(scratch_path(state, "n"), "max\n");
	assert_int_equal(sysfile_read_u64("/n", &value), 0);
	assert_int_equal(value, UINT64_MAX);
	write_text(scratch_path(state, "n"), "17");
	assert_int_equal(sysfile_read_u64("/n", &value), 0);
	assert_int_equal(value, 17);
	assert_int_equal(sysfile_read_line("/n", line, sizeof(line)), 0);
	assert_string_equal(line, "17");

	const char *const bad[] = { "",		 "\n",	  "-1\n",
				    "maximum\n", "12x\n", "1 2\n",
				    "0x10\n",	 " 5\n",  "18446744073709551616\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_text(scratch_path(state, "n"), bad[i]);
		assert_int_equal(sysfile_read_u64("/n", &value), -EINVAL);
	}
	assert_int_equal(value, 17);
	assert_int_equal(sysfile_read_u64("/absent", &value), -ENOENT);
	assert_false(sysfile_exists("/absent"));
	assert_true(sysfile_exists("/n"));
}

static void test_keys_match_whole(void **state)
{
	static const char text[] = "pswpin_total 1\n"
				   "xpswpin 2\n"
				   "pswpin 3\n"
				   "high max\n"
				   "MemTotal:       24600000 kB\n"
				   "some avg10=0.00 avg60=0.00\n"
				   "last 9";
	uint64_t value = 42;

	assert_int_equal(sysfile_find_key(text, "pswpin", &value), 0);
	assert_int_equal(value, 3);
	assert_int_equal(sysfile_find_key(text, "MemTotal", &value), 0);
	assert_int_equal(value, 24600000);
	assert_int_equal(sysfile_find_key(text, "last", &value), 0);
	assert_int_equal(value, 9);
	assert_int_equal(sysfile_find_key(text, "high", &value), 0);
	assert_int_equal(value, UINT64_MAX);
	value = 42;
	assert_int_equal(sysfile_find_key(text, "swpin", &value), -ENODATA);
	assert_int_equal(sysfile_find_key(text, "pswp", &value), -ENODATA);
	assert_int_equal(sysfile_find_key("", "pswpin", &value), -ENODATA);
	assert_int_equal(sysfile_find_key(text, "some", &value), -EINVAL);
	assert_int_equal(value, 42);

	write_text(scratch_path(state, "keys"), text);
	assert_int_equal(sysfile_read_key("/keys", "pswpin_total", &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(sysfile_read_key("/absent", "pswpin", &value), -ENOENT);
}

static void test_choice(void **state)
{
	char choice[64];

	write_text(scratch_path(state, "thp"), "always [madvise] never\n");
	assert_int_equal(sysfile_read_choice("/thp", choice, sizeof(choice)), 0);
	assert_string_equal(choice, "madvise");
	write_text(scratch_path(state, "thp"), "performance\n");
	assert_int_equal(sysfile_read_choice("/thp", choice, sizeof(choice)), 0);
	assert_string_equal(choice, "performance");
	assert_int_equal(sysfile_read_choice("/absent", choice, sizeof(choice)), -ENOENT);
}

static void test_write_goes_into_the_tree(void **state)
{
	struct buf b = BUF_INIT;
	struct err err;

	write_text(scratch_path(state, "w"), "a longer old value\n");
	assert_int_equal(sysfile_write("/w", "new", &err), 0);
	assert_int_equal(sysfile_read("/w", &b), 0);
	assert_string_equal(b.data, "new");
	/* The kernel sees an empty value only as a line. */
	assert_int_equal(sysfile_write("/w", "", &err), 0);
	assert_int_equal(sysfile_read("/w", &b), 0);
	assert_string_equal(b.data, "\n");

	/* Never creates: a missing kernel file is a missing feature. */
	assert_int_equal(sysfile_write("/absent", "1", &err), -ENOENT);
	assert_int_equal(err.kind, ERR_FAILED);
	assert_non_null(strstr(err.msg, "/absent"));
	assert_false(sysfile_exists("/absent"));
	buf_release(&b);
}

static void test_read_resets_first(void **state)
{
	struct buf b = BUF_INIT;

	write_text(scratch_path(state, "r"), "two\n");
	buf_adds(&b, "one");
	assert_int_equal(sysfile_read("/r", &b), 0);
	assert_string_equal(b.data, "two\n");
	assert_int_equal(sysfile_read("/absent", &b), -ENOENT);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root), /* sets the root that the others use */
		cmocka_unit_test(test_lines_and_numbers),
		cmocka_unit_test(test_keys_match_whole),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_write_goes_into_the_tree),
		cmocka_unit_test(test_read_resets_first),
	};

	return cmocka_run_group_tests_name("sysfile", tests, scratch_setup, scratch_teardown);
}
