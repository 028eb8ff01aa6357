/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories and what is below them. 0 or -errno with err filled. */
#ifndef BASE_DIRS_H
#define BASE_DIRS_H

#include <sys/types.h>

#include "base/err.h"

/* mkdir -p: make the directory and those above it that are missing. */
int make_dirs(const char *path, mode_t mode, struct err *err);
/* Could that file be written, or made with the directories above it that are missing? Makes nothing. */
int check_writable(const char *path, struct err *err);
/* cp -r: put each of the NULL-ended paths, with what is below it, into dir, which exists. */
int copy_into(const char *dir, const char *const paths[], struct err *err);
/* rm -rf. */
int remove_tree(const char *path, struct err *err);

#endif
