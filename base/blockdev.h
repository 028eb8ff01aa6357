/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block device that was there before: nobody uses it, and nothing is on it, before fmbench takes it. */
#ifndef BASE_BLOCKDEV_H
#define BASE_BLOCKDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/* All signatures that stand at a device's beginning are within: those of btrfs, ReiserFS and GFS2 from 64 KiB on. */
#define BLOCKDEV_HEAD_BYTES (128 * 1024)

/* For reading and writing, and nobody else's meanwhile. ERR_USAGE: there is none, it is in use, it is no
 * block device. Returns its fd. */
int blockdev_open(const char *path, struct err *err);

/* 0: not known. */
uint64_t blockdev_bytes(int fd);

/* head: BLOCKDEV_HEAD_BYTES; fails where the device is smaller. */
int blockdev_read_head(int fd, const char *path, char *head, struct err *err);
bool blockdev_head_is_blank(const char *head);

#endif
