/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A number in a JSON text, by SQLite's own JSON functions. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/err.h"

/* Is this a path such as $.result.ops or $.runs[0].time? */
int json_check_path(const char *path, struct err *err);
/* -ENODATA (err untouched): text is no JSON, or has no number there. A text of digits is a number,
 * too. */
int json_number(const char *text, const char *path, double *ret, struct err *err);

#endif
