// SPDX-License-Identifier: GPL-2.0-or-later
/* Far pages in this machine's own memory, uncompressed: what the pager itself costs. */
#include "backend/pager/pool_memory.h"

struct dram_params {
	uint64_t prealloc_bytes;
};

struct dram_shared {
	uint64_t prealloc_bytes;
};

static const struct opt dram_opts[] = { POOL_OPT_PREALLOC(struct dram_params, prealloc_bytes),
					OPT_END };

static int dram_create(struct pool_ctx *ctx, const void *params, struct err *err)
{
	const struct dram_params *p = params;
	struct dram_shared *shared = ctx->shared;

	shared->prealloc_bytes = p->prealloc_bytes;
	return pool_memory_create(ctx, ctx->nr_slots * POOL_PAGE, p->prealloc_bytes, err);
}

static int dram_open(struct pool_ctx *ctx, struct err *err)
{
	return pool_memory_open(ctx, ctx->nr_slots * POOL_PAGE, err);
}

static const void *dram_window(struct pool_ctx *ctx, uint32_t slot)
{
	return ctx->memory + slot * POOL_PAGE;
}

static void dram_drop(struct pool_ctx *ctx, uint32_t slot, uint32_t nr)
{
	const struct dram_shared *shared = ctx->shared;

	pool_memory_free(ctx, slot * POOL_PAGE, nr * POOL_PAGE, shared->prealloc_bytes);
}

static void dram_close(struct pool_ctx *ctx)
{
	pool_memory_close(ctx, ctx->nr_slots * POOL_PAGE);
}

const struct pool pool_dram = {
	.name = "dram",
	.summary = "shared memory of this machine",
	.opts = dram_opts,
	.params_size = sizeof(struct dram_params),
	.create = dram_create,
	.open = dram_open,
	.store = pool_memory_store,
	.load = pool_memory_load,
	.window = dram_window,
	.drop = dram_drop,
	.close = dram_close,
};
