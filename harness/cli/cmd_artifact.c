// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench artifact: one archive that repeats and checks a paper's numbers. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/dirs.h"
#include "base/log.h"
#include "base/process.h"
#include "harness/cli/artifact.h"
#include "harness/cli/command.h"
#include "results/store.h"

#define ENDING ".tar.zst"

struct params {
	char *experiment, *into, *programs;
	bool check, judge;
};

static const struct opt opts[] = {
	OPT_STRING("experiment", struct params, experiment, NULL, "of runs with this label only",
		   .arg = "NAME"),
	OPT_BOOL("check", struct params, check, NULL,
		 "repeat the runs of this artifact here, and judge its claims"),
	OPT_BOOL("judge", struct params, judge, NULL, "judge them by what was repeated already"),
	OPT_STRING("into", struct params, into, NULL,
		   "where --check unpacks an archive (default: its name without .tar.zst, here)",
		   .arg = "DIR"),
	OPT_STRING("programs", struct params, programs, NULL,
		   "where --check finds the programs that the artifact has not (default: here)",
		   .arg = "DIR"),
	OPT_END
};

static const char doc[] =
	"PATH is a directory, or an archive whose name ends with .tar.zst. It gets the runs of the\n"
	"database, the experiment files, facts and versions of the machines, all figures that have data,\n"
	"a README and a script, repeat.sh, that makes the runs anew and judges the claims.\n\n"
	"A claim is a ratio with its interval: a cell against ratio 1, a backend against another. It\n"
	"holds where the ratio measured here lies on the same side of 1, or can't be told from 1 as\n"
	"there; it fails where this machine says the opposite; an interval that is too wide decides\n"
	"nothing. --check runs the commands that the artifact names: read its README.md first if you do\n"
	"not know who wrote it. A program such as ./ht is not in the artifact: --check looks for ./ht\n"
	"in the artifact's directory, then below --programs; a missing one is named before anything is\n"
	"run. Exit status of --check: 0 all claims hold, 1 one fails, 7 some are\n"
	"undecided; 3 something that the runs need is missing here.\n\n"
	"Examples:\n"
	"  fmbench artifact paper.tar.zst --experiment memaslap-ratio\n"
	"  fmbench artifact --check paper.tar.zst\n"
	"  fmbench artifact --check paper.tar.zst --programs ~/ht/build\n";

static bool is_archive(const char *path)
{
	size_t len = strlen(path);

	return len > strlen(ENDING) && strcmp(path + len - strlen(ENDING), ENDING) == 0;
}

/* "paper.zip" is no directory that anybody wants. */
static int refuse_other_archive(const char *path, struct err *err)
{
	static const char *const others[] = { ".zip", ".tar", ".tgz", ".gz", ".xz", ".zst", ".7z" };
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (dot && !is_archive(path) && strcmp(dot, others[i]) == 0)
			return err_usage(
				err,
				"%s: an artifact is a directory, or a file that ends with " ENDING,
				path);
	}
	return 0;
}

/* The name that an archive, or what is unpacked of it, has inside: paper of dir/paper.tar.zst. */
static void stem(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(ret, size, "%s", slash ? slash + 1 : path);
	if (is_archive(ret))
		ret[strlen(ret) - strlen(ENDING)] = '\0';
}

/* --- making one ------------------------------------------------------------------------------- */

/* Below a directory of its own beside the archive, which is removed at the end. */
static int write_archive(const char *path, const struct params *p, size_t *ret_claims,
			 struct err *err)
{
	char place[PATH_MAX], dir[2 * PATH_MAX], name[NAME_MAX];
	struct err ignored;
	int rc;

	snprintf(place, sizeof(place), "%s.XXXXXX", path);
	if (!mkdtemp(place))
		return err_failed(err, errno, "cannot write %s", path);
	stem(path, name, sizeof(name));
	snprintf(dir, sizeof(dir), "%s/%s", place, name);
	rc = make_dirs(dir, 0777, err);
	if (!rc)
		rc = artifact_write(dir, common.db, p->experiment, ret_claims, err);
	if (!rc)
		rc = archive_pack(dir, ARTIFACT_MARK, path, err);
	remove_tree(place, &ignored);
	return rc;
}

static int write_dir(const char *path, const struct params *p, size_t *ret_claims, struct err *err)
{
	if (mkdir(path, 0777) != 0)
		return errno == EEXIST ? err_usage(err,
						   "%s is there already: name a new directory, or "
						   "a file that ends with " ENDING,
						   path)
				       : err_failed(err, errno, "cannot make directory %s", path);
	return artifact_write(path, common.db, p->experiment, ret_claims, err);
}

