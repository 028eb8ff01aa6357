// SPDX-License-Identifier: GPL-2.0-or-later
/* Far memory over NVMe/TCP. */
#include <stdio.h>

#include "backend/nvme_area.h"
#include "backend/swap_areas.h"

static const struct opt nvme_tcp_opts[] = {
	DEVICE_OPTS(struct nvme_params, device),
	NVME_OPTS(struct nvme_params),
	NVME_FABRIC_OPTS(struct nvme_params),
	OPT_END,
};

static const char *const host_modules[] = { "nvme-core", "nvme-fabrics", "nvme-tcp", NULL };
static const char *const target_modules[] = { "nvmet", "nvmet-tcp", NULL };

static int local_address(char *address, size_t size, struct err *err)
{
	(void)err;
	snprintf(address, size, "127.0.0.1");
	return 0;
}

static const struct nvme_transport transport = {
	.name = "tcp",
	.backend = "nvme-tcp",
	.host_modules = host_modules,
	.target_modules = target_modules,
	.local_address = local_address,
};

static int nvme_tcp_check(const void *params, struct err *err)
{
	return nvme_check(&transport, params, err);
}

static int nvme_tcp_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	return nvme_up(&transport, ctx->params, ctx, j, err);
}

const struct backend backend_nvme_tcp = {
	.name = "nvme-tcp",
	.summary = "memory of another machine (or this one) over NVMe/TCP",
	.opts = nvme_tcp_opts,
	.params_size = sizeof(struct nvme_params),
	.caps = CAP_SWAP | CAP_REMOTE,
	.usage = swap_usage,
	.check = nvme_tcp_check,
	.up = nvme_tcp_up,
	.facts = nvme_facts,
	.health = nvme_health,
	.release = nvme_release,
};
