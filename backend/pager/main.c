// SPDX-License-Identifier: GPL-2.0-or-later
/* fmpager: runs a program, as it is, with part of its memory far away. See doc/PAGER.md. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/pager/board.h"
#include "backend/pager/exec.h"
#include "backend/pager/job.h"
#include "backend/pager/policy.h"
#include "backend/pager/prefetch.h"
#include "backend/pager/report.h"
#include "backend/pager/uffd.h"
#include "base/clock.h"
#include "base/find_program.h"
#include "base/mdoc.h"
#include "base/opt.h"

#define TICK_MS	  20
#define REPORT_NS 1000000000ull

struct params {
	char *limit, *pool, *policy, *prefetch, *record, *trace, *stats, *as_if;
	uint64_t far_bytes;
	bool quiet;
};

static const struct opt opts[] = {
	OPT_STRING("limit", struct params, limit, NULL,
		   "what stays in memory: SIZE, or NN% of what the job has touched"),
	OPT_STRING("pool", struct params, pool, "dram",
		   "where far pages are: NAME[:OPTION=VALUE[,OPTION=VALUE]...]"),
	OPT_STRING("policy", struct params, policy, "refault",
		   "which page goes: NAME, or FILE.so with a '/'"),
	OPT_STRING("prefetch", struct params, prefetch, "neighbours",
		   "which pages come along: NAME, or FILE.so with a '/'"),
	OPT_STRING("record", struct params, record, NULL,
		   "file for the order in which pages are asked for: with a small --limit"),
	OPT_STRING("trace", struct params, trace, NULL,
		   "such a file, for policy belady and prefetcher recorded"),
	OPT_STRING("stats", struct params, stats, NULL,
		   "file for a line of JSON a second, and one at the end"),
	OPT_SIZE("far", struct params, far_bytes, "0", 0, 1ull << 44,
		 "room of the pool; 0: as much as this machine has memory"),
	OPT_BOOL("quiet", struct params, quiet, "no", "no statistics at the end"),
	OPT_STRING("as-if", struct params, as_if, NULL,
		   "for tests: no-move, as before Linux 6.8; no-hooks, as without libc's code"),
	OPT_END
};

static void usage(FILE *out)
{
	fputs("usage: fmpager [--OPTION VALUE]... -- COMMAND [ARGUMENT]...\n"
	      "Runs COMMAND with part of its memory far away, served by userfaultfd.\n",
	      out);
	opt_print_help(opts, OPT_FLAGS, 0, out);
	fputs("pools, and their options:\n", out);
	for (size_t i = 0; pager_pools[i]; i++) {
		fprintf(out, "  %-12s %s\n", pager_pools[i]->name, pager_pools[i]->summary);
		opt_print_help(pager_pools[i]->opts, OPT_KEYS, 6, out);
	}
	fputs("policies:\n", out);
	for (size_t i = 0; pager_policies[i]; i++)
		fprintf(out, "  %-12s %s\n", pager_policies[i]->name, pager_policies[i]->summary);
	fputs("prefetchers:\n", out);
	for (size_t i = 0; pager_prefetchers[i]; i++)
		fprintf(out, "  %-12s %s\n", pager_prefetchers[i]->name,
			pager_prefetchers[i]->summary);
}

/* --manual: the manual page, for `make install`. */
static void manual(FILE *out)
{
	mdoc_begin(out, "fmpager", 1, "run a program with part of its memory far away");
	mdoc_section(out, "SYNOPSIS");
	mdoc_synopsis(out, "fmpager", "[options] -- command [argument]...");
	mdoc_section(out, "DESCRIPTION");
	mdoc_text(
		out,
		"fmpager runs an unmodified program, and all that it forks or calls, with only part of\n"
		"its private memory in place. The rest is in a pool; a thread in each process serves\n"
		"faults by userfaultfd(2). No swap area, module or control group is needed.\n"
		"\n"
		"It takes root, or CAP_SYS_PTRACE for all programs of the job, and Linux 5.7. Programs\n"
		"that load no library (static, set-user-ID) can't be paged, which is said.\n",
		SIZE_MAX);
	mdoc_section(out, "OPTIONS");
	mdoc_list_begin(out);
	mdoc_list_options(out, opts, OPT_FLAGS);
	mdoc_list_item(out, "--help", "show the options");
	mdoc_list_end(out);
	mdoc_section(out, "POOLS");
	mdoc_list_begin(out);
	for (size_t i = 0; pager_pools[i]; i++)
		mdoc_list_item(out, pager_pools[i]->name, pager_pools[i]->summary);
	mdoc_list_end(out);
	mdoc_section(out, "POLICIES");
	mdoc_list_begin(out);
	for (size_t i = 0; pager_policies[i]; i++)
		mdoc_list_item(out, pager_policies[i]->name, pager_policies[i]->summary);
	mdoc_list_end(out);
	mdoc_section(out, "PREFETCHERS");
	mdoc_list_begin(out);
	for (size_t i = 0; pager_prefetchers[i]; i++)
		mdoc_list_item(out, pager_prefetchers[i]->name, pager_prefetchers[i]->summary);
	mdoc_list_end(out);
	mdoc_section(out, "EXIT STATUS");
	mdoc_text(
		out,
		"The command's own, 128 and the signal's number when a signal ended it; 2 usage, 3\n"
		"something that is needed is missing, 126 and 127 the command can't be started.\n",
		SIZE_MAX);
	mdoc_section(out, "EXAMPLES");
	mdoc_text(out,
		  "  fmpager --limit 50% -- sort -S 400M big.txt\n"
		  "  fmpager --limit 1G --policy ./my.so --stats faults.json -- redis-server\n",
		  SIZE_MAX);
	mdoc_see_also(out, (const char *const[]){ "fmbench", NULL });
}

