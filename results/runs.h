/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One row a job, with what a reader needs who has nothing else; its results are columns, or rows. */
#ifndef RESULTS_RUNS_H
#define RESULTS_RUNS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "results/format.h"
#include "results/store.h"

/* runs: a JSON array of ids; rows come in its order. wide: a column a result, else a row a result. */
int runs_print(struct store *s, const char *runs, bool wide, enum export_format format, FILE *out,
	       struct err *err);

#endif
