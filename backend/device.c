// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/device.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/module.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
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

static uint64_t bytes_of(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	return end > 0 ? (uint64_t)end : 0;
}

int device_wait(const char *path, struct err *err)
{
	uint64_t deadline = clock_ns() + DEVICE_WAIT_NS;

	for (;;) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		bool there = fd >= 0 && bytes_of(fd) > 0;

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

/* Nothing but zeros, or an area that swap_area_on() wrote: all within the first page. */
static bool is_blank(const char *bytes, size_t size)
{
	for (size_t i = swap_signature_is_ours(bytes) ? size : 0; i < size; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

int device_may_overwrite(const char *path, uint64_t need_bytes, struct err *err)
{
	char *bytes = xcalloc(1, SWAP_HEAD_BYTES), has[16], needs[16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t size_bytes = 0;
	int rc = 0;

	if (fd < 0) {
		rc = err_failed(err, errno, "opening %s", path);
	} else if (pread(fd, bytes, SWAP_HEAD_BYTES, 0) != SWAP_HEAD_BYTES) {
		rc = err_failed(err, errno, "reading the first 64 KiB of %s", path);
	} else if (!is_blank(bytes, SWAP_HEAD_BYTES)) {
		err_usage(err,
			  "%s holds something that is not fmbench's, which does not overwrite it; "
			  "name an empty one, or clear this one by hand (wipefs -a, blkdiscard)",
			  path);
		rc = -EEXIST;
	} else {
		size_bytes = bytes_of(fd);
	}
	if (!rc && size_bytes < need_bytes) {
		format_size(has, sizeof(has), size_bytes);
		format_size(needs, sizeof(needs), need_bytes);
		rc = err_missing(err, "%s has %s and %s may be needed: name a larger one", path,
				 has, needs);
	}
	if (fd >= 0)
		close(fd);
	free(bytes);
	return rc;
}

int device_swap_on(struct backend_ctx *ctx, const char *path, const struct device_params *p,
		   struct journal *j, struct err *err)
{
	char uuid[SWAP_UUID_SIZE];
	int rc = device_wait(path, err);

	if (!rc)
		rc = swap_uuid(uuid, err);
	if (!rc)
		rc = swap_area_on(j, path, uuid, p->priority, err);
	return rc ? rc : swap_area_name(ctx, path, err);
}
