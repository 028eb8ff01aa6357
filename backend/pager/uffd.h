/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userfaultfd(2), as the pager uses it, and what headers older than the kernel lack. See
 * Documentation/admin-guide/mm/userfaultfd.rst.
 */
#ifndef BACKEND_PAGER_UFFD_H
#define BACKEND_PAGER_UFFD_H

#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Linux 6.8 */
#ifndef UFFDIO_MOVE
struct uffdio_move {
	__u64 dst, src, len, mode;
	__s64 move;
};
#define UFFDIO_MOVE			 _IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFDIO_MOVE_MODE_DONTWAKE	 ((__u64)1 << 0)
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES ((__u64)1 << 1)
#define UFFD_FEATURE_MOVE		 (1 << 16)
#endif

#define PAGER_NEEDS_EITHER                                                                         \
	"neither can this kernel move pages (UFFDIO_MOVE, Linux 6.8) nor can libc's code be changed"

/* vm.unprivileged_userfaultfd=1 or /dev/userfaultfd are not enough: forked children would read zeros. */
#define PAGER_NEEDS_RIGHT                                                                          \
	"it takes root, or CAP_SYS_PTRACE for all programs of the job (setpriv --inh-caps "        \
	"+sys_ptrace --ambient-caps +sys_ptrace)"

/* What the pager's own descriptor reports. */
#define UFFD_EVENTS                                                                                \
	(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP |   \
	 UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_THREAD_ID)

/* Non-blocking, closed by exec. Faults of the kernel's, in system calls, are served, too. Returns the
 * descriptor or -errno. */
int uffd_open(uint64_t features, struct err *err);

/* Does this kernel have UFFDIO_MOVE? Linux 6.8 */
bool uffd_can_move(void);

/* Addresses and lengths are whole pages. Report missing pages and writes to protected ones. 0, -errno */
int uffd_register(int fd, uint64_t start, uint64_t bytes);
int uffd_unregister(int fd, uint64_t start, uint64_t bytes);
int uffd_wake(int fd, uint64_t start, uint64_t bytes);
/* Protect against writing, or allow it and wake the writers. */
int uffd_protect(int fd, uint64_t start, uint64_t bytes, bool protect);
/*
 * Fill missing pages with the nr at src, and wake who waits for them. Returns how many of the first were
 * filled; *ret_errno says why no more: EEXIST (there already: it stays as it is), EAGAIN (the layout is
 * changing), ENOENT (nothing is mapped there).
 */
size_t uffd_copy(int fd, uint64_t start, const void *src, size_t nr, bool protect, int *ret_errno);
/* Take pages away from src to dst, which is empty and registered with fd. Returns how many of the first
 * were taken; *ret_errno says why no more: ENOENT (not there), EBUSY (shared, pinned), EINVAL (locked,
 * not writable), EAGAIN. */
size_t uffd_move(int fd, uint64_t dst, uint64_t src, size_t nr, int *ret_errno);

#endif
