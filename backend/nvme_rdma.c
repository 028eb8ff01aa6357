// SPDX-License-Identifier: GPL-2.0-or-later
/* Far memory over NVMe/RDMA. */
#include "backend/nvme_area.h"
#include "backend/swap_areas.h"
#include "backend/rdma_local.h"

static const struct opt nvme_rdma_opts[] = {
	DEVICE_OPTS(struct nvme_params, device),
	NVME_OPTS(struct nvme_params),
	NVME_FABRIC_OPTS(struct nvme_params),
	OPT_END,
};

static const char *const host_modules[] = { "nvme-core", "nvme-fabrics", "nvme-rdma", NULL };
static const char *const target_modules[] = { "nvmet", "nvmet-rdma", NULL };

static const struct nvme_transport transport = {
	.name = "rdma",
	.backend = "nvme-rdma",
	.host_modules = host_modules,
	.target_modules = target_modules,
	.local_address = rdma_local_address,
};

static int nvme_rdma_check(const void *params, struct err *err)
{
	return nvme_check(&transport, params, err);
}

static int nvme_rdma_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	return nvme_up(&transport, ctx->params, ctx, j, err);
}

const struct backend backend_nvme_rdma = {
	.name = "nvme-rdma",
	.summary = "memory of another machine (or this one) over NVMe/RDMA",
	.opts = nvme_rdma_opts,
	.params_size = sizeof(struct nvme_params),
	.caps = CAP_SWAP | CAP_REMOTE | CAP_RDMA,
	.usage = swap_usage,
	.check = nvme_rdma_check,
	.up = nvme_rdma_up,
	.facts = nvme_facts,
	.health = nvme_health,
	.release = nvme_release,
};
