// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compressed memory as far memory: one zram device as the swap area of highest priority.
 * The kernel's side is Documentation/admin-guide/blockdev/zram.rst.
 */
#include "backend/zram.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/module.h"
#include "backend/swap_areas.h"
#include "backend/busy.h"
#include "base/sysfile.h"

#define ZRAM_CONTROL "/sys/class/zram-control"
#define ZRAM_REMOVE  "remove"
#define ZRAM_ATTR    64 /* enough for /sys/block/zramN/ATTRIBUTE */

struct zram_params {
	uint64_t size_bytes;
	char *algorithm;
	uint64_t priority;
};

static const struct opt zram_opts[] = {
	OPT_SIZE("size", struct zram_params, size_bytes, "0", 0, 16.0 * (1ull << 40),
		 "uncompressed size; 0: what the run needs, else as much as the machine's memory"),
	OPT_STRING(
		"algorithm", struct zram_params, algorithm, NULL,
		"compressor, as in /sys/block/zram0/comp_algorithm; unset: the kernel's default"),
	SWAP_PRIORITY_OPT(struct zram_params, priority), OPT_END
};

static const char *attr(char path[ZRAM_ATTR], unsigned int n, const char *name)
{
	snprintf(path, ZRAM_ATTR, "/sys/block/zram%u/%s", n, name);
	return path;
}

static bool device_exists(unsigned int n)
{
	char path[ZRAM_ATTR];

	return sysfile_exists(attr(path, n, "disksize"));
}

static bool device_idle(unsigned int n)
{
	char path[ZRAM_ATTR];
	uint64_t disksize;

	return sysfile_read_u64(attr(path, n, "disksize"), &disksize) == 0 && disksize == 0;
}

/* "[lzo-rle] lzo lz4": is name one of them? */
static bool algorithm_listed(const char *list, const char *name)
{
	static const char separators[] = " []\n";
	size_t len = strlen(name);

	for (list += strspn(list, separators); *list; list += strspn(list, separators)) {
		size_t word = strcspn(list, separators);

		if (word == len && strncmp(list, name, len) == 0)
			return true;
		list += word;
	}
	return false;
}

static int algorithm_check(unsigned int n, const char *name, struct err *err)
{
	char path[ZRAM_ATTR], list[256];
	int rc = sysfile_read_line(attr(path, n, "comp_algorithm"), list, sizeof(list));

	if (rc < 0)
		return err_failed(err, -rc, "%s", path);
	if (!algorithm_listed(list, name))
		return err_missing(err, "zram here has no compressor %s: choose from %s", name,
				   list);
	return 0;
}

static int zram_check(const void *params, struct err *err)
{
	const struct zram_params *p = params;

	if (!sysfile_exists(ZRAM_CONTROL) && !module_available("zram"))
		return err_missing(err, "this kernel has no zram: install its zram module, or use "
					"--backend swapfile");
	if (p->size_bytes && p->size_bytes < 1024 * 1024)
		return err_usage(err, "backend zram: size must be 1M or more");
	if (p->algorithm && device_exists(0)) {
		int rc = algorithm_check(0, p->algorithm, err);

		if (rc < 0)
			return rc;
	}
	return swap_area_may(err);
}

/*
 * The first number that is free or belongs to an idle device. hot_add hands out the lowest free
 * number, which is why it can be written down before the device exists.
 */
static unsigned int pick_device(void)
{
	unsigned int n = 0;

	while (device_exists(n) && !device_idle(n))
		n++;
	return n;
}

/* What is written here fails with EBUSY while the device is open. */
static int write_when_closed(const char *path, const char *value, struct err *err)
{
	unsigned int tries = 0;
	struct err why = { 0 };
	int rc;

	do
		rc = sysfile_write(path, value, &why);
	while (rc == -EBUSY && busy_wait(&tries));
	if (rc < 0 && err)
		*err = why;
	return rc;
}

static int hot_remove(unsigned int n, struct err *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", n);
	return write_when_closed(ZRAM_CONTROL "/hot_remove", number, err);
}

static int hot_add(unsigned int expected, struct err *err)
{
	uint64_t made;
	int rc = sysfile_read_u64(ZRAM_CONTROL "/hot_add", &made); /* reading makes a device */

	if (rc < 0)
		return err_failed(err, -rc, "making a zram device (reading %s/hot_add)",
				  ZRAM_CONTROL);
	if (made == expected)
		return 0;
	hot_remove((unsigned int)made, NULL);
	return err_failed(err, EAGAIN, "another program made /dev/zram%u just now: try again",
			  expected);
}

/* Journal the device, then make it where it does not exist. */
static int claim_device(struct journal *j, unsigned int n, struct err *err)
{
	bool exists = device_exists(n);
	char number[16], path[ZRAM_ATTR], after[64] = ZRAM_REMOVE;
	int rc;

	if (exists) {
		rc = sysfile_read_choice(attr(path, n, "comp_algorithm"), after, sizeof(after));
		if (rc < 0)
			return err_failed(err, -rc, "%s", path);
	}
	snprintf(number, sizeof(number), "%u", n);
	rc = journal_add(j, err, "zram", number, after, NULL);
	if (rc < 0)
		return rc;
	return exists ? 0 : hot_add(n, err);
}

