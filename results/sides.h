/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One result of two sets of runs, and their ratio: paired by block (baseline.sql) where both sets
 * have the blocks. For results/ alone.
 */
#ifndef RESULTS_SIDES_H
#define RESULTS_SIDES_H

#include "base/stats.h"
#include "results/db.h"

struct side_values {
	double *values;
	int64_t *blocks; /* of each value; any number, the same for the same block */
	size_t nr;
};

void side_values_add(struct side_values *v, double value, int64_t block);
void side_values_release(struct side_values *v);

/* Runs (a JSON array), and which of their jobs; 0: all. */
struct side_runs {
	const char *runs;
	int64_t job;
};

/* The values of a result that both sides have. unit NULL: any. Replaces what a and b hold. */
int sides_load(struct store *s, struct side_runs runs_a, struct side_runs runs_b, const char *name,
	       const char *unit, struct side_values *a, struct side_values *b, struct err *err);

/*
 * b / a. Paired, where STATS_MIN_RUNS blocks are on both sides, or all blocks are; several values
 * of a side in one block count as their geometric mean, values whose block the other side lacks are
 * left out. Else by Welch's method, over all values. ret_blocks: how many pairs; 0: Welch's.
 * -ENODATA, -ERANGE as stats_ratio_paired().
 */
int sides_ratio(const struct side_values *a, const struct side_values *b, struct stats_ratio *ret,
		size_t *ret_blocks);

/* How many times worse here is than base: above 1 is slower. better: "higher" or "lower". The rest as
 * sides_ratio(). */
int sides_slowdown(const struct side_values *base, const struct side_values *here,
		   const char *better, struct stats_ratio *ret, size_t *ret_blocks);

#endif
