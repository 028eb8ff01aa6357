/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row a cell: runs that are alike in everything but their repeat. Its median with its interval, and
 * how many times worse it is than its runs at ratio 1 (baseline.h), with that interval.
 *
 * One key's values can be columns instead (backend, ratio, a parameter): cells that differ in nothing
 * else stand side by side, each but the first held against the first, repeat by repeat.
 */
#ifndef RESULTS_SUMMARY_H
#define RESULTS_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "results/format.h"
#include "results/store.h"

struct summary_request {
	const char *terms;   /* which runs, as compare.h's selectors; NULL: all */
	const char *columns; /* a key; NULL: none */
	const char *base;    /* the first column; NULL: the smallest value */
	const char *metric;  /* a result; NULL: each workload's performance */
	bool geomean;	     /* of how many times worse, over the rows */
	bool untrusted;	     /* take untrusted runs in */
};

/*
 * What was left out, and what the numbers rest on, goes to out with a table, else to notes. With csv and
 * json there is a row a cell, with columns too.
 * ERR_USAGE: bad terms, a key or a result that no run has. ERR_MISSING: no run is left.
 */
int summary_print(struct store *s, const struct summary_request *request, enum export_format format,
		  FILE *out, FILE *notes, struct err *err);
/* The closing table of a command that repeated its runs. -ENODATA (err untouched): none is sound. */
int summary_runs(struct store *s, const int64_t *runs, size_t nr, FILE *out, struct err *err);

/* The numbers themselves, for claims.c; struct summary is summary_print.h's. */
struct summary;
int summary_make(struct store *s, const struct summary_request *request, struct summary *ret,
		 struct err *err);
void summary_release(struct summary *sum);

#endif
