/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the backends share that make a block device of their own and swap on it: its options, its size,
 * its one swap area. Making the device, and the journal entry that unmakes it, is each one's own.
 */
#ifndef BACKEND_DEVICE_H
#define BACKEND_DEVICE_H

#include "backend/backend.h"
#include "backend/swap_areas.h"

#define DEVICE_PATH_SIZE 64 /* of /dev/NAME */

/* The first member of such a backend's parameters. */
struct device_params {
	uint64_t size_bytes;
	uint64_t priority;
};

/* clang-format off: one option a line */
#define DEVICE_OPTS(S, m)                                                                          \
	OPT_SIZE("size", S, m.size_bytes, "0", 0, 16.0 * (1ull << 40),                             \
		 "far memory; 0: what the run needs, else half of the free memory"),               \
		SWAP_PRIORITY_OPT(S, m.priority)
/* clang-format on */

/*
 * The checks that all have: the size is none too small, each of the modules (ended by NULL) can be had,
 * this process may turn swap on. name: the backend's.
 */
int device_check(const struct device_params *p, const char *name, const char *const *modules,
		 struct err *err);
/* Load them in their order, each with a journal entry of its own, so that what was loaded for the
 * backend goes with it. */
int device_load(const char *const *modules, struct journal *j, struct err *err);

/* In whole MiB. ERR_MISSING: this machine's free memory does not hold as much. */
int device_size(const struct device_params *p, uint64_t need_bytes, uint64_t *ret_bytes,
		struct err *err);

/* Until the device node is there and has a size (udev, a scan of namespaces): at most 5 s. */
int device_wait(const char *path, struct err *err);

/*
 * Is there nothing on it but zeros, or a swap area of fmbench's that an end without undo left there, and is
 * there room for need_bytes? -EEXIST, ERR_USAGE: it holds something else, and err says what (libblkid).
 * target: what the user called a device that is reached through it; NULL: path itself.
 */
int device_may_overwrite(const char *path, const char *target, uint64_t need_bytes,
			 struct err *err);

/* Write the signature, journal, turn swap on, fill ctx->swap_device. */
int device_swap_on(struct backend_ctx *ctx, const char *path, const struct device_params *p,
		   struct journal *j, struct err *err);
/* Of one that was there before: only if it may be overwritten, and undone it is as empty as it was. */
int device_lent_swap_on(struct backend_ctx *ctx, const char *path, const char *target,
			uint64_t priority, struct journal *j, struct err *err);

#endif
