// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/memaslap_fill.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sysfile.h"

#define MAX_WINDOW (INT32_MAX / WINDOW_UNIT * (uint64_t)WINDOW_UNIT)

/*
 * Store per live object where there are sets, because dropped objects linger. Measured at 5 % sets:
 * with 1.13 every 40th get misses, with 1.28 every 300th, with 1.54 every 50,000th. It also gives
 * the slowest connection time to fill its window before the store is full.
 */
#define MIXED_ROOM 1.5

#define POLL_NS	 (10 * NSEC_PER_MSEC)
#define QUIET_NS (5 * NSEC_PER_SEC)
#define GROW_NS	 (20 * NSEC_PER_SEC)

int memaslap_size_store(struct memaslap *m, const struct memaslap_params *p, struct err *err)
{
	uint64_t object_bytes, rss_kib, limit_mib, unit = p->concurrency * WINDOW_UNIT;
	double room = memaslap_mixed(p) ? MIXED_ROOM : 1;
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
			       (memaslap_mixed(p) ? room
				: p->config	  ? 1.4
						  : 1.1) /
			       (1 << 20)) +
		    (memaslap_mixed(p) ? 2 : 64);
	snprintf(request, sizeof(request), "cache_memlimit %" PRIu64, limit_mib);
	rc = memcached_request(&m->server, request, "OK", err);
	if (rc)
		return rc;
	rc = memcached_stats(&m->server, "stats", err);
	return rc ? rc : memcached_stat(&m->server, "cmd_set", &m->sets_before, err);
}

static int nap(struct workload_ctx *ctx, struct err *err)
{
	int rc = workload_idle(ctx, err);

	if (rc == 0 && clock_sleep_until(clock_ns() + POLL_NS))
		rc = err_failed(err, EINTR, "waiting for memaslap");
	return rc;
}

static bool is_full(const struct memaslap *m, const struct memaslap_params *p,
		    const struct memaslap_store *s)
{
	if (!memaslap_mixed(p))
		return s->sets >= m->objects;
	return (double)s->sets >= MIXED_ROOM * (double)m->objects && s->evictions;
}

static int fill(struct workload_ctx *ctx, struct memaslap_store *s, struct err *err)
{
	struct memaslap *m = ctx->state;
	const struct memaslap_params *p = &m->params;
	uint64_t sets = 0, progress_ns = clock_ns();

	for (;;) {
		int rc = nap(ctx, err);

		if (rc == 0)
			rc = memaslap_alive(m, err);
		if (rc == 0)
			rc = memaslap_read_store(m, s, err);
		if (rc)
			return rc;
		memaslap_take_output(m);
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
static int hold(struct workload_ctx *ctx, struct memaslap_store *s, struct err *err)
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
			rc = memaslap_read_store(m, s, err);
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

/* With all of its memory near, before the limit. */
static int let_grow(struct workload_ctx *ctx, struct memaslap_store *s, struct err *err)
{
	struct memaslap *m = ctx->state;
	uint64_t deadline_ns = clock_ns() + GROW_NS;

	while (!memcached_has_grown(&m->server)) {
		int rc = nap(ctx, err);

		if (rc == 0)
			rc = memaslap_read_store(m, s, err);
		if (rc)
			return rc;
		if (clock_ns() > deadline_ns) {
			log_warn("memcached's hash table still grows %llu s after the last set: "
				 "this run measures that, too",
				 GROW_NS / NSEC_PER_SEC);
			return 0;
		}
	}
	return 0;
}

int memaslap_load(struct workload_ctx *ctx, struct err *err)
{
	struct memaslap *m = ctx->state;
	const struct memaslap_params *p = &m->params;
	struct memaslap_store s = { 0 };
	int rc = memaslap_spawn(ctx, err);

	if (rc == 0)
		rc = fill(ctx, &s, err);
	if (rc == 0)
		rc = hold(ctx, &s, err);
	if (rc == 0)
		rc = let_grow(ctx, &s, err);
	if (rc == 0 && !memaslap_mixed(p) && (s.evictions || s.objects != m->objects))
		rc = err_failed(err, ENOSPC,
				"memcached holds %" PRIu64 " of %" PRIu64 " objects (%" PRIu64
				" evicted): its memory is too small; raise -o memory or lower "
				"-o objects",
				s.objects, m->objects, s.evictions);
	m->gets_held = s.gets;
	m->failed = rc != 0;
	return rc;
}
