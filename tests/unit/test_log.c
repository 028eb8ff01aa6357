// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

static void say_all(void)
{
	log_error("error %d", 1);
	log_warn("warning %d", 2);
	log_info("info %d", 3);
	log_verbose("verbose %d", 4);
	log_progress("progress %d", 5);
	log_progress(NULL);
}

/* What a process that logs at this level writes to stderr; fd is where it arrives. */
static char *logged(enum log_level level, void (*say)(void), int fd, int stderr_fd)
{
	struct buf b = BUF_INIT;
	pid_t pid = fork();

	if (pid == 0) {
		close(fd);
		dup2(stderr_fd, STDERR_FILENO);
		log_set_level(level);
		say();
		_exit(0);
	}
	close(stderr_fd);
	buf_read_fd(&b, fd); /* a terminal ends with EIO */
	close(fd);
	waitpid(pid, NULL, 0);
	return buf_steal(&b);
}

static char *logged_to_pipe(enum log_level level)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	return logged(level, say_all, fds[0], fds[1]);
}

static void test_levels(void **state)
{
	static const char *const expected[] = {
		[LOG_QUIET] = "fmbench: error 1\n",
		[LOG_NORMAL] = "fmbench: error 1\nfmbench: warning: warning 2\ninfo 3\n",
		[LOG_VERBOSE] =
			"fmbench: error 1\nfmbench: warning: warning 2\ninfo 3\nverbose 4\n",
	};

	(void)state;
	for (enum log_level level = LOG_QUIET; level <= LOG_VERBOSE; level++) {
		char *text = logged_to_pipe(level);

		assert_string_equal(text, expected[level]); /* and no progress: no terminal */
		free(text);
	}
}

static void say_progress(void)
{
	log_progress("one");
	log_progress("a line that is too long");
	log_info("done");
}

static void test_progress_rewrites_itself(void **state)
{
	struct winsize size = { .ws_row = 24, .ws_col = 10 };
	int master, slave;
	char *text;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	text = logged(LOG_NORMAL, say_progress, master, slave);
	/* Cut to the width, and cleared before any other line. */
	assert_string_equal(text, "one\r\033[Ka line th\r\033[Kdone\r\n");
	free(text);

	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	text = logged(LOG_QUIET, say_progress, master, slave);
	assert_string_equal(text, "");
	free(text);
}

static void say_slowly(void)
{
	log_set_patience_ns(UINT64_MAX);
	log_progress("at once");
	log_info("run 1 done");
	log_progress("too soon");
	log_set_patience_ns(1);
	usleep(10);
	log_progress("run 2 is at it");
	log_set_patience_ns(UINT64_MAX);
	log_progress("too soon");
	log_progress(NULL);
}

/* A log of a long run says something from time to time. */
static void test_progress_without_terminal(void **state)
{
	int fds[2];
	char *text;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	text = logged(LOG_NORMAL, say_slowly, fds[0], fds[1]);
	assert_string_equal(text, "run 1 done\nrun 2 is at it\n");
	free(text);
	assert_int_equal(pipe(fds), 0);
	text = logged(LOG_QUIET, say_slowly, fds[0], fds[1]);
	assert_string_equal(text, "");
	free(text);
}

static void test_colour(void **state)
{
	int master, slave, null = open("/dev/null", O_WRONLY);

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	unsetenv("NO_COLOR");
	assert_true(log_colour(slave));
	assert_false(log_colour(null));
	setenv("NO_COLOR", "", 1); /* empty counts as unset */
	assert_true(log_colour(slave));
	setenv("NO_COLOR", "1", 1);
	assert_false(log_colour(slave));
	close(master);
	close(slave);
	close(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_progress_rewrites_itself),
		cmocka_unit_test(test_progress_without_terminal),
		cmocka_unit_test(test_colour),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
