/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of runs, each against the first, result by result: a ratio with its interval, and one verdict,
 * on the performance.
 *
 * A set (a side) is chosen by a selector, `key=value` terms with commas between: all must hold, and a word
 * without `=` is another value for the key before it (at the front: a run). Keys are what a run is
 * stored with: workload, backend, ratio, experiment, run, offload, machine, kernel, its parameters
 * (zram.algorithm or just algorithm) and its facts (thp, page_cluster …). Values are as they are
 * typed elsewhere: memory=512M, duration=10s, offload=yes.
 *
 * Only like is compared with like: each side is of one kind, and two sides differ in nothing but what
 * both selectors name, and what follows from it (a kernel has its own build date). There is no way
 * round this but to name the difference. Run numbers name all there is: sides that are chosen by them
 * alone are compared, and what they differ in is said.
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
	const char *const *sides; /* selectors, NULL-ended, two and more; the first is the base */
	bool untrusted;		  /* take untrusted runs in */
	double power;	      /* say how many runs would show this difference (0.02); 0: don't */
	bool not_interleaved; /* give a verdict on sides that were not measured beside each other */
};

/* A, B, … Z */
#define COMPARE_MAX_SIDES 26

/*
 * A row for each result that a side and the base have; with several sides a row for each of them. What was chosen and left out and why, the flags of
 * both sides, and what they are measured against, goes to out with a table, else to notes.
 * ERR_USAGE: bad selector, or the sides must not be compared. ERR_MISSING: every run of a side is
 * left out.
 */
int compare_runs(struct store *s, const struct compare_request *request, enum export_format format,
		 FILE *out, FILE *notes, struct err *err);

/* "2%" as 0.02. */
int compare_parse_power(const char *text, double *ret, struct err *err);

#endif
