/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of this machine for pools: that of all processes of a job, and that of one process. */
#ifndef BACKEND_PAGER_POOL_MEMORY_H
#define BACKEND_PAGER_POOL_MEMORY_H

#include "backend/pager/pool.h"

/* One row for the pools whose slots are in memory. */
#define POOL_OPT_PREALLOC(s, f)                                                                    \
	OPT_SIZE("prealloc", s, f, "0", 0, 1ull << 50,                                             \
		 "memory taken at once, and so charged to fmpager, not to the job")

/* In create(): ctx->fd becomes so much memory; the first prealloc_bytes are taken now. */
int pool_memory_create(struct pool_ctx *ctx, uint64_t bytes, uint64_t prealloc_bytes,
		       struct err *err);
/* In open(): ctx->memory. */
int pool_memory_open(struct pool_ctx *ctx, uint64_t bytes, struct err *err);
void pool_memory_close(struct pool_ctx *ctx, uint64_t bytes);
/* Give the system back what is in [offset, offset + bytes), but for what was taken beforehand. */
void pool_memory_free(struct pool_ctx *ctx, uint64_t offset, uint64_t bytes,
		      uint64_t prealloc_bytes);

/* Slots that lie there as they are, one after the other. */
int pool_memory_store(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs);
int pool_memory_load(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs);

/* In open(): memory of this process alone, zeroed, never paged; a forked child doesn't have it. NULL: none */
void *pool_scratch(size_t bytes);
void pool_scratch_free(void *scratch, size_t bytes);

#endif
