/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cells of a summary, and their statistics. For results/summary*.c alone. */
#ifndef RESULTS_SUMMARY_CELL_H
#define RESULTS_SUMMARY_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stats.h"
#include "results/baseline.h"
#include "results/db.h"

struct summary_cell {
	char *row, *column; /* see summary_cells.sql */
	char *workload, *backend, *how;
	char *result, *unit, *better; /* result NULL: the cell has none */
	double ratio;		      /* NAN: none */
	int64_t job;
	char *runs; /* a JSON array */
	size_t nr_runs;
	struct values v;
	double median;			/* NAN without a value */
	struct stats_interval interval; /* low NAN: of fewer than two values */
	struct baselines base;
	struct stats_ratio slowdown; /* ratio NAN: there is none */
	struct stats_ratio versus;   /* times worse than the first column; ratio NAN: none */
	struct buf flags;
};

struct summary_cells {
	struct summary_cell *cells;
	size_t nr;
};

/* runs: a JSON array. columns, metric: as in struct summary_request, may be NULL. */
int summary_cells_load(struct store *s, const char *runs, const char *columns, const char *metric,
		       struct summary_cells *ret, struct err *err);
void summary_cells_release(struct summary_cells *c);
/* Fill here->versus. Cells without a result in common have none. */
int summary_cell_hold(struct store *s, const struct summary_cell *base, struct summary_cell *here,
		      struct err *err);

#endif
