/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of a comparison, and what is said of them. For results/compare*.c alone. */
#ifndef RESULTS_COMPARE_ROW_H
#define RESULTS_COMPARE_ROW_H

#include "base/buf.h"
#include "results/sides.h"

struct compare_side;

/* A difference that few runs are held against where --power names none. */
#define COMPARE_DIFFERENCE 0.05

struct compare_row {
	char *name, *unit, *better; /* better: NULL, "higher" or "lower" */
	struct side_values a, b;

	/* compare_judge() fills the rest. */
	bool performance; /* the first row with a better: the only one with a verdict */
	double median_a, median_b;
	struct stats_ratio ratio; /* b / a; ratio.ratio NAN: there is none */
	size_t blocks;		  /* pairs of runs; 0: Welch's method */
	double p;		  /* the performance's own; else Holm's over the other rows */
	double cliffs_delta;
	double runs_needed; /* a side, for the difference; NAN: unknown */
	char verdict[96];   /* "": none */
};

/* What holds for all rows. */
struct compare_terms {
	const char *name;  /* of the side that is not the base: "B" */
	bool interleaved;  /* the sides were measured beside each other */
	bool may_speak;	   /* they were, or a verdict was asked for all the same */
	double difference; /* relative, for runs_needed */
	bool show_needed;  /* the difference was asked for (--power) */
};

/* A base and another side. */
struct compare_pair {
	const struct compare_side *sides[2];
	struct compare_terms terms;
	struct buf when;   /* "A from 2026-11-27 09:46 to …, B from …" */
	struct buf differ; /* what tells sides apart that were chosen by run numbers; empty: n/a */
	struct compare_row *rows;
	size_t nr_rows;
};

void compare_judge(struct compare_row *rows, size_t nr, const struct compare_terms *terms);
/* Several sides against one base are a family: their performances' p are Holm's, too. */
void compare_judge_pairs(struct compare_pair *pairs, size_t nr);

/* Fewest runs (pairs) a side that the row's ratio comes from. */
size_t compare_row_runs(const struct compare_row *row);

/*
 * How often a value of b lies above one of a, less how often it lies below: from -1 to 1, 0 where
 * neither tends to be larger (Cliff 1993). Nothing is assumed about how they are distributed.
 */
double compare_cliffs_delta(const double *a, size_t nr_a, const double *b, size_t nr_b);

#endif
