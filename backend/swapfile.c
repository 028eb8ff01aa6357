// SPDX-License-Identifier: GPL-2.0-or-later
/* A disk as far memory: a swap file, made for the time of the run. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libmount.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/sysfile.h"

/* Left free on the disk, so that filling swap never fills the file system. */
#define DISK_RESERVE_BYTES (256ull << 20)

struct swapfile_params {
	char *dir;
	uint64_t size_bytes;
	uint64_t priority;
};

static const struct opt swapfile_opts[] = {
	OPT_STRING("dir", struct swapfile_params, dir, "/var/tmp",
		   "where to put the file: ext4, xfs or btrfs"),
	OPT_SIZE("size", struct swapfile_params, size_bytes, "0", 0, 16.0 * (1ull << 40),
		 "0: what the run needs, else the machine's memory or half of the free disk"),
	SWAP_PRIORITY_OPT(struct swapfile_params, priority), OPT_END
};

/* What a directory is on. */
struct place_on_disk {
	char dir[PATH_MAX]; /* without symbolic links: so will /proc/swaps name the file */
	char fs[32];
	char device[128];
};

/*
 * A swap file needs blocks of a disk. File systems without a device of their own (tmpfs, overlay,
 * 9p, FUSE …) are marked "nodev" in /proc/filesystems; swap over NFS is left out with them.
 */
static bool fs_has_device(const char *fs)
{
	size_t len = strcspn(fs, "."); /* fuse.sshfs is listed as fuse */
	struct buf list = BUF_INIT;
	bool has_device = true;
	char line[64];

	if (sysfile_read("/proc/filesystems", &list) == 0) {
		snprintf(line, sizeof(line), "nodev\t%.*s\n", (int)len, fs);
		has_device = !strstr(list.data, line);
	}
	buf_release(&list);
	return has_device;
}

static int place_find(const char *dir, struct place_on_disk *ret, struct err *err)
{
	struct libmnt_table *table;
	struct libmnt_fs *fs;
	char path[PATH_MAX];
	int rc;

	if (!realpath(dir, ret->dir))
		return err_failed(err, errno, "directory %s for the swap file", dir);
	rc = sysfile_path(path, sizeof(path), "/proc/self/mountinfo");
	if (rc < 0)
		return err_failed(err, -rc, "/proc/self/mountinfo");
	table = mnt_new_table_from_file(path);
	if (!table)
		return err_failed(err, errno, "%s", path);
	fs = mnt_table_find_mountpoint(table, ret->dir, MNT_ITER_BACKWARD);
	if (fs) {
		const char *source = mnt_fs_get_source(fs);

		snprintf(ret->fs, sizeof(ret->fs), "%s", mnt_fs_get_fstype(fs));
		snprintf(ret->device, sizeof(ret->device), "%s", source ? source : "none");
	} else {
		rc = err_failed(err, 0, "%s names no mount for %s", path, ret->dir);
	}
	mnt_unref_table(table);
	return rc;
}

static int place_check(const struct place_on_disk *place, struct err *err)
{
	if (!fs_has_device(place->fs))
		return err_missing(err,
				   "%s is on %s, which can't hold swap: name a directory on ext4, "
				   "xfs or btrfs with -o dir=",
				   place->dir, place->fs);
	if (access(place->dir, W_OK) < 0)
		return err_failed(err, errno, "writing to %s for the swap file", place->dir);
	return 0;
}

static int free_disk(const char *dir, uint64_t *ret_bytes, struct err *err)
{
	struct statvfs st;
	uint64_t bytes;

	if (statvfs(dir, &st) < 0)
		return err_failed(err, errno, "free space in %s", dir);
	bytes = (uint64_t)st.f_bavail * st.f_frsize;
	*ret_bytes = bytes > DISK_RESERVE_BYTES ? bytes - DISK_RESERVE_BYTES : 0;
	return 0;
}

static int choose_size(const struct swapfile_params *p, const char *dir, uint64_t need_bytes,
		       uint64_t *ret_bytes, struct err *err)
{
	uint64_t size_bytes = p->size_bytes, free_bytes = 0, total_kib;
	char has[16], needs[16];
	int rc;

	rc = free_disk(dir, &free_bytes, err);
	if (rc < 0)
		return rc;
	if (size_bytes == 0 && need_bytes)
		size_bytes = swap_area_size_for(need_bytes);
	if (size_bytes == 0) {
		rc = sysfile_read_key("/proc/meminfo", "MemTotal:", &total_kib);
		if (rc < 0)
			return err_failed(err, -rc, "MemTotal in /proc/meminfo");
		size_bytes = swap_area_size_for(total_kib * 1024);
		if (size_bytes > free_bytes / 2)
			size_bytes = free_bytes / 2;
	}
	size_bytes -= size_bytes % (1024 * 1024);
	if (size_bytes && size_bytes <= free_bytes) {
		*ret_bytes = size_bytes;
		return 0;
	}
	format_size(has, sizeof(has), free_bytes);
	format_size(needs, sizeof(needs), size_bytes);
	return err_missing(err,
			   "a swap file of %s does not fit into %s, where %s are free: choose "
			   "another -o dir= or a smaller -o size=",
			   needs, dir, has);
}

