// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/inlab.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
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

#include "backend/backend.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/dirs.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysfile.h"
#include "harness/plan/experiment.h"
#include "harness/run/saving.h"
#include "results/store.h"

#define TAKE_NS	    (100 * NSEC_PER_MSEC)
#define HOST_MEMORY "1G" /* of a guest whose backend is its host */
#define AGAIN_NS    (5 * NSEC_PER_SEC)

static int find_lab(char *program, char *fmlab, char *glue, struct err *err)
{
	int rc = process_program(program, PATH_MAX);

	if (!rc)
		rc = process_share(fmlab, PATH_MAX, "lab/fmlab");
	if (!rc)
		rc = process_share(glue, PATH_MAX, "lab/in-lab");
	if (rc == -ENOENT || (!rc && (access(fmlab, X_OK) || access(glue, X_OK))))
		return err_missing(err,
				   "no lab at %s: --in-lab works from fmbench's source tree, and "
				   "after `make install`",
				   fmlab);
	return rc ? err_failed(err, -rc, "/proc/self/exe") : 0;
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

/* --- the host: what the guest saves goes into the user's database --------------------------- */

/* A directory that host and guest share: the database that the guest begins with, and a directory 1, 2,
 * … (SAVED_DB, artifacts) for each save that the host has not merged yet. */
struct share {
	char dir[PATH_MAX - NAME_MAX - 32];
	bool left;	   /* what could not be taken in is still there */
	uint64_t again_ns; /* when to try once more */
};

static int take_in_one(char *saved, struct err *err)
{
	char from[PATH_MAX + NAME_MAX], artifacts[PATH_MAX + NAME_MAX];
	char *path = xstrdup(common.db), *dir = dirname(path);
	const char *const below[] = { artifacts, NULL };
	struct store_merged merged;
	struct store *store;
	int rc = make_dirs(dir, 0777, err);

	snprintf(from, sizeof(from), "%s/" SAVED_DB, saved);
	snprintf(artifacts, sizeof(artifacts), "%s/artifacts", saved);
	if (!rc && access(artifacts, F_OK) == 0)
		rc = copy_into(dir, below, err);
	free(path);
	if (!rc)
		rc = store_open(common.db, STORE_WRITE, &store, err);
	if (rc)
		return rc;
	rc = store_merge(store, from, 0, "", &merged, err);
	store_close(store);
	return rc ? rc : remove_tree(saved, err);
}

static int is_saved(const struct dirent *entry)
{
	return entry->d_name[strspn(entry->d_name, "0123456789")] == '\0';
}

/* In the order in which the guest has saved. */
static int take_in(struct share *s, struct err *err)
{
	struct dirent **entries;
	int nr = scandir(s->dir, &entries, is_saved, versionsort), rc = 0;

	if (nr < 0)
		return err_failed(err, errno, "%s", s->dir);
	for (int i = 0; i < nr; i++) {
		char saved[PATH_MAX];

		snprintf(saved, sizeof(saved), "%s/%s", s->dir, entries[i]->d_name);
		if (!rc)
			rc = take_in_one(saved, err);
		free(entries[i]);
	}
	free(entries);
	s->left = rc;
	return rc;
}

/* The database may be locked for a while only, or its disk full. */
static void take_in_or_later(struct share *s)
{
	struct err err = { 0 };

	if (clock_ns() < s->again_ns || take_in(s, &err) == 0)
		return;
	if (!s->again_ns)
		log_warn("%s; trying again, what was measured is in %s meanwhile", err.msg, s->dir);
	s->again_ns = clock_ns() + AGAIN_NS;
}

/* The database that the guest begins with: from it the guest knows peaks, and which runs of an experiment
 * are made already. */
static int hand_out(const struct share *s, struct err *err)
{
	struct store *store;
	char path[PATH_MAX];
	int rc;

	if (access(common.db, F_OK) != 0)
		return 0;
	rc = store_open(common.db, STORE_READ, &store, err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%s/fmbench.db", s->dir);
	rc = store_copy(store, path, err);
	store_close(store);
	return rc;
}

static volatile sig_atomic_t asked;

static void ask(int signum)
{
	asked = signum;
}

/* Run the guest to its end, or until a signal ends it. Each save is merged at once, so that neither a
 * kernel that breaks down in the guest nor a kill of this process loses a finished run. */
static int run_guest(char *const argv[], struct share *s, int *ret_status, struct err *err)
{
	static const int asking[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = ask };
	pid_t pid = start(argv, err);
	int status;

	if (pid < 0)
		return pid;
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
		sigaction(asking[i], &action, NULL);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (asked)
			kill(pid, SIGTERM);
		take_in_or_later(s);
		clock_sleep_until(clock_ns() + TAKE_NS);
	}
	*ret_status = asked ? 128 + asked : exit_status(status);
	return take_in(s, err);
}

/* --- the command line ----------------------------------------------------------------------- */

/* The options before "--" that concern the host stay here; every other word goes to the guest as typed. */
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

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Is the name in the text, not as a part of a longer one? */
static bool has_word(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
		if ((at == text || !is_of_word(at[-1])) && !is_of_word(at[len]))
			return true;
	}
	return false;
}

