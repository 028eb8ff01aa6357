/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking a name up, and the sentence where there is none of that name. */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include "err.h"

/* The entry most like `name` (edit distance), or NULL when nothing is near. names ends with NULL. */
const char *did_you_mean(const char *name, const char *const *names);

/*
 * ERR_USAGE: the formatted text, then "; did you mean 'NEAR'?", or "; SEE" where near is NULL.
 * Returns -EINVAL.
 */
int err_unknown(struct err *err, const char *near, const char *see, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * The row of that name. table: an array of pointers, ended by NULL, to structs whose first member is
 * `const char *name`. NULL with "no KIND 'NAME'; …" in err where there is none.
 */
const void *find_by_name(const void *table, const char *name, const char *kind, const char *see,
			 struct err *err);
/*
 * The table with one row more: on the heap, where `table` is freed unless it is `built_in`. Tables end
 * with NULL.
 */
void *names_add(const void *table, const void *built_in, const void *row);

#endif
