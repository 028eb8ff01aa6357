/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runs of one command: every ratio, every repeat, in random order with repeats interleaved,
 * after a run without a limit where the peak is not known yet. That run is an ordinary run at
 * ratio 1: it serves as the baseline too.
 */
#ifndef HARNESS_MATRIX_H
#define HARNESS_MATRIX_H

#include "harness/run.h"
#include "results/export.h"

#define MATRIX_MAX_RATIOS 32

struct matrix {
	const char *line; /* the command as typed */
	const struct run_settings *settings;
	const struct workload *workload;
	void *workload_params;
	char *const *argv;
	const struct backend *backend;
	void *backend_params;
	double ratios[MATRIX_MAX_RATIOS];
	size_t nr_ratios;
	int repeat;
	uint64_t seed;
	uint64_t peak_bytes; /* stated by the user, else 0 */
	bool recalibrate;
};

/* Make them, then print the closing table to stdout. Returns an exit code. */
int matrix_run(const struct matrix *m, enum export_format format);

#endif
