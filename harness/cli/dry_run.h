/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --dry-run: what a command would make, in which order, and how long it would take. */
#ifndef HARNESS_DRY_RUN_H
#define HARNESS_DRY_RUN_H

#include "base/err.h"
#include "harness/plan/matrix.h"

/* Check every run as matrix_run() would, and print them to stdout. Changes nothing. */
int dry_run(struct matrix *m, struct err *err);
/* plan_fill() by the database, which need not be there. */
int dry_run_fill(struct matrix *m, struct err *err);

#endif
