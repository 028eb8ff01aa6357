/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows out of the store: tables for people, CSV (RFC 4180, header, CRLF-free lines ended by \n)
 * and JSON (an array of objects with the same names) for machines, data blocks for gnuplot.
 */
#ifndef RESULTS_EXPORT_H
#define RESULTS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "results/format.h"
#include "results/store.h"

/* Wide: what was measured has a column each. Long: a row each, its name and unit in columns. */
enum export_shape { EXPORT_LONG = 1, EXPORT_WIDE = 2 };

/* What can be exported: runs, phases, deltas, samples, rates, results, histograms, flags. Each column is
 * explained in doc/EXPORTS.md. */
struct export_kind {
	const char *name, *summary;
	int shapes;		 /* those that there are */
	enum export_shape usual; /* where none is asked for */
	const char *sql;	 /* export.c's; NULL where code makes the rows */
};
extern const struct export_kind export_kinds[]; /* ended by an all-zero row */

struct export_filter {
	int64_t run;		/* 0: all */
	const char *experiment; /* NULL: all */
	int shape;		/* an enum export_shape; 0: the kind's usual one */
	const char *collectors; /* rates: names separated by commas; NULL: all */
	uint64_t every_ns;	/* rates: a period; 0: a second */
};

/* ERR_USAGE: there is no such kind, or not in that shape (0: the usual one). */
int export_check(const char *kind, int shape, struct err *err);
int export_rows(struct store *s, const char *kind, const struct export_filter *filter,
		enum export_format format, FILE *out, struct err *err);

/* One run for a person: what was run, local and far memory, results, page-ins per second,
 * slowdown against ratio 1 where known, phases, flags; verbose: what was not counted, and why. */
int show_run(struct store *s, int64_t run, bool verbose, FILE *out, struct err *err);
/* The same for a program: one JSON object, with parameters and facts. */
int show_run_json(struct store *s, int64_t run, FILE *out, struct err *err);
/* The closing table of a command that made several runs, one row a run. */
int show_runs(struct store *s, const int64_t *runs, size_t nr, enum export_format format, FILE *out,
	      struct err *err);

/* Which runs a figure draws, and which of their numbers. */
struct figure_choice {
	int64_t run;		/* 0: none chosen */
	const char *experiment; /* NULL: any */
	const char *y;		/* NULL: the figure's own */
	const char *job;	/* of runs with several; NULL: any */
};

/*
 * A figure's data: SQL programs (NULL-ended) that run one after another, as plots/head.sql says, and
 * leave nothing behind. A gnuplot data block on out for each SELECT, and "name = value" lines in
 * vars for the columns of the view `variables`. *ret_rows: rows of the first block.
 */
int export_figure(struct store *s, const char *const *programs, const struct figure_choice *choice,
		  FILE *out, struct buf *vars, size_t *ret_rows, struct err *err);

#endif
