// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A key-value server in the limited group, and a client of fmbench's own outside, client.h: tail
 * latency under a load that does not wait for the server.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "workloads/kv/client.h"
#include "workloads/kv/connection.h"
#include "workloads/kv/report.h"
#include "workloads/kv/servers.h"
#include "workloads/latency.h"
#include "workloads/server.h"
#include "workloads/worker_host.h"

#define MIN_MEASURE_NS (3 * NSEC_PER_SEC)
#define SERVER_ENDS_MS 2000

#define SOCKET_VARIABLE "FMBENCH_KV_SOCKET"

/* Of an entry beside key and value: about, in both servers; the peak is measured in any case. */
#define ENTRY_BYTES 80

struct params {
	char *server;
	uint64_t memory_bytes, server_memory, keys;
	char *value_size;
	double compressible, get_share;
	char *popularity;
	double zipf, hot_keys, hot_share;
	char *rate, *arrivals, *socket;
	uint64_t connections, pipeline, multi_get, threads, server_threads, port;
};

static const struct opt opts[] = {
	OPT_CHOICE("server", struct params, server, "memcached", KV_SERVERS, "what is asked"),
	SERVER_MEMORY_OPT(struct params, "of the filled server, about: sets the number of keys"),
	OPT_SIZE("server-memory", struct params, server_memory, "0", 0, 1ull << 46,
		 "the server evicts keys beyond it; 0: it never has to"),
	OPT_U64("keys", struct params, keys, "0", 0, 1ull << 32, "how many; 0: from memory"),
	OPT_STRING("value-size", struct params, value_size, "1K",
		   "bytes of a value: 1K, or even from 16-4K, or etc (Facebook's, mean 329)"),
	OPT_DOUBLE("compressible", struct params, compressible, "0.5", 0, 1,
		   "share of each value that compresses to nothing"),
	OPT_DOUBLE("get-share", struct params, get_share, "0.9", 0, 1,
		   "share of gets, the rest are sets"),
	OPT_CHOICE("popularity", struct params, popularity, "zipf", "uniform|zipf|hotspot",
		   "which keys are asked for"),
	OPT_DOUBLE("zipf", struct params, zipf, "0.99", 0, 4, "exponent of popularity=zipf"),
	OPT_DOUBLE("hot-keys", struct params, hot_keys, "0.2", 0, 1,
		   "share of the keys that are hot, with popularity=hotspot"),
	OPT_DOUBLE("hot-share", struct params, hot_share, "0.8", 0, 1,
		   "share of the requests that go there"),
	OPT_STRING(
		"rate", struct params, rate, "closed",
		"requests a second: 20k; or a share of what the server can without a limit, found "
		"while loading: 50%; closed: each connection waits for its answers; "
		"`fmbench run`: also a list, or auto: from 5 to 100 % of what closed achieves at "
		"ratio 1"),
	OPT_CHOICE("arrivals", struct params, arrivals, "poisson", "poisson|even",
		   "when requests come at that rate"),
	OPT_U64("connections", struct params, connections, "16", 1, 65536, "to the server"),
	OPT_U64("pipeline", struct params, pipeline, "1", 1, 512,
		"rate=closed: requests under way on a connection"),
	OPT_U64("multi-get", struct params, multi_get, "1", 1, KV_MOST_KEYS,
		"keys of one get; it is one request, answered with its last value"),
	OPT_U64("threads", struct params, threads, "0", 0, 1024,
		"of the client; 0: one for each of its CPUs"),
	OPT_CHOICE("socket", struct params, socket, "tcp", "tcp|unix",
		   "how the client reaches the server: by 127.0.0.1, or by a Unix socket"),
	SERVER_OPTS(struct params),
	OPT_END,
};

/* A limit takes most of the capacity: most rates lie where a smaller ratio's curve is. */
static const double shares[] = { 0.05, 0.1, 0.2, 0.4, 0.7, 1, 0 };
static const struct ladder rates = { "rate", "closed", shares };

