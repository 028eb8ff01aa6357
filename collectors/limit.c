// SPDX-License-Identifier: GPL-2.0-or-later
/* The limit of a co-run's job, as the run last set it: it moves (harness/run/corun.c). */
#include "collectors/limit.h"

#include "collectors/collector.h"

static const struct collector_key keys[] = {
	{ "bytes", "bytes", KEY_GAUGE, NULL },
	{ "target", "bytes", KEY_GAUGE, NULL },
};

static int limit_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	if (!ctx->limit)
		return err_missing(err, "no limit that moves: `fmbench corun` has some");
	*ret_state = ctx->limit;
	return 0;
}

static int limit_read(void *state, uint64_t *values, bool *have)
{
	const struct moving_limit *l = state;

	values[0] = atomic_load_explicit(&l->bytes, memory_order_relaxed);
	values[1] = atomic_load_explicit(&l->target_bytes, memory_order_relaxed);
	have[0] = have[1] = atomic_load_explicit(&l->known, memory_order_relaxed);
	return 0;
}

static void limit_close(void *state)
{
	(void)state; /* the harness's */
}

const struct collector collector_limit = {
	.name = "limit",
	.summary = "a co-run's job: its limit, and where the policy wants it",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = limit_open,
	.read = limit_read,
	.close = limit_close,
};
