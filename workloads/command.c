// SPDX-License-Identifier: GPL-2.0-or-later
/* Any program of the user's, from its start to its own exit: fmbench run -- COMMAND ARGS… */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/extract.h"
#include "base/find_program.h"
#include "base/process.h"
#include "base/program.h"
#include "workloads/workload.h"

#define GRACE_MS      2000
#define READY_POLL_MS 10
#define HELD_SHARE    0.02 /* of what its own clock saw: more is in its own numbers … */
#define HELD_MOST     0.1  /* … and with more they are not the program's any more */
#define READY_FD      "FMBENCH_READY_FD=3" /* where CHILD_CTL has its socket */

struct params {
	char *metric;	/* lines as extract.h has them, or NULL */
	char *ready;	/* a regular expression, "fd", or NULL: no load phase */
	char *limit_at; /* "start" or "ready" */
};

static const struct opt opts[] = {
	OPT_STRING("metric", struct params, metric, NULL,
		   "a number of the program's own: NAME[,UNIT][:lower|:higher][@FILE]=REGEX or "
		   "=$.json.path; the first is the performance",
		   .arg = "NAME=PATTERN", .lines = true),
	OPT_STRING("ready", struct params, ready, NULL,
		   "a line of its output ends the load phase, which is not counted; fd: it writes "
		   "to $FMBENCH_READY_FD",
		   .arg = "REGEX"),
	OPT_CHOICE("limit-at", struct params, limit_at, "start", "start|ready",
		   "memory is limited from its first page, or once it is ready"),
	OPT_END,
};

/* A file that grows, and how much of it was looked through. */
struct stream {
	char *path;
	off_t at;
};

struct program {
	struct child child;
	struct extracts metrics;
	struct stream out, err;
	struct timespec started;
	regex_t ready;
	bool has_ready;
	bool terminal;	  /* child.out_fd is one: what arrives there goes to out_fd, a file */
	int out_fd;	  /* -1: none */
	uint64_t held_ns; /* when it was stopped */
	uint64_t go_ns;	  /* 0: no load phase */
	uint64_t load_user_ns, load_system_ns;
};

enum { ELAPSED, USER, SYSTEM };

static const struct metric metrics[] = {
	[ELAPSED] = { "elapsed", "s", BETTER_LOWER,
		      "from the command's start, or its being ready, to its exit" },
	[USER] = { "user", "s", BETTER_LOWER,
		   "CPU time in user mode, with the children it waited for" },
	[SYSTEM] = { "system", "s", BETTER_LOWER,
		     "CPU time in the kernel, with the children it waited for" },
	{ .name = NULL },
};

static bool ready_by_fd(const struct params *p)
{
	return p->ready && strcmp(p->ready, "fd") == 0;
}

static enum workload_loads command_loads(const void *params)
{
	const struct params *p = params;

	if (!p->ready)
		return LOADS_NOT;
	return strcmp(p->limit_at, "ready") == 0 ? LOADS_FREELY : LOADS_LIMITED;
}

/* --- before --------------------------------------------------------------------------------- */

static int read_metrics(const struct params *p, struct extracts *e, struct err *err)
{
	int rc = extracts_parse_lines(e, p->metric, err);

	for (size_t i = 0; i < e->nr && !rc; i++) {
		for (const struct metric *m = metrics; m->name && !rc; m++) {
			if (strcmp(e->rows[i].name, m->name) == 0)
				rc = err_usage(err,
					       "metric %s: every command has that one already; "
					       "take another name",
					       m->name);
		}
	}
	return rc;
}

static int check_params(const struct params *p, struct err *err)
{
	struct extracts e = { 0 };
	regex_t ready;
	int rc = read_metrics(p, &e, err);

	extracts_release(&e);
	if (!rc && !p->ready && strcmp(p->limit_at, "ready") == 0)
		rc = err_usage(err, "--limit-at ready: when is it ready? Add --ready REGEX");
	if (!rc && p->ready && !ready_by_fd(p)) {
		rc = extract_compile("--ready", p->ready, 0, &ready, err);
		if (!rc)
			regfree(&ready);
	}
	return rc;
}

