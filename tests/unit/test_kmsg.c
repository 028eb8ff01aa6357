// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's log: what is read of it, and what a run makes of that. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/kmsg.h"
#include "harness/run/flags.h"

/* As /dev/kmsg does, a read returns one record, or fails with EAGAIN. */
static int log_of(const char *const records[])
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	for (size_t i = 0; records[i]; i++)
		assert_true(write(fds[0], records[i], strlen(records[i])) > 0);
	close(fds[0]);
	return fds[1];
}

static void test_a_line_each(void **state)
{
	static const char *const records[] = {
		"6,339,5140900,-;one; and more\n",
		"4,340,5140901,-;two\n SUBSYSTEM=block\n",
		"no record",
		"6,341,5140902,-;three\n",
		NULL,
	};
	char record[KMSG_RECORD_MAX];
	int fd = log_of(records);

	(void)state;
	assert_string_equal(kmsg_next(fd, record), "one; and more");
	assert_string_equal(kmsg_next(fd, record), "two");
	assert_string_equal(kmsg_next(fd, record), "three");
	assert_null(kmsg_next(fd, record));
	assert_null(kmsg_next(-1, record));
	close(fd);
}

static void test_a_warning_is_fatal(void **state)
{
	static const char *const records[] = {
		"6,1,1,-;EXT4-fs: mounted\n",
		"4,2,2,-;WARNING: CPU: 1 PID: 7 at mm/swapfile.c:1\n",
		"4,3,3,-;zram: a warning of its own\n",
		NULL,
	};
	struct results results;
	int fd = log_of(records);

	(void)state;
	results_init(&results);
	kmsg_judge(fd, &results);
	assert_int_equal(results.nr_flags, 1);
	assert_string_equal(results.flags[0].code, "KERNEL_WARNING");
	assert_int_equal(results.flags[0].severity, SEVERITY_FATAL);
	assert_non_null(strstr(results.flags[0].detail, "PID: 7 at mm/swapfile.c:1"));
	assert_true(flags_untrusted(&results));
	results_release(&results);
	close(fd);
}

static void test_from_now_on(void **state)
{
	static const char before[] = "<7>fmbench test: before\n",
			  after[] = "<7>fmbench test: after\n";
	int to = open("/dev/kmsg", O_WRONLY | O_CLOEXEC), from;
	char record[KMSG_RECORD_MAX];
	const char *text;
	bool seen = false;

	(void)state;
	if (to < 0 || write(to, before, strlen(before)) < 0)
		skip();
	from = kmsg_open();
	assert_true(from >= 0);
	assert_true(write(to, after, strlen(after)) > 0);
	while ((text = kmsg_next(from, record))) {
		assert_string_not_equal(text, "fmbench test: before");
		seen = seen || strcmp(text, "fmbench test: after") == 0;
	}
	assert_true(seen);
	close(from);
	close(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_each),
		cmocka_unit_test(test_a_warning_is_fatal),
		cmocka_unit_test(test_from_now_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
