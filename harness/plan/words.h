/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of a key in an experiment's file. */
#ifndef HARNESS_WORDS_H
#define HARNESS_WORDS_H

#include <stddef.h>

#include "base/err.h"
#include "base/inifile.h"

struct words {
	char **items; /* owned */
	size_t nr;
};

void words_add(struct words *w, const char *text, size_t len);
void words_release(struct words *w);
/* Items stand between commas or blanks; quotes hold an item with either together: " or ', whichever it
 * has not itself. None twice. Release it either way. */
int words_parse(const struct ini_entry *entry, struct words *w, struct err *err);
/* "1-4" stands for 1 2 3 4. */
int words_expand_ranges(struct words *w, struct err *err);

#endif
