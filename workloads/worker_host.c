// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/worker_host.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

/* How long a worker may take to say its results after "stop". */
#define LAST_WORDS_NS (60 * NSEC_PER_SEC)
#define GRACE_MS      2000
/* How often load() lets the harness look after itself. */
#define IDLE_MS 50

struct worker_host {
	struct child child;
	struct buf in; /* bytes without a newline yet */
	struct results results;
	char *log_path;
	char *error; /* what the worker said of its failure */
	bool ready, going, protocol_broken;
	bool held;	   /* by load(), until go() */
	const char *phase; /* that the worker waits for, or NULL */
};

/* Flag codes live as long as the program (result.h), the worker's words do not. */
static const char *intern(const char *code)
{
	static struct interned {
		struct interned *next;
		char *code;
	} * all;

	for (struct interned *i = all; i; i = i->next) {
		if (strcmp(i->code, code) == 0)
			return i->code;
	}

	struct interned *added = xcalloc(1, sizeof(*added));

	added->code = xstrdup(code);
	added->next = all;
	all = added;
	return added->code;
}

/* NAME, or NAME.THREAD. */
static const struct metric *find_metric(const struct workload *w, const char *name)
{
	size_t len = strcspn(name, ".");
	uint64_t thread;

	if (name[len] && parse_u64(name + len + 1, &thread))
		return NULL;
	for (const struct metric *m = w->metrics; m && m->name; m++) {
		if (strncmp(m->name, name, len) == 0 && !m->name[len])
			return m;
	}
	return NULL;
}