/* Whether a word of the command line, or a file that one names (an experiment), has `what` in it. */
static bool mentions(const struct cli *cli, const char *what)
{
	bool found = false;

	for (int i = 1; i < cli->original_argc && !found; i++) {
		const char *word = cli->original_argv[i], *file = word;
		char path[PATH_MAX];
		struct buf b = BUF_INIT;
		struct stat st;

		if (strcmp(word, "--") == 0)
			break;
		found = has_word(word, what);
		if (experiment_find(word, path, sizeof(path)))
			file = path;
		if (!found && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
		    sysfile_read(file, &b) == 0)
			found = has_word(b.data, what);
		buf_release(&b);
	}
	return found;
}

/* What the backends that the command line names need in the guest: their caps together. */
static unsigned int needed_caps(const struct cli *cli)
{
	unsigned int caps = 0;

	for (size_t i = 0; backend_table[i]; i++) {
		if (mentions(cli, backend_table[i]->name))
			caps |= backend_table[i]->caps;
	}
	return caps;
}

/* Options of fmlab: the user's, and a NIC or a disk where one is needed. The caller frees. */
static char *lab_options(unsigned int caps)
{
	const char *given = common.lab ? common.lab : ""; /* --lab "": fmlab's own */
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s", given);
	if (caps & CAP_RDMA && !strstr(given, "--rdma"))
		buf_addf(&b, " --rdma");
	if (caps & CAP_HOST && !strstr(given, "--host-memory"))
		buf_addf(&b, " --host-memory " HOST_MEMORY);
	return b.data;
}

/* What the command needs in the guest beside this program is built; fmlab says so. */
static int build_for_guest(unsigned int caps, const char *lab, char *fmlab, struct err *err)
{
	char *words = xstrdup(lab), *save, *word;
	char **argv = calloc(strlen(lab) + 8, sizeof(*argv));
	size_t nr = 0;
	int status = 0;
	pid_t pid;

	if (!argv)
		abort();
	argv[nr++] = fmlab;
	argv[nr++] = (char *)"build";
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[nr++] = word;
	argv[nr++] = (char *)"--";
	argv[nr++] = (char *)"modules";
	if (caps & CAP_RDMA)
		argv[nr++] = (char *)"memserver";
	pid = caps & CAP_PAGE_HOOK ? start(argv, err) : 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	free(argv);
	free(words);
	if (pid < 0)
		return pid;
	return status ? err_missing(err,
				    "what the backend needs in the lab guest could not be built: "
				    "the lines above say why")
		      : 0;
}

static char **build_argv(const struct cli *cli, char *lab, char *program, char *program_dir,
			 char *fmlab, char *glue, char *out_dir)
{
	char **argv = calloc((size_t)cli->original_argc + strlen(lab) + 20, sizeof(*argv));
	char *path = xstrdup(common.db), *save, *word;
	struct buf host_dir = BUF_INIT;
	size_t nr = 0;
	bool options = true, skip;

	if (!argv)
		abort();
	argv[nr++] = fmlab;
	argv[nr++] = (char *)"run";
	argv[nr++] = (char *)"--out";
	argv[nr++] = out_dir;
	argv[nr++] = (char *)"--show";
	argv[nr++] = program_dir;
	for (word = strtok_r(lab, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[nr++] = word;
	argv[nr++] = (char *)"--";
	buf_addf(&host_dir, "FMBENCH_HOST_DIR=%s", dirname(path));
	free(path);
	argv[nr++] = (char *)"env";
	argv[nr++] = buf_steal(&host_dir);
	argv[nr++] = glue;
	argv[nr++] = program;
	for (int i = 1; i < cli->original_argc; i++) {
		word = cli->original_argv[i];
		if (options && strcmp(word, "--") == 0)
			options = false;
		if (options && host_only(word, &skip)) {
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
	struct share s = { 0 };
	char program[PATH_MAX], fmlab[PATH_MAX], glue[PATH_MAX], copy[PATH_MAX];
	unsigned int caps = needed_caps(cli);
	char *lab, **argv;
	struct err err = { 0 };
	int status = 0, rc = 0;

	if (!cli->command->in_lab)
		rc = err_usage(&err,
			       "%s works on the host's database and files: leave out --in-lab",
			       cli->command->name);
	if (!rc)
		rc = find_lab(program, fmlab, glue, &err);
	lab = lab_options(caps);
	if (!rc)
		rc = build_for_guest(caps, lab, fmlab, &err);
	snprintf(s.dir, sizeof(s.dir), "%s/fmbench-lab.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!rc && !mkdtemp(s.dir))
		rc = err_failed(&err, errno, "cannot make directory %s (see TMPDIR)", s.dir);
	if (rc) {
		free(lab);
		return command_fail(&err);
	}

	snprintf(copy, sizeof(copy), "%s", program);
	argv = build_argv(cli, lab, program, dirname(copy), fmlab, glue, s.dir);
	rc = hand_out(&s, &err);
	if (!rc)
		rc = run_guest(argv, &s, &status, &err);
	free(argv);
	free(lab);
	if (s.left)
		err_prefix(&err,
			   "what was measured is in %s; `fmbench merge %s/*/" SAVED_DB "` adds it",
			   s.dir, s.dir);
	else
		remove_tree(s.dir, NULL);
	return rc ? command_fail(&err) : status;
}
