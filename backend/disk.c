// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A block device that the machine has, lent for the time of the run: an SSD, a partition, a virtual disk.
 * Nothing is on it before (its first 64 KiB are zeros), and no signature is on it afterwards.
 */
#include "backend/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/device.h"
#include "backend/swap_areas.h"

static const struct opt disk_opts[] = {
	OPT_STRING("device", struct disk_params, device, NULL,
		   "an empty disk or partition that nothing uses, as /dev/nvme0n1p3"),
	SWAP_PRIORITY_OPT(struct disk_params, priority), OPT_END
};

/* O_EXCL: not while it is mounted, swap, or under another device (open(2)); nor is one with such a partition. */
static int is_free(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	if (fd < 0 && errno == EBUSY)
		return err_usage(err,
				 "%s is mounted, swap, or part of another device: lsblk tells; "
				 "name one that nothing uses",
				 path);
	if (fd < 0 && errno == ENOENT)
		return err_usage(err, "there is no %s: lsblk names the disks", path);
	if (fd < 0)
		return err_failed(err, errno, "opening %s, to swap there", path);
	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode))
		rc = err_usage(err,
			       "%s is no block device: name a disk or a partition, or use "
			       "--backend swapfile",
			       path);
	close(fd);
	return rc;
}

int disk_check_device(const char *path, struct err *err)
{
	int rc = swap_area_may(err);

	if (!rc)
		rc = is_free(path, err);
	return rc ? rc : device_may_overwrite(path, 0, err);
}

static int disk_check(const void *params, struct err *err)
{
	const struct disk_params *p = params;

	if (!p->device)
		return err_usage(
			err, "backend disk: -o disk.device= must name an empty disk or partition");
	return disk_check_device(p->device, err);
}

/* swapoff is undone first, the signature after it. */
int disk_swap_on(struct backend_ctx *ctx, const char *path, struct journal *j, struct err *err)
{
	const struct disk_params *p = ctx->params;
	char uuid[SWAP_UUID_SIZE];
	int rc = device_may_overwrite(path, ctx->need_bytes, err);

	if (!rc)
		rc = swap_uuid(uuid, err);
	if (!rc)
		rc = journal_add(j, err, "signature", path, uuid, NULL);
	if (!rc)
		rc = swap_area_on(j, path, uuid, p->priority, err);
	return rc ? rc : swap_area_name(ctx, path, err);
}

static int disk_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct disk_params *p = ctx->params;

	return disk_swap_on(ctx, p->device, j, err);
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
