// SPDX-License-Identifier: GPL-2.0-or-later
/* memcached in the limited group, memaslap (memaslap_client.h) outside loading it. */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/program.h"
#include "workloads/memaslap_config.h"
#include "workloads/memaslap_fill.h"
#include "workloads/memaslap_result.h"

#define MIN_MEASURE_NS	(5 * NSEC_PER_SEC)
#define CLIENT_GRACE_MS 2000

static const struct opt opts[] = {
	SERVER_MEMORY_OPT(
		struct memaslap_params,
		"memory of the filled server, overhead and all; sets the number of objects"),
	OPT_U64("objects", struct memaslap_params, objects, "0", 0, 1ull << 40,
		"how many objects, rounded up to concurrency x 1024; 0: from memory"),
	OPT_SIZE("value-size", struct memaslap_params, value_bytes, "1K", 16, 512 << 10,
		 "bytes of a value"),
	OPT_U64("key-size", struct memaslap_params, key_bytes, "64", 16, 249, "bytes of a key"),
	OPT_DOUBLE(
		"get-share", struct memaslap_params, get_share, "1", 0, 1,
		"share of gets, the rest are sets: 1, or at most 0.99 (then loading runs the mix "
		"until the store is full)"),
	OPT_STRING(
		"config", struct memaslap_params, config, NULL,
		"file for memaslap's -F: it has sizes and shares, instead of value-size, key-size "
		"and get-share",
		.arg = "FILE"),
	OPT_U64("threads", struct memaslap_params, threads, "1", 1, 1024, "threads of the client"),
	OPT_U64("concurrency", struct memaslap_params, concurrency, "16", 1, 65536,
		"connections, a multiple of threads; each waits for its answer (closed loop)"),
	OPT_DOUBLE("verify", struct memaslap_params, verify_share, "0", 0, 1,
		   "share of gets whose value is verified"),
	SERVER_OPTS(struct memaslap_params),
	OPT_BOOL("audit", struct memaslap_params, audit, "no",
		 "after the measurement, count the objects that gets have touched"),
	OPT_END,
};

/* With a file the means of its sizes stand for them all, to count objects by. */
static int take_config(struct memaslap_params *p, struct err *err)
{
	struct memaslap_config c;
	int rc;

	if (!p->config)
		return 0;
	if (memaslap_mixed(p))
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
	struct memaslap_params copy = *(const struct memaslap_params *)params;
	const struct memaslap_params *p = &copy;

	(void)argv;
	if (take_config(&copy, err) != 0)
		return -EINVAL;
	if (!memaslap_program())
		return err_missing(err,
				   "no program memaslap or memcaslap; install Debian's package "
				   "libmemcached-tools (`make deps`)");
	if (p->concurrency % p->threads)
		return err_usage(err,
				 "memaslap: concurrency=%" PRIu64 " is no multiple of "
				 "threads=%" PRIu64,
				 p->concurrency, p->threads);
	/* Its own arithmetic takes less than 0.001 for none. */
	if (memaslap_mixed(p) && p->get_share > 0.99)
		return err_usage(err,
				 "memaslap: get-share=%g is too close to 1 to fill the store "
				 "with sets; take 1 (filled before the gets) or at most 0.99",
				 p->get_share);
	if (memaslap_mixed(p) && p->audit)
		return err_usage(err,
				 "memaslap: audit needs get-share=1: sets leave objects behind "
				 "that no get asks for");
	return memcached_check(err);
}

/* Asked once: they don't change while fmbench runs. */
static void memaslap_versions(char *const *argv, struct facts *facts)
{
	static char server[64], client[64];
	const char *program = memaslap_program();

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
	const struct memaslap_params *p = &m->params;
	const struct memaslap_params *given = ctx->params;
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
		rc = memaslap_size_store(m, p, err);
	m->failed = rc != 0;
	return rc;
}

static int memaslap_go(struct workload_ctx *ctx, struct err *err)
{
	struct memaslap *m = ctx->state;
	struct memaslap_store s;
	int rc = memaslap_alive(m, err);

	if (rc == 0)
		rc = memaslap_read_store(m, &s, err);
	/* Each connection may have had one on its way, which a busy machine answered later. */
	if (rc == 0 && s.gets - m->gets_held > m->params.concurrency)
		rc = err_failed(
			err, EBUSY,
			"%" PRIu64 " gets reached memcached while memaslap was held, and its "
			"%" PRIu64 " connections had at most one each on its way; does another "
			"client use port %u?",
			s.gets - m->gets_held, m->params.concurrency,
			(unsigned int)m->server.process.port);
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
	memaslap_take_output(m);
	rc = memaslap_alive(m, err);
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
static int last_questions(struct memaslap *m, const struct memaslap_params *p, struct err *err)
{
	struct memaslap_store s;
	int rc = memaslap_read_store(m, &s, err);

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
		memaslap_take_output(m);
	child_stop(&m->client, CLIENT_GRACE_MS);
	if (m->go_ns && !m->failed)
		m->audit_status = last_questions(m, &m->params, &m->audit_err);
	memcached_stop(&m->server);
	/* An artifact: a run is no worse without it. */
	if (m->output.text.len)
		(void)memaslap_write(m->out_path, m->output.text.data, m->output.text.len, NULL);
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
	.metrics = memaslap_metrics,
	.opts = opts,
	.params_size = sizeof(struct memaslap_params),
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