static const struct metric metrics[] = {
	{ KV_OPS, "per_s", BETTER_HIGHER, "requests answered per second" },
	{ KV_OFFERED, "per_s", BETTER_NEITHER, "requests that were meant to be sent per second" },
	LATENCY_METRICS(KV_LATENCY, "answer time from when the request was meant to be sent"),
	{ KV_LATENCY_99_99, "us", BETTER_LOWER, "the same, 99.99th percentile" },
	{ KV_LATENCY_AT, "us", BETTER_LOWER, "the 99th percentile in each second of the window" },
	{ KV_UNANSWERED, "count", BETTER_LOWER,
	  "requests not sent, or without an answer a second after the end; their age counts as latency" },
	{ KV_LATE, "share", BETTER_LOWER, "requests that were sent more than 100 us late" },
	{ KV_SEND_DELAY, "us", BETTER_LOWER,
	  "from when a request was meant to be sent to when it was: the client's own share" },
	{ KV_CLIENT_CPU, "share", BETTER_NEITHER, "CPU that each of the client's threads used" },
	{ KV_CAPACITY, "per_s", BETTER_NEITHER,
	  "requests per second in a closed loop before memory was taken (rate=…%)" },
	{ KV_MISSES, "count", BETTER_LOWER, "gets that found nothing" },
	{ KV_REFUSALS, "count", BETTER_LOWER, "requests that the server refused" },
	{ .name = NULL },
};

/* --- the workload --------------------------------------------------------------------------- */

struct kv {
	struct server server;
	struct workload_ctx client; /* as its worker_host.h knows it */
	struct params params;	    /* with the server's port */
	struct place place;
	/* What the client is told by its environment: the socket's path is no parameter. */
	char socket[64];
	char *env[2];
};

static uint64_t nr_keys(const struct params *p, const struct kv_sizes *sizes)
{
	if (p->keys)
		return p->keys;
	return (uint64_t)((double)p->memory_bytes /
			  (kv_mean_size(sizes) + KV_KEY_BYTES + ENTRY_BYTES)) +
	       1;
}

static bool is_unix(const struct params *p)
{
	return strcmp(p->socket, "unix") == 0;
}

static int start_server(struct workload_ctx *ctx, struct err *err)
{
	const struct params *p = ctx->params;
	const struct kv_server *kind = kv_server_find(p->server);
	unsigned int cpus = ctx->inside_cpus ? ctx->inside_cpus : 1;
	struct kv_needs needs = { .threads = p->server_threads ? p->server_threads : cpus,
				  .connections = p->connections,
				  .limit_bytes = p->server_memory };
	struct kv *kv = ctx->state;
	struct kv_sizes sizes;
	int rc = kv_sizes_parse(p->value_size, &sizes, err);

	if (!rc)
		rc = server_init(&kv->server, kind->program, (uint16_t)p->port, ctx->dir, err);
	if (!rc && is_unix(p))
		rc = server_use_socket(&kv->server, ctx->dir, err);
	if (rc)
		return rc;
	needs.keys = nr_keys(p, &sizes);
	needs.expected_bytes = (uint64_t)((double)needs.keys *
					  (kv_mean_size(&sizes) + KV_KEY_BYTES + ENTRY_BYTES));
	return kv_server_start(kind, &needs, ctx->inside, &kv->server, err);
}

/* "20k", "1.5M", "50%", "closed". */
static int parse_rate(const char *text, double *ret_rate, double *ret_of_capacity, struct err *err)
{
	static const struct {
		const char *suffix;
		double factor;
	} units[] = { { "", 1 }, { "k", 1e3 }, { "K", 1e3 }, { "M", 1e6 }, { "%", 0.01 } };
	char *end;
	double value;

	*ret_rate = *ret_of_capacity = 0;
	if (strcmp(text, "closed") == 0)
		return 0;
	value = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (end == text || strcmp(end, units[i].suffix) != 0 || !(value > 0) ||
		    value * units[i].factor > 1e9)
			continue;
		*(*end == '%' ? ret_of_capacity : ret_rate) = value * units[i].factor;
		return 0;
	}
	return err_usage(err,
			 "kv: rate=%s: give requests a second such as 20k, a share of the server's "
			 "capacity such as 50%%, or closed (lists and auto are for `fmbench run`)",
			 text);
}

