// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memcached in the limited group, memaslap (Debian: memcaslap) outside loading it.
 *
 * memaslap is one program for loading and measuring, and it keeps no memory between two calls, so
 * one process does both: it is stopped (SIGSTOP) once the store is full and goes on (SIGCONT) when
 * the group has been shrunk. Facts behind this file, from libmemcached's contrib/bin/memaslap:
 *
 *  - With no sets asked for, each connection first sets its whole window of objects (-w); no get
 *    starts before all connections are done; gets then pick uniformly from the window.
 *  - With sets, nothing is set beforehand: windows grow by the sets, and gets pick from what is set
 *    so far. Once a window is full, a set drops the oldest key and sets a new one. The dropped
 *    object stays in memcached until its LRU evicts it.
 *  - Connections do not run equally fast: the slowest of 16 was seen at 0.75 of the mean.
 *  - Its random numbers are seeded with the time of day: the run's seed cannot reach them.
 */
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/program.h"
#include "base/sysfile.h"
#include "workloads/memaslap_config.h"
#include "workloads/memaslap_output.h"
#include "workloads/memcached.h"
#include "workloads/workload.h"

/* memaslap's windows are multiples of this many objects (UNIT_ITEMS_COUNT). */
#define WINDOW_UNIT 1024
#define MAX_WINDOW  (INT32_MAX / WINDOW_UNIT * (uint64_t)WINDOW_UNIT)

/*
 * Store per live object where there are sets, because dropped objects linger. Measured at 5 % sets:
 * with 1.13 every 40th get misses, with 1.28 every 300th, with 1.54 every 50,000th. It also gives
 * the slowest connection time to fill its window before the store is full.
 */
#define MIXED_ROOM 1.5

#define MIN_PERIODS	3
#define MIN_MEASURE_NS	(5 * NSEC_PER_SEC)
#define POLL_NS		(10 * NSEC_PER_MSEC)
#define NO_PROGRESS_NS	(30 * NSEC_PER_SEC)
#define QUIET_NS	(5 * NSEC_PER_SEC)
#define CLIENT_GRACE_MS 2000

/* Objects touched may fall behind what even gets would touch, as connections differ in speed: at
 * most by 3 % where it was measured. */
#define TOUCHED_TOLERANCE 0.1
/* memcached goes on moving objects between its LRU lists while it dumps them one list after the
 * other, and so misses some: up to 6 % on a busy machine. */
#define DUMP_TOLERANCE 0.1

struct params {
	uint64_t memory_bytes, objects, value_bytes, key_bytes;
	uint64_t threads, concurrency, server_threads, port;
	double get_share, verify_share;
	char *config;
	bool audit;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "512M", 16 << 20, 1ull << 46,
		 "memory of the filled server, overhead and all; sets the number of objects"),
	OPT_U64("objects", struct params, objects, "0", 0, 1ull << 40,
		"how many objects, rounded up to concurrency x 1024; 0: from memory"),
	OPT_SIZE("value-size", struct params, value_bytes, "1K", 16, 512 << 10, "bytes of a value"),
	OPT_U64("key-size", struct params, key_bytes, "64", 16, 249, "bytes of a key"),
	OPT_DOUBLE(
		"get-share", struct params, get_share, "1", 0, 1,
		"share of gets, the rest are sets: 1, or at most 0.99 (then loading runs the mix "
		"until the store is full)"),
	OPT_STRING(
		"config", struct params, config, NULL,
		"file for memaslap's -F: it has sizes and shares, instead of value-size, key-size "
		"and get-share",
		.arg = "FILE"),
	OPT_U64("threads", struct params, threads, "1", 1, 1024, "threads of the client"),
	OPT_U64("concurrency", struct params, concurrency, "16", 1, 65536,
		"connections, a multiple of threads; each waits for its answer (closed loop)"),
	OPT_DOUBLE("verify", struct params, verify_share, "0", 0, 1,
		   "share of gets whose value is verified"),
	OPT_U64("server-threads", struct params, server_threads, "0", 0, 1024,
		"threads of memcached; 0: one per CPU of the group"),
	OPT_U64("port", struct params, port, "0", 0, 65535, "on 127.0.0.1; 0: a free one"),
	OPT_BOOL("audit", struct params, audit, "no",
		 "after the measurement, count the objects that gets have touched"),
	OPT_END,
};

