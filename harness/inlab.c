// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/inlab.h"

#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/dirs.h"

#define TAKE_NS (100 * NSEC_PER_MSEC)

/* build/fmbench has its lab in ../lab. */
static int find_lab(char *program, char *fmlab, char *glue, struct err *err)
{
	char copy[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, PATH_MAX - 1);

	if (n < 0)
		return err_failed(err, errno, "/proc/self/exe");
	program[n] = '\0';
	snprintf(copy, sizeof(copy), "%s", program);
	snprintf(fmlab, PATH_MAX, "%.4000s/../lab/fmlab", dirname(copy));
	snprintf(glue, PATH_MAX, "%.4000s/../lab/in-lab", copy);
	if (access(fmlab, X_OK) != 0 || access(glue, X_OK) != 0)
		return err_missing(err, "no lab at %s: --in-lab works from fmbench's source tree",
				   fmlab);
	return 0;
}

/* The program ends when we do, however that is. */
static pid_t start(char *const argv[], struct err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_failed(err, errno, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : ERR_FAILED;
}

static int run_and_wait(char *const argv[], struct err *err)
{
	pid_t pid = start(argv, err);
	int status;

	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return exit_status(status) ? err_failed(err, 0, "%s fails", argv[0]) : 0;
}

/* What the guest has saved so far goes into the user's database. */
struct taking {
	char dir[PATH_MAX - 16]; /* of our own */
	char saved[PATH_MAX];	 /* the guest's copy of the database in there */
	struct timespec taken;	 /* when what was taken in was saved */
};

/* cp -r keeps what is there: files of earlier runs do not change. */
static int copy_artifacts(const char *from, const char *to, struct err *err)
{
	char artifacts[PATH_MAX];
	char *const copy[] = { (char *)"cp", (char *)"-rn", artifacts, (char *)to, NULL };

	snprintf(artifacts, sizeof(artifacts), "%s/artifacts", from);
	return access(artifacts, F_OK) == 0 ? run_and_wait(copy, err) : 0;
}

static int take_in(struct taking *t, struct err *err)
{
	struct store_merged merged;
	struct store *store;
	struct stat st;
	char *path, *dir;
	int rc;

	if (stat(t->saved, &st) != 0 ||
	    (st.st_mtim.tv_sec == t->taken.tv_sec && st.st_mtim.tv_nsec == t->taken.tv_nsec))
		return 0;
	path = xstrdup(common.db);
	dir = dirname(path);
	rc = make_dirs(dir, 0777, err);
	if (!rc)
		rc = copy_artifacts(t->dir, dir, err);
	if (!rc)
		rc = store_open(common.db, STORE_WRITE, &store, err);
	if (!rc) {
		rc = store_merge(store, t->saved, "", &merged, err);
		store_close(store);
	}
	if (!rc)
		t->taken = st.st_mtim;
	free(path);
	return rc;
}

/* What the guest begins with: it is to know peaks, and which runs of an experiment are made. */
static int hand_out(struct taking *t, struct err *err)
{
	struct store *store;
	struct stat st;
	int rc;

	if (access(common.db, F_OK) != 0)
		return 0;
	rc = store_open(common.db, STORE_READ, &store, err);
	if (rc)
		return rc;
	rc = store_copy(store, t->saved, err);
	store_close(store);
	if (!rc && stat(t->saved, &st) == 0)
		t->taken = st.st_mtim;
	return rc;
}

static volatile sig_atomic_t asked;

static void ask(int signum)
{
	asked = signum;
}

/* Run the guest to its end, or until a signal ends it. What it saves is taken in at once: neither
 * a kernel that breaks down in the guest nor a kill of ours loses a finished run. */
static int run_guest(char *const argv[], struct taking *t, int *ret_status, struct err *err)
{
	static const int asking[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = ask };
	pid_t pid = start(argv, err);
	int status, rc = 0;

	if (pid < 0)
		return pid;
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
		sigaction(asking[i], &action, NULL);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (asked)
			kill(pid, SIGTERM);
		if (!rc)
			rc = take_in(t, err);
		clock_sleep_until(clock_ns() + TAKE_NS);
	}
	*ret_status = asked ? 128 + asked : exit_status(status);
	return rc ? rc : take_in(t, err);
}

