// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

static void test_grows_and_stays_terminated(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%03d,", i);
	assert_int_equal(b.len, 4000);
	assert_int_equal(strlen(b.data), 4000);
	assert_memory_equal(b.data + 3996, "999,", 5);
	buf_reset(&b);
	assert_string_equal(b.data, "");
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_release(&b);
	assert_null(b.data);
}

static void test_steal_leaves_it_empty(void **state)
{
	struct buf b = BUF_INIT;
	char *s;

	(void)state;
	s = buf_steal(&b);
	assert_string_equal(s, "");
	free(s);
	buf_adds(&b, "mine");
	s = buf_steal(&b);
	assert_string_equal(s, "mine");
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	free(s);
}

static void assert_json(const char *text, const char *json)
{
	struct buf b = BUF_INIT;

	buf_add_json(&b, text);
	assert_string_equal(b.data, json);
	buf_release(&b);
}

static void test_json(void **state)
{
	(void)state;
	assert_json("", "\"\"");
	assert_json("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	assert_json("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
	assert_json("\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"");
	/* 2, 3 and 4 bytes stay as they are. */
	assert_json("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe",
		    "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe\"");
	/* A lone byte, an overlong slash, a surrogate, a sequence cut off by the end. */
	assert_json("\xff", "\"\xef\xbf\xbd\"");
	assert_json("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_json("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_json("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_json("\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_reads_to_the_end(void **state)
{
	struct buf b = BUF_INIT;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "one", 3), 3);
	close(fds[1]);
	buf_adds(&b, "zero ");
	assert_int_equal(buf_read_fd(&b, fds[0]), 0);
	assert_string_equal(b.data, "zero one");
	close(fds[0]);
	assert_int_equal(buf_read_fd(&b, fds[0]), -EBADF);
	assert_string_equal(b.data, "zero one");
	buf_release(&b);
}

/* Longer than any first guess, as /proc/vmstat is. */
static void test_reads_a_long_file(void **state)
{
	struct buf b = BUF_INIT;
	FILE *f = tmpfile();

	(void)state;
	for (int i = 0; i < 30000; i++)
		fprintf(f, "%d\n", i % 10);
	fflush(f);
	lseek(fileno(f), 0, SEEK_SET);
	assert_int_equal(buf_read_fd(&b, fileno(f)), 0);
	assert_int_equal(b.len, 60000);
	assert_string_equal(b.data + b.len - 4, "8\n9\n");
	fclose(f);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_stays_terminated),
		cmocka_unit_test(test_steal_leaves_it_empty),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_reads_to_the_end),
		cmocka_unit_test(test_reads_a_long_file),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
