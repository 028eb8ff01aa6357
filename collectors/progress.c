// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operations that the job's program says it has done so far, in the unit of its workload (updates,
 * lookups, edges; doc/WORKLOADS.md): base/progress.h. Absent until the program begins to tell.
 */
#include "base/progress.h"
#include "collectors/collector.h"

enum { OPERATIONS, NR };

static const struct collector_key keys[NR] = {
	[OPERATIONS] = { "operations", "ops", KEY_COUNTER, NULL },
};

static int progress_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	if (!ctx->progress)
		return err_missing(err, "no job whose program could tell its progress");
	*ret_state = ctx->progress;
	return 0;
}

static int progress_read(void *state, uint64_t *values, bool *have)
{
	const struct progress *p = state;

	have[OPERATIONS] = atomic_load_explicit(&p->slots, memory_order_relaxed) > 0;
	values[OPERATIONS] = progress_sum(p);
	return 0;
}

static void progress_close(void *state)
{
	(void)state; /* the harness's */
}

const struct collector collector_progress = {
	.name = "progress",
	.summary = "operations that the job's program has done so far, as it says itself",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR,
	.open = progress_open,
	.read = progress_read,
	.close = progress_close,
};