int inlab_save(struct store *store, const char *db_path, struct err *err)
{
	const char *to = getenv("FMBENCH_SAVE_TO");
	char copy[PATH_MAX], fresh[PATH_MAX], saved[PATH_MAX];
	char *const cp[] = { (char *)"cp", copy, fresh, NULL };
	char *path, *dir;
	int rc;

	if (!to)
		return 0;
	snprintf(copy, sizeof(copy), "%s.copy", db_path);
	snprintf(fresh, sizeof(fresh), "%s/fmbench.db.new", to);
	snprintf(saved, sizeof(saved), "%s/fmbench.db", to);
	path = xstrdup(db_path);
	dir = dirname(path);
	/* By way of a file in the guest: the share is slow with many small writes. */
	unlink(copy);
	rc = store_copy(store, copy, err);
	if (!rc)
		rc = copy_artifacts(dir, to, err);
	if (!rc)
		rc = run_and_wait(cp, err);
	if (!rc && rename(fresh, saved) != 0)
		rc = err_failed(err, errno, "cannot make %s", saved);
	free(path);
	return rc;
}

/* Words before "--" that are the host's business are left out; the rest goes as it was typed. */
static bool host_only(const char *word, bool *ret_takes_next)
{
	static const char *const with_value[] = { "--db", "--lab", "--state-dir" };

	*ret_takes_next = false;
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
		size_t len = strlen(with_value[i]);

		if (strncmp(word, with_value[i], len) != 0 || (word[len] && word[len] != '='))
			continue;
		*ret_takes_next = word[len] == '\0';
		return true;
	}
	return strcmp(word, "--in-lab") == 0;
}

static char **build_argv(const struct cli *cli, char *lab, char *program, char *fmlab, char *glue,
			 char *out_dir)
{
	char **argv = calloc((size_t)cli->original_argc + strlen(lab) + 16, sizeof(*argv));
	char *save, *word;
	size_t nr = 0;
	bool ours = true, skip;

	if (!argv)
		abort();
	argv[nr++] = fmlab;
	argv[nr++] = (char *)"run";
	argv[nr++] = (char *)"--out";
	argv[nr++] = out_dir;
	for (word = strtok_r(lab, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[nr++] = word;
	argv[nr++] = (char *)"--";
	argv[nr++] = glue;
	argv[nr++] = program;
	for (int i = 1; i < cli->original_argc; i++) {
		word = cli->original_argv[i];
		if (ours && strcmp(word, "--") == 0)
			ours = false;
		if (ours && host_only(word, &skip)) {
			i += skip;
			continue;
		}
		argv[nr++] = word;
	}
	return argv;
}

int inlab_run(const struct cli *cli)
{
	const char *tmp = getenv("TMPDIR");
	struct taking t = { 0 };
	char *const tidy[] = { (char *)"rm", (char *)"-rf", t.dir, NULL };
	char program[PATH_MAX], fmlab[PATH_MAX], glue[PATH_MAX];
	char *lab, **argv;
	struct err err = { 0 };
	int status = 0, rc = 0;

	if (!cli->command->in_lab)
		rc = err_usage(&err,
			       "%s works on the host's database and files: leave out --in-lab",
			       cli->command->name);
	if (!rc)
		rc = find_lab(program, fmlab, glue, &err);
	snprintf(t.dir, sizeof(t.dir), "%s/fmbench-lab.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!rc && !mkdtemp(t.dir))
		rc = err_failed(&err, errno, "cannot make directory %s (see TMPDIR)", t.dir);
	if (rc)
		return command_fail(&err);

	snprintf(t.saved, sizeof(t.saved), "%s/fmbench.db", t.dir);
	lab = xstrdup(common.lab);
	argv = build_argv(cli, lab, program, fmlab, glue, t.dir);
	rc = hand_out(&t, &err);
	if (!rc)
		rc = run_guest(argv, &t, &status, &err);
	free(argv);
	free(lab);
	if (rc && t.taken.tv_sec)
		err_prefix(&err, "what was measured is in %s", t.saved);
	else
		run_and_wait(tidy, NULL);
	return rc ? command_fail(&err) : status;
}
