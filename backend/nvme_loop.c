// SPDX-License-Identifier: GPL-2.0-or-later
/* NVMe over fabrics through the kernel's loop transport: host and target without anything between. */
#include "backend/nvme_area.h"
#include "backend/swap_areas.h"

static const struct opt nvme_loop_opts[] = {
	DEVICE_OPTS(struct nvme_params, device),
	NVME_OPTS(struct nvme_params),
	OPT_END,
};

static const char *const host_modules[] = { "nvme-core", "nvme-fabrics", "nvme-loop", NULL };
static const char *const target_modules[] = { "nvmet", NULL };

static const struct nvme_transport transport = {
	.name = "loop",
	.backend = "nvme-loop",
	.host_modules = host_modules,
	.target_modules = target_modules,
	.local_address = NULL,
};

static int nvme_loop_check(const void *params, struct err *err)
{
	return nvme_check(&transport, params, err);
}

static int nvme_loop_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	return nvme_up(&transport, ctx->params, ctx, j, err);
}

const struct backend backend_nvme_loop = {
	.name = "nvme-loop",
	.summary = "NVMe over fabrics without a fabric: what its two queues cost",
	.opts = nvme_loop_opts,
	.params_size = sizeof(struct nvme_params),
	.caps = CAP_SWAP,
	.usage = swap_usage,
	.check = nvme_loop_check,
	.up = nvme_loop_up,
	.facts = nvme_facts,
	.health = nvme_health,
	.release = nvme_release,
};
