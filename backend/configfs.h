/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel objects made in configfs (Documentation/filesystems/configfs.rst). Each step is journaled by
 * the base's kinds (file, dir), so that a tree is taken down in the reverse of the order it was put up
 * in, which is the only one that the kernel takes.
 */
#ifndef BACKEND_CONFIGFS_H
#define BACKEND_CONFIGFS_H

#include "base/err.h"
#include "base/journal.h"

#define CONFIGFS      "/sys/kernel/config"
#define CONFIGFS_PATH 256

/* Mount it where it is not; journaled. Its module is loaded by those that use it. */
int configfs_mount(struct journal *j, struct err *err);
/* Journal kind "mount DIR": unmount it, unless somebody uses it by now. */
int configfs_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

int configfs_make(struct journal *j, const char *dir, struct err *err);
int configfs_link(struct journal *j, const char *target, const char *link, struct err *err);
/* Rows of attribute and value, ended by NULL, written in their order. */
struct configfs_value {
	const char *name, *value;
};
int configfs_set(const char *dir, const struct configfs_value *values, struct err *err);

#endif
