/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block devices in this machine's memory, made by null_blk: Documentation/block/null_blk.rst. */
#ifndef BACKEND_RAMDISK_H
#define BACKEND_RAMDISK_H

#include "backend/device.h"

extern const char *const ramdisk_modules[];

/*
 * A null_blk device with memory behind it, a queue a CPU, whose timer completes each request latency_ns
 * after it came (0: at once). Journaled. path: of DEVICE_PATH_SIZE.
 */
int ramdisk_make(struct journal *j, uint64_t size_bytes, uint64_t latency_ns, char *path,
		 struct err *err);

#endif
