/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Databases of an older fmbench. One that is written to is brought up to date where it is, in one
 * transaction, with a copy kept beside it (FILE.format-N). One that is only read stays as it is: a
 * private copy is brought up to date and read instead.
 */
#ifndef RESULTS_UPGRADE_H
#define RESULTS_UPGRADE_H

#include "results/db.h"

/* schema: the SQL of the current format, which also sets its number. */
int upgrade_here(struct store *s, int64_t from, const char *schema, struct err *err);
/* Turns s into a connection to the private copy, which store_close() removes (s->private_path). */
int upgrade_private_copy(struct store *s, int64_t from, const char *schema, struct err *err);

#endif