enum {
	OPS,
	LATENCY_AVG,
	LATENCY_MAX,
	LATENCY_MIN,
	LATENCY_SD,
	LATENCY_COUNT,
	GET_MISSES,
	OBJECTS,
	VERIFY_FAILURES,
	TOUCHED,
	TOUCHED_EVENLY,
};

/*
 * No percentiles: memaslap counts powers of two, and prints them for its whole life only, warm-up and
 * all. What it prints each second has a mean without its fraction: the window's is too low by up to 1 us.
 */
static const struct metric metrics[] = {
	[OPS] = { "ops", "per_s", BETTER_HIGHER, "gets and sets answered per second" },
	[LATENCY_AVG] = { "latency_avg", "us", BETTER_LOWER, "mean answer time, in a closed loop" },
	[LATENCY_MAX] = { "latency_max", "us", BETTER_LOWER, "longest answer time" },
	[LATENCY_MIN] = { "latency_min", "us", BETTER_LOWER, "shortest answer time" },
	[LATENCY_SD] = { "latency_sd", "us", BETTER_NEITHER, "standard deviation of answer times" },
	[LATENCY_COUNT] = { "latency_count", "count", BETTER_NEITHER, "answers that were timed" },
	[GET_MISSES] = { "get_misses", "count", BETTER_LOWER, "gets that found nothing" },
	[OBJECTS] = { "objects", "count", BETTER_NEITHER, "that gets choose from" },
	[VERIFY_FAILURES] = { "verify_failures", "count", BETTER_LOWER,
			      "values that came back changed (-o verify)" },
	[TOUCHED] = { "store_touched", "share", BETTER_NEITHER,
		      "objects fetched at least once since they were set (-o audit)" },
	[TOUCHED_EVENLY] = { "store_touched_evenly", "share", BETTER_NEITHER,
			     "the same if all gets together were uniform: 1 - exp(-gets/objects)" },
	{ .name = NULL },
};

struct memaslap {
	struct params params; /* the run's, with what config=FILE says */
	struct memcached server;
	struct child client;
	struct memaslap_output output;
	struct progress *progress;	/* NULL: nobody asks */
	uint64_t objects, window;	/* all; of one connection */
	uint64_t sets_before;		/* of ours, before the client's */
	uint64_t gets_held;		/* gets answered when the client was stopped */
	uint64_t go_ns, last_output_ns; /* 0: not yet */
	uint64_t spawn_ns;
	int64_t wall_lead_ns; /* then */
	bool failed;
	char *config_path, *log_path, *out_path;
	/* After stop. */
	int audit_status;
	struct err audit_err;
	uint64_t evictions, audit_gets, audit_objects, audit_fetched;
};

static bool mixed(const struct params *p)
{
	return p->get_share < 1;
}

static const char *client_program(void)
{
	static const char *const names[] = { "memaslap", "memcaslap" };

	for (size_t i = 0; i < 2; i++) {
		if (child_find_program(names[i], NULL, 0))
			return names[i];
	}
	return NULL;
}

/* With a file the means of its sizes stand for them all, to count objects by. */
static int take_config(struct params *p, struct err *err)
{
	struct memaslap_config c;
	int rc;

	if (!p->config)
		return 0;
	if (mixed(p))
		return err_usage(err,
				 "memaslap: config=%s has the share of gets: leave out get-share",
				 p->config);
	rc = memaslap_config_read(p->config, &c, err);
	if (rc)
		return rc;
	p->key_bytes = c.key_bytes;
	p->value_bytes = c.value_bytes;
	p->get_share = c.get_share;
	return 0;
}

