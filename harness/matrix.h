/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runs of one command. A cell is one run to make; cells that share a round (repeat) are made
 * in random order, rounds one after the other. Where a ratio needs a peak that is neither stated
 * nor known, a run at ratio 1 comes first: an ordinary run, which serves as the baseline too.
 */
#ifndef HARNESS_MATRIX_H
#define HARNESS_MATRIX_H

#include "harness/run.h"
#include "results/export.h"

struct cell {
	const struct workload *workload;
	const void *workload_params;
	char *const *argv;
	const struct backend *backend;
	const void *backend_params;
	double ratio;
	int repeat; /* from 1 */
};

struct matrix {
	const char *line; /* the command as typed */
	const struct run_settings *settings;
	uint64_t seed;
	uint64_t peak_bytes; /* stated by the user, else 0 */
	bool recalibrate;
	struct cell *cells; /* owned; what they point to is not */
	size_t nr_cells;
};

void matrix_add(struct matrix *m, const struct cell *cell);
void matrix_release(struct matrix *m);
/* Make them, then print the closing table to stdout. Returns an exit code. */
int matrix_run(struct matrix *m, enum export_format format);

#endif
