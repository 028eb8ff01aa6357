/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics of repeated runs. Values come in any order and are left as they are; the answers
 * depend on nothing but the arguments. Every interval says which share of such intervals holds the
 * true value: its coverage. tests/unit/test_coverage.c holds them to it.
 */
#ifndef BASE_STATS_H
#define BASE_STATS_H

#include <stdbool.h>
#include <stddef.h>

#define STATS_CONFIDENCE 0.95
#define STATS_POWER	 0.8
/* With fewer on a side nobody should call a difference proven. */
#define STATS_MIN_RUNS 4

/* Linear between neighbours (Hyndman & Fan 1996, type 7, as R and NumPy). NaN when n is 0. */
double stats_quantile(const double *values, size_t n, double q);
double stats_median(const double *values, size_t n);

struct stats_interval {
	double low, high, coverage;
};

/*
 * The median's interval, from order statistics: nothing is assumed about how values are
 * distributed. Up to 5 values give the range of all of them, which covers less than 95 %; from 6 on
 * the interval lies between two order statistics (Hettmansperger & Sheather 1986). -ENODATA with
 * fewer than two values.
 */
int stats_median_interval(const double *values, size_t n, struct stats_interval *ret);

/* b / a by Student's t on logarithms: the ratio of geometric means, which for values that scatter
 * evenly on a logarithmic axis is the ratio of medians. */
struct stats_ratio {
	bool paired;
	double ratio;
	double low, high; /* at STATS_CONFIDENCE; NAN where one value a side says nothing of it */
	double p;	  /* two-sided, of a ratio of 1; NAN likewise */
	double sd; /* of the logarithms: of one pair's ratio, or of one value; NAN likewise */
	double df; /* degrees of freedom of sd */
};

/*
 * a[i] and b[i] were measured beside each other: what changes from pair to pair cancels. -ENODATA
 * without a pair, -ERANGE where a value is not positive.
 */
int stats_ratio_paired(const double *a, const double *b, size_t nr, struct stats_ratio *ret);
/* Nothing ties a's values to b's, whose spreads may differ (Welch 1947). Errors likewise. */
int stats_ratio_welch(const double *a, size_t nr_a, const double *b, size_t nr_b,
		      struct stats_ratio *ret);

/* Holm (1979): each p of a family, in place, raised so that one below 0.05 is wrong in at most 5 of
 * 100 families. NAN stays and does not count. */
void stats_holm(double *p, size_t nr);

/*
 * Runs a side that show a relative difference (0.05) in STATS_POWER of comparisons. A spread known
 * from few pilots is uncertain: its 80 % upper confidence limit is taken. At least STATS_MIN_RUNS;
 * NAN where the spread is not known.
 */
double stats_runs_needed(const struct stats_ratio *pilot, double difference);

#endif
