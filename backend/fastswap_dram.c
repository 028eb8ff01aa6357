// SPDX-License-Identifier: GPL-2.0-or-later
/* Fastswap with its pool in local memory, on one node: what the software path alone costs. */
#include <inttypes.h>
#include <stdio.h>

#include "backend/fastswap_area.h"
#include "backend/swap_areas.h"
#include "base/sysfile.h"

#define POOL "fastswap_dram"

struct fastswap_dram_params {
	struct fastswap_params common;
	uint64_t size_bytes;
	char *node;
	bool prealloc, async_readahead;
};

static const struct opt fastswap_dram_opts[] = {
	OPT_SIZE("size", struct fastswap_dram_params, size_bytes, "0", 0, 16.0 * (1ull << 40),
		 "of the pool; 0: what the run needs, else half of the free memory"),
	OPT_STRING("node", struct fastswap_dram_params, node, NULL,
		   "NUMA node of the pool; unset: any"),
	OPT_BOOL("prealloc", struct fastswap_dram_params, prealloc, "no",
		 "allocate all pages at once"),
	OPT_BOOL("async-readahead", struct fastswap_dram_params, async_readahead, "no",
		 "leave read-ahead to the block device, as the RDMA pool does"),
	FASTSWAP_OPTS(struct fastswap_dram_params, common),
	OPT_END
};

static int fastswap_dram_check(const void *params, struct err *err)
{
	const struct fastswap_dram_params *p = params;
	uint64_t node;

	if (p->size_bytes && p->size_bytes < 1024 * 1024)
		return err_usage(err, "backend fastswap-dram: size must be 1M or more");
	if (p->node && parse_u64(p->node, &node) != 0)
		return err_usage(err, "backend fastswap-dram: node '%s' is no node's number",
				 p->node);
	return fastswap_check(&p->common, POOL, err);
}

static int fastswap_dram_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct fastswap_dram_params *p = ctx->params;
	uint64_t size_bytes = p->size_bytes, free_kib;
	char options[128];
	int rc;

	if (fastswap_is_up(POOL))
		return fastswap_take(ctx, err);
	if (size_bytes == 0 && ctx->need_bytes)
		size_bytes = swap_area_size_for(ctx->need_bytes);
	if (size_bytes == 0) {
		rc = sysfile_read_key("/proc/meminfo", "MemAvailable:", &free_kib);
		if (rc)
			return err_failed(err, -rc, "MemAvailable in /proc/meminfo");
		size_bytes = free_kib / 2 * 1024;
	}
	snprintf(options, sizeof(options), "size=%" PRIu64 "%s%s%s%s", size_bytes,
		 p->node ? " node=" : "", p->node ? p->node : "", p->prealloc ? " prealloc=1" : "",
		 p->async_readahead ? " async_readahead=1" : "");
	return fastswap_up(ctx, &p->common, POOL, options, j, err);
}

const struct backend backend_fastswap_dram = {
	.name = "fastswap-dram",
	.summary = "Fastswap on an unpatched kernel, its pool in local memory",
	.opts = fastswap_dram_opts,
	.params_size = sizeof(struct fastswap_dram_params),
	.caps = CAP_SWAP | CAP_PAGE_HOOK,
	.usage = fastswap_usage,
	.check = fastswap_dram_check,
	.up = fastswap_dram_up,
	.facts = fastswap_facts,
	.health = fastswap_health,
};
