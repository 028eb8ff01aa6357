/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_FIND_PROGRAM_H
#define BASE_FIND_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* Is this program in PATH? Fills dst with its path when size > 0. */
bool find_program(const char *name, char *dst, size_t size);
/*
 * A program that comes with fmbench: where the lab's guest was told to look ($FMLAB_BUILD), beside
 * this program, in ../lib/fmbench, in PATH.
 */
bool find_own_program(const char *name, char *dst, size_t size);

#endif
