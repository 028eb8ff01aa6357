// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The NVMe namespace under the swap area, path by path. With multipath, as over fabrics, the disk is a
 * head (nvme0n1) that before Linux 6.2 counts nothing; each of its paths is a hidden disk below its
 * controller (nvme1/nvme0c1n1) with a stat of its own (Documentation/block/stat.rst). A controller's
 * state is one word (drivers/nvme/host/sysfs.c, nvme_sysfs_show_state()): live, connecting, …
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sysfile.h"

#define MAX_PATHS    8
#define SECTOR_BYTES 512
#define STAT_COLUMNS 11

enum { PATHS, LIVE, READS, WRITES, READ, WRITTEN, IN_FLIGHT };

static const struct collector_key keys[] = {
	[PATHS] = { "paths", "count", KEY_GAUGE, NULL },
	[LIVE] = { "live", "count", KEY_GAUGE, NULL }, /* paths whose controller is live */
	[READS] = { "reads", "events", KEY_COUNTER, NULL },
	[WRITES] = { "writes", "events", KEY_COUNTER, NULL },
	[READ] = { "read", "bytes", KEY_COUNTER, NULL },
	[WRITTEN] = { "written", "bytes", KEY_COUNTER, NULL },
	[IN_FLIGHT] = { "in_flight", "events", KEY_GAUGE, NULL },
};

struct nvme {
	size_t nr;
	struct path {
		struct keptfile state, stat;
	} paths[MAX_PATHS];
};

static void nvme_close(void *state)
{
	struct nvme *n = state;

	for (size_t i = 0; n && i < n->nr; i++) {
		keptfile_close(&n->paths[i].state);
		keptfile_close(&n->paths[i].stat);
	}
	free(n);
}

/* dir: .../nvme1/nvme0c1n1 */
static int add_path(struct nvme *n, const char *dir, struct err *err)
{
	struct path *p = &n->paths[n->nr];
	char controller[PATH_MAX];
	int rc;

	if (n->nr == MAX_PATHS)
		return 0;
	snprintf(controller, sizeof(controller), "%.*s", (int)(strrchr(dir, '/') - dir), dir);
	*p = (struct path){ KEPTFILE_NONE, KEPTFILE_NONE };
	n->nr++;
	rc = keptfile_open(&p->state, controller, "state", err);
	return rc ? rc : keptfile_open(&p->stat, dir, "stat", err);
}

/* Those that a pattern below /sys/class/nvme names. */
static int add_paths(struct nvme *n, const char *pattern, struct err *err)
{
	size_t prefix = strlen(sysfile_root());
	char path[PATH_MAX];
	glob_t found;
	int rc = 0;

	if (sysfile_path(path, sizeof(path), pattern) != 0 || glob(path, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc && !rc; i++)
		rc = add_path(n, found.gl_pathv[i] + prefix, err);
	globfree(&found);
	return rc;
}

static int nvme_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	const char *device = ctx->swap_device;
	unsigned int instance, space;
	char pattern[96];
	struct nvme *n;
	int end = 0, rc;

	if (!device)
		return err_missing(err, "nvme: the backend has no swap area of its own");
	if (sscanf(device, "/dev/nvme%un%u%n", &instance, &space, &end) != 2 || device[end])
		return err_missing(err, "nvme: the swap area %s is not an NVMe namespace", device);
	n = xcalloc(1, sizeof(*n));
	snprintf(pattern, sizeof(pattern), "/sys/class/nvme/nvme*/nvme%uc*n%u", instance, space);
	rc = add_paths(n, pattern, err);
	if (!rc && !n->nr) {
		snprintf(pattern, sizeof(pattern), "/sys/class/nvme/nvme%u/nvme%un%u", instance,
			 instance, space);
		rc = add_paths(n, pattern, err);
	}
	if (!rc && !n->nr)
		rc = err_missing(err, "nvme: no controller in /sys/class/nvme has %s", device);
	if (rc < 0)
		nvme_close(n);
	else
		*ret_state = n;
	return rc;
}

static int read_path(struct path *p, uint64_t *values)
{
	uint64_t column[STAT_COLUMNS] = { 0 };
	int rc = keptfile_read(&p->state);
	const char *text;

	if (!rc)
		rc = keptfile_read(&p->stat);
	if (rc < 0)
		return rc;
	values[PATHS]++;
	values[LIVE] += strncmp(p->state.data, "live\n", 5) == 0;
	text = p->stat.data;
	for (size_t i = 0; i < STAT_COLUMNS && keptfile_parse_u64(&text, &column[i]); i++)
		;
	values[READS] += column[0];
	values[READ] += column[2] * SECTOR_BYTES;
	values[WRITES] += column[4];
	values[WRITTEN] += column[6] * SECTOR_BYTES;
	values[IN_FLIGHT] += column[8];
	return 0;
}

static int nvme_read(void *state, uint64_t *values, bool *have)
{
	struct nvme *n = state;
	int rc = 0;

	memset(values, 0, NR_KEYS(keys) * sizeof(*values));
	for (size_t i = 0; i < n->nr && !rc; i++)
		rc = read_path(&n->paths[i], values);
	memset(have, rc == 0, NR_KEYS(keys) * sizeof(*have));
	return rc;
}

const struct collector collector_nvme = {
	.name = "nvme",
	.summary = "paths to the NVMe namespace under the swap area: how many are live, their I/O",
	.scope = SCOPE_BACKEND,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = nvme_open,
	.read = nvme_read,
	.close = nvme_close,
};
