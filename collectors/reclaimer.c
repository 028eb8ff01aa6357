// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reclaimer of --offload-reclaim: its own account of what it did. `reclaimed` is what its calls
 * freed (harness/group/reclaim_count.h), not what they asked for. The kernel counts memory.reclaim
 * among pgscan_direct and pgsteal_direct (Linux < 6.15), so that the workload's own share of reclaim
 * is pgsteal_direct less what is counted here; since 6.15 pgsteal_proactive is the same as here.
 */
#include "collectors/reclaimer.h"

#include "collectors/collector.h"

enum { CPU, CALLS, SHORT_CALLS, RECLAIMED, NR };

static const struct collector_key keys[NR] = {
	[CPU] = { "cpu", "us", KEY_COUNTER, NULL },
	[CALLS] = { "calls", "events", KEY_COUNTER, NULL },
	[SHORT_CALLS] = { "short_calls", "events", KEY_COUNTER, NULL },
	[RECLAIMED] = { "reclaimed", "bytes", KEY_COUNTER, NULL },
};

static int reclaimer_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	if (!ctx->reclaimer)
		return err_missing(err, "no reclaimer: --offload-reclaim starts one");
	*ret_state = ctx->reclaimer;
	return 0;
}

static int reclaimer_read(void *state, uint64_t *values, bool *have)
{
	const struct reclaimer_counters *c = state;

	values[CPU] = atomic_load_explicit(&c->cpu_ns, memory_order_relaxed) / 1000;
	values[CALLS] = atomic_load_explicit(&c->calls, memory_order_relaxed);
	values[SHORT_CALLS] = atomic_load_explicit(&c->short_calls, memory_order_relaxed);
	values[RECLAIMED] = atomic_load_explicit(&c->bytes, memory_order_relaxed);
	for (size_t i = 0; i < NR; i++)
		have[i] = true;
	have[RECLAIMED] = !atomic_load_explicit(&c->uncounted, memory_order_relaxed);
	return 0;
}

static void reclaimer_close(void *state)
{
	(void)state; /* the harness's */
}

const struct collector collector_reclaimer = {
	.name = "reclaimer",
	.summary = "the offloaded reclaimer's CPU time and what it reclaimed (--offload-reclaim)",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR,
	.open = reclaimer_open,
	.read = reclaimer_read,
	.close = reclaimer_close,
};