static int refuse_program(const char *name, struct err *err)
{
	struct stat st;

	if (stat(name, &st) != 0)
		return err_missing(err, "no program '%s'; check its name, or give its whole path",
				   name);
	if (!strchr(name, '/'))
		return err_missing(err, "no program '%s' in PATH; the one that is here is ./%s",
				   name, name);
	if (S_ISDIR(st.st_mode))
		return err_missing(err, "'%s' is a directory, no program", name);
	return err_missing(err,
			   "'%s' may not be executed: chmod +x it, or start what reads it, as "
			   "in -- sh %s",
			   name, name);
}

static int command_check(const void *params, char *const *argv, struct err *err)
{
	if (!argv || !argv[0])
		return err_usage(err, "which command? Give it after --, as in `fmbench run -- "
				      "sort big.txt`");
	if (!find_program(argv[0], NULL, 0))
		return refuse_program(argv[0], err);
	return check_params(params, err);
}

/* --- start ---------------------------------------------------------------------------------- */

static void stream_init(struct stream *s, const char *dir, const char *name)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/%s", dir, name);
	s->path = buf_steal(&path);
}

/* A terminal's program prints each line when it has it: what says that it is ready comes at once. */
static int spawn_at_terminal(struct program *c, struct workload_ctx *ctx, struct err *err)
{
	c->out_fd = open(c->out.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (c->out_fd < 0)
		return err_failed(err, errno, "cannot write %s", c->out.path);
	c->terminal = true;
	return child_spawn(&c->child, ctx->argv, ctx->inside, CHILD_PTY, c->err.path, err);
}

static int spawn(struct program *c, struct workload_ctx *ctx, bool with_fd, struct err *err)
{
	struct place place = *ctx->inside;
	struct buf path = BUF_INIT;
	size_t nr = 0;
	char **env;
	int rc;

	while (place.env && place.env[nr])
		nr++;
	env = xcalloc(nr + 2, sizeof(*env));
	for (size_t i = 0; i < nr; i++)
		env[i] = place.env[i];
	if (with_fd)
		env[nr] = xstrdup(READY_FD);
	place.env = env;
	buf_addf(&path, "%s/command", ctx->dir);
	rc = child_spawn(&c->child, ctx->argv, &place,
			 with_fd ? CHILD_SPLIT | CHILD_CTL : CHILD_SPLIT, path.data, err);
	buf_release(&path);
	free(env[nr]);
	free(env);
	return rc;
}

/* What a program of the user's calls its version is not known; a rebuilt one is another file. */
static void command_versions(char *const *argv, struct facts *facts)
{
	char text[64];

	if (program_file(argv[0], text, sizeof(text)))
		facts_set(facts, "command.program_version", "%s", text);
}

static int command_start(struct workload_ctx *ctx, struct err *err)
{
	const struct params *p = ctx->params;
	struct program *c = xcalloc(1, sizeof(*c));
	int rc;

	c->child = (struct child)CHILD_INIT;
	c->out_fd = -1;
	ctx->state = c;
	stream_init(&c->out, ctx->dir, "command.out");
	stream_init(&c->err, ctx->dir, "command.err");
	rc = read_metrics(p, &c->metrics, err);
	if (!rc && p->ready && !ready_by_fd(p)) {
		rc = extract_compile("--ready", p->ready, 0, &c->ready, err);
		c->has_ready = !rc;
	}
	clock_gettime(CLOCK_REALTIME_COARSE, &c->started);
	if (rc)
		return rc;
	return c->has_ready ? spawn_at_terminal(c, ctx, err) : spawn(c, ctx, ready_by_fd(p), err);
}

/* --- until it ends -------------------------------------------------------------------------- */

/* What arrived at the terminal goes to its file. */
static int drain(struct program *c, struct err *err)
{
	char chunk[4096];
	ssize_t n;

	while (c->terminal && (n = read(c->child.out_fd, chunk, sizeof(chunk))) > 0) {
		if (write(c->out_fd, chunk, (size_t)n) != n)
			return err_failed(err, errno, "cannot write %s", c->out.path);
	}
	return 0;
}

/* child_wait() that keeps the terminal empty: a full one would stop the program. */
static int wait_for_end(struct program *c, int timeout_ms, struct err *err)
{
	uint64_t deadline = clock_ns() + (uint64_t)timeout_ms * NSEC_PER_MSEC;
	struct pollfd fds[2] = { { .fd = c->child.pidfd, .events = POLLIN },
				 { .fd = c->child.out_fd, .events = POLLIN } };
	int rc, ended;

	if (!c->terminal)
		return child_wait(&c->child, timeout_ms, err);
	do {
		uint64_t now = clock_ns();
		int left = timeout_ms < 0    ? -1
			   : now >= deadline ? 0
					     : (int)((deadline - now) / NSEC_PER_MSEC) + 1;

		/* A terminal that all have left is readable for ever. */
		if (poll(fds, fds[1].revents & POLLHUP ? 1 : 2, left) < 0)
			return err_failed(err, errno, "waiting for process %d", c->child.pid);
		ended = child_wait(&c->child, 0, err);
		rc = drain(c, err);
	} while (!rc && !ended && (timeout_ms < 0 || clock_ns() < deadline));
	return rc ? rc : ended;
}

static int explain(const struct program *c, const struct workload_ctx *ctx, const char *how,
		   struct err *err)
{
	const char *path = c->err.path;
	char tail[512];

	child_log_tail(path, tail, sizeof(tail));
	if (!*tail) {
		path = c->out.path;
		child_log_tail(path, tail, sizeof(tail));
	}
	return err_failed(err, 0, "command %s %s; %s%s (all of it: %s)", ctx->argv[0], how,
			  *tail ? "its last output: " : "it printed nothing", tail, path);
}

static int command_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err)
{
	struct program *c = ctx->state;
	char how[128];
	int ended = wait_for_end(c, timeout_ms, err);

	if (ended <= 0)
		return ended;
	if (WIFEXITED(c->child.status) && WEXITSTATUS(c->child.status) == 0)
		return 1;
	child_describe(&c->child, how, sizeof(how));
	return explain(c, ctx, how, err);
}

