// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/inlab.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

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

static int copy_file(const char *from, const char *to, struct err *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out, rc = 0;
	struct stat st;
	off_t left;

	if (in < 0)
		return errno == ENOENT ? 0 : err_failed(err, errno, "cannot read %s", from);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0 || fstat(in, &st) != 0) {
		rc = err_failed(err, errno, "cannot write %s", to);
		goto out;
	}
	for (left = st.st_size; left > 0 && !rc;) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);

		if (n <= 0)
			rc = err_failed(err, n ? errno : EIO, "cannot copy %s to %s", from, to);
		else
			left -= n;
	}
out:
	if (out >= 0 && close(out) != 0 && !rc)
		rc = err_failed(err, errno, "cannot write %s", to);
	close(in);
	return rc;
}

static int run_and_wait(char *const argv[], int *ret_status, struct err *err)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return err_failed(err, errno, "fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_failed(err, errno, "waitpid");
	}
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : ERR_FAILED;
	return 0;
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

/* Database and artifacts to where the user wants them. */
static int bring_back(const char *out_dir, struct err *err)
{
	char from[PATH_MAX], *db_copy = strdup(common.db);
	int status = 0, rc;

	if (!db_copy)
		abort();
	snprintf(from, sizeof(from), "%s/fmbench.db", out_dir);
	rc = copy_file(from, common.db, err);
	snprintf(from, sizeof(from), "%s/artifacts", out_dir);
	if (!rc && access(from, F_OK) == 0) {
		char *const copy[] = { (char *)"cp", (char *)"-r", from, dirname(db_copy), NULL };

		rc = run_and_wait(copy, &status, err);
		if (!rc && status)
			rc = err_failed(err, 0, "cannot copy %s beside %s", from, common.db);
	}
	free(db_copy);
	return rc;
}

int inlab_run(const struct cli *cli)
{
	char program[PATH_MAX], fmlab[PATH_MAX], glue[PATH_MAX], out_db[64];
	char out_dir[] = "/tmp/fmbench-lab.XXXXXX";
	char *const tidy[] = { (char *)"rm", (char *)"-rf", out_dir, NULL };
	char *lab, **argv;
	struct err err = { 0 };
	int status = 0, ignored, rc = 0;

	if (!cli->command->in_lab)
		rc = err_usage(&err,
			       "%s works on the host's database and files: leave out --in-lab",
			       cli->command->name);
	if (!rc)
		rc = find_lab(program, fmlab, glue, &err);
	if (!rc && !mkdtemp(out_dir))
		rc = err_failed(&err, errno, "cannot make a directory in /tmp");
	if (rc)
		return command_fail(&err);

	snprintf(out_db, sizeof(out_db), "%s/fmbench.db", out_dir);
	lab = strdup(common.lab);
	if (!lab)
		abort();
	argv = build_argv(cli, lab, program, fmlab, glue, out_dir);
	rc = copy_file(common.db, out_db, &err);
	if (!rc)
		rc = run_and_wait(argv, &status, &err);
	if (!rc)
		rc = bring_back(out_dir, &err);
	run_and_wait(tidy, &ignored, NULL);
	free(argv);
	free(lab);
	return rc ? command_fail(&err) : status;
}