static int memaslap_check(const void *params, char *const *argv, struct err *err)
{
	struct params copy = *(const struct params *)params;
	const struct params *p = &copy;

	(void)argv;
	if (take_config(&copy, err) != 0)
		return -EINVAL;
	if (!client_program())
		return err_missing(err,
				   "no program memaslap or memcaslap; install Debian's package "
				   "libmemcached-tools (`make deps`)");
	if (p->concurrency % p->threads)
		return err_usage(err,
				 "memaslap: concurrency=%" PRIu64 " is no multiple of "
				 "threads=%" PRIu64,
				 p->concurrency, p->threads);
	/* Its own arithmetic takes less than 0.001 for none. */
	if (mixed(p) && p->get_share > 0.99)
		return err_usage(err,
				 "memaslap: get-share=%g is too close to 1 to fill the store "
				 "with sets; take 1 (filled before the gets) or at most 0.99",
				 p->get_share);
	if (mixed(p) && p->audit)
		return err_usage(err,
				 "memaslap: audit needs get-share=1: sets leave objects behind "
				 "that no get asks for");
	return memcached_check(err);
}

/* Asked once: they don't change while fmbench runs. */
static void memaslap_versions(char *const *argv, struct facts *facts)
{
	static char server[64], client[64];
	const char *program = client_program();

	(void)argv;
	if (!server[0] && !program_version("memcached", server, sizeof(server)))
		server[0] = '\0';
	if (!client[0] && program && !program_version(program, client, sizeof(client)))
		client[0] = '\0';
	if (server[0])
		facts_set(facts, "memaslap.memcached_version", "%s", server);
	if (client[0])
		facts_set(facts, "memaslap.memaslap_version", "%s", client);
}

static char *artifact(const struct workload_ctx *ctx, const char *name)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/%s", ctx->dir, name);
	return buf_steal(&path);
}

static int write_file(const char *path, const char *text, size_t len, struct err *err)
{
	FILE *f = fopen(path, "we");
	int rc = 0;

	if (!f)
		return err_failed(err, errno, "creating %s", path);
	if (fwrite(text, 1, len, f) != len)
		rc = err_failed(err, errno, "writing %s", path);
	if (fclose(f) && !rc)
		rc = err_failed(err, errno, "writing %s", path);
	return rc;
}

/* How many objects, and how much store they may use: known once the server has told what one
 * object takes. */
static int size_store(struct memaslap *m, const struct params *p, struct err *err)
{
	uint64_t object_bytes, rss_kib, limit_mib, unit = p->concurrency * WINDOW_UNIT;
	double room = mixed(p) ? MIXED_ROOM : 1;
	char path[64], request[64];
	int rc = memcached_probe_object(&m->server, p->key_bytes, p->value_bytes, &object_bytes,
					err);

	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)m->server.process.child.pid);
	rc = sysfile_read_key(path, "VmRSS", &rss_kib);
	if (rc)
		return err_failed(err, -rc, "reading VmRSS of %s", path);

	/* memcached's hash table: pointers, doubled at 1.5 objects a bucket. */
	double bytes = ((double)object_bytes + sizeof(void *)) * room;

	if (p->objects) {
		m->window = (p->objects + unit - 1) / unit * WINDOW_UNIT;
	} else {
		double base = (double)rss_kib * 1024, memory = (double)p->memory_bytes;
		double units = (memory - base) / bytes / (double)unit;

		m->window = (units < 1.5 ? 1 : (uint64_t)(units + 0.5)) * WINDOW_UNIT;
		if ((double)unit * bytes + base > 1.5 * memory)
			return err_usage(err,
					 "memaslap sets objects by the %" PRIu64 " (concurrency x "
					 "%d), that is %.0f MiB: raise -o memory, or lower -o "
					 "concurrency or value-size",
					 unit, WINDOW_UNIT, (double)unit * bytes / (1 << 20));
	}
	if (m->window > MAX_WINDOW)
		return err_usage(err,
				 "memaslap cannot hold %" PRIu64 " objects a connection; raise "
				 "-o concurrency",
				 m->window);
	m->objects = m->window * p->concurrency;

	/* Where nothing may be evicted, a tenth more and some pages for the slab classes. */
	limit_mib = (uint64_t)((double)(m->objects * object_bytes) *
			       (mixed(p)    ? room
				: p->config ? 1.4
					    : 1.1) /
			       (1 << 20)) +
		    (mixed(p) ? 2 : 64);
	snprintf(request, sizeof(request), "cache_memlimit %" PRIu64, limit_mib);
	rc = memcached_request(&m->server, request, "OK", err);
	if (rc)
		return rc;
	rc = memcached_stats(&m->server, "stats", err);
	return rc ? rc : memcached_stat(&m->server, "cmd_set", &m->sets_before, err);
}

