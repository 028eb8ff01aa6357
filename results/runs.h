/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One row a run, results as columns. */
#ifndef RESULTS_RUNS_H
#define RESULTS_RUNS_H

#include <stdio.h>

#include "base/err.h"
#include "results/format.h"
#include "results/store.h"

/* runs: a JSON array of ids; rows come in its order. */
int runs_print(struct store *s, const char *runs, enum export_format format, FILE *out,
	       struct err *err);

#endif
