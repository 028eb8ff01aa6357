// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/device.h"

#include <blkid.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/module.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/blockdev.h"
#include "base/clock.h"
#include "base/sysfile.h"

#define MIB	       (1024ul * 1024)
#define DEVICE_WAIT_NS (5 * NSEC_PER_SEC)

int device_check(const struct device_params *p, const char *name, const char *const *modules,
		 struct err *err)
{
	if (p->size_bytes && p->size_bytes < MIB)
		return err_usage(err, "backend %s: size must be 1M or more", name);
	for (; *modules; modules++) {
		if (!module_available(*modules))
			return err_missing(err,
					   "this kernel has no module %s, which backend %s needs: "
					   "install it, choose another --backend, or use --in-lab "
					   "--lab '--kernel 6.12'",
					   *modules, name);
	}
	return swap_area_may(err);
}

int device_load(const char *const *modules, struct journal *j, struct err *err)
{
	int rc = 0;

	for (; *modules && !rc; modules++)
		rc = module_load(j, *modules, NULL, err);
	return rc;
}

int device_size(const struct device_params *p, uint64_t need_bytes, uint64_t *ret_bytes,
		struct err *err)
{
	uint64_t size_bytes = p->size_bytes, free_kib;
	char has[16], needs[16];
	int rc = sysfile_read_key("/proc/meminfo", "MemAvailable:", &free_kib);

	if (rc < 0)
		return err_failed(err, -rc, "MemAvailable in /proc/meminfo");
	if (size_bytes == 0 && need_bytes)
		size_bytes = swap_area_size_for(need_bytes);
	if (size_bytes == 0)
		size_bytes = free_kib / 2 * 1024;
	size_bytes -= size_bytes % MIB;
	if (size_bytes / 1024 <= free_kib) {
		*ret_bytes = size_bytes;
		return 0;
	}
	format_size(has, sizeof(has), free_kib * 1024);
	format_size(needs, sizeof(needs), size_bytes);
	return err_missing(
		err,
		"far memory of %s is kept in this machine's, of which %s are free: choose "
		"a smaller -o size=, or a far memory elsewhere",
		needs, has);
}

int device_wait(const char *path, struct err *err)
{
	uint64_t deadline = clock_ns() + DEVICE_WAIT_NS;

	for (;;) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		bool there = fd >= 0 && blockdev_bytes(fd) > 0;

		if (fd >= 0)
			close(fd);
		if (there)
			return 0;
		if (clock_ns() > deadline)
			return err_failed(err, 0,
					  "%s did not appear within 5 s: see the kernel's log "
					  "(dmesg)",
					  path);
		clock_sleep_until(clock_ns() + 2 * NSEC_PER_MSEC);
	}
}

/* What libblkid finds, as "a file system (ext4, label data)"; false: nothing that it knows. */
static bool find_content(int fd, struct buf *what)
{
	static const struct {
		const char *usage, *name;
	} usages[] = { { "filesystem", "a file system" },
		       { "raid", "a part of a RAID or volume group" },
		       { "crypto", "an encrypted volume" } };
	blkid_probe probe = blkid_new_probe();
	const char *type = NULL, *usage = "", *label = NULL, *name = "a signature";
	int found = -1;

	if (probe && blkid_probe_set_device(probe, fd, 0, 0) == 0) {
		blkid_probe_enable_superblocks(probe, 1);
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
								 BLKID_SUBLKS_LABEL);
		blkid_probe_enable_partitions(probe, 1);
		found = blkid_do_safeprobe(probe);
	}
	if (found == 0 && blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0) {
		blkid_probe_lookup_value(probe, "USAGE", &usage, NULL);
		blkid_probe_lookup_value(probe, "LABEL", &label, NULL);
		for (size_t i = 0; i < sizeof(usages) / sizeof(*usages); i++)
			if (strcmp(usages[i].usage, usage) == 0)
				name = usages[i].name;
	} else if (found == 0 && blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL) == 0) {
		name = "a partition table";
	}
	if (type)
		buf_addf(what, "%s (%s%s%s)", name, type, label ? ", label " : "",
			 label ? label : "");
	else if (found == -2) /* several that exclude each other */
		buf_addf(what, "more than one signature");
	blkid_free_probe(probe);
	return what->len > 0;
}

static int holds(const char *path, const char *target, const char *what, struct err *err)
{
	if (target)
		err_usage(err,
			  "%s, the device of %s, holds %s, which fmbench does not overwrite: name "
			  "an empty one, or clear it where it is kept (wipefs -a, then dd "
			  "if=/dev/zero bs=128K count=1)",
			  path, target, what);
	else
		err_usage(err,
			  "%s holds %s, which fmbench does not overwrite: name an empty one, or "
			  "clear it (wipefs -a %s; dd if=/dev/zero of=%s bs=128K count=1)",
			  path, what, path, path);
	return -EEXIST;
}

/* At its end there may be something though it begins with zeros: RAID, the second table of GPT. */
static int check_content(int fd, const char *path, const char *target, struct err *err)
{
	char *head = xcalloc(1, BLOCKDEV_HEAD_BYTES);
	struct buf what = BUF_INIT;
	int rc = blockdev_read_head(fd, path, head, err);

	if (!rc && !swap_signature_is_ours(head)) {
		if (find_content(fd, &what))
			rc = holds(path, target, what.data, err);
		else if (!blockdev_head_is_blank(head))
			rc = holds(path, target, "data of a kind that libblkid does not know", err);
	}
	buf_release(&what);
	free(head);
	return rc;
}

int device_may_overwrite(const char *path, const char *target, uint64_t need_bytes, struct err *err)
{
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC);
	char has[16], needs[16];

	if (fd < 0)
		return err_failed(err, errno, "opening %s", path);
	rc = check_content(fd, path, target, err);
	if (!rc && blockdev_bytes(fd) < need_bytes) {
		format_size(has, sizeof(has), blockdev_bytes(fd));
		format_size(needs, sizeof(needs), need_bytes);
		rc = err_missing(err, "%s has %s and %s may be needed: name a larger one", path,
				 has, needs);
	}
	close(fd);
	return rc;
}

static int swap_on(struct backend_ctx *ctx, const char *path, const char *uuid, uint64_t priority,
		   struct journal *j, struct err *err)
{
	int rc = swap_area_on(j, path, uuid, priority, err);

	return rc ? rc : swap_area_name(ctx, path, err);
}

int device_swap_on(struct backend_ctx *ctx, const char *path, const struct device_params *p,
		   struct journal *j, struct err *err)
{
	char uuid[SWAP_UUID_SIZE];
	int rc = device_wait(path, err);

	if (!rc)
		rc = swap_uuid(uuid, err);
	return rc ? rc : swap_on(ctx, path, uuid, p->priority, j, err);
}

/* swapoff is undone first, the signature after it. */
int device_lent_swap_on(struct backend_ctx *ctx, const char *path, const char *target,
			uint64_t priority, struct journal *j, struct err *err)
{
	char uuid[SWAP_UUID_SIZE];
	int rc = device_may_overwrite(path, target, ctx->need_bytes, err);

	if (!rc)
		rc = swap_uuid(uuid, err);
	if (!rc)
		rc = journal_add(j, err, "signature", path, uuid, NULL);
	return rc < 0 ? rc : swap_on(ctx, path, uuid, priority, j, err);
}
