// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/pool_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int pool_memory_create(struct pool_ctx *ctx, uint64_t bytes, uint64_t prealloc_bytes,
		       struct err *err)
{
	ctx->fd = memfd_create("fmpager-pool", MFD_CLOEXEC);
	if (ctx->fd < 0 || ftruncate(ctx->fd, (off_t)bytes) != 0)
		return err_failed(err, errno, "cannot make the memory of pool %s", ctx->pool->name);
	/* Slots are handed out from the lowest. */
	if (prealloc_bytes && prealloc_bytes < bytes &&
	    fallocate(ctx->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)prealloc_bytes) != 0)
		return err_failed(err, errno, "pool %s: prealloc=%llu is more than is free",
				  ctx->pool->name, (unsigned long long)prealloc_bytes);
	return 0;
}

int pool_memory_open(struct pool_ctx *ctx, uint64_t bytes, struct err *err)
{
	void *at;

	if (ctx->memory) /* a forked child has it from its parent */
		return 0;
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, ctx->fd, 0);
	if (at == MAP_FAILED)
		return err_failed(err, errno, "cannot map the memory of pool %s", ctx->pool->name);
	madvise(at, bytes, MADV_DONTDUMP);
	ctx->memory = at;
	return 0;
}

void pool_memory_close(struct pool_ctx *ctx, uint64_t bytes)
{
	if (ctx->memory)
		munmap(ctx->memory, bytes);
	ctx->memory = NULL;
}

void pool_memory_free(struct pool_ctx *ctx, uint64_t offset, uint64_t bytes,
		      uint64_t prealloc_bytes)
{
	uint64_t start = offset > prealloc_bytes ? offset : prealloc_bytes;

	start = (start + POOL_PAGE - 1) / POOL_PAGE * POOL_PAGE;
	if (start < offset + bytes)
		madvise(ctx->memory + start, offset + bytes - start, MADV_REMOVE);
}

static char *at(struct pool_ctx *ctx, uint32_t slot)
{
	return ctx->memory + slot * POOL_PAGE;
}

int pool_memory_store(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	for (size_t i = 0; i < nr_runs; i++)
		memcpy(at(ctx, runs[i].slot), runs[i].pages, runs[i].nr * POOL_PAGE);
	return 0;
}

int pool_memory_load(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	for (size_t i = 0; i < nr_runs; i++)
		memcpy(runs[i].pages, at(ctx, runs[i].slot), runs[i].nr * POOL_PAGE);
	return 0;
}

void *pool_scratch(size_t bytes)
{
	void *got = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (got == MAP_FAILED)
		return NULL;
	madvise(got, bytes, MADV_DONTDUMP);
	if (madvise(got, bytes, MADV_DONTFORK) == 0)
		return got;
	munmap(got, bytes);
	return NULL;
}

void pool_scratch_free(void *scratch, size_t bytes)
{
	if (scratch)
		munmap(scratch, bytes);
}
