/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_FIND_PROGRAM_H
#define BASE_FIND_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* Is this program in PATH? Fills dst with its path when size > 0. */
bool find_program(const char *name, char *dst, size_t size);

#endif
