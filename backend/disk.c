// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A block device that the machine has, lent for the time of the run: an SSD, a partition, a virtual disk.
 * Nothing is on it before (its first 64 KiB are zeros), and no signature is on it afterwards.
 *
 * `host` is such a disk whose blocks are in the memory of the host that this virtual machine runs on: what
 * Xen's transcendent memory and KVM's frontswap gave a guest, without their patches. fmlab makes one.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/device.h"
#include "backend/swap_areas.h"
#include "base/sysfile.h"

#define HOST_SERIAL "fmbench-host" /* of lab/boot.sh */

struct disk_params {
	char *device;
	uint64_t priority;
};

static const struct opt disk_opts[] = {
	OPT_STRING("device", struct disk_params, device, NULL,
		   "an empty disk or partition that nothing uses, as /dev/nvme0n1p3"),
	OPT_U64("priority", struct disk_params, priority, "32767", 0, SWAP_PRIORITY_MAX,
		"swap priority; the highest area is filled first"),
	OPT_END
};

static const struct opt host_opts[] = {
	OPT_STRING(
		"device", struct disk_params, device, NULL,
		"the disk whose blocks the host keeps in memory; unset: that of fmlab --host-memory"),
	OPT_U64("priority", struct disk_params, priority, "32767", 0, SWAP_PRIORITY_MAX,
		"swap priority; the highest area is filled first"),
	OPT_END
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

static int check_device(const char *path, struct err *err)
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
	return check_device(p->device, err);
}

/* Into path, of DEVICE_PATH_SIZE. */
static int find_host_disk(char *path, struct err *err)
{
	char pattern[DEVICE_PATH_SIZE], serial[32];
	glob_t found = { 0 };
	int rc = sysfile_path(pattern, sizeof(pattern), "/sys/block/*/serial");

	path[0] = '\0';
	if (rc < 0)
		return err_failed(err, -rc, "/sys/block");
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && !path[0]; i++) {
			char *name = found.gl_pathv[i], *end = strrchr(name, '/');

			if (sysfile_read_line(name, serial, sizeof(serial)) ||
			    strcmp(serial, HOST_SERIAL) != 0)
				continue;
			*end = '\0';
			snprintf(path, DEVICE_PATH_SIZE, "/dev/%s", strrchr(name, '/') + 1);
		}
	}
	globfree(&found);
	if (path[0])
		return 0;
	return err_missing(
		err, "no disk here has the serial number " HOST_SERIAL
		     ": use --in-lab, or in a virtual machine of yours name the disk that its "
		     "host keeps in memory with -o host.device=");
}

static int host_check(const void *params, struct err *err)
{
	const struct disk_params *p = params;
	char path[DEVICE_PATH_SIZE];
	int rc;

	if (p->device)
		return check_device(p->device, err);
	rc = find_host_disk(path, err);
	return rc ? rc : check_device(path, err);
}

/* swapoff is undone first, the signature after it. */
static int disk_swap_on(struct backend_ctx *ctx, const char *path, struct journal *j,
			struct err *err)
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

static int host_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct disk_params *p = ctx->params;
	char path[DEVICE_PATH_SIZE];
	int rc = p->device ? 0 : find_host_disk(path, err);

	return rc ? rc : disk_swap_on(ctx, p->device ? p->device : path, j, err);
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

const struct backend backend_host = {
	.name = "host",
	.summary = "the memory of this virtual machine's host, as a disk",
	.opts = host_opts,
	.params_size = sizeof(struct disk_params),
	.caps = CAP_SWAP | CAP_HOST,
	.usage = swap_usage,
	.check = host_check,
	.up = host_up,
	.facts = swap_area_facts,
	.health = swap_area_health,
};
