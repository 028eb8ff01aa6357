// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The worker's side of the protocol in worker.h. One thread of its own sits in read() on the
 * socket, so that asking whether the harness wants an end costs the workload a load, not a
 * system call.
 */
#include "workloads/worker.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/opt.h"
#include "workloads/workload.h"

#define WORKER_FD   3
#define PROGRESS_FD 4

struct worker {
	const struct workload *workload;
	uint64_t seed;
	int fd;
	pthread_mutex_t lock; /* guards go; sends too, so that lines never mix */
	pthread_cond_t changed;
	bool go;
	atomic_bool stopping;
	uint64_t window_begin_ns, window_end_ns;
	bool told_error;
	struct progress *progress;
};

/* A message that cannot be sent means that the harness is gone: the reader notices by itself. */
static void send_line(struct worker *w, struct buf *line)
{
	/* Only the fields' own tabs and the final newline may mean something. */
	for (size_t i = 0; i < line->len; i++) {
		if (line->data[i] == '\n')
			line->data[i] = ' ';
	}
	buf_adds(line, "\n");

	pthread_mutex_lock(&w->lock);
	for (size_t sent = 0; sent < line->len;) {
		ssize_t n = send(w->fd, line->data + sent, line->len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	pthread_mutex_unlock(&w->lock);
	buf_release(line);
}

static void add_text(struct buf *line, const char *fmt, va_list ap)
{
	size_t from = line->len;

	buf_vaddf(line, fmt, ap);
	for (size_t i = from; i < line->len; i++) {
		if (line->data[i] == '\t')
			line->data[i] = ' ';
	}
}

static void take_order(struct worker *w, const char *line)
{
	pthread_mutex_lock(&w->lock);
	if (strcmp(line, "go") == 0)
		w->go = true;
	else if (sscanf(line, "stop\t%" SCNu64 "\t%" SCNu64, &w->window_begin_ns,
			&w->window_end_ns) == 2)
		atomic_store(&w->stopping, true);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void *listen_to_harness(void *arg)
{
	struct worker *w = arg;
	char line[64];
	size_t len = 0;

	for (;;) {
		char c;
		ssize_t n = read(w->fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (c == '\n') {
			line[len] = '\0';
			take_order(w, line);
			len = 0;
		} else if (len + 1 < sizeof(line)) {
			line[len++] = c;
		}
	}
	/* Only for whom nobody has told to stop. */
	atomic_store(&w->stopping, true);
	take_order(w, "");
	return NULL;
}

uint64_t worker_seed(const struct worker *w)
{
	return w->seed;
}

const struct workload *worker_workload(const struct worker *w)
{
	return w->workload;
}

bool worker_stopping(const struct worker *w)
{
	return atomic_load_explicit(&w->stopping, memory_order_relaxed);
}

void worker_window(const struct worker *w, uint64_t *ret_begin_ns, uint64_t *ret_end_ns)
{
	*ret_begin_ns = w->window_begin_ns;
	*ret_end_ns = w->window_end_ns;
}

struct progress *worker_progress(struct worker *w, unsigned int threads)
{
	static struct progress unread; /* where nobody shares one, as in a test */

	if (!w->progress)
		w->progress = progress_map(PROGRESS_FD);
	if (!w->progress)
		return &unread;
	progress_begin(w->progress, threads);
	return w->progress;
}

/* Say so and wait for the answer. */
static int ask(struct worker *w, struct buf *line)
{
	int rc;

	send_line(w, line);
	pthread_mutex_lock(&w->lock);
	while (!w->go && !atomic_load(&w->stopping))
		pthread_cond_wait(&w->changed, &w->lock);
	rc = w->go ? 0 : -EPIPE;
	w->go = false;
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int worker_ready(struct worker *w)
{
	struct buf line = BUF_INIT;

	buf_adds(&line, "ready");
	return ask(w, &line);
}

int worker_phase(struct worker *w, const char *name)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "phase\t%s", name);
	return ask(w, &line);
}

void worker_result(struct worker *w, const char *name, double value)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "result\t%s\t%.17g", name, value);
	send_line(w, &line);
}

void worker_thread_result(struct worker *w, const char *name, unsigned int thread, double value)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "result\t%s.%u\t%.17g", name, thread, value);
	send_line(w, &line);
}

void worker_flag(struct worker *w, const char *code, enum severity severity, const char *fmt, ...)
{
	struct buf line = BUF_INIT;
	va_list ap;

	buf_addf(&line, "flag\t%s\t%d\t", code, (int)severity);
	va_start(ap, fmt);
	add_text(&line, fmt, ap);
	va_end(ap);
	send_line(w, &line);
}

void worker_hist(struct worker *w, const char *name, const struct hist *h)
{
	struct buf line = BUF_INIT;
	const char *comma = "";

	buf_addf(&line, "hist\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t", name, h->sum, h->min,
		 h->max);
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		uint64_t low, high;

		if (!h->bucket[i])
			continue;
		hist_bounds(i, &low, &high);
		buf_addf(&line, "%s%" PRIu64 ":%" PRIu64, comma, low, h->bucket[i]);
		comma = ",";
	}
	send_line(w, &line);
}

int worker_error(struct worker *w, const char *fmt, ...)
{
	struct buf line = BUF_INIT;
	va_list ap;

	buf_adds(&line, "error\t");
	va_start(ap, fmt);
	add_text(&line, fmt, ap);
	va_end(ap);
	send_line(w, &line);
	w->told_error = true;
	return EXIT_FAILURE;
}

static int run_main(struct worker *w, int argc, char *argv[])
{
	const struct workload *workload = w->workload;
	void *params = xcalloc(1, workload->params_size ? workload->params_size : 1);
	struct err err = { .kind = ERR_NONE };
	pthread_t listener;
	int rc;

	opt_defaults(workload->opts, params);
	if (argc < 2 || parse_u64(argv[1], &w->seed)) {
		rc = worker_error(w, "worker %s: the seed is missing", workload->name);
		goto out;
	}
	for (int i = 2; i < argc; i++) {
		if (opt_set_pair(workload->opts, params, argv[i], workload->name, &err)) {
			rc = worker_error(w, "%s", err.msg);
			goto out;
		}
	}

	rc = pthread_create(&listener, NULL, listen_to_harness, w);
	if (rc) {
		rc = worker_error(w, "worker %s: starting a thread: %s", workload->name,
				  strerror(rc));
		goto out;
	}
	rc = workload->main(params, w);
	if (rc && !w->told_error)
		worker_error(w, "worker %s ended with status %d", workload->name, rc);

	/* The listener is in read(): a shut socket ends it. What was sent stays readable. */
	shutdown(w->fd, SHUT_RD);
	pthread_join(listener, NULL);
out:
	progress_unmap(w->progress);
	opt_release(workload->opts, params);
	free(params);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

int worker_run(const struct workload *workload, int argc, char *argv[])
{
	struct stat st;

	if (fstat(WORKER_FD, &st) || !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "fmbench: worker: only a run starts this; try `fmbench run %s`\n",
			workload->name);
		return ERR_USAGE;
	}

	struct worker w = {
		.workload = workload,
		.fd = WORKER_FD,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};

	return run_main(&w, argc, argv);
}