/* 0 is a run that measures nothing. */
static int memaslap_check_place(const struct workload_ctx *ctx, struct err *err)
{
	if (!ctx->measure_ns || ctx->measure_ns >= MIN_MEASURE_NS)
		return 0;
	return err_usage(err,
			 "memaslap prints its statistics each second and %d whole seconds are "
			 "needed: measure for at least %llu s (--duration)",
			 MIN_PERIODS, MIN_MEASURE_NS / NSEC_PER_SEC);
}

static int memaslap_start(struct workload_ctx *ctx, struct err *err)
{
	struct memaslap *m = xcalloc(1, sizeof(*m));
	const struct params *p = &m->params;
	const struct params *given = ctx->params;
	struct memcached_config config = {
		.port = (uint16_t)given->port,
		.threads = (unsigned int)given->server_threads,
		.connections = (unsigned int)given->concurrency + 64,
		.limit_mib = 1024, /* until the store is sized */
	};
	int rc;

	*m = (struct memaslap){
		.params = *given,
		.server = MEMCACHED_INIT,
		.client = CHILD_INIT,
		.output = MEMASLAP_OUTPUT_INIT,
		.progress = ctx->progress,
		.config_path = artifact(ctx, "memaslap.cnf"),
		.log_path = artifact(ctx, "memaslap.log"),
		.out_path = artifact(ctx, "memaslap.out"),
	};
	ctx->state = m;
	ctx->client_threads = (unsigned int)p->threads;
	if (m->progress)
		progress_begin(m->progress, 1);

	if (!config.threads)
		config.threads = ctx->inside_cpus ? ctx->inside_cpus : 1;
	rc = take_config(&m->params, err);
	if (rc == 0)
		rc = memcached_start(&m->server, &config, ctx->inside, ctx->dir, err);
	if (rc == 0)
		rc = size_store(m, p, err);
	m->failed = rc != 0;
	return rc;
}

static int start_client(struct workload_ctx *ctx, struct err *err)
{
	struct memaslap *m = ctx->state;
	const struct params *p = &m->params;
	struct buf config = BUF_INIT;
	char server[32], threads[16], concurrency[16], window[24], verify[32];
	char *argv[24];
	size_t n = 0;
	int rc;

	/* Sections of size ranges and shares; cmd 0 is set, 1 is get. */
	buf_addf(&config, "key\n%" PRIu64 " %" PRIu64 " 1\n", p->key_bytes, p->key_bytes);
	buf_addf(&config, "value\n%" PRIu64 " %" PRIu64 " 1\n", p->value_bytes, p->value_bytes);
	buf_addf(&config, "cmd\n0 %.6f\n1 %.6f\n", 1 - p->get_share, p->get_share);
	rc = write_file(m->config_path, config.data, config.len, err);
	buf_release(&config);
	if (rc)
		return rc;

	snprintf(server, sizeof(server), "127.0.0.1:%u", (unsigned int)m->server.process.port);
	snprintf(threads, sizeof(threads), "%" PRIu64, p->threads);
	snprintf(concurrency, sizeof(concurrency), "%" PRIu64, p->concurrency);
	snprintf(window, sizeof(window), "%" PRIu64 "k", m->window / WINDOW_UNIT);
	snprintf(verify, sizeof(verify), "%.6f", p->verify_share);

#define ARG(s) (argv[n++] = (char *)(uintptr_t)(s))
	ARG(client_program());
	ARG("-s"), ARG(server);
	ARG("-T"), ARG(threads);
	ARG("-c"), ARG(concurrency);
	ARG("-w"), ARG(window);
	ARG("-F"), ARG(p->config ? p->config : m->config_path);
	ARG("-S"), ARG("1s");
	ARG("-t"), ARG("365d"); /* it is stopped long before */
	if (p->verify_share > 0) {
		/* -b: failures are printed as they occur, not counted at an end that we cut off. */
		ARG("-v"), ARG(verify);
		ARG("-b");
	}
	ARG(NULL);
#undef ARG
	m->spawn_ns = clock_ns();
	m->wall_lead_ns = clock_wall_lead_ns();
	return child_spawn(&m->client, argv, ctx->outside, CHILD_PTY, m->log_path, err);
}

