/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which programs can't be paged: the loader brings them no library. */
#ifndef BACKEND_PAGER_EXEC_H
#define BACKEND_PAGER_EXEC_H

#include <stddef.h>

/*
 * Why the program in that file would run unpaged: "is statically linked", say. NULL: nothing is known
 * against it, or it can't be read. Scripts are judged by their interpreter. Calls no malloc().
 */
const char *exec_unpaged(const char *path);

#endif
