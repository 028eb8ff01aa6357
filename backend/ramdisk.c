// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/ramdisk.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "backend/configfs.h"
#include "backend/module.h"
#include "base/sysfile.h"

#define NULLB	   CONFIGFS "/nullb"
#define QUEUES_MAX 64

/* blk-mq, completions by timer or inline (drivers/block/null_blk/main.c). */
#define QUEUE_MQ  "2"
#define IRQ_NONE  "0"
#define IRQ_TIMER "2"

const char *const ramdisk_modules[] = { "null_blk", NULL };

/* A name that is free here, and so will be the disk's since Linux 5.20; before it is nullbINDEX. */
static void pick_name(char dir[CONFIGFS_PATH], char name[16])
{
	unsigned int n = 0;
	char disk[64];

	do {
		snprintf(name, 16, "fmbench%u", n++);
		snprintf(dir, CONFIGFS_PATH, NULLB "/%s", name);
		snprintf(disk, sizeof(disk), "/sys/class/block/%s", name);
	} while (access(dir, F_OK) == 0 || access(disk, F_OK) == 0);
}

static int find_disk(const char *dir, const char *name, char *path, struct err *err)
{
	char attr[CONFIGFS_PATH], disk[64];
	uint64_t index;
	int rc;

	snprintf(disk, sizeof(disk), "/sys/class/block/%s", name);
	if (sysfile_exists(disk)) {
		snprintf(path, DEVICE_PATH_SIZE, "/dev/%s", name);
		return 0;
	}
	snprintf(attr, sizeof(attr), "%.200s/index", dir);
	rc = sysfile_read_u64(attr, &index);
	if (rc < 0)
		return err_failed(err, -rc, "%s", attr);
	snprintf(path, DEVICE_PATH_SIZE, "/dev/nullb%" PRIu64, index);
	return 0;
}

int ramdisk_make(struct journal *j, uint64_t size_bytes, uint64_t latency_ns, char *path,
		 struct err *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char dir[CONFIGFS_PATH], name[16], mib[24], nsec[24], queues[24];
	const struct configfs_value values[] = {
		{ "size", mib },
		{ "blocksize", "4096" },
		{ "memory_backed", "1" },
		{ "queue_mode", QUEUE_MQ },
		{ "submit_queues", queues },
		{ "irqmode", latency_ns ? IRQ_TIMER : IRQ_NONE },
		{ "completion_nsec", nsec },
		{ "power", "1" },
		{ NULL, NULL },
	};
	int rc;

	snprintf(mib, sizeof(mib), "%" PRIu64, size_bytes >> 20);
	snprintf(nsec, sizeof(nsec), "%" PRIu64, latency_ns);
	snprintf(queues, sizeof(queues), "%ld",
		 cpus < 1	     ? 1
		 : cpus > QUEUES_MAX ? QUEUES_MAX
				     : cpus);
	/* nr_devices=0: none but the one below. */
	rc = module_load(j, "null_blk", "nr_devices=0", err);
	if (!rc)
		rc = configfs_mount(j, err);
	if (rc)
		return rc;
	pick_name(dir, name);
	rc = configfs_make(j, dir, err); /* rmdir frees it, powered or not */
	if (!rc)
		rc = configfs_set(dir, values, err);
	return rc ? rc : find_disk(dir, name, path, err);
}