/* By how many seconds the wall clock was set since, which is what memaslap takes its times from; it
 * aborts where that goes back. 0: not by more than NTP's slewing (at most 500 ppm). */
static double wall_clock_step(const struct memaslap *m)
{
	double step = (double)(clock_wall_lead_ns() - m->wall_lead_ns) / 1e9;
	double slewed = (double)(clock_ns() - m->spawn_ns) / 1e9 / 1000;

	return fabs(step) < 0.1 + slewed ? 0 : step;
}

static void take_output(struct memaslap *m)
{
	char chunk[4096];
	ssize_t n;

	/* EIO: the terminal's other end is closed. */
	while ((n = read(m->client.out_fd, chunk, sizeof(chunk))) > 0) {
		m->last_output_ns = clock_ns();
		memaslap_output_feed(&m->output, chunk, (size_t)n, m->last_output_ns);
	}
	if (m->output.nr && m->progress)
		progress_tell(m->progress, m->output.ops,
			      m->output.periods[m->output.nr - 1].read_ns);
}

/* 0 while both processes run. */
static int both_alive(struct memaslap *m, struct err *err)
{
	char how[128], tail[400];
	size_t from = 0;
	int rc;

	/* The server first: the client ends when it is gone. */
	rc = memcached_alive(&m->server, err);
	if (rc)
		return rc;
	rc = child_wait(&m->client, 0, err);
	if (rc <= 0)
		return rc;
	if (child_wait(&m->server.process.child, 200, NULL) == 1)
		return memcached_alive(&m->server, err);

	take_output(m);
	child_describe(&m->client, how, sizeof(how));
	if (wall_clock_step(m))
		return err_failed(err, 0,
				  "memaslap %s: it can't bear that the machine's clock is set (by "
				  "%+.1f s); run it again",
				  how, wall_clock_step(m));
	child_log_tail(m->log_path, tail, sizeof(tail));
	if (*tail)
		return err_failed(err, 0, "memaslap %s; its last output: %s", how, tail);
	if (m->output.text.len > 300)
		from = m->output.text.len - 300;
	rc = err_failed(err, 0, "memaslap %s; its last output: %s", how,
			m->output.text.len ? m->output.text.data + from : "nothing");
	for (char *c = err ? err->msg : NULL; c && *c; c++) {
		if (*c == '\n' || *c == '\r' || *c == '\033')
			*c = ' ';
	}
	return rc;
}

static int nap(struct workload_ctx *ctx, struct err *err)
{
	int rc = workload_idle(ctx, err);

	if (rc == 0 && clock_sleep_until(clock_ns() + POLL_NS))
		rc = err_failed(err, EINTR, "waiting for memaslap");
	return rc;
}

struct filled {
	uint64_t sets, gets, objects, evictions;
};

static int read_store(struct memaslap *m, struct filled *s, struct err *err)
{
	const struct {
		const char *key;
		uint64_t *to;
	} rows[] = {
		{ "cmd_set", &s->sets },
		{ "cmd_get", &s->gets },
		{ "curr_items", &s->objects },
		{ "evictions", &s->evictions },
	};
	int rc = memcached_stats(&m->server, "stats", err);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == 0; i++)
		rc = memcached_stat(&m->server, rows[i].key, rows[i].to, err);
	if (rc == 0)
		s->sets -= m->sets_before;
	return rc;
}

