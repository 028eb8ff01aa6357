// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Far memory of any speed: a RAM disk whose timer completes each request after the time that is asked
 * for. Latency alone: requests wait beside each other, and the copy is done before.
 */
#include <inttypes.h>

#include "backend/ramdisk.h"
#include "backend/swap_areas.h"

struct delay_params {
	struct device_params device;
	uint64_t latency_ns;
};

static const struct opt delay_opts[] = {
	OPT_DURATION("latency", struct delay_params, latency_ns, "10us", 0, 1e9,
		     "of each request, on top of what a RAM disk takes; 0: none"),
	DEVICE_OPTS(struct delay_params, device),
	OPT_END,
};

static int delay_check(const void *params, struct err *err)
{
	const struct delay_params *p = params;

	return device_check(&p->device, "delay", ramdisk_modules, err);
}

static int delay_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct delay_params *p = ctx->params;
	char path[DEVICE_PATH_SIZE];
	uint64_t size_bytes;
	int rc = device_size(&p->device, ctx->need_bytes, &size_bytes, err);

	if (!rc)
		rc = ramdisk_make(j, size_bytes, p->latency_ns, path, err);
	return rc ? rc : device_swap_on(ctx, path, &p->device, j, err);
}

static void delay_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct delay_params *p = ctx->params;

	swap_area_facts(ctx, facts);
	facts_set(facts, "delay_latency_ns", "%" PRIu64, p->latency_ns);
}

const struct backend backend_delay = {
	.name = "delay",
	.summary = "far memory of any latency: a RAM disk that answers late (null_blk)",
	.opts = delay_opts,
	.params_size = sizeof(struct delay_params),
	.caps = CAP_SWAP,
	.usage = swap_usage,
	.check = delay_check,
	.up = delay_up,
	.facts = delay_facts,
	.health = swap_area_health,
};
