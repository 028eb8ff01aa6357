// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/workload.h"

#include <string.h>

#include "workloads/worker_host.h"

const struct workload *workload_find(const char *name, struct err *err)
{
	const char *names[64] = { NULL };
	size_t nr = 0;

	for (const struct workload *const *w = workload_table; *w; w++) {
		if (!strcmp((*w)->name, name))
			return *w;
		if (nr + 1 < sizeof(names) / sizeof(names[0]))
			names[nr++] = (*w)->name;
	}

	const char *meant = did_you_mean(name, names);

	if (meant)
		err_usage(err, "no workload '%s'; did you mean '%s'?", name, meant);
	else
		err_usage(err, "no workload '%s'; `fmbench list workloads` shows them", name);
	return NULL;
}

static const struct workload *hooks_of(const struct workload_ctx *ctx)
{
	return ctx->workload->main ? &worker_hooks : ctx->workload;
}

int workload_start(struct workload_ctx *ctx, struct err *err)
{
	return hooks_of(ctx)->start(ctx, err);
}

/* A BATCH workload has nothing to load and nothing to hold back: it runs from its start. */
int workload_load(struct workload_ctx *ctx, struct err *err)
{
	return ctx->workload->shape == WORKLOAD_SERVICE ? hooks_of(ctx)->load(ctx, err) : 0;
}

int workload_go(struct workload_ctx *ctx, struct err *err)
{
	return ctx->workload->shape == WORKLOAD_SERVICE ? hooks_of(ctx)->go(ctx, err) : 0;
}

const char *workload_phase(const struct workload_ctx *ctx)
{
	return workload_times_itself(ctx->workload) ? worker_host_phase(ctx) : NULL;
}

int workload_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err)
{
	return hooks_of(ctx)->poll(ctx, timeout_ms, err);
}

void workload_stop(struct workload_ctx *ctx)
{
	hooks_of(ctx)->stop(ctx);
}

int workload_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
		   struct results *results, struct err *err)
{
	return hooks_of(ctx)->parse(ctx, begin_ns, end_ns, results, err);
}

void workload_release(struct workload_ctx *ctx)
{
	hooks_of(ctx)->release(ctx);
}

int workload_idle(struct workload_ctx *ctx, struct err *err)
{
	return ctx->idle ? ctx->idle(ctx->idle_arg, err) : 0;
}