static bool is_full(const struct memaslap *m, const struct params *p, const struct filled *s)
{
	if (!mixed(p))
		return s->sets >= m->objects;
	return (double)s->sets >= MIXED_ROOM * (double)m->objects && s->evictions;
}

static int fill(struct workload_ctx *ctx, struct filled *s, struct err *err)
{
	struct memaslap *m = ctx->state;
	const struct params *p = &m->params;
	uint64_t sets = 0, progress_ns = clock_ns();

	for (;;) {
		int rc = nap(ctx, err);

		if (rc == 0)
			rc = both_alive(m, err);
		if (rc == 0)
			rc = read_store(m, s, err);
		if (rc)
			return rc;
		take_output(m);
		if (m->output.failed_sets)
			return err_failed(err, ENOSPC,
					  "memcached refused an object after %" PRIu64
					  " of %" PRIu64 "; see %s",
					  s->objects, m->objects, m->server.process.log_path);
		if (is_full(m, p, s))
			return 0;
		if (s->sets > sets) {
			sets = s->sets;
			progress_ns = clock_ns();
		} else if (clock_ns() - progress_ns > NO_PROGRESS_NS) {
			return err_failed(err, ETIMEDOUT,
					  "memaslap has set %" PRIu64 " of %" PRIu64 " objects and "
					  "no more for %llu s; see %s and %s",
					  s->sets, m->objects, NO_PROGRESS_NS / NSEC_PER_SEC,
					  m->log_path, m->server.process.log_path);
		}
	}
}

/* Stop the client and wait until its last requests are answered. */
static int hold(struct workload_ctx *ctx, struct filled *s, struct err *err)
{
	struct memaslap *m = ctx->state;
	uint64_t deadline_ns = clock_ns() + QUIET_NS, answered;
	int rc = child_signal(&m->client, SIGSTOP);

	if (rc)
		return err_failed(err, -rc, "stopping memaslap");
	do {
		answered = s->sets + s->gets;
		rc = nap(ctx, err);
		if (rc == 0)
			rc = read_store(m, s, err);
		if (rc)
			return rc;
		if (clock_ns() > deadline_ns)
			return err_failed(err, EBUSY,
					  "memcached still serves requests %llu s after "
					  "memaslap was stopped; does another client "
					  "use port %u?",
					  QUIET_NS / NSEC_PER_SEC,
					  (unsigned int)m->server.process.port);
	} while (s->sets + s->gets != answered);
	return 0;
}

static int memaslap_load(struct workload_ctx *ctx, struct err *err)
{
	struct memaslap *m = ctx->state;
	const struct params *p = &m->params;
	struct filled s = { 0 };
	int rc = start_client(ctx, err);

	if (rc == 0)
		rc = fill(ctx, &s, err);
	if (rc == 0)
		rc = hold(ctx, &s, err);
	if (rc == 0 && !mixed(p) && (s.evictions || s.objects != m->objects))
		rc = err_failed(err, ENOSPC,
				"memcached holds %" PRIu64 " of %" PRIu64 " objects (%" PRIu64
				" evicted): its memory is too small; raise -o memory or lower "
				"-o objects",
				s.objects, m->objects, s.evictions);
	m->gets_held = s.gets;
	m->failed = rc != 0;
	return rc;
}

static int memaslap_go(struct workload_ctx *ctx, struct err *err)
{
	struct memaslap *m = ctx->state;
	struct filled s;
	int rc = both_alive(m, err);

	if (rc == 0)
		rc = read_store(m, &s, err);
	if (rc == 0 && s.gets != m->gets_held)
		rc = err_failed(err, EBUSY,
				"%" PRIu64 " gets reached memcached while memaslap was "
				"held; does another client use port %u?",
				s.gets - m->gets_held, (unsigned int)m->server.process.port);
	if (rc == 0) {
		rc = child_signal(&m->client, SIGCONT);
		if (rc)
			rc = err_failed(err, -rc, "letting memaslap go on");
	}
	m->go_ns = m->last_output_ns = clock_ns();
	m->failed = rc != 0;
	return rc;
}

