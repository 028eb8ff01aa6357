/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The samples of runs with a value for each tick, filled forward between the stored changes. */
#ifndef RESULTS_SAMPLES_H
#define RESULTS_SAMPLES_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "results/format.h"
#include "results/store.h"

/*
 * runs: a JSON array of ids. A tick belongs to the phase that it ends in. Long: a row for each
 * tick and key, from the key's first value on. Wide: a row for each tick, a column for each
 * "collector.key_unit" of these runs.
 */
int samples_print(struct store *s, const char *runs, bool wide, enum export_format format,
		  FILE *out, struct err *err);

#endif
