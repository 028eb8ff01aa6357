// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/process.h"
#include "base/sysfile.h"

/* What was undone, in order: "b a ". */
static struct buf undone = BUF_INIT;
static const char *failing = ""; /* a note of this argument can't be undone */

static int undo_note(char *const args[], struct err *err)
{
	if (strcmp(args[0], failing) == 0)
		return err_failed(err, EBUSY, "note %s", args[0]);
	buf_addf(&undone, "%s ", args[0]);
	return 0;
}

static int undo_pair(char *const args[], struct err *err)
{
	(void)err;
	buf_addf(&undone, "<%s><%s> ", args[0], args[1]);
	return 0;
}

static const struct journal_op test_ops[] = {
	{ "note", 1, "forget", undo_note, false },
	{ "pair", 2, "part", undo_pair, false },
	{ "kernel", 1, "unload", undo_note, true },
	{ 0 },
};

static const struct journal_op *const ops[] = { journal_ops_base, test_ops, NULL };

static int setup(void **state)
{
	(void)state;
	buf_reset(&undone);
	buf_adds(&undone, "");
	failing = "";
	sysfile_set_root("");
	return 0;
}

static struct journal *create(void **state)
{
	struct journal *j;
	struct err err;

	assert_int_equal(journal_create(scratch_path(state, "run/journals"), "test", ops, &j, &err),
			 0);
	return j;
}

/* The harness is killed: nothing but the file is left, and its owner is gone. */
static void abandon(void **state, struct journal *j)
{
	struct buf b = BUF_INIT;
	char *path = strdup(journal_path(j));
	const char *rest;

	sysfile_set_root("");
	assert_int_equal(sysfile_read(path, &b), 0);
	journal_free(j);
	rest = strchr(b.data, '\n');
	rest = rest ? rest : "";

	/* A pid that is ours, but another start time: recycled. */
	FILE *f = fopen(path, "w");
	char boot[BOOT_ID_SIZE];

	process_boot_id(boot);
	fprintf(f, "fmbench-journal 1 %d 1 %s%s", getpid(), boot, rest);
	fclose(f);
	buf_release(&b);
	free(path);
	(void)state;
}

static struct journal *load(void **state)
{
	struct journal *j;
	struct err err = { 0 };

	if (journal_load(scratch_path(state, "run/journals/test.journal"), ops, &j, &err) != 0)
		fail_msg("%s", err.msg);
	return j;
}

static bool file_is_there(void **state)
{
	return access(scratch_path(state, "run/journals/test.journal"), F_OK) == 0;
}

static void append_text(void **state, const char *text)
{
	FILE *f = fopen(scratch_path(state, "run/journals/test.journal"), "a");

	fputs(text, f);
	fclose(f);
}

