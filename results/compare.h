/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sets of runs, result by result: the ratio of their medians with a 95 % bootstrap interval.
 *
 * A side is chosen by a selector, `key=value` terms with commas between: all must hold, and a word
 * without `=` is another value for the key before it (at the front: a run). Keys are what a run is
 * stored with: workload, backend, ratio, experiment, run, offload, machine, kernel, its parameters
 * (zram.algorithm or just algorithm) and its facts (thp, page_cluster …). Values are as they are
 * typed elsewhere: memory=512M, duration=10s, offload=yes.
 *
 * Only like is compared with like: each side is of one kind, and the two sides differ in nothing
 * but what both selectors name, and what follows from it (a kernel has its own build date). There
 * is no way round this but to name the difference.
 */
#ifndef RESULTS_COMPARE_H
#define RESULTS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "results/export.h"
#include "results/store.h"

struct compare_request {
	const char *a, *b; /* selectors; a is the base: ratios are b / a */
	bool untrusted;	   /* take untrusted runs in */
	double power;	   /* say how many repeats would show this difference (0.02); 0: don't */
};

/*
 * A row for each result that both sides have. What was chosen and left out, and why, goes to out
 * with a table, else to notes. ERR_USAGE: bad selector, or the sides must not be compared.
 * ERR_MISSING: every run of a side is left out.
 */
int compare_runs(struct store *s, const struct compare_request *request, enum export_format format,
		 FILE *out, FILE *notes, struct err *err);

/* "2%" as 0.02. */
int compare_parse_power(const char *text, double *ret, struct err *err);

/*
 * How often a value of b lies above one of a, less how often it lies below: from -1 to 1, 0 where
 * neither tends to be larger (Cliff 1993). Nothing is assumed about how they are distributed.
 */
double compare_cliffs_delta(const double *a, size_t nr_a, const double *b, size_t nr_b);

/*
 * Repeats on each side that show a relative difference between medians in 80 of 100 such
 * comparisons, at 95 % confidence, given the spread of these values: never fewer than
 * COMPARE_MIN_RUNS. Taken from the standard error of a normal sample's median; NAN where the
 * spread can't be known (one run each, or values that are not positive).
 */
double compare_repeats_needed(const double *a, size_t nr_a, const double *b, size_t nr_b,
			      double difference);

/* With fewer, even the range of all values misses the median more often than 1 time in 20. */
#define COMPARE_MIN_RUNS 6

#endif
