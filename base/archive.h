/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory as a compressed archive, and back (libarchive). */
#ifndef BASE_ARCHIVE_H
#define BASE_ARCHIVE_H

#include "base/err.h"

/*
 * dir and what is below it, as NAME/…, NAME being dir's own, into path (tar, zstd), `first` of its files
 * before all others. path comes into being whole or not at all. Plain files and directories alone.
 */
int archive_pack(const char *dir, const char *first, const char *path, struct err *err);
/*
 * Unpack path into dir, which must not be there, without the leading NAME/. Nothing is written where the
 * first file isn't NAME/first. An entry that leads out of dir, or is neither file nor directory, is
 * refused. ERR_MISSING: no such file. ERR_USAGE: no archive, another one, a damaged or truncated one;
 * what was unpacked of it is gone again.
 */
int archive_unpack(const char *path, const char *first, const char *dir, struct err *err);

#endif