static int memaslap_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err)
{
	struct memaslap *m = ctx->state;
	struct pollfd fds[] = {
		{ .fd = m->client.out_fd, .events = POLLIN },
		{ .fd = m->client.pidfd, .events = POLLIN },
		{ .fd = m->server.process.child.pidfd, .events = POLLIN },
	};
	int rc;

	if (poll(fds, 3, timeout_ms) < 0)
		return err_failed(err, errno, "waiting for memaslap");
	take_output(m);
	rc = both_alive(m, err);
	if (rc == 0 && *m->output.bad_row)
		rc = err_failed(err, EPROTO,
				"this row of memaslap's statistics is unknown: '%s'; see "
				"workloads/memaslap_output.h",
				m->output.bad_row);
	/* It prints none once a connection is lost. */
	if (rc == 0 && m->go_ns && clock_ns() - m->last_output_ns > NO_PROGRESS_NS)
		rc = err_failed(err, ETIMEDOUT,
				"memaslap has printed nothing for %llu s, as when a "
				"connection was lost; see %s and %s",
				NO_PROGRESS_NS / NSEC_PER_SEC, m->log_path,
				m->server.process.log_path);
	if (rc)
		m->failed = true;
	return rc;
}

/* What only the living server knows. */
static int last_questions(struct memaslap *m, const struct params *p, struct err *err)
{
	struct filled s;
	int rc = read_store(m, &s, err);

	if (rc)
		return rc;
	m->evictions = s.evictions;
	m->audit_gets = s.gets;
	if (!p->audit)
		return 0;
	return memcached_count_fetched(&m->server, &m->audit_objects, &m->audit_fetched, err);
}

static void memaslap_stop(struct workload_ctx *ctx)
{
	struct memaslap *m = ctx->state;

	if (m->client.out_fd >= 0)
		take_output(m);
	child_stop(&m->client, CLIENT_GRACE_MS);
	if (m->go_ns && !m->failed)
		m->audit_status = last_questions(m, &m->params, &m->audit_err);
	memcached_stop(&m->server);
	/* An artifact: a run is no worse without it. */
	if (m->output.text.len)
		(void)write_file(m->out_path, m->output.text.data, m->output.text.len, NULL);
}

/* Values that came back changed; a miss prints the same without a length. */
static int count_failures(const char *log_path, uint64_t *ret, struct err *err)
{
	static const char mark[] = "\treceived data len: ";
	FILE *f = fopen(log_path, "re");
	char *line = NULL;
	size_t size = 0;
	uint64_t n = 0;

	if (!f)
		return err_failed(err, errno, "reading %s", log_path);
	while (getline(&line, &size, f) >= 0)
		n += strncmp(line, mark, sizeof(mark) - 1) == 0;
	free(line);
	fclose(f);
	*ret = n;
	return 0;
}

static int add_verified(const struct memaslap *m, struct results *results, struct err *err)
{
	uint64_t failures = 0;
	int rc = count_failures(m->log_path, &failures, err);

	if (rc)
		return rc;
	results_add_metric(results, &metrics[VERIFY_FAILURES], (double)failures);
	if (failures)
		results_flag(results, "PAGE_CORRUPTED", SEVERITY_FATAL,
			     "memaslap: %" PRIu64 " values came back changed; see %s", failures,
			     m->log_path);
	return 0;
}

