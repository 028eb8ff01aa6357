/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters and gauges of a phase, a column each. */
#ifndef RESULTS_DELTAS_H
#define RESULTS_DELTAS_H

#include <stdio.h>

#include "base/err.h"
#include "results/format.h"
#include "results/store.h"

/*
 * runs: a JSON array of ids. A row a run and phase. A counter's column is its delta, COLLECTOR.KEY_UNIT;
 * a gauge has three, with _mean, _min and _max behind. Those of a second job begin with "2.".
 */
int deltas_print_wide(struct store *s, const char *runs, enum export_format format, FILE *out,
		      struct err *err);

#endif
