/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_DIRS_H
#define BASE_DIRS_H

#include <sys/types.h>

#include "base/err.h"

/* mkdir -p: make the directory and those above it that are missing. */
int make_dirs(const char *path, mode_t mode, struct err *err);

#endif