static void test_undoes_in_reverse(void **state)
{
	struct journal *j = create(state);
	struct stat st;
	struct err err;

	assert_int_equal(stat(scratch_path(state, "run/journals"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(journal_owned(j));
	assert_false(journal_kept(j));
	assert_int_equal(journal_add(j, &err, "note", "a", NULL), 0);
	assert_int_equal(journal_add(j, &err, "note", "b", NULL), 1);
	assert_int_equal(journal_add(j, &err, "pair", "c", "d", NULL), 2);
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_string_equal(undone.data, "<c><d> b a ");
	assert_false(file_is_there(state));
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_string_equal(undone.data, "<c><d> b a ");

	/* It can be used again. */
	assert_int_equal(journal_add(j, &err, "note", "e", NULL), 0);
	assert_true(file_is_there(state));
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_string_equal(undone.data, "<c><d> b a e ");
	journal_free(j);
	assert_false(file_is_there(state));
}

static void test_a_second_of_that_name_is_refused(void **state)
{
	struct journal *j = create(state), *other;
	struct err err;

	assert_int_equal(
		journal_create(scratch_path(state, "run/journals"), "test", ops, &other, &err),
		-EEXIST);
	assert_true(file_is_there(state));
	journal_free(j);
}

/* What the killed harness wrote is undone by another process, from the file alone. */
static void test_load_and_undo(void **state)
{
	struct journal *j = create(state);
	struct err err;

	journal_add(j, &err, "note", "a", NULL);
	journal_add(j, &err, "pair", "tab\tnew\nline", "back\\slash\\n\\", NULL);
	journal_add(j, &err, "pair", "", "", NULL);
	abandon(state, j);

	j = load(state);
	assert_false(journal_owned(j));
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_string_equal(undone.data, "<><> <tab\tnew\nline><back\\slash\\n\\> a ");
	assert_false(file_is_there(state));
	journal_free(j);
}

static void test_marks(void **state)
{
	struct journal *j = create(state);
	struct err err;
	int b;

	journal_add(j, &err, "note", "a", NULL);
	b = journal_add(j, &err, "note", "b", NULL);
	journal_add(j, &err, "note", "c", NULL);
	assert_int_equal(journal_undo_to(j, (size_t)b, &err), 0);
	assert_string_equal(undone.data, "c b ");
	journal_add(j, &err, "note", "d", NULL);
	abandon(state, j);

	/* The file knows that b and c were undone alone. */
	j = load(state);
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_string_equal(undone.data, "c b d a ");
	journal_free(j);
}

static void test_failures_are_kept(void **state)
{
	struct journal *j = create(state);
	struct err err;

	journal_add(j, &err, "note", "a", NULL);
	journal_add(j, &err, "note", "stuck", NULL);
	journal_add(j, &err, "note", "c", NULL);
	failing = "stuck";
	assert_int_equal(journal_undo_to(j, 0, &err), -EBUSY);
	assert_string_equal(err.msg, "cannot forget stuck: note stuck: Device or resource busy");
	assert_string_equal(undone.data, "c a ");
	journal_free(j);
	assert_true(file_is_there(state));

	j = load(state);
	assert_int_equal(journal_undo_to(j, 0, &err), -EBUSY);
	failing = "";
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_string_equal(undone.data, "c a stuck ");
	assert_false(file_is_there(state));
	journal_free(j);
}

/* The first error is the one that is told. */
static void test_first_error(void **state)
{
	struct journal *j = create(state);
	struct err err;

	failing = "stuck";
	journal_add(j, &err, "note", "stuck", NULL);
	append_text(state, "unheard-of\tx\n");
	abandon(state, j);
	j = load(state);
	assert_int_equal(journal_undo_to(j, 0, &err), -EIO);
	assert_non_null(strstr(err.msg, "unheard-of"));
	assert_true(file_is_there(state));
	failing = "";
	assert_int_equal(journal_undo_to(j, 0, &err), -EIO);
	assert_string_equal(undone.data, "stuck ");
	journal_free(j);
	assert_true(file_is_there(state));
	unlink(scratch_path(state, "run/journals/test.journal"));
}

static void test_torn_last_line(void **state)
{
	struct journal *j = create(state);
	struct err err;

	journal_add(j, &err, "note", "a", NULL);
	journal_add(j, &err, "note", "b", NULL);
	append_text(state, "note\tto");
	abandon(state, j);

	/* Ignored, and cut off before anything is appended. */
	j = load(state);
	assert_int_equal(journal_undo_to(j, 1, &err), 0);
	assert_string_equal(undone.data, "b ");
	journal_free(j);
	j = load(state);
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_string_equal(undone.data, "b a ");
	journal_free(j);
}

/* However short it was cut, what is whole is undone, and nothing else. */
static void test_torn_anywhere(void **state)
{
	const char *const path = scratch_path(state, "run/journals/test.journal");
	struct journal *j = create(state);
	struct buf whole = BUF_INIT;
	struct err err;

	journal_add(j, &err, "note", "a", NULL);
	journal_add(j, &err, "note", "b", NULL);
	abandon(state, j);
	assert_int_equal(sysfile_read(path, &whole), 0);
	for (size_t len = 0; len <= whole.len; len++) {
		size_t lines = 0;
		FILE *f = fopen(path, "w");

		fwrite(whole.data, 1, len, f);
		fclose(f);
		for (size_t i = 0; i < len; i++)
			lines += whole.data[i] == '\n';
		buf_reset(&undone);
		j = load(state);
		assert_int_equal(journal_undo_to(j, 0, &err), 0);
		assert_string_equal(undone.data, lines == 3 ? "b a " : lines == 2 ? "a " : "");
		journal_free(j);
		assert_false(file_is_there(state));
	}
	buf_release(&whole);
}

static void test_not_a_journal(void **state)
{
	struct journal *j;
	struct err err;

	write_text(scratch_path(state, "other.journal"), "fmbench-journal 2 something\n");
	assert_int_equal(journal_load(scratch_path(state, "other.journal"), ops, &j, &err),
			 -EBADMSG);
	assert_non_null(strstr(err.msg, "other.journal"));
	assert_int_equal(access(scratch_path(state, "other.journal"), F_OK), 0);
	assert_int_equal(journal_load(scratch_path(state, "absent.journal"), ops, &j, &err),
			 -ENOENT);
	unlink(scratch_path(state, "other.journal"));
}

static void test_keep(void **state)
{
	struct journal *j = create(state);
	struct err err;

	journal_add(j, &err, "note", "a", NULL);
	journal_add(j, &err, "note", "b", NULL);
	journal_undo_to(j, 1, &err);
	assert_int_equal(journal_keep(j, &err), 0);
	assert_true(journal_kept(j));
	assert_false(journal_owned(j));
	journal_free(j);

	j = load(state);
	assert_true(journal_kept(j));
	assert_int_equal(journal_add(j, &err, "note", "c", NULL), 2);
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_string_equal(undone.data, "b c a ");
	journal_free(j);
}

static void test_a_reader_leaves_the_owners_file(void **state)
{
	struct journal *j = create(state), *seen;
	struct err err;

	seen = load(state);
	/* Empty, but its owner (here: another process) lives. */
	if (fork() == 0) {
		struct journal *other = load(state);

		journal_free(other);
		_exit(0);
	}
	wait(NULL);
	assert_true(file_is_there(state));
	assert_true(journal_owned(seen));
	journal_add(j, &err, "note", "a", NULL);
	journal_free(seen);
	assert_true(file_is_there(state)); /* the view has aged */
	journal_undo_to(j, 0, &err);
	journal_free(j);
}

/* --- the kinds of base -------------------------------------------------------------------- */

static void test_write(void **state)
{
	struct journal *j = create(state);
	struct buf b = BUF_INIT;
	struct err err;

	sysfile_set_root(*state);
	write_text(scratch_path(state, "thp"), "always [madvise] never\n");
	write_text(scratch_path(state, "lines"), "one\ntwo [x]\n");
	write_text(scratch_path(state, "gone"), "1\n");
	assert_int_equal(journal_write(j, "/thp", "never", &err), 0);
	assert_int_equal(journal_write(j, "/lines", "three", &err), 0);
	assert_int_equal(journal_write(j, "/gone", "2", &err), 0);
	sysfile_read("/thp", &b);
	assert_string_equal(b.data, "never");

	assert_int_equal(journal_write(j, "/absent", "1", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/absent"));

	unlink(scratch_path(state, "gone"));
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	sysfile_read("/thp", &b);
	assert_string_equal(b.data, "madvise");
	sysfile_read("/lines", &b);
	assert_string_equal(b.data, "one\ntwo [x]");
	assert_false(sysfile_exists("/gone"));
	buf_release(&b);
	journal_free(j);
}

/* The kernel refuses the value: nothing to undo, or undoing would fail the same way. */
static void test_write_that_fails(void **state)
{
	struct journal *j = create(state);
	struct err err;

	/* Readable, and every write to it fails, root's too. */
	assert_true(journal_write(j, "/proc/version", "1", &err) < 0);
	assert_non_null(strstr(err.msg, "/proc/version"));
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	journal_free(j);
}

static void test_file_and_dir(void **state)
{
	struct journal *j = create(state);
	struct err err;

	journal_add(j, &err, "dir", scratch_path(state, "d"), NULL);
	journal_add(j, &err, "file", scratch_path(state, "d/f"), NULL);
	journal_add(j, &err, "file", scratch_path(state, "d/never-made"), NULL);
	journal_add(j, &err, "dir", scratch_path(state, "d/never-made/either"), NULL);
	mkdir(scratch_path(state, "d"), 0755);
	write_text(scratch_path(state, "d/f"), "x");
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_int_equal(access(scratch_path(state, "d"), F_OK), -1);

	/* Somebody else's file in it: theirs is left alone, and we say so. */
	journal_add(j, &err, "dir", scratch_path(state, "d"), NULL);
	mkdir(scratch_path(state, "d"), 0755);
	write_text(scratch_path(state, "d/theirs"), "x");
	assert_int_equal(journal_undo_to(j, 0, &err), -ENOTEMPTY);
	assert_int_equal(access(scratch_path(state, "d/theirs"), F_OK), 0);
	unlink(scratch_path(state, "d/theirs"));
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	journal_free(j);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failing test must not leave it behind */
		for (;;)
			pause();
	}
	return pid;
}

static void add_pid(struct journal *j, pid_t pid, uint64_t start)
{
	char pid_text[16], start_text[32];
	struct err err;

	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	snprintf(start_text, sizeof(start_text), "%ju", (uintmax_t)start);
	assert_true(journal_add(j, &err, "pid", pid_text, start_text, NULL) >= 0);
}

static void test_pid(void **state)
{
	struct journal *j = create(state);
	pid_t meant = sleeper(), recycled = sleeper();
	uint64_t start;
	struct err err;
	int status;

	assert_int_equal(process_start(meant, &start), 0);
	add_pid(j, meant, start);
	assert_int_equal(process_start(recycled, &start), 0);
	add_pid(j, recycled, start - 1); /* the number is that of another process now */
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_int_equal(waitpid(meant, &status, WNOHANG), meant);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(waitpid(recycled, &status, WNOHANG), 0);

	kill(recycled, SIGKILL);
	waitpid(recycled, &status, 0);
	add_pid(j, recycled, start); /* gone already */
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	journal_free(j);
}

/* After a reboot values, processes and kernel objects are the new boot's; files are still ours. */
static void test_reboot(void **state)
{
	struct buf text = BUF_INIT;
	pid_t pid = sleeper();
	uint64_t start;
	struct journal *j;
	struct err err;
	int status;

	assert_int_equal(process_start(pid, &start), 0);
	write_text(scratch_path(state, "value"), "new boot's\n");
	write_text(scratch_path(state, "ours"), "x");
	buf_addf(&text, "fmbench-journal 1 %d %ju 00000000-0000-0000-0000-000000000000\n", pid,
		 (uintmax_t)start);
	buf_addf(&text, "write\t%s\told\n", scratch_path(state, "value"));
	buf_addf(&text, "pid\t%d\t%ju\n", pid, (uintmax_t)start);
	buf_addf(&text, "file\t%s\n", scratch_path(state, "ours"));
	buf_adds(&text, "kernel\tzram1\nnote\tdisk\n");
	write_text(scratch_path(state, "run/journals/test.journal"), text.data);

	j = load(state);
	assert_false(journal_owned(j));
	assert_int_equal(journal_undo_to(j, 0, &err), 0);
	assert_null(strstr(undone.data, "zram1"));
	assert_non_null(strstr(undone.data, "disk"));
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(sysfile_read(scratch_path(state, "value"), &text), 0);
	assert_string_equal(text.data, "new boot's\n");
	assert_int_equal(access(scratch_path(state, "ours"), F_OK), -1);
	assert_false(file_is_there(state));
	journal_free(j);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	buf_release(&text);
}

/* --- all journals ------------------------------------------------------------------------- */

static int take_name(const char *path, void *arg)
{
	buf_addf(arg, "%s ", strrchr(path, '/') + 1);
	return strstr(path, "stop") ? 7 : 0;
}

static void test_each(void **state)
{
	const char *const names[] = { "each/c.journal", "each/a.journal", "each/notes.txt",
				      "each/b.journal.new", "each/.journal" };
	struct buf b = BUF_INIT;

	assert_int_equal(journal_each(scratch_path(state, "each"), take_name, &b), 0);
	mkdir(scratch_path(state, "each"), 0755);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct timespec times[2] = { { .tv_sec = 1000 + (time_t)i },
					     { .tv_sec = 1000 + (time_t)i } };

		write_text(scratch_path(state, names[i]), "");
		utimensat(0, scratch_path(state, names[i]), times, 0);
	}
	assert_int_equal(journal_each(scratch_path(state, "each"), take_name, &b), 0);
	assert_string_equal(b.data, "c.journal a.journal ");

	write_text(scratch_path(state, "each/stop.journal"), "");
	write_text(scratch_path(state, "each/z.journal"), "");
	buf_reset(&b);
	assert_int_equal(journal_each(scratch_path(state, "each"), take_name, &b), 7);
	assert_string_equal(b.data, "c.journal a.journal stop.journal ");
	buf_release(&b);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_undoes_in_reverse),
		TEST(test_a_second_of_that_name_is_refused),
		TEST(test_load_and_undo),
		TEST(test_marks),
		TEST(test_failures_are_kept),
		TEST(test_first_error),
		TEST(test_torn_last_line),
		TEST(test_torn_anywhere),
		TEST(test_not_a_journal),
		TEST(test_keep),
		TEST(test_a_reader_leaves_the_owners_file),
		TEST(test_write),
		TEST(test_write_that_fails),
		TEST(test_file_and_dir),
		TEST(test_pid),
		TEST(test_reboot),
		TEST(test_each),
	};
	int rc = cmocka_run_group_tests_name("journal", tests, scratch_setup, scratch_teardown);

	buf_release(&undone);
	return rc;
}