/* --- a load phase --------------------------------------------------------------------------- */

/* Is it in what came since the last look, or in the line that was not whole then? */
static bool stream_matches(struct stream *s, const regex_t *regex)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);
	struct buf text = BUF_INIT;
	const char *newline;
	bool found = false;

	if (fd >= 0 && lseek(fd, s->at, SEEK_SET) == s->at && buf_read_fd(&text, fd) == 0 &&
	    text.len) {
		found = regexec(regex, text.data, 0, NULL, 0) == 0;
		newline = memrchr(text.data, '\n', text.len);
		s->at += newline ? newline + 1 - text.data : 0;
	}
	if (fd >= 0)
		close(fd);
	buf_release(&text);
	return found;
}

static bool is_ready(struct program *c)
{
	char word[64];

	if (c->has_ready)
		return stream_matches(&c->out, &c->ready) || stream_matches(&c->err, &c->ready);
	return read(c->child.out_fd, word, sizeof(word)) > 0;
}

/* It is held where it is, so that nothing touches its memory until go(). */
static int command_load(struct workload_ctx *ctx, struct err *err)
{
	const struct params *p = ctx->params;
	struct program *c = ctx->state;
	char how[300];
	int rc;

	do {
		rc = command_poll(ctx, READY_POLL_MS, err);
		if (rc == 1) {
			snprintf(how, sizeof(how), "ended in its load phase (--ready '%.200s')",
				 p->ready);
			return explain(c, ctx, how, err);
		}
		if (rc < 0 && rc != -EINTR) /* of that one idle() tells more */
			return rc;
		rc = workload_idle(ctx, err);
	} while (!rc && !is_ready(c));
	if (!rc)
		child_signal(&c->child, SIGSTOP);
	c->held_ns = clock_ns();
	return rc;
}

