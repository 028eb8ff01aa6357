// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the disk under the backend's swap area counted itself: its "stat" in sysfs, in sectors of 512
 * bytes (Documentation/block/stat.rst). Under a swap file that is the file system's disk: what else
 * is read and written there counts, too.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"

#define SECTOR_BYTES 512

enum { READ, WRITTEN };

/* Columns of the line, from 0. */
static const int columns[] = { [READ] = 2, [WRITTEN] = 6 };

static const struct collector_key keys[] = {
	[READ] = { "read", "bytes", KEY_COUNTER, NULL },
	[WRITTEN] = { "written", "bytes", KEY_COUNTER, NULL },
};

/* The disk's directory: by name for a device, by number for the disk that a swap file is on. */
static int find_dir(const char *area, char *dir, size_t size, struct err *err)
{
	static const char dev[] = "/dev/";
	struct stat st;

	if (strncmp(area, dev, sizeof(dev) - 1) == 0) {
		snprintf(dir, size, "/sys/class/block/%s", area + sizeof(dev) - 1);
		return 0;
	}
	if (stat(area, &st) != 0)
		return err_missing(err, "swap_device: %s can't be looked at: %s", area,
				   strerrordesc_np(errno));
	snprintf(dir, size, "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	return 0;
}

static int swap_device_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct keptfile *f;
	char dir[256];
	int rc;

	if (!ctx->swap_device)
		return err_missing(err, "swap_device: the backend has no swap area of its own");
	rc = find_dir(ctx->swap_device, dir, sizeof(dir), err);
	if (rc < 0)
		return rc;
	f = xcalloc(1, sizeof(*f));
	rc = keptfile_open(f, dir, "stat", err);
	if (rc < 0) {
		free(f);
		return rc;
	}
	*ret_state = f;
	return 0;
}

static int swap_device_read(void *state, uint64_t *values, bool *have)
{
	struct keptfile *f = state;
	int rc = keptfile_read(f);
	const char *p = f->data;
	uint64_t sectors;

	memset(have, 0, NR_KEYS(keys) * sizeof(*have));
	if (rc < 0)
		return rc;
	for (int column = 0, key = 0; key < (int)NR_KEYS(keys); column++) {
		if (!keptfile_parse_u64(&p, &sectors))
			break;
		if (column != columns[key])
			continue;
		values[key] = sectors * SECTOR_BYTES;
		have[key++] = true;
	}
	return 0;
}

static void swap_device_close(void *state)
{
	struct keptfile *f = state;

	if (!f)
		return;
	keptfile_close(f);
	free(f);
}

const struct collector collector_swap_device = {
	.name = "swap_device",
	.summary = "bytes that the disk under the backend's swap area read and wrote (its stat)",
	.scope = SCOPE_BACKEND,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = swap_device_open,
	.read = swap_device_read,
	.close = swap_device_close,
};
