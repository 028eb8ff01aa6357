// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Far pages in a file, or on a block device, past the page cache: nothing is read ahead, nothing is kept.
 * The file has no name from the start (O_TMPFILE, or unlinked at once): it is gone with the last process
 * of the job, however that ends.
 *
 * Room is reserved by extents of slots before a page needs it: a file system that is full is told by
 * reserve(), when all pages are still in memory. The device's first 2 MiB are never written, as slots are
 * numbered from 512: so it still looks unused afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/pager/pool_memory.h"
#include "backend/pager/pool_tally.h"
#include "base/blockdev.h"
#include "base/clock.h"

#define EXTENT_BYTES (512 * POOL_PAGE)

struct file_params {
	char *path;
};

struct file_shared {
	bool is_device;
	struct pool_tally reads, writes;
};

static const struct opt file_opts[] = {
	OPT_STRING("path", struct file_params, path, NULL,
		   "directory on a disk, for a file without a name; or a block device, unused"),
	OPT_END
};

/* --- making it ---------------------------------------------------------------------------------------- */

static int open_unnamed(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (snprintf(path, sizeof(path), "%s/fmpager.XXXXXX", dir) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int set_direct(int fd)
{
	return fcntl(fd, F_SETFL, O_DIRECT) == 0 ? 0 : -errno;
}

static int make_file(struct pool_ctx *ctx, const char *dir, struct err *err)
{
	ctx->fd = open_unnamed(dir);
	if (ctx->fd < 0)
		return err_usage(err,
				 "pool file: path=%s: %s: give a directory that can be written",
				 dir, strerror(errno));
	if (set_direct(ctx->fd) != 0)
		return err_usage(
			err,
			"pool file: path=%s: its file system has no direct I/O (O_DIRECT): "
			"give a directory on a disk",
			dir);
	if (fallocate(ctx->fd, 0, 0, (off_t)POOL_PAGE) != 0 && errno == EOPNOTSUPP)
		return err_usage(err,
				 "pool file: path=%s: its file system can't reserve room "
				 "(fallocate): give a directory on ext4, xfs or btrfs",
				 dir);
	return 0;
}

static int check_empty(int fd, const char *path, struct err *err)
{
	char *head = malloc(BLOCKDEV_HEAD_BYTES);
	int rc = head ? blockdev_read_head(fd, path, head, err)
		      : err_failed(err, ENOMEM, "looking at %s", path);

	if (!rc && !blockdev_head_is_blank(head))
		rc = err_usage(err,
			       "%s holds something (blkid -p %s tells what), and the pager does "
			       "not overwrite it: name an empty one, or clear it (wipefs -a %s; dd "
			       "if=/dev/zero of=%s bs=128K count=1)",
			       path, path, path, path);
	free(head);
	return rc;
}

static int take_device(struct pool_ctx *ctx, const char *path, struct err *err)
{
	uint64_t bytes;
	int rc;

	ctx->fd = blockdev_open(path, err);
	if (ctx->fd < 0)
		return ctx->fd;
	rc = check_empty(ctx->fd, path, err);
	if (rc)
		return rc;
	bytes = blockdev_bytes(ctx->fd);
	if (bytes < 2 * EXTENT_BYTES)
		return err_usage(err, "pool file: path=%s: smaller than 4 MiB", path);
	if (bytes / POOL_PAGE < ctx->nr_slots)
		ctx->nr_slots = bytes / EXTENT_BYTES * (EXTENT_BYTES / POOL_PAGE);
	return 0;
}

static int file_create(struct pool_ctx *ctx, const void *params, struct err *err)
{
	const struct file_params *p = params;
	struct file_shared *s = ctx->shared;
	struct stat st;

	if (!p->path)
		return err_usage(err, "pool file: path is missing: --pool file:path=/var/tmp");
	if (stat(p->path, &st) != 0)
		return err_usage(err, "pool file: path=%s: %s", p->path, strerror(errno));
	s->is_device = S_ISBLK(st.st_mode);
	if (!s->is_device && !S_ISDIR(st.st_mode))
		return err_usage(err, "pool file: path=%s: neither a directory nor a block device",
				 p->path);
	return s->is_device ? take_device(ctx, p->path, err) : make_file(ctx, p->path, err);
}

static int file_open(struct pool_ctx *ctx, struct err *err)
{
	int rc = set_direct(ctx->fd);

	return rc ? err_failed(err, -rc, "pool file: no direct I/O") : 0;
}

/* --- room ----------------------------------------------------------------------------------------------- */

static int file_reserve(struct pool_ctx *ctx, uint32_t slot, uint32_t nr)
{
	const struct file_shared *s = ctx->shared;

	if (s->is_device ||
	    fallocate(ctx->fd, 0, (off_t)(slot * POOL_PAGE), (off_t)(nr * POOL_PAGE)) == 0)
		return 0;
	return -ENOSPC;
}

static void file_drop(struct pool_ctx *ctx, uint32_t slot, uint32_t nr)
{
	const struct file_shared *s = ctx->shared;

	if (!s->is_device)
		fallocate(ctx->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)(slot * POOL_PAGE), (off_t)(nr * POOL_PAGE));
}

/* --- pages ---------------------------------------------------------------------------------------------- */

static int move_run(int fd, const struct pool_run *run, bool out)
{
	char *page = run->pages;
	off_t at = (off_t)(run->slot * POOL_PAGE);
	size_t left = run->nr * POOL_PAGE;

	while (left) {
		ssize_t n = out ? pwrite(fd, page, left, at) : pread(fd, page, left, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		page += n;
		at += n;
		left -= (size_t)n;
	}
	return 0;
}

static int move_all(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs, bool out,
		    struct pool_tally *t)
{
	uint64_t begin = clock_ns(), pages = 0;
	int rc = 0;

	for (size_t i = 0; i < nr_runs && !rc; i++) {
		rc = move_run(ctx->fd, &runs[i], out);
		pages += runs[i].nr;
	}
	pool_tally_add(t, nr_runs, pages, begin);
	return rc;
}

static int file_store(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct file_shared *s = ctx->shared;

	return move_all(ctx, runs, nr_runs, true, &s->writes);
}

static int file_load(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct file_shared *s = ctx->shared;

	return move_all(ctx, runs, nr_runs, false, &s->reads);
}

static size_t file_facts(const struct pool_ctx *ctx, struct pool_fact facts[POOL_FACTS])
{
	static const char *const reads[] = { "reads", "read_pages", "read_ns" }, *const writes[] = {
		"writes", "write_pages", "write_ns"
	};
	const struct file_shared *s = ctx->shared;
	size_t n = pool_tally_facts(&s->reads, reads, "requests", "likewise", facts);

	return n + pool_tally_facts(&s->writes, writes, "requests", "likewise", facts + n);
}

const struct pool pool_file = {
	.name = "file",
	.summary = "a file without a name, or a block device, by direct I/O",
	.opts = file_opts,
	.params_size = sizeof(struct file_params),
	.create = file_create,
	.open = file_open,
	.reserve = file_reserve,
	.store = file_store,
	.load = file_load,
	.drop = file_drop,
	.facts = file_facts,
};