/* --- the command line ------------------------------------------------------------------------------ */

/* Options up to "--" or the first word that is none. *ret_command: argv from there on. */
static int parse(struct params *p, char *argv[], char ***ret_command, struct err *err)
{
	char **arg = argv + 1;
	int rc = 0;

	for (; *arg && strncmp(*arg, "--", 2) == 0 && !rc; arg++) {
		const char *name = *arg + 2;
		const struct opt *o = opt_find(opts, name);

		if (!*name) {
			arg++;
			break;
		}
		if (strchr(name, '=') || (o && o->type == OPT_T_BOOL))
			rc = opt_set_pair(opts, p, name, "fmpager", err);
		else if (!o || arg[1])
			rc = opt_set(opts, p, name, arg[1] ? *++arg : "", "fmpager", err);
		else
			rc = err_usage(err, "--%s needs a value", name);
	}
	*ret_command = arg;
	if (!rc && !*arg)
		rc = err_usage(err, "no command to run: fmpager --limit 50%% -- COMMAND");
	return rc;
}

static int set_limit(struct board *b, const char *text, struct err *err)
{
	uint64_t bytes;
	double percent;
	char *end;

	if (!text)
		return err_usage(err, "--limit is missing: 512M, or 50%% of what the job touches");
	percent = strtod(text, &end);
	if (strcmp(end, "%") == 0 && percent > 0 && percent <= 100) {
		b->limit_ppm = (uint32_t)(percent * 10000);
		return 0;
	}
	if (parse_size(text, &bytes) != 0 || bytes < 1 << 20)
		return err_usage(err,
				 "--limit '%s' is neither a size of 1M or more, nor 1%% to 100%%",
				 text);
	board_set_limit(b, bytes / PAGE_BYTES);
	return 0;
}

static int set_as_if(struct board *b, const char *text, struct err *err)
{
	if (!text)
		return 0;
	b->no_move = strstr(text, "no-move");
	b->no_hooks = strstr(text, "no-hooks");
	return b->no_move || b->no_hooks
		       ? 0
		       : err_usage(err, "--as-if '%s' is neither no-move nor no-hooks", text);
}

