// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The user's own policy: a program that answers a line of JSON with a line of JSON.
 *
 *	{"t":12.5,"local":1073741824,"jobs":[{"name":"kv","peak":…,"least":…,"limit":…,"used":…,
 *	 "pressure":0.002,"running":7.1}]}			(bytes, seconds, a share or null)
 *	{"limits":{"kv":536870912}}				(who is not named keeps its limit)
 *
 * doc/CORUN.md has both for those who write one.
 */
#include "harness/policy/policy.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_write.h"

#define GRACE_MS   500
#define MAX_ANSWER (1u << 20)

struct program {
	struct child child;
	struct buf in; /* what came of a line that is not whole yet */
	char *log_path;
};

static int program_check(const struct policy_options *o, struct err *err)
{
	return o->program ? 0
			  : err_usage(err, "policy program needs the program: --program COMMAND");
}

static int program_start(const struct policy_options *o, const char *dir, void **ret_state,
			 struct err *err)
{
	struct program *p = xcalloc(1, sizeof(*p));
	struct buf path = BUF_INIT, line = BUF_INIT;
	char shell[] = "sh", option[] = "-c";
	char *argv[] = { shell, option, NULL, NULL };
	int rc;

	p->child = (struct child)CHILD_INIT;
	buf_addf(&path, "%s/policy.log", dir);
	p->log_path = buf_steal(&path);
	buf_addf(&line, "exec <&3 >&3; %s", o->program);
	argv[2] = buf_steal(&line);
	*ret_state = p;
	rc = child_spawn(&p->child, argv, NULL, CHILD_CTL, p->log_path, err);
	free(argv[2]);
	return rc;
}

static void ask(const struct policy_view *v, struct buf *line)
{
	struct json j = { .text = line };

	json_begin(&j, NULL, '{');
	json_add_number(&j, "t", v->t_s);
	json_add_integer(&j, "local", (int64_t)v->local_bytes);
	json_begin(&j, "jobs", '[');
	for (size_t i = 0; i < v->nr; i++) {
		const struct policy_job *job = &v->jobs[i];

		json_begin(&j, NULL, '{');
		json_add_text(&j, "name", job->name);
		json_add_integer(&j, "peak", (int64_t)job->peak_bytes);
		json_add_integer(&j, "least", (int64_t)job->least_bytes);
		json_add_integer(&j, "limit", (int64_t)job->limit_bytes);
		json_add_integer(&j, "used", (int64_t)job->local_bytes);
		json_add_number(&j, "pressure", job->pressure);
		json_add_number(&j, "running", job->running_s);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	json_end(&j, '}');
	buf_adds(line, "\n");
}

static int lost(struct program *p, struct err *err)
{
	char how[128] = "closed its output", tail[256];

	if (child_wait(&p->child, 100, NULL) == 1)
		child_describe(&p->child, how, sizeof(how));
	child_log_tail(p->log_path, tail, sizeof(tail));
	return err_failed(err, 0, "the policy's program %s%s%s", how, *tail ? ": " : "", tail);
}

/* One line, on the heap. */
static int hear(struct program *p, uint64_t timeout_ns, char **ret, struct err *err)
{
	uint64_t deadline = clock_ns() + timeout_ns;
	struct pollfd fd = { .fd = p->child.out_fd, .events = POLLIN };
	char chunk[4096], *newline;

	while (!p->in.data || !(newline = memchr(p->in.data, '\n', p->in.len))) {
		uint64_t now = clock_ns();
		ssize_t n;

		if (now >= deadline || p->in.len > MAX_ANSWER)
			return err_failed(err, ETIMEDOUT,
					  "the policy's program gave no answer in %.1f s "
					  "(--program-timeout)",
					  (double)timeout_ns / NSEC_PER_SEC);
		if (poll(&fd, 1, (int)((deadline - now) / NSEC_PER_MSEC) + 1) <= 0)
			continue;
		n = read(p->child.out_fd, chunk, sizeof(chunk));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return lost(p, err);
		if (n > 0)
			buf_add(&p->in, chunk, (size_t)n);
	}
	*newline = '\0';
	*ret = xstrdup(p->in.data);
	memmove(p->in.data, newline + 1, p->in.len - (size_t)(newline + 1 - p->in.data) + 1);
	p->in.len -= strlen(*ret) + 1;
	return 0;
}

/* $.limits."NAME" */
static int limit_of(const char *answer, const char *name, double *ret, struct err *err)
{
	struct buf path = BUF_INIT;
	int rc;

	buf_adds(&path, "$.limits.");
	buf_add_json(&path, name);
	rc = json_number(answer, path.data, ret, err);
	buf_release(&path);
	return rc;
}

static int take(const char *answer, const struct policy_view *v, uint64_t *ret, struct err *err)
{
	size_t named = 0;
	double bytes;

	for (size_t i = 0; i < v->nr; i++) {
		const struct policy_job *job = &v->jobs[i];
		int rc = limit_of(answer, job->name, &bytes, err);

		if (rc && rc != -ENODATA)
			return rc;
		ret[i] = job->limit_bytes ? job->limit_bytes : job->least_bytes;
		if (!rc)
			ret[i] = bytes > 0 ? bytes < 1e18 ? (uint64_t)bytes : (uint64_t)1e18 : 0;
		named += !rc;
	}
	if (!named && v->nr)
		return err_failed(
			err, 0,
			"the policy's program answered '%.80s', which names no job's limit: "
			"{\"limits\":{\"%s\":BYTES}}",
			answer, v->jobs[0].name);
	return 0;
}

static int program_decide(void *state, const struct policy_options *o, const struct policy_view *v,
			  uint64_t *ret, struct err *err)
{
	struct program *p = state;
	struct buf line = BUF_INIT;
	char *answer = NULL;
	ssize_t sent;
	int rc;

	ask(v, &line);
	sent = send(p->child.out_fd, line.data, line.len, MSG_NOSIGNAL);
	rc = sent == (ssize_t)line.len ? hear(p, o->timeout_ns, &answer, err) : lost(p, err);
	if (!rc)
		rc = take(answer, v, ret, err);
	buf_release(&line);
	free(answer);
	return rc;
}

static void program_stop(void *state)
{
	struct program *p = state;

	if (!p)
		return;
	child_stop(&p->child, GRACE_MS);
	child_release(&p->child);
	buf_release(&p->in);
	free(p->log_path);
	free(p);
}

const struct policy policy_program = {
	.name = "program",
	.summary = "a program of yours: a line of JSON asks, a line of JSON answers (--program)",
	.again = true,
	.foreign = true,
	.check = program_check,
	.start = program_start,
	.decide = program_decide,
	.stop = program_stop,
};
