// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disk whose blocks are in the memory of the host that this virtual machine runs on: what Xen's transcendent
 * memory and KVM's frontswap gave a guest, without their patches. fmlab makes one.
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "backend/device.h"
#include "backend/disk.h"
#include "backend/swap_areas.h"
#include "base/sysfile.h"

#define HOST_SERIAL "fmbench-host" /* of lab/boot.sh */

static const struct opt host_opts[] = {
	OPT_STRING(
		"device", struct disk_params, device, NULL,
		"the disk whose blocks the host keeps in memory; unset: that of fmlab --host-memory"),
	SWAP_PRIORITY_OPT(struct disk_params, priority), OPT_END
};

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

/* The user's, or the one that is found. */
static int choose_disk(const struct disk_params *p, char found[DEVICE_PATH_SIZE],
		       const char **ret_path, struct err *err)
{
	*ret_path = p->device ? p->device : found;
	return p->device ? 0 : find_host_disk(found, err);
}

static int host_check(const void *params, struct err *err)
{
	char found[DEVICE_PATH_SIZE];
	const char *path;
	int rc = choose_disk(params, found, &path, err);

	return rc ? rc : disk_check_device(path, err);
}

static int host_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	char found[DEVICE_PATH_SIZE];
	const struct disk_params *p = ctx->params;
	const char *path;
	int rc = choose_disk(p, found, &path, err);

	return rc ? rc : device_lent_swap_on(ctx, path, NULL, p->priority, j, err);
}

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