static int swapfile_check(const void *params, struct err *err)
{
	const struct swapfile_params *p = params;
	struct place_on_disk place;
	uint64_t size_bytes;
	int rc;

	if (!p->dir)
		return err_usage(err, "backend swapfile: dir must name a directory");
	if (p->size_bytes && p->size_bytes < 1024 * 1024)
		return err_usage(err, "backend swapfile: size must be 1M or more");
	rc = place_find(p->dir, &place, err);
	if (rc == 0)
		rc = place_check(&place, err);
	if (rc == 0)
		rc = choose_size(p, place.dir, 0, &size_bytes, err);
	return rc < 0 ? rc : swap_area_may(err);
}

/* btrfs(5), "SWAPFILE SUPPORT": the file must be exempt from copy-on-write while it is empty. */
static int forbid_cow(int fd, const char *path, struct err *err)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return err_failed(err, errno, "flags of %s", path);
	flags |= FS_NOCOW_FL;
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0)
		return err_failed(err, errno, "turning copy-on-write off for %s", path);
	return 0;
}

static int write_zeros(int fd, uint64_t size_bytes)
{
	enum { CHUNK = 1 << 20 };
	char *zeros = xcalloc(1, CHUNK);
	uint64_t done = 0;
	int rc = 0;

	while (rc == 0 && done < size_bytes) {
		size_t want = size_bytes - done < CHUNK ? (size_t)(size_bytes - done) : CHUNK;
		ssize_t n = pwrite(fd, zeros, want, (off_t)done);

		if (n > 0)
			done += (uint64_t)n;
		else if (n == 0 || errno != EINTR)
			rc = n ? -errno : -ENOSPC;
	}
	free(zeros);
	return rc;
}

/* Every block must exist: the kernel maps the file once, at swapon, and refuses holes. */
static int fill_file(int fd, uint64_t size_bytes)
{
	int rc;

	do
		rc = fallocate(fd, 0, 0, (off_t)size_bytes) < 0 ? -errno : 0;
	while (rc == -EINTR);
	return rc == -EOPNOTSUPP ? write_zeros(fd, size_bytes) : rc;
}

static int make_file(const char *path, const char *fs, uint64_t size_bytes, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = 0;

	if (fd < 0)
		return err_failed(err, errno, "creating swap file %s", path);
	if (strcmp(fs, "btrfs") == 0)
		rc = forbid_cow(fd, path, err);
	if (rc == 0) {
		rc = fill_file(fd, size_bytes);
		if (rc < 0)
			err_failed(err, -rc, "allocating %" PRIu64 " bytes for swap file %s",
				   size_bytes, path);
	}
	close(fd);
	return rc;
}

static int swapfile_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	const struct swapfile_params *p = ctx->params;
	struct place_on_disk place;
	struct buf path = BUF_INIT;
	char uuid[SWAP_UUID_SIZE];
	uint64_t size_bytes;
	int rc;

	rc = place_find(p->dir, &place, err);
	if (rc == 0)
		rc = place_check(&place, err);
	if (rc == 0)
		rc = choose_size(p, place.dir, ctx->need_bytes, &size_bytes, err);
	if (rc == 0)
		rc = swap_uuid(uuid, err);
	if (rc)
		return rc;
	buf_addf(&path, "%s/fmbench-%s.swap", place.dir, uuid);
	rc = swap_area_name(ctx, path.data, err);
	if (rc < 0)
		goto out;
	rc = journal_add(j, err, "file", path.data, NULL);
	if (rc < 0)
		goto out;
	rc = make_file(path.data, place.fs, size_bytes, err);
	if (rc == 0)
		rc = swap_area_on(j, path.data, uuid, p->priority, err);
out:
	if (rc < 0)
		ctx->swap_device[0] = '\0';
	buf_release(&path);
	return rc;
}

static void swapfile_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	const struct swapfile_params *p = ctx->params;
	struct place_on_disk place;

	swap_area_facts(ctx, facts);
	if (place_find(p->dir, &place, NULL) < 0)
		return;
	facts_set(facts, "swapfile_filesystem", "%s", place.fs);
	facts_set(facts, "swapfile_disk", "%s", place.device);
}

const struct backend backend_swapfile = {
	.name = "swapfile",
	.summary = "a disk: a swap file of fmbench's own",
	.opts = swapfile_opts,
	.params_size = sizeof(struct swapfile_params),
	.caps = CAP_SWAP,
	.usage = swap_usage,
	.check = swapfile_check,
	.up = swapfile_up,
	.facts = swapfile_facts,
	.health = swap_area_health,
};