static int kv_check_params(const void *params, char *const *argv, struct err *err)
{
	const struct params *p = params;
	struct kv_sizes sizes;
	double rate, share;
	int rc = kv_sizes_parse(p->value_size, &sizes, err);

	(void)argv;
	if (!rc)
		rc = parse_rate(p->rate, &rate, &share, err);
	if (!rc)
		rc = kv_server_check(kv_server_find(p->server), p->connections, err);
	if (!rc && is_unix(p) && p->port)
		rc = err_usage(err, "kv: port=%" PRIu64 " is for socket=tcp: leave one out",
			       p->port);
	if (!rc && p->threads > p->connections)
		rc = err_usage(err,
			       "kv: threads=%" PRIu64 " need as many connections: raise "
			       "connections=%" PRIu64,
			       p->threads, p->connections);
	if (!rc && p->pipeline * p->multi_get > KV_MOST_WAITING)
		rc = err_usage(err,
			       "kv: pipeline=%" PRIu64 " gets of multi-get=%" PRIu64
			       " keys are more than %u keys under way on a connection: lower one",
			       p->pipeline, p->multi_get, KV_MOST_WAITING);
	if (!rc && nr_keys(p, &sizes) < p->connections)
		rc = err_usage(err,
			       "kv: %" PRIu64 " keys for %" PRIu64 " connections: raise memory "
			       "or keys, or lower connections",
			       nr_keys(p, &sizes), p->connections);
	return rc;
}

/* 0 is a run that measures nothing. */
static int kv_check_place(const struct workload_ctx *ctx, struct err *err)
{
	if (!ctx->measure_ns || ctx->measure_ns >= MIN_MEASURE_NS)
		return 0;
	return err_usage(err,
			 "kv counts by whole seconds: measure for at least %llu s (--duration)",
			 MIN_MEASURE_NS / NSEC_PER_SEC);
}

static int kv_start(struct workload_ctx *ctx, struct err *err)
{
	struct kv *kv = xcalloc(1, sizeof(*kv));
	int rc;

	*kv = (struct kv){ .server = SERVER_INIT,
			   .client = *ctx,
			   .params = *(const struct params *)ctx->params,
			   .place = *ctx->outside };
	ctx->state = kv;
	if (ctx->measure_ns && ctx->measure_ns < MIN_MEASURE_NS)
		return err_usage(err, "kv counts by whole seconds: measure for at least %llu s",
				 MIN_MEASURE_NS / NSEC_PER_SEC);
	rc = start_server(ctx, err);
	if (rc)
		return rc;
	/* The client is a worker, as others are, but outside. */
	kv->place.share_fd = ctx->inside->share_fd;
	kv->params.port = kv->server.port;
	if (kv->server.socket) {
		snprintf(kv->socket, sizeof(kv->socket), SOCKET_VARIABLE "=%s", kv->server.socket);
		kv->env[0] = kv->socket;
		kv->place.env = kv->env;
	}
	kv->client.params = &kv->params;
	kv->client.inside = &kv->place;
	kv->client.state = NULL;
	return worker_host_start(&kv->client, err);
}

/* The server first: without it the client has only a lost connection to tell of. One that was killed
 * closes its connections before it can be waited for. */
static int both(struct kv *kv, int rc, struct err *err)
{
	struct err why = { 0 };

	if (rc >= 0)
		return rc ? rc : server_alive(&kv->server, err);
	if (rc != -EINTR && child_wait(&kv->server.child, SERVER_ENDS_MS, NULL) == 1 &&
	    server_alive(&kv->server, &why))
		*err = why;
	return rc;
}

