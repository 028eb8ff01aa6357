// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/find_program.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/program.h"
#include "base/clock.h"
#include "base/process.h"
#include "base/sysfile.h"

static char log_path[512];

static int setup(void **state)
{
	snprintf(log_path, sizeof(log_path), "%s", scratch_path(state, "log"));
	unlink(log_path);
	return 0;
}

static int spawn(struct child *c, const struct place *place, enum child_stdio stdio,
		 const char *script, struct err *err)
{
	char sh[] = "sh", dash_c[] = "-c", *text = strdup(script);
	char *argv[] = { sh, dash_c, text, NULL };
	int rc = child_spawn(c, argv, place, stdio, log_path, err);

	free(text);
	return rc;
}

static void start(struct child *c, const struct place *place, enum child_stdio stdio,
		  const char *script)
{
	struct err err = { 0 };

	if (spawn(c, place, stdio, script, &err) != 0)
		fail_msg("%s", err.msg);
}

static void wait_end(struct child *c)
{
	struct err err;

	assert_int_equal(child_wait(c, 10000, &err), 1);
}

static void assert_log(const char *text)
{
	struct buf b = BUF_INIT;

	assert_int_equal(sysfile_read(log_path, &b), 0);
	assert_string_equal(b.data, text);
	buf_release(&b);
}

/* Everything up to the end of a non-blocking descriptor. */
static void read_all(int fd, struct buf *b)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char bytes[256];

	while (poll(&p, 1, 10000) == 1) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n <= 0)
			return;
		buf_add(b, bytes, (size_t)n);
	}
	fail_msg("no end of output");
}

static void test_exit_status_and_log(void **state)
{
	struct child c = CHILD_INIT;
	char text[64];
	struct err err;

	(void)state;
	child_describe(&c, text, sizeof(text));
	assert_string_equal(text, "was not started");
	assert_int_equal(child_wait(&c, 0, &err), -ECHILD);
	start(&c, NULL, CHILD_LOG, "echo out; echo err >&2; cat; exit 3");
	assert_int_equal(c.out_fd, -1);
	wait_end(&c);
	assert_int_equal(child_wait(&c, 0, &err), 1);
	child_describe(&c, text, sizeof(text));
	assert_string_equal(text, "exited with status 3");
	assert_true(c.start_ns && c.start_ns < c.end_ns);
	assert_true(c.usage.ru_minflt > 0);
	assert_log("out\nerr\n");
	assert_int_equal(child_signal(&c, SIGTERM), -ESRCH);
	child_release(&c);
	child_release(&c);

	/* Appended to, not begun anew. */
	start(&c, NULL, CHILD_LOG, "echo more");
	wait_end(&c);
	assert_log("out\nerr\nmore\n");
	child_release(&c);
}

static void test_wait_times_out(void **state)
{
	struct child c = CHILD_INIT;
	char text[64];
	struct err err;

	(void)state;
	start(&c, NULL, CHILD_LOG, "sleep 1000");
	assert_int_equal(child_wait(&c, 0, &err), 0);
	assert_int_equal(child_wait(&c, 30, &err), 0);
	child_describe(&c, text, sizeof(text));
	assert_string_equal(text, "is running");
	assert_int_equal(getpgid(c.pid), c.pid);
	assert_int_equal(child_signal(&c, SIGKILL), 0);
	wait_end(&c);
	child_describe(&c, text, sizeof(text));
	assert_string_equal(text, "was killed by signal 9 (Killed)");
	child_release(&c);
}

static void ignore_alarm(int sig)
{
	(void)sig;
}

static void test_wait_ends_on_a_signal(void **state)
{
	const struct sigaction action = { .sa_handler = ignore_alarm };
	struct child c = CHILD_INIT;
	struct err err;

	(void)state;
	start(&c, NULL, CHILD_LOG, "sleep 1000");
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	assert_int_equal(child_wait(&c, -1, &err), -EINTR);
	assert_false(c.reaped);
	child_stop(&c, 5000);
	assert_true(c.reaped);
	assert_int_equal(WTERMSIG(c.status), SIGTERM);
	child_release(&c);
}

