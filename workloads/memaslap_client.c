// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/memaslap_client.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/find_program.h"

bool memaslap_mixed(const struct memaslap_params *p)
{
	return p->get_share < 1;
}

const char *memaslap_program(void)
{
	static const char *const names[] = { "memaslap", "memcaslap" };

	for (size_t i = 0; i < 2; i++) {
		if (find_program(names[i], NULL, 0))
			return names[i];
	}
	return NULL;
}

int memaslap_write(const char *path, const char *text, size_t len, struct err *err)
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

int memaslap_spawn(struct workload_ctx *ctx, struct err *err)
{
	struct memaslap *m = ctx->state;
	const struct memaslap_params *p = &m->params;
	struct buf config = BUF_INIT;
	char server[32], threads[16], concurrency[16], window[24], verify[32];
	char *argv[24];
	size_t n = 0;
	int rc;

	/* Sections of size ranges and shares; cmd 0 is set, 1 is get. */
	buf_addf(&config, "key\n%" PRIu64 " %" PRIu64 " 1\n", p->key_bytes, p->key_bytes);
	buf_addf(&config, "value\n%" PRIu64 " %" PRIu64 " 1\n", p->value_bytes, p->value_bytes);
	buf_addf(&config, "cmd\n0 %.6f\n1 %.6f\n", 1 - p->get_share, p->get_share);
	rc = memaslap_write(m->config_path, config.data, config.len, err);
	buf_release(&config);
	if (rc)
		return rc;

	snprintf(server, sizeof(server), "127.0.0.1:%u", (unsigned int)m->server.process.port);
	snprintf(threads, sizeof(threads), "%" PRIu64, p->threads);
	snprintf(concurrency, sizeof(concurrency), "%" PRIu64, p->concurrency);
	snprintf(window, sizeof(window), "%" PRIu64 "k", m->window / WINDOW_UNIT);
	snprintf(verify, sizeof(verify), "%.6f", p->verify_share);

#define ARG(s) (argv[n++] = (char *)(uintptr_t)(s))
	ARG(memaslap_program());
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

/* 0: not by more than NTP's slewing (at most 500 ppm). */
double memaslap_clock_step(const struct memaslap *m)
{
	double step = (double)(clock_wall_lead_ns() - m->wall_lead_ns) / 1e9;
	double slewed = (double)(clock_ns() - m->spawn_ns) / 1e9 / 1000;

	return fabs(step) < 0.1 + slewed ? 0 : step;
}

void memaslap_take_output(struct memaslap *m)
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

int memaslap_alive(struct memaslap *m, struct err *err)
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

	memaslap_take_output(m);
	child_describe(&m->client, how, sizeof(how));
	if (memaslap_clock_step(m))
		return err_failed(err, 0,
				  "memaslap %s: it can't bear that the machine's clock is set (by "
				  "%+.1f s); run it again",
				  how, memaslap_clock_step(m));
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

int memaslap_read_store(struct memaslap *m, struct memaslap_store *s, struct err *err)
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