static int kv_load(struct workload_ctx *ctx, struct err *err)
{
	struct kv *kv = ctx->state;

	return both(kv, worker_host_load(&kv->client, err), err);
}

static int kv_go(struct workload_ctx *ctx, struct err *err)
{
	struct kv *kv = ctx->state;

	return worker_host_go(&kv->client, err);
}

static int kv_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err)
{
	struct kv *kv = ctx->state;

	return both(kv, worker_host_poll(&kv->client, timeout_ms, err), err);
}

static void kv_stop(struct workload_ctx *ctx)
{
	struct kv *kv = ctx->state;

	kv->client.window_begin_ns = ctx->window_begin_ns;
	kv->client.window_end_ns = ctx->window_end_ns;
	if (kv->client.state)
		worker_host_stop(&kv->client);
	server_stop(&kv->server);
}

static int kv_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
		    struct results *results, struct err *err)
{
	struct kv *kv = ctx->state;
	const struct result *misses;
	int rc = worker_host_parse(&kv->client, begin_ns, end_ns, results, err);

	if (rc)
		return rc;
	misses = results_find(results, KV_MISSES);
	if (misses && misses->value > 0)
		results_flag(results, "SERVER_EVICTED", SEVERITY_WARNING,
			     "%.0f gets found nothing of keys that had been set: the server gave "
			     "them up; raise -o server-memory, or lower -o keys",
			     misses->value);
	return 0;
}

static void kv_release(struct workload_ctx *ctx)
{
	struct kv *kv = ctx->state;

	if (!kv)
		return;
	worker_host_release(&kv->client);
	server_release(&kv->server);
	free(kv);
	ctx->state = NULL;
}

/* --- the client's process ------------------------------------------------------------------- */

static unsigned int own_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (unsigned int)CPU_COUNT(&cpus);
}

static enum kv_popularity popularity_of(const struct params *p)
{
	if (strcmp(p->popularity, "zipf") == 0)
		return KV_ZIPF;
	return strcmp(p->popularity, "hotspot") == 0 ? KV_HOTSPOT : KV_EVENLY;
}

static int kv_main(const void *arg, struct worker *worker)
{
	const struct params *p = arg;
	struct kv_config config = {
		.protocol = kv_server_find(p->server)->protocol,
		.socket = is_unix(p) ? getenv(SOCKET_VARIABLE) : NULL,
		.port = (uint16_t)p->port,
		.connections = (unsigned int)p->connections,
		.pipeline = (unsigned int)p->pipeline,
		.keys_a_get = (unsigned int)p->multi_get,
		.threads = (unsigned int)p->threads,
		.seed = worker_seed(worker),
		.compressible = p->compressible,
		.get_share = p->get_share,
		.popularity = popularity_of(p),
		.exponent = p->zipf,
		.hot_keys = p->hot_keys,
		.hot_share = p->hot_share,
		.poisson = strcmp(p->arrivals, "poisson") == 0,
	};
	struct err err = { 0 };

	if (kv_sizes_parse(p->value_size, &config.sizes, &err) ||
	    parse_rate(p->rate, &config.rate, &config.of_capacity, &err))
		return worker_error(worker, "%s", err.msg);
	config.keys = nr_keys(p, &config.sizes);
	if (!config.threads)
		config.threads = own_cpus() < config.connections ? own_cpus() : config.connections;
	return kv_client_run(&config, worker);
}

const struct workload workload_kv = {
	.name = "kv",
	.summary = "a key-value server under an open loop: tail latency over load, verified",
	.shape = WORKLOAD_SERVICE,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.ladder = &rates,
	.check = kv_check_params,
	.check_place = kv_check_place,
	.start = kv_start,
	.load = kv_load,
	.go = kv_go,
	.poll = kv_poll,
	.stop = kv_stop,
	.parse = kv_parse,
	.release = kv_release,
	.main = kv_main,
};
