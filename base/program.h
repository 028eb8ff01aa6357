/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which version of a program is it? Another version is another thing to measure. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* The last word of the first line that `PROGRAM -V` prints: "1.6.18", "v1.0". False: it prints none. */
bool program_version(const char *program, char *dst, size_t size);
/* The file that a program's name stands for, as "SIZE bytes of MTIME": changes when it is rebuilt. */
bool program_file(const char *program, char *dst, size_t size);

#endif