static int command_go(struct workload_ctx *ctx, struct err *err)
{
	struct program *c = ctx->state;

	(void)err;
	process_group_cpu(c->child.pid, &c->load_user_ns, &c->load_system_ns);
	if (!c->terminal) /* one that does not listen may have closed it */
		send(c->child.out_fd, "go\n", 3, MSG_NOSIGNAL);
	c->go_ns = clock_ns();
	child_signal(&c->child, SIGCONT);
	return 0;
}

/* --- after ---------------------------------------------------------------------------------- */

static void command_stop(struct workload_ctx *ctx)
{
	struct program *c = ctx->state;

	child_stop(&c->child, GRACE_MS);
}

static double seconds_since(const struct timeval *t, uint64_t before_ns)
{
	double s = (double)t->tv_sec + (double)t->tv_usec / 1e6 - (double)before_ns / 1e9;

	return s > 0 ? s : 0;
}

/* One that waits for the word begins its clock after it. One that prints a line does not know that it
 * was held. */
static void judge_hold(const struct program *c, double elapsed_s, struct results *results)
{
	double held_s = (double)(c->go_ns - c->held_ns) / NSEC_PER_SEC;
	double share = held_s / (held_s + elapsed_s);

	if (c->has_ready && c->metrics.nr && share > HELD_SHARE)
		results_flag(
			results, "HELD", share > HELD_MOST ? SEVERITY_FATAL : SEVERITY_WARNING,
			"the program was stopped for %.2f s after it was ready, %.1f %% of the time "
			"that its own clock has seen since; a number by that clock has it in it: "
			"--ready fd tells the program when to go on",
			held_s, 100 * share);
}

static int command_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
			 struct results *results, struct err *err)
{
	const struct program *c = ctx->state;
	const struct child *child = &c->child;
	const struct extract_from from = { c->out.path, c->err.path, c->started };
	double elapsed_s;
	int rc;

	(void)begin_ns, (void)end_ns;
	if (!child->reaped)
		return err_failed(err, 0, "command %s has not ended", ctx->argv[0]);

	rc = extracts_read(&c->metrics, &from, results, err);
	if (rc)
		return rc;
	elapsed_s =
		(double)(child->end_ns - (c->go_ns ? c->go_ns : child->start_ns)) / NSEC_PER_SEC;
	judge_hold(c, elapsed_s, results);
	results_add_metric(results, &metrics[ELAPSED], elapsed_s);
	results_add_metric(results, &metrics[USER],
			   seconds_since(&child->usage.ru_utime, c->load_user_ns));
	results_add_metric(results, &metrics[SYSTEM],
			   seconds_since(&child->usage.ru_stime, c->load_system_ns));
	return 0;
}

static void command_release(struct workload_ctx *ctx)
{
	struct program *c = ctx->state;

	if (!c)
		return;
	child_release(&c->child);
	extracts_release(&c->metrics);
	if (c->has_ready)
		regfree(&c->ready);
	if (c->out_fd >= 0)
		close(c->out_fd);
	free(c->out.path);
	free(c->err.path);
	free(c);
	ctx->state = NULL;
}

const struct workload workload_command = {
	.name = "command",
	.summary = "any program of yours, to its exit: fmbench run -- COMMAND ARGS…",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = command_check,
	.loads = command_loads,
	.versions = command_versions,
	.start = command_start,
	.load = command_load,
	.go = command_go,
	.poll = command_poll,
	.stop = command_stop,
	.parse = command_parse,
	.release = command_release,
};