static int add_audit(const struct memaslap *m, struct results *results, struct err *err)
{
	double dumped = (double)m->audit_objects, objects = (double)m->objects;
	double touched = (double)m->audit_fetched / dumped;
	double evenly = 1 - exp(-(double)m->audit_gets / objects);

	if (fabs(dumped - objects) > DUMP_TOLERANCE * objects)
		return err_failed(err, 0,
				  "memaslap: the audit found %" PRIu64 " objects where %" PRIu64
				  " were set",
				  m->audit_objects, m->objects);
	results_add_metric(results, &metrics[TOUCHED], touched);
	results_add_metric(results, &metrics[TOUCHED_EVENLY], evenly);
	if (fabs(touched - evenly) > TOUCHED_TOLERANCE * evenly)
		results_flag(
			results, "GETS_UNEVEN", SEVERITY_WARNING,
			"memaslap's gets touched %.1f %% of the store, uniform ones would have "
			"touched %.1f %%",
			100 * touched, 100 * evenly);
	return 0;
}

static int memaslap_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
			  struct results *results, struct err *err)
{
	const struct memaslap *m = ctx->state;
	const struct params *p = &m->params;
	struct memaslap_sum sum = memaslap_output_sum(&m->output, begin_ns, end_ns);
	int rc = 0;

	if (sum.periods < MIN_PERIODS)
		return err_failed(
			err, 0,
			"memaslap: %zu whole seconds of its statistics lie in the measure "
			"window of %.1f s, %d are needed; measure longer (see %s)",
			sum.periods, (double)(end_ns - begin_ns) / 1e9, MIN_PERIODS, m->out_path);
	if (!sum.ops)
		return err_failed(err, 0,
				  "memaslap: not one answer in %.1f s; measure longer or "
				  "with more local memory",
				  (double)(sum.end_ns - sum.begin_ns) / 1e9);
	if (m->audit_status) {
		if (err)
			*err = m->audit_err;
		err_prefix(err, "after the measurement");
		return m->audit_status;
	}
	if (!mixed(p) && m->evictions)
		return err_failed(err, ENOSPC,
				  "memcached evicted %" PRIu64 " objects; raise -o memory",
				  m->evictions);

	if (wall_clock_step(m))
		results_flag(results, "CLOCK_STEPPED", SEVERITY_FATAL,
			     "the machine's clock was set by %+.1f s during the run, and memaslap "
			     "takes its latencies from it",
			     wall_clock_step(m));
	results_add_metric(results, &metrics[OPS],
			   (double)sum.ops * 1e9 / (double)(sum.end_ns - sum.begin_ns));
	results_add_metric(results, &metrics[LATENCY_AVG], sum.avg_us);
	results_add_metric(results, &metrics[LATENCY_MAX], (double)sum.max_us);
	results_add_metric(results, &metrics[LATENCY_MIN], (double)sum.min_us);
	if (sum.ops > 1)
		results_add_metric(results, &metrics[LATENCY_SD], sum.sd_us);
	results_add_metric(results, &metrics[LATENCY_COUNT], (double)sum.ops);
	results_add_metric(results, &metrics[GET_MISSES], (double)sum.get_misses);
	results_add_metric(results, &metrics[OBJECTS], (double)m->objects);
	if (p->verify_share > 0)
		rc = add_verified(m, results, err);
	if (rc == 0 && p->audit)
		rc = add_audit(m, results, err);
	return rc;
}

static void memaslap_release(struct workload_ctx *ctx)
{
	struct memaslap *m = ctx->state;

	if (!m)
		return;
	child_release(&m->client);
	memcached_release(&m->server);
	memaslap_output_release(&m->output);
	free(m->config_path);
	free(m->log_path);
	free(m->out_path);
	free(m);
	ctx->state = NULL;
}

const struct workload workload_memaslap = {
	.name = "memaslap",
	.summary = "memcached under memaslap: a filled store, then gets or a mix, in a closed loop",
	.shape = WORKLOAD_SERVICE,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = memaslap_check,
	.check_place = memaslap_check_place,
	.versions = memaslap_versions,
	.start = memaslap_start,
	.load = memaslap_load,
	.go = memaslap_go,
	.poll = memaslap_poll,
	.stop = memaslap_stop,
	.parse = memaslap_parse,
	.release = memaslap_release,
};