/* LOW:COUNT,… into h. */
static int take_buckets(struct hist *h, char *text)
{
	char *rest = NULL;

	for (char *part = strtok_r(text, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
		uint64_t low, count;
		char *colon = strchr(part, ':');

		if (!colon)
			return -EPROTO;
		*colon = '\0';
		if (parse_u64(part, &low) || parse_u64(colon + 1, &count))
			return -EPROTO;
		h->bucket[hist_index(low)] += count;
		h->count += count;
	}
	return 0;
}

static int take_hist(struct worker_host *host, char *fields[6])
{
	struct hist *h = hist_new();

	if (!h)
		return -ENOMEM;
	if (parse_u64(fields[2], &h->sum) || parse_u64(fields[3], &h->min) ||
	    parse_u64(fields[4], &h->max) || take_buckets(h, fields[5])) {
		hist_free(h);
		return -EPROTO;
	}
	results_add_hist(&host->results, fields[1], h);
	return 0;
}

static int take_phase(struct worker_host *host, const char *name)
{
	static const char *const names[] = { "measure", "verify" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && host->going; i++) {
		if (strcmp(names[i], name) == 0) {
			host->phase = names[i];
			return 0;
		}
	}
	return -EPROTO;
}

/* One message. Returns 0 or -errno where it is none of the protocol. */
static int take_line(struct worker_host *host, const struct workload *workload, char *line)
{
	char *fields[6] = { NULL };
	size_t nr = 0;

	while (line && nr < 6)
		fields[nr++] = strsep(&line, "\t");
	if (line)
		return -EPROTO;

	if (strcmp(fields[0], "ready") == 0 && nr == 1) {
		host->ready = true;
		return 0;
	}
	if (strcmp(fields[0], "result") == 0 && nr == 3) {
		const struct metric *m = find_metric(workload, fields[1]);
		double value;

		if (!m || parse_double(fields[2], &value))
			return -EPROTO;
		results_add(&host->results, fields[1], m->unit, m->better, value);
		return 0;
	}
	if (strcmp(fields[0], "flag") == 0 && nr == 4) {
		uint64_t severity;

		if (parse_u64(fields[2], &severity) || severity > SEVERITY_FATAL)
			return -EPROTO;
		results_flag(&host->results, intern(fields[1]), (enum severity)severity, "%s",
			     fields[3]);
		return 0;
	}
	if (strcmp(fields[0], "hist") == 0 && nr == 6)
		return take_hist(host, fields);
	if (strcmp(fields[0], "phase") == 0 && nr == 2)
		return take_phase(host, fields[1]);
	if (strcmp(fields[0], "error") == 0 && nr == 2) {
		free(host->error);
		host->error = xstrdup(fields[1]);
		return 0;
	}
	return -EPROTO;
}

/* Take in what the worker has sent so far. */
static void take_messages(struct worker_host *host, const struct workload *workload)
{
	char chunk[65536];

	for (;;) {
		ssize_t n = read(host->child.out_fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_add(&host->in, chunk, (size_t)n);
	}

	char *from = host->in.data, *end = from ? from + host->in.len : NULL;

	for (char *newline; from < end && (newline = memchr(from, '\n', (size_t)(end - from)));
	     from = newline + 1) {
		*newline = '\0';
		if (take_line(host, workload, from))
			host->protocol_broken = true;
	}
	if (from != host->in.data) {
		struct buf rest = BUF_INIT;

		buf_add(&rest, from, (size_t)(end - from));
		buf_release(&host->in);
		host->in = rest;
	}
}

static int describe_end(struct worker_host *host, const struct workload *workload, struct err *err)
{
	char how[128], tail[512];

	if (host->error)
		return err_failed(err, 0, "%s", host->error);
	child_describe(&host->child, how, sizeof(how));
	child_log_tail(host->log_path, tail, sizeof(tail));
	return err_failed(err, 0, "workload %s %s%s%s", workload->name, how, *tail ? ": " : "",
			  tail);
}

static bool ended_well(const struct worker_host *host)
{
	return host->child.reaped && WIFEXITED(host->child.status) &&
	       WEXITSTATUS(host->child.status) == EXIT_SUCCESS && !host->error;
}

/*
 * Wait for a message or the worker's end and take in all there is. 1: it has ended well, 0:
 * nothing more for now.
 */
int worker_host_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err)
{
	struct worker_host *host = ctx->state;
	struct pollfd fds[] = {
		{ .fd = host->child.out_fd, .events = POLLIN },
		{ .fd = host->child.pidfd, .events = POLLIN },
	};
	int ended;

	if (poll(fds, 2, timeout_ms) < 0)
		return errno == EINTR
			       ? err_failed(err, EINTR, "waiting for workload %s",
					    ctx->workload->name)
			       : err_failed(err, errno, "poll on workload %s", ctx->workload->name);

	ended = child_wait(&host->child, 0, err);
	if (ended < 0)
		return ended;
	take_messages(host, ctx->workload);
	if (host->protocol_broken)
		return err_failed(err, EPROTO,
				  "workload %s sent a message that is not in its "
				  "protocol (workloads/worker.h)",
				  ctx->workload->name);
	if (host->ready && !host->going && !host->held)
		return worker_host_go(ctx, err);
	if (!ended) {
		/* Its end of the socket is closed: it is about to end, and poll() would not sleep. */
		if (fds[0].revents & POLLHUP)
			child_wait(&host->child, 100, NULL);
		return 0;
	}
	if (!ended_well(host))
		return describe_end(host, ctx->workload, err);
	/* A LOOP ends by itself, but not before it may begin. */
	if (ctx->workload->shape == WORKLOAD_LOOP && !host->going)
		return err_failed(err, 0, "workload %s ended before it was told to",
				  ctx->workload->name);
	return 1;
}

int worker_host_start(struct workload_ctx *ctx, struct err *err)
{
	const struct workload *w = ctx->workload;
	struct worker_host *host = xcalloc(1, sizeof(*host));
	struct buf text = BUF_INIT;
	char **argv;
	size_t nr = 0;
	int rc;

	host->child = (struct child)CHILD_INIT;
	results_init(&host->results);
	ctx->state = host;

	buf_addf(&text, "%s/%s.log", ctx->dir, w->name);
	host->log_path = buf_steal(&text);

	for_each_opt (o, w->opts)
		nr++;
	argv = xcalloc(nr + 5, sizeof(*argv));
	nr = 0;
	/* This very program, even if its file was rebuilt since. */
	argv[nr++] = xstrdup("/proc/self/exe");
	argv[nr++] = xstrdup("worker");
	argv[nr++] = xstrdup(w->name);
	buf_addf(&text, "%" PRIu64, ctx->seed);
	argv[nr++] = buf_steal(&text);
	for_each_opt (o, w->opts) {
		bool is_text = o->type == OPT_T_STRING || o->type == OPT_T_CHOICE;

		if (is_text && !*(char *const *)((const char *)ctx->params + o->offset))
			continue;
		buf_addf(&text, "%s=", o->name);
		opt_format(o, ctx->params, &text);
		argv[nr++] = buf_steal(&text);
	}

	rc = child_spawn(&host->child, argv, ctx->inside, CHILD_CTL, host->log_path, err);
	for (size_t i = 0; i < nr; i++)
		free(argv[i]);
	free(argv);
	return rc;
}

int worker_host_load(struct workload_ctx *ctx, struct err *err)
{
	struct worker_host *host = ctx->state;

	host->held = true;
	while (!host->ready) {
		int rc = worker_host_poll(ctx, IDLE_MS, err);

		if (rc == 0)
			rc = workload_idle(ctx, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int host_tell(struct worker_host *host, const char *order)
{
	size_t len = strlen(order);

	return send(host->child.out_fd, order, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -errno;
}

int worker_host_go(struct workload_ctx *ctx, struct err *err)
{
	struct worker_host *host = ctx->state;
	int rc = host_tell(host, "go\n");

	host->going = true;
	host->phase = NULL;
	return rc ? err_failed(err, -rc, "telling workload %s to go", ctx->workload->name) : 0;
}

void worker_host_stop(struct workload_ctx *ctx)
{
	struct worker_host *host = ctx->state;
	char order[64];

	snprintf(order, sizeof(order), "stop\t%" PRIu64 "\t%" PRIu64 "\n", ctx->window_begin_ns,
		 ctx->window_end_ns);
	if (ctx->workload->shape != WORKLOAD_BATCH && host->child.pid && !host->child.reaped &&
	    !host_tell(host, order)) {
		uint64_t deadline_ns = clock_ns() + LAST_WORDS_NS;

		/* A signal is the user's impatience: no last words then. */
		while (!host->child.reaped && clock_ns() < deadline_ns) {
			int rc = child_wait(&host->child, 20, NULL);

			take_messages(host, ctx->workload);
			if (rc < 0)
				break;
		}
	}
	child_stop(&host->child, GRACE_MS);
	if (host->child.out_fd >= 0)
		take_messages(host, ctx->workload);
}

int worker_host_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
		      struct results *results, struct err *err)
{
	struct worker_host *host = ctx->state;
	const struct metric *elapsed = find_metric(ctx->workload, "elapsed");

	(void)begin_ns, (void)end_ns;
	if (!ended_well(host))
		return describe_end(host, ctx->workload, err);

	if (elapsed && ctx->workload->shape == WORKLOAD_BATCH &&
	    !results_find(&host->results, elapsed->name))
		results_add_metric(results, elapsed,
				   (double)(host->child.end_ns - host->child.start_ns) / 1e9);
	for (size_t i = 0; i < host->results.nr; i++) {
		const struct result *r = &host->results.rows[i];

		results_add(results, r->name, r->unit, r->better, r->value);
	}
	for (size_t i = 0; i < host->results.nr_flags; i++) {
		const struct result_flag *f = &host->results.flags[i];

		results_flag(results, f->code, f->severity, "%s", f->detail);
	}
	for (size_t i = 0; i < host->results.nr_hists; i++) {
		results_add_hist(results, host->results.hists[i].name, host->results.hists[i].hist);
		host->results.hists[i].hist = NULL;
	}
	return 0;
}

void worker_host_release(struct workload_ctx *ctx)
{
	struct worker_host *host = ctx->state;

	if (!host)
		return;
	child_release(&host->child);
	buf_release(&host->in);
	results_release(&host->results);
	free(host->log_path);
	free(host->error);
	free(host);
	ctx->state = NULL;
}

const char *worker_host_phase(const struct workload_ctx *ctx)
{
	const struct worker_host *host = ctx->state;

	return host->phase;
}