static int size_device(unsigned int n, const struct zram_params *p, uint64_t need_bytes,
		       struct err *err)
{
	uint64_t size_bytes = p->size_bytes, total_kib;
	char path[ZRAM_ATTR], value[32];
	int rc;

	if (size_bytes == 0 && need_bytes)
		size_bytes = swap_area_size_for(need_bytes);
	/* Nothing that fitted into memory before can outgrow this one. */
	if (size_bytes == 0) {
		rc = sysfile_read_key("/proc/meminfo", "MemTotal:", &total_kib);
		if (rc < 0)
			return err_failed(err, -rc, "MemTotal in /proc/meminfo");
		size_bytes = swap_area_size_for(total_kib * 1024);
	}
	if (p->algorithm) {
		rc = algorithm_check(n, p->algorithm, err);
		if (rc < 0)
			return rc;
		rc = sysfile_write(attr(path, n, "comp_algorithm"), p->algorithm, err);
		if (rc < 0)
			return rc;
	}
	snprintf(value, sizeof(value), "%" PRIu64, size_bytes);
	rc = sysfile_write(attr(path, n, "disksize"), value, err);
	if (rc == -EBUSY)
		return err_failed(err, EBUSY,
				  "another program took /dev/zram%u just now: try again", n);
	if (rc == -ENOMEM) {
		format_size(value, sizeof(value), size_bytes);
		return err_failed(
			err, ENOMEM,
			"the table of a zram device of %s does not fit into memory: choose a "
			"smaller -o size=",
			value);
	}
	return rc;
}

/* Two fmbench processes must not take the same device: held while one is chosen and sized. */
static int lock_devices(struct err *err)
{
	char path[PATH_MAX];
	int fd;
	int rc = sysfile_path(path, sizeof(path), ZRAM_CONTROL);

	if (rc < 0)
		return err_failed(err, -rc, "%s", ZRAM_CONTROL);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_failed(err, errno, "%s", path);
	if (flock(fd, LOCK_EX) < 0) {
		rc = err_failed(err, errno, "locking %s", path);
		close(fd);
		return rc;
	}
	return fd;
}

static int zram_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct zram_params *p = ctx->params;
	char device[32], uuid[SWAP_UUID_SIZE];
	unsigned int n;
	int lock, rc;

	if (!sysfile_exists(ZRAM_CONTROL)) {
		rc = module_load(j, "zram", NULL, err);
		if (rc < 0)
			return rc;
	}
	lock = lock_devices(err);
	if (lock < 0)
		return lock;
	n = pick_device();
	rc = claim_device(j, n, err);
	if (rc == 0)
		rc = size_device(n, p, ctx->need_bytes, err);
	close(lock);
	if (rc < 0)
		return rc;

	snprintf(device, sizeof(device), "/dev/zram%u", n);
	rc = swap_uuid(uuid, err);
	if (rc < 0)
		return rc;
	rc = swap_area_on(j, device, uuid, p->priority, err);
	if (rc < 0)
		return rc;
	return swap_area_name(ctx, device, err);
}

int zram_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err)
{
	const char *after = args[1];
	char path[ZRAM_ATTR];
	uint64_t number;
	unsigned int n;
	int rc = 0;

	if (parse_u64(args[0], &number) < 0 || number > INT_MAX)
		return err_usage(err, "zram device number \"%s\"", args[0]);
	n = (unsigned int)number;
	if (!device_exists(n))
		return 0;
	if (!device_idle(n))
		rc = write_when_closed(attr(path, n, "reset"), "1", err);
	if (rc == 0 && strcmp(after, ZRAM_REMOVE) == 0)
		rc = hot_remove(n, err);
	else if (rc == 0)
		rc = sysfile_write(attr(path, n, "comp_algorithm"), after, err);
	if (rc == -EBUSY)
		return err_failed(err, EBUSY,
				  "/dev/zram%u is held by another program (see fuser -v "
				  "/dev/zram%u): end it, then run `fmbench recover`",
				  n, n);
	return rc;
}

static void zram_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	char path[ZRAM_ATTR], value[256];
	uint64_t limit_bytes;
	unsigned int n;

	swap_area_facts(ctx, facts);
	if (sscanf(ctx->swap_device, "/dev/zram%u", &n) != 1)
		return;
	if (sysfile_read_choice(attr(path, n, "comp_algorithm"), value, sizeof(value)) == 0)
		facts_set(facts, "zram_algorithm", "%s", value);
	if (sysfile_read_line(attr(path, n, "disksize"), value, sizeof(value)) == 0)
		facts_set(facts, "zram_disksize_bytes", "%s", value);
	/* mem_limit itself can only be written; it is the fourth field here, 0 for none. */
	if (sysfile_read_line(attr(path, n, "mm_stat"), value, sizeof(value)) == 0 &&
	    sscanf(value, "%*u %*u %*u %" SCNu64, &limit_bytes) == 1)
		facts_set(facts, "zram_mem_limit_bytes", "%" PRIu64, limit_bytes);
}

const struct backend backend_zram = {
	.name = "zram",
	.summary = "compressed memory: a zram device of fmbench's own",
	.opts = zram_opts,
	.params_size = sizeof(struct zram_params),
	.caps = CAP_SWAP,
	.usage = swap_usage,
	.check = zram_check,
	.up = zram_up,
	.facts = zram_facts,
	.health = swap_area_health,
};
