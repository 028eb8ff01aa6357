// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A block device that the machine has, lent for the time of the run: an SSD, a partition, a virtual disk.
 * Nothing is on it before (zeros, and no signature), and no signature is on it afterwards.
 */
#include "backend/disk.h"

#include <unistd.h>

#include "backend/device.h"
#include "backend/swap_areas.h"
#include "base/blockdev.h"

static const struct opt disk_opts[] = {
	OPT_STRING("device", struct disk_params, device, NULL,
		   "an empty disk or partition that nothing uses, as /dev/nvme0n1p3"),
	SWAP_PRIORITY_OPT(struct disk_params, priority), OPT_END
};

int disk_check_device(const char *path, struct err *err)
{
	int rc = swap_area_may(err);
	int fd = rc ? rc : blockdev_open(path, err);

	if (fd < 0)
		return fd;
	close(fd);
	return device_may_overwrite(path, NULL, 0, err);
}

static int disk_check(const void *params, struct err *err)
{
	const struct disk_params *p = params;

	if (!p->device)
		return err_usage(
			err, "backend disk: -o disk.device= must name an empty disk or partition");
	return disk_check_device(p->device, err);
}

static int disk_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct disk_params *p = ctx->params;

	return device_lent_swap_on(ctx, p->device, NULL, p->priority, j, err);
}

const struct backend backend_disk = {
	.name = "disk",
	.summary = "a disk or partition that the machine has, empty: an SSD",
	.opts = disk_opts,
	.params_size = sizeof(struct disk_params),
	.caps = CAP_SWAP,
	.usage = swap_usage,
	.check = disk_check,
	.up = disk_up,
	.facts = swap_area_facts,
	.health = swap_area_health,
};
