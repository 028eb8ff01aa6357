// SPDX-License-Identifier: GPL-2.0-or-later
/* Far pages in this machine's own memory, uncompressed: what the pager itself costs. */
#include "backend/pager/pool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/opt.h"

#define PAGE 4096ull

struct dram_options {
	uint64_t prealloc_bytes;
};

static const struct opt dram_opts[] = {
	OPT_SIZE("prealloc", struct dram_options, prealloc_bytes, "0", 0, 1ull << 50,
		 "memory taken at once, and so charged to fmpager, not to the job"),
	OPT_END
};

static int dram_create(struct pool_ctx *ctx, struct err *err)
{
	struct dram_options o;
	off_t bytes = (off_t)(ctx->nr_slots * PAGE);
	int rc = 0;

	opt_defaults(dram_opts, &o);
	if (ctx->options[0])
		rc = opt_set_pair(dram_opts, &o, ctx->options, "pool dram", err);
	if (rc)
		return rc;
	ctx->fd = memfd_create("fmpager-dram", MFD_CLOEXEC);
	if (ctx->fd < 0 || ftruncate(ctx->fd, bytes) != 0)
		return err_failed(err, errno, "cannot make the memory of pool dram");
	/* Slots are handed out from the lowest. */
	if (o.prealloc_bytes && (off_t)o.prealloc_bytes < bytes &&
	    fallocate(ctx->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)o.prealloc_bytes) != 0)
		return err_failed(err, errno, "pool dram: prealloc=%llu is more than is free",
				  (unsigned long long)o.prealloc_bytes);
	return 0;
}

static int dram_open(struct pool_ctx *ctx, struct err *err)
{
	if (ctx->state) /* a forked child has it from its parent */
		return 0;
	ctx->state = mmap(NULL, ctx->nr_slots * PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_NORESERVE, ctx->fd, 0);
	if (ctx->state == MAP_FAILED)
		return err_failed(err, errno, "cannot map the memory of pool dram");
	madvise(ctx->state, ctx->nr_slots * PAGE, MADV_DONTDUMP);
	return 0;
}

static char *at(struct pool_ctx *ctx, uint32_t slot)
{
	return (char *)ctx->state + slot * PAGE;
}

static int dram_store(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	for (size_t i = 0; i < nr_runs; i++)
		memcpy(at(ctx, runs[i].slot), runs[i].pages, runs[i].nr * PAGE);
	return 0;
}

static int dram_load(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	for (size_t i = 0; i < nr_runs; i++)
		memcpy(runs[i].pages, at(ctx, runs[i].slot), runs[i].nr * PAGE);
	return 0;
}

static const void *dram_window(struct pool_ctx *ctx, uint32_t slot)
{
	return at(ctx, slot);
}

static void dram_drop(struct pool_ctx *ctx, uint32_t slot, uint32_t nr)
{
	madvise(at(ctx, slot), nr * PAGE, MADV_REMOVE);
}

const struct pool pool_dram = {
	.name = "dram",
	.summary = "shared memory of this machine",
	.create = dram_create,
	.open = dram_open,
	.store = dram_store,
	.load = dram_load,
	.window = dram_window,
	.drop = dram_drop,
};
