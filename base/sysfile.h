/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing /proc, /sys and cgroup files. Every path passes through a sysroot prefix
 * ("" by default, FMBENCH_SYSROOT in the environment), so that captured trees of other machines
 * can be read as if they were this one (as util-linux's lscpu --sysroot).
 */
#ifndef BASE_SYSFILE_H
#define BASE_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* The prefix, without a trailing slash. */
const char *sysfile_root(void);
void sysfile_set_root(const char *root);
/* Prefix and path joined into dst. Returns 0 or -ENAMETOOLONG. */
int sysfile_path(char *dst, size_t size, const char *path);

bool sysfile_exists(const char *path);
/* The whole file; *b is reset first. Returns 0 or -errno. */
int sysfile_read(const char *path, struct buf *b);
/* The first line without its newline, into dst. Returns 0 or -errno (-ENOSPC: cut off). */
int sysfile_read_line(const char *path, char *dst, size_t size);
/* A file that holds one number; "max" gives UINT64_MAX. Returns 0, -errno, -EINVAL. */
int sysfile_read_u64(const char *path, uint64_t *ret_value);
/* A row "key value" of a file of such rows, the key matched whole at line start. -ENODATA: none. */
int sysfile_read_key(const char *path, const char *key, uint64_t *ret_value);
/* The same on text already read. */
int sysfile_find_key(const char *text, const char *key, uint64_t *ret_value);
/* The choice in brackets of "always [madvise] never"; the whole line where there is none. */
int sysfile_read_choice(const char *path, char *dst, size_t size);
int sysfile_write(const char *path, const char *value, struct err *err);

#endif
