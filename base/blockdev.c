// SPDX-License-Identifier: GPL-2.0-or-later
#include "blockdev.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_EXCL: not while it is mounted, swap, or under another device (open(2)); nor is one with such a partition. */
int blockdev_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == EBUSY)
		return err_usage(err,
				 "%s is mounted, swap, or part of another device: lsblk tells; "
				 "name one that nothing uses",
				 path);
	if (fd < 0 && errno == ENOENT)
		return err_usage(err, "there is no %s: lsblk names the disks", path);
	if (fd < 0)
		return err_failed(err, errno, "opening %s, to keep pages there", path);
	if (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode))
		return fd;
	close(fd);
	return err_usage(err, "%s is no block device: name a disk or a partition", path);
}

uint64_t blockdev_bytes(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	return end > 0 ? (uint64_t)end : 0;
}

int blockdev_read_head(int fd, const char *path, char *head, struct err *err)
{
	ssize_t n = pread(fd, head, BLOCKDEV_HEAD_BYTES, 0);

	return n == BLOCKDEV_HEAD_BYTES ? 0
					: err_failed(err, n < 0 ? errno : 0,
						     "reading the first 128 KiB of %s", path);
}

bool blockdev_head_is_blank(const char *head)
{
	return head[0] == 0 && memcmp(head, head + 1, BLOCKDEV_HEAD_BYTES - 1) == 0;
}