static int make(const char *path, const struct params *p, struct err *err)
{
	struct store *store = NULL;
	size_t nr_claims = 0;
	int rc = refuse_other_archive(path, err);

	if (!rc)
		rc = store_open(common.db, STORE_READ, &store, err);
	store_close(store);
	if (rc)
		return rc;
	rc = is_archive(path) ? write_archive(path, p, &nr_claims, err)
			      : write_dir(path, p, &nr_claims, err);
	if (rc)
		return rc;
	if (!nr_claims)
		log_warn("the artifact claims nothing: a claim needs two runs a cell, and two "
			 "ratios or backends");
	printf("wrote %s: %zu claim%s; `fmbench artifact --check %s` repeats it\n", path, nr_claims,
	       nr_claims == 1 ? "" : "s", path);
	return 0;
}

/* --- checking one ----------------------------------------------------------------------------- */

static int load_claims(const char *dir, const char *name, struct claims *ret, struct err *err)
{
	struct store *store = NULL;
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	rc = store_open(path, STORE_READ, &store, err);
	if (!rc)
		rc = claims_load(store, ret, err);
	store_close(store);
	return rc;
}

static int judge(const char *dir, int *ret_code, struct err *err)
{
	struct claims stored = { 0 }, here = { 0 };
	size_t nr[NR_CLAIM_VERDICTS];
	int rc = artifact_recognise(dir, err);

	if (!rc)
		rc = load_claims(dir, ARTIFACT_STORED, &stored, err);
	if (!rc)
		rc = load_claims(dir, ARTIFACT_REPEATED, &here, err);
	if (!rc && !stored.nr) {
		printf("%s claims nothing; its runs, made anew, are in " ARTIFACT_REPEATED "\n",
		       dir);
	} else if (!rc) {
		claims_print(&stored, &here, nr, stdout);
		printf("\nclaims: %zu of %zu hold, %zu fail, %zu undecided, %zu not measured\n",
		       nr[CLAIM_HOLDS], stored.nr, nr[CLAIM_FAILS], nr[CLAIM_UNDECIDED],
		       nr[CLAIM_NOT_MADE]);
		*ret_code = nr[CLAIM_FAILS]			       ? ERR_FAILED
			    : nr[CLAIM_UNDECIDED] + nr[CLAIM_NOT_MADE] ? ERR_UNTRUSTED
								       : 0;
	}
	claims_release(&stored);
	claims_release(&here);
	return rc;
}

/* The script of the artifact, with this fmbench. ^C from the terminal goes to the script's runs, which tidy
 * up; this process waits for them. */
static int repeat(const char *dir, const char *programs, int *ret_code, struct err *err)
{
	char program[PATH_MAX], place[PATH_MAX];
	int rc = process_program(program, sizeof(program)), status = 0;
	pid_t pid;

	if (rc)
		return err_failed(err, -rc, "/proc/self/exe");
	if (!realpath(programs, place))
		return err_failed(err, errno, "%s", programs);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return err_failed(err, errno, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		setenv("FMBENCH", program, 1);
		setenv("FMBENCH_PROGRAMS", place, 1);
		if (chdir(dir) == 0)
			execlp("sh", "sh", "repeat.sh", NULL);
		_exit(127);
	}
	signal(SIGINT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : ERR_FAILED;
	return 0;
}

static int check(const char *path, const struct params *p, int *ret_code, struct err *err)
{
	const char *programs = p->programs ? p->programs : ".";
	char dir[PATH_MAX];
	struct stat st;
	int rc = 0;

	if (stat(programs, &st) != 0 || !S_ISDIR(st.st_mode))
		return err_usage(err,
				 "--programs %s is no directory: name the one in which the "
				 "artifact's programs are",
				 programs);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		snprintf(dir, sizeof(dir), "%s", path);
	} else {
		if (p->into)
			snprintf(dir, sizeof(dir), "%s", p->into);
		else
			stem(path, dir, sizeof(dir));
		rc = archive_unpack(path, ARTIFACT_MARK, dir, err);
	}
	if (!rc)
		rc = artifact_recognise(dir, err);
	return rc ? rc : repeat(dir, programs, ret_code, err);
}

static int cmd_artifact_run(struct cli *cli)
{
	const struct params *p = cli->params;
	const char *path = cli->args[0];
	struct err err = { 0 };
	int rc, code = 0;

	if (p->check && p->judge)
		rc = err_usage(&err, "--check repeats and judges: leave out --judge");
	else if ((p->check || p->judge) && p->experiment)
		rc = err_usage(&err,
			       "--experiment chooses what an artifact is made of: leave it out");
	else if (p->into && !p->check)
		rc = err_usage(&err, "--into says where --check unpacks: leave it out");
	else if (p->programs && !p->check)
		rc = err_usage(&err, "--programs says where --check finds programs: leave it out");
	else if (p->check)
		rc = check(path, p, &code, &err);
	else if (p->judge)
		rc = judge(path, &code, &err);
	else
		rc = make(path, p, &err);
	return rc ? command_fail(&err) : code;
}

const struct command cmd_artifact = {
	.name = "artifact",
	.args = "PATH",
	.summary = "one archive that repeats a paper's runs elsewhere, and says which claims hold",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 1,
	.takes_units = true,
	.run = cmd_artifact_run,
};