/* What this machine lacks, or why the command would run unpaged: before anything runs. */
static int check(const struct board *b, const char *command, struct err *err)
{
	char path[PATH_MAX];
	const char *why = NULL;
	int fd = uffd_open(UFFD_EVENTS, err);

	if (fd < 0)
		return fd;
	close(fd);
	if (b->no_hooks && (b->no_move || !uffd_can_move()))
		return err_missing(err, PAGER_NEEDS_EITHER);
	if (find_program(command, path, sizeof(path)))
		why = exec_unpaged(path);
	return why ? err_usage(err, "%s %s: it can't be paged; run it without fmpager", path, why)
		   : 0;
}

/* --- the job ------------------------------------------------------------------------------------------ */

static int set_environment(const struct pager_job *job, struct err *err)
{
	char preload[2 * PATH_MAX], board[2 * PATH_MAX];
	int rc = pager_job_environment(job, getenv("LD_PRELOAD"), preload, board, sizeof(preload),
				       err);

	if (rc)
		return rc;
	setenv("LD_PRELOAD", preload, 1);
	setenv(BOARD_ENV, board, 1);
	return 0;
}

static void run(char *command[])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(command[0], command);
	fprintf(stderr, "fmpager: %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void nothing(int sig)
{
	(void)sig;
}

static pid_t command_pid;

static void pass_on(int sig)
{
	kill(command_pid, sig);
}

/* Until the command has ended. Returns its status as of waitpid(). */
static int keep(struct board *b, struct pool_ctx *pool, pid_t pid, FILE *stats)
{
	uint64_t begin = clock_ns(), next = begin + REPORT_NS;
	int status, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd fd = { pidfd, POLLIN, 0 };

		poll(&fd, 1, TICK_MS);
		board_local(b);
		board_bury_dead(b, pool);
		board_measure_shared(b);
		if (stats && clock_ns() >= next) {
			report_json(b, pool, clock_ns() - begin, stats);
			next += REPORT_NS;
		}
	}
	close(pidfd);
	board_bury_dead(b, pool);
	if (stats)
		report_json(b, pool, clock_ns() - begin, stats);
	return status;
}

static int run_job(struct pager_job *job, const struct params *p, char *command[], struct err *err)
{
	struct board *b = job->board;
	FILE *stats = p->stats ? fopen(p->stats, "we") : NULL;
	int status;

	if (p->stats && !stats)
		return err_usage(err, "--stats %s: %s", p->stats, strerror(errno));
	signal(SIGINT, nothing); /* the command gets it, too, and decides */
	signal(SIGQUIT, nothing);
	command_pid = fork();
	if (command_pid < 0)
		return err_failed(err, errno, "cannot start a process");
	if (command_pid == 0) {
		pager_job_fix_layout(job);
		run(command);
	}
	signal(SIGTERM, pass_on);
	signal(SIGHUP, pass_on);
	status = keep(b, &job->pool, command_pid, stats);
	if (stats)
		fclose(stats);
	if (!p->quiet)
		report_text(b, &job->pool, stderr);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int start(const struct params *p, char *command[], struct err *err)
{
	struct pager_parts parts = { .pool = p->pool,
				     .policy = p->policy,
				     .prefetch = p->prefetch,
				     .record = p->record,
				     .trace = p->trace,
				     .far_bytes = p->far_bytes };
	struct pager_job job;
	int rc = pager_job_init(&job, &parts, err);

	if (rc)
		return rc;
	rc = set_limit(job.board, p->limit, err);
	if (!rc)
		rc = set_as_if(job.board, p->as_if, err);
	if (!rc)
		rc = check(job.board, command[0], err);
	if (!rc)
		rc = set_environment(&job, err);
	if (!rc)
		rc = run_job(&job, p, command, err);
	pager_job_release(&job);
	return rc;
}

int main(int argc, char *argv[])
{
	struct params p = { 0 };
	struct err err = { 0 };
	char **command;
	int rc;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--manual") == 0) {
		manual(stdout);
		return 0;
	}
	opt_defaults(opts, &p);
	rc = parse(&p, argv, &command, &err);
	if (!rc)
		rc = start(&p, command, &err);
	opt_release(opts, &p);
	if (rc >= 0)
		return rc;
	fprintf(stderr, "fmpager: %s\n", err.msg);
	return (int)err.kind;
}
