/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run at ratio 1 that others are measured against. The rule is the view `baseline` in
 * baseline.sql; everybody who needs a baseline asks the view, or here. For results/ alone.
 */
#ifndef RESULTS_BASELINE_H
#define RESULTS_BASELINE_H

#include "base/buf.h"
#include "base/stats.h"
#include "results/db.h"
#include "results/sides.h"

/* The baselines of some runs (a JSON array of ids): a JSON array of [run, job,
 * baseline_run, age_s]. */
int baselines_json(struct store *s, const char *runs, struct buf *ret, struct err *err);

/* What a set of runs is measured against. */
struct baselines {
	int64_t *runs; /* distinct, ascending */
	size_t nr;
	struct buf json;  /* the same as a JSON array */
	double age_s;	  /* to the run that is farthest from its baseline */
	size_t nr_others; /* runs that have another baseline than themselves */
};
#define BASELINES_INIT                                                                             \
	{                                                                                          \
		NULL, 0, BUF_INIT, 0, 0                                                            \
	}

/* Those that no run fits add nothing. */
int baselines_find(struct store *s, struct side_runs runs, struct baselines *ret, struct err *err);
void baselines_release(struct baselines *b);

/*
 * How many times worse the runs are than their baselines in one result: above 1 is slower.
 * -ENODATA: no baseline, a result that is neither better up nor down, or values without a ratio.
 */
int baselines_slowdown(struct store *s, struct side_runs runs, const struct baselines *b,
		       const char *result, const char *better, struct stats_ratio *ret,
		       struct err *err);

#endif
