// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/uffd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	4096ull
#define RETRIES 8

#ifndef USERFAULTFD_IOC_NEW /* Linux 6.1 */
#define USERFAULTFD_IOC_NEW _IO(0xAA, 0x00)
#endif

/* By the system call as root, or by the device where its owner lets others. */
static int open_either(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK), device;

	if (fd >= 0 || errno == ENOSYS)
		return fd >= 0 ? fd : -ENOSYS;
	device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return -EPERM;
	fd = ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
	close(device);
	return fd < 0 ? -errno : fd;
}

int uffd_open(uint64_t features, struct err *err)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = open_either();

	if (fd < 0)
		return err_missing(err, fd == -ENOSYS ? "the kernel is built without userfaultfd "
							"(CONFIG_USERFAULTFD)"
						      : "no userfaultfd: " PAGER_NEEDS_RIGHT);
	if (ioctl(fd, UFFDIO_API, &api) == 0)
		return fd;
	if (errno == EPERM)
		err_missing(err, "userfaultfd can't follow forked children: " PAGER_NEEDS_RIGHT);
	else
		err_missing(err, "userfaultfd: this kernel lacks what the pager needs "
				 "(write-protection, Linux 5.7)");
	close(fd);
	return -ENOENT;
}

bool uffd_can_move(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = open_either();

	if (fd >= 0) {
		ioctl(fd, UFFDIO_API, &api);
		close(fd);
	}
	return api.features & UFFD_FEATURE_MOVE;
}

int uffd_register(int fd, uint64_t start, uint64_t bytes)
{
	struct uffdio_register r = {
		.range = { start, bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP,
	};

	return ioctl(fd, UFFDIO_REGISTER, &r) == 0 ? 0 : -errno;
}

int uffd_unregister(int fd, uint64_t start, uint64_t bytes)
{
	struct uffdio_range r = { start, bytes };

	return ioctl(fd, UFFDIO_UNREGISTER, &r) == 0 ? 0 : -errno;
}

int uffd_wake(int fd, uint64_t start, uint64_t bytes)
{
	struct uffdio_range r = { start, bytes };

	return ioctl(fd, UFFDIO_WAKE, &r) == 0 ? 0 : -errno;
}

int uffd_protect(int fd, uint64_t start, uint64_t bytes, bool protect)
{
	struct uffdio_writeprotect w = {
		.range = { start, bytes },
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &w) == 0 ? 0 : -errno;
}

size_t uffd_copy(int fd, uint64_t start, const void *src, size_t nr, bool protect, int *ret_errno)
{
	size_t done = 0;
	int tries = 0;

	*ret_errno = 0;
	while (done < nr) {
		struct uffdio_copy c = { .dst = start + done * PAGE,
					 .src = (uint64_t)src + done * PAGE,
					 .len = (nr - done) * PAGE,
					 .mode = protect ? UFFDIO_COPY_MODE_WP : 0 };

		if (ioctl(fd, UFFDIO_COPY, &c) == 0)
			return nr;
		if (c.copy > 0)
			done += (size_t)c.copy / PAGE;
		else if (errno != EAGAIN || ++tries == RETRIES)
			break;
	}
	if (done < nr)
		*ret_errno = errno;
	return done;
}

size_t uffd_move(int fd, uint64_t dst, uint64_t src, size_t nr, int *ret_errno)
{
	size_t done = 0;
	int tries = 0;

	*ret_errno = 0;
	while (done < nr) {
		struct uffdio_move m = { .dst = dst + done * PAGE,
					 .src = src + done * PAGE,
					 .len = (nr - done) * PAGE,
					 .mode = UFFDIO_MOVE_MODE_DONTWAKE };

		if (ioctl(fd, UFFDIO_MOVE, &m) == 0)
			return nr;
		if (m.move > 0)
			done += (size_t)m.move / PAGE;
		else if (errno != EAGAIN || ++tries == RETRIES)
			break;
	}
	if (done < nr)
		*ret_errno = errno;
	return done;
}