static void test_missing_program(void **state)
{
	char name[] = "fmbench-no-such-program", *argv[] = { name, NULL };
	struct child c = CHILD_INIT;
	struct err err;

	(void)state;
	assert_int_equal(child_spawn(&c, argv, NULL, CHILD_LOG, log_path, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, name));
	assert_int_equal(c.pid, 0);
	assert_int_equal(c.pidfd, -1);
	child_release(&c);
}

/* What only exec finds out comes back through the pipe. */
static void test_exec_fails(void **state)
{
	char *script = strdup(scratch_path(state, "script")), *argv[] = { script, NULL };
	struct child c = CHILD_INIT;
	struct err err;

	write_text(script, "#!/no/such/interpreter\n");
	chmod(script, 0755);
	assert_int_equal(child_spawn(&c, argv, NULL, CHILD_LOG, log_path, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_MISSING);
	assert_non_null(strstr(err.msg, "interpreter"));

	write_text(script, "\x7f"
			   "ELF, not really");
	assert_int_equal(child_spawn(&c, argv, NULL, CHILD_LOG, log_path, &err), -ENOEXEC);
	assert_int_equal(err.kind, ERR_FAILED);
	assert_non_null(strstr(err.msg, script));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left of it */
	assert_int_equal(errno, ECHILD);
	free(script);
}

static void test_unwritable_log(void **state)
{
	char program[] = "true", *argv[] = { program, NULL };
	struct child c = CHILD_INIT;
	struct err err;

	(void)state;
	assert_int_equal(child_spawn(&c, argv, NULL, CHILD_LOG, "/no/such/dir/log", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/no/such/dir/log"));
}

static int look_before_exec(void *arg, pid_t pid, struct err *err)
{
	char path[64], *name = arg;

	(void)err;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return sysfile_read_line(path, name, 32);
}

static int refuse(void *arg, pid_t pid, struct err *err)
{
	*(pid_t *)arg = pid;
	return err_failed(err, EACCES, "cannot join the group");
}

static void test_join_comes_before_exec(void **state)
{
	char name[32] = "", own[32];
	struct place place = { .join = look_before_exec, .arg = name, .mem_node = -1 };
	struct child c = CHILD_INIT;
	struct err err;
	pid_t pid = 0;

	(void)state;
	start(&c, &place, CHILD_LOG, "exit 0");
	assert_int_equal(sysfile_read_line("/proc/self/comm", own, sizeof(own)), 0);
	assert_string_equal(name, own); /* still a copy of us */
	wait_end(&c);
	child_release(&c);

	place = (struct place){ .join = refuse, .arg = &pid, .mem_node = -1 };
	assert_int_equal(spawn(&c, &place, CHILD_LOG, "echo ran", &err), -EACCES);
	assert_string_equal(err.msg, "cannot join the group: Permission denied");
	assert_true(pid > 0);
	assert_int_equal(kill(pid, 0), -1);
	assert_log(""); /* it never ran */
}

static void test_cpus(void **state)
{
	struct place place = { .bind_cpus = true, .mem_node = -1 };
	struct child c = CHILD_INIT;
	cpu_set_t allowed;
	char expected[64];
	struct err err;
	int cpu = 0;

	(void)state;
	sched_getaffinity(0, sizeof(allowed), &allowed);
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_SET(cpu, &place.cpus);
	start(&c, &place, CHILD_LOG, "grep Cpus_allowed_list /proc/self/status");
	wait_end(&c);
	snprintf(expected, sizeof(expected), "Cpus_allowed_list:\t%d\n", cpu);
	assert_log(expected);
	child_release(&c);

	CPU_ZERO(&place.cpus);
	CPU_SET(CPU_SETSIZE - 1, &place.cpus);
	assert_int_equal(spawn(&c, &place, CHILD_LOG, "exit 0", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "CPU"));
}

static void test_memory_node(void **state)
{
	struct place place = { .mem_node = 0 };
	struct child c = CHILD_INIT;
	struct buf b = BUF_INIT;
	struct err err;

	(void)state;
	if (access("/proc/self/numa_maps", F_OK) != 0)
		skip();
	start(&c, &place, CHILD_LOG, "cat /proc/self/numa_maps");
	wait_end(&c);
	assert_int_equal(sysfile_read(log_path, &b), 0);
	assert_non_null(strstr(b.data, " bind"));
	assert_null(strstr(b.data, " default"));
	buf_release(&b);
	child_release(&c);

	place.mem_node = 1000;
	assert_int_equal(spawn(&c, &place, CHILD_LOG, "exit 0", &err), -EINVAL);
	assert_int_equal(err.kind, ERR_USAGE);
}

/* Line by line, as it is printed, with no carriage returns added; stderr goes to the log. */
static void test_terminal(void **state)
{
	struct child c = CHILD_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	start(&c, NULL, CHILD_PTY,
	      "test -t 1 && echo terminal; test -t 2 || echo log >&2; printf 'a\\tb\\n'");
	assert_true(fcntl(c.out_fd, F_GETFL) & O_NONBLOCK);
	read_all(c.out_fd, &b);
	assert_string_equal(b.data, "terminal\na\tb\n");
	wait_end(&c);
	assert_log("log\n");
	child_release(&c);
	assert_int_equal(c.out_fd, -1);
	buf_release(&b);
}

static void test_control_socket(void **state)
{
	struct child c = CHILD_INIT;
	struct buf b = BUF_INIT;
	const char *const ls =
		"read line <&3; echo \"got $line\" >&3; ls /proc/self/fd | tr '\\n' ' '";

	(void)state;
	start(&c, NULL, CHILD_CTL, ls);
	assert_true(fcntl(c.out_fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(send(c.out_fd, "go\n", 3, MSG_NOSIGNAL), 3);
	read_all(c.out_fd, &b);
	assert_string_equal(b.data, "got go\n");
	wait_end(&c);
	assert_int_equal(WEXITSTATUS(c.status), 0);
	/* 0 to 3, and the one that ls opened: nothing of ours leaked. */
	assert_log("0 1 2 3 4 ");
	child_release(&c);
	buf_release(&b);
}

/* Also when our own standard descriptors are closed, and the child's would take their numbers. */
static void test_closed_descriptors(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct child c = CHILD_INIT;
		struct err err;

		for (int fd = 0; fd <= 9; fd++)
			close(fd);
		if (spawn(&c, NULL, CHILD_CTL, "echo ok >&3; echo log; exit 5", &err) != 0 ||
		    child_wait(&c, 10000, &err) != 1)
			_exit(1);
		_exit(WEXITSTATUS(c.status));
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 5);
	assert_log("log\n");
}

static void test_signals_are_as_usual_in_the_child(void **state)
{
	/* Not through a shell, which would unblock them itself. */
	char grep[] = "grep", regex[] = "-E", pattern[] = "Sig(Blk|Ign)";
	char file[] = "/proc/self/status", *argv[] = { grep, regex, pattern, file, NULL };
	struct child c = CHILD_INIT;
	sigset_t block, before;
	struct err err;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &before);
	assert_int_equal(child_spawn(&c, argv, NULL, CHILD_LOG, log_path, &err), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	wait_end(&c);
	assert_log("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	child_release(&c);
}

static void wait_for_log(const char *text)
{
	uint64_t deadline = clock_ns() + 120 * NSEC_PER_SEC;
	struct buf b = BUF_INIT;

	while (sysfile_read(log_path, &b) != 0 || !strstr(b.data, text)) {
		assert_true(clock_ns() < deadline);
		clock_sleep_until(clock_ns() + 5 * NSEC_PER_MSEC);
	}
	buf_release(&b);
}

/* Gone, or a zombie that waits for whoever inherited it. */
static void assert_ends(pid_t pid)
{
	uint64_t deadline = clock_ns() + 120 * NSEC_PER_SEC, start_ticks;

	while (process_start(pid, &start_ticks) == 0) {
		assert_true(clock_ns() < deadline);
		clock_sleep_until(clock_ns() + 5 * NSEC_PER_MSEC);
	}
}

static pid_t pid_in_log(void)
{
	char line[64];

	assert_int_equal(sysfile_read_line(log_path, line, sizeof(line)), 0);
	assert_true(atoi(line) > 0);
	return atoi(line);
}

static void test_stop(void **state)
{
	struct child c = CHILD_INIT;
	uint64_t begin;

	(void)state;
	/* Heeds SIGTERM, even when stopped. */
	start(&c, NULL, CHILD_LOG, "trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done");
	wait_for_log("up");
	assert_int_equal(child_signal(&c, SIGSTOP), 0);
	child_stop(&c, 10000);
	assert_true(c.reaped && WIFEXITED(c.status));
	assert_int_equal(WEXITSTATUS(c.status), 9);
	child_stop(&c, 10000);
	child_release(&c);

	/* Does not. */
	unlink(log_path);
	start(&c, NULL, CHILD_LOG, "trap '' TERM; echo up; while :; do sleep 0.01; done");
	wait_for_log("up");
	begin = clock_ns();
	child_stop(&c, 100);
	assert_true(clock_ns() - begin >= 100 * NSEC_PER_MSEC);
	assert_true(c.reaped && WIFSIGNALED(c.status));
	assert_int_equal(WTERMSIG(c.status), SIGKILL);
	child_release(&c);
}

static void test_its_group_ends_with_it(void **state)
{
	struct child c = CHILD_INIT;
	pid_t left_behind;

	(void)state;
	start(&c, NULL, CHILD_LOG, "sleep 1000 & echo $!");
	wait_end(&c);
	left_behind = pid_in_log();
	assert_ends(left_behind);
	child_release(&c);
}

/* The harness is killed, without a chance to do anything. */
static void test_dies_with_the_harness(void **state)
{
	pid_t harness = fork();
	int status;

	(void)state;
	if (harness == 0) {
		struct child c = CHILD_INIT;

		start(&c, NULL, CHILD_LOG, "echo $$; exec sleep 1000");
		for (;;)
			pause();
	}
	wait_for_log("\n");
	kill(harness, SIGKILL);
	waitpid(harness, &status, 0);
	assert_ends(pid_in_log());
}

static void test_log_tail(void **state)
{
	const char *const path = scratch_path(state, "tail");
	char text[24];
	FILE *f;

	child_log_tail(scratch_path(state, "absent"), text, sizeof(text));
	assert_string_equal(text, "");
	write_text(path, "");
	child_log_tail(path, text, sizeof(text));
	assert_string_equal(text, "");
	write_text(path, "first\nsecond\n\n  \nthird\n");
	child_log_tail(path, text, sizeof(text));
	assert_string_equal(text, "first | second | third");
	write_text(path, "the first\nsecond\nthird");
	child_log_tail(path, text, sizeof(text));
	assert_string_equal(text, "second | third");
	write_text(path, "x\none line that is longer than that\n");
	child_log_tail(path, text, sizeof(text));
	assert_string_equal(text, "one line that is longer");
	write_text(path, "a\tb\033c\r\n");
	child_log_tail(path, text, sizeof(text));
	assert_string_equal(text, "a b c ");
	child_log_tail(path, text, 1);
	assert_string_equal(text, "");

	f = fopen(path, "w");
	for (int i = 0; i < 10000; i++)
		fprintf(f, "line %d\n", i);
	fclose(f);
	child_log_tail(path, text, sizeof(text));
	assert_string_equal(text, "line 9998 | line 9999");
}

static void test_find_program(void **state)
{
	char *before = strdup(getenv("PATH")), *dir = *state, path[600], found[600];

	write_text(scratch_path(state, "prog"), "#!/bin/sh\n");
	snprintf(path, sizeof(path), "/nowhere:%s:%s", dir, before);
	setenv("PATH", path, 1);
	assert_false(find_program("prog", NULL, 0)); /* not executable */
	chmod(scratch_path(state, "prog"), 0755);
	assert_true(find_program("prog", NULL, 0));
	assert_true(find_program("prog", found, sizeof(found)));
	assert_string_equal(found, scratch_path(state, "prog"));
	assert_true(find_program(scratch_path(state, "prog"), found, sizeof(found)));
	assert_false(find_program(dir, NULL, 0)); /* a directory */
	assert_false(find_program("", NULL, 0));
	assert_false(find_program("prog", found, 3));
	setenv("PATH", before, 1);
	assert_false(find_program("prog", NULL, 0));
	free(before);
}

/* The lab's guest has what was built for its kernel; installed, programs are in PATH. */
static void test_find_own_program(void **state)
{
	char *before = strdup(getenv("PATH")), *dir = *state, beside[600], found[600];

	write_text(scratch_path(state, "own-prog"), "#!/bin/sh\n");
	assert_false(find_own_program("own-prog", found, sizeof(found)));
	chmod(scratch_path(state, "own-prog"), 0755);
	assert_false(find_own_program("own-prog", found, sizeof(found)));
	setenv("PATH", dir, 1);
	assert_true(find_own_program("own-prog", found, sizeof(found)));
	setenv("PATH", before, 1);
	setenv("FMLAB_BUILD", dir, 1);
	assert_true(find_own_program("own-prog", found, sizeof(found)));
	assert_string_equal(found, scratch_path(state, "own-prog"));
	assert_false(find_own_program("own-prog", found, 3));
	/* This test lies beside itself. */
	assert_true(find_own_program("test_child", found, sizeof(found)));
	assert_int_equal(process_beside(beside, sizeof(beside), "test_child"), 0);
	assert_string_equal(found, beside);
	unsetenv("FMLAB_BUILD");
	free(before);
}

/* As memcached and memaslap tell theirs, and programs that do not. */
static void test_program_version(void **state)
{
	static const struct {
		const char *script, *version; /* NULL: none */
	} rows[] = {
		{ "[ \"$1\" = -V ] && echo memcached 1.6.18", "1.6.18" },
		{ "printf 'memaslap v1.0\\n\\nmore\\n'", "v1.0" },
		{ "echo 7", "7" },
		{ "true", NULL },
		{ "echo unknown option >&2; exit 1", NULL },
	};
	const char *path = scratch_path(state, "versioned");
	char version[32], script[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", rows[i].script);
		write_text(path, script);
		chmod(path, 0755);
		assert_int_equal(program_version(path, version, sizeof(version)),
				 rows[i].version != NULL);
		if (rows[i].version)
			assert_string_equal(version, rows[i].version);
	}
	assert_false(program_version("/nowhere/at-all", version, sizeof(version)));
}

/* A rebuilt program is another one. */
static void test_program_file(void **state)
{
	static const struct timespec times[2] = { { .tv_sec = 86400 }, { .tv_sec = 86400 } };
	const char *path = scratch_path(state, "built");
	char text[64];

	write_text(path, "12345");
	chmod(path, 0755);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_true(program_file(path, text, sizeof(text)));
	assert_string_equal(text, "5 bytes of 1970-01-02T00:00:00Z");
	assert_false(program_file("/nowhere/at-all", text, sizeof(text)));
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exit_status_and_log),
		TEST(test_wait_times_out),
		TEST(test_wait_ends_on_a_signal),
		TEST(test_missing_program),
		TEST(test_exec_fails),
		TEST(test_unwritable_log),
		TEST(test_join_comes_before_exec),
		TEST(test_cpus),
		TEST(test_memory_node),
		TEST(test_terminal),
		TEST(test_control_socket),
		TEST(test_closed_descriptors),
		TEST(test_signals_are_as_usual_in_the_child),
		TEST(test_stop),
		TEST(test_its_group_ends_with_it),
		TEST(test_dies_with_the_harness),
		TEST(test_log_tail),
		TEST(test_find_program),
		TEST(test_find_own_program),
		TEST(test_program_version),
		TEST(test_program_file),
	};

	/* What the test runner left open is not ours to count. */
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	return cmocka_run_group_tests_name("child", tests, scratch_setup, scratch_teardown);
}
