/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics of repeated runs. Values come in any order and are left as they are; the answers do
 * not depend on their order, nor on anything but the arguments: the same seed gives the same
 * interval.
 */
#ifndef BASE_STATS_H
#define BASE_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Linear between neighbours (Hyndman & Fan 1996, type 7, as R and NumPy). NaN when n is 0. */
double stats_quantile(const double *values, size_t n, double q);
double stats_median(const double *values, size_t n);

/*
 * 95 % percentile bootstrap intervals (Efron & Tibshirani 1993, ch. 13) from STATS_RESAMPLES
 * resamples: of the median; of median(a) / median(b). -ENODATA with fewer than two values (each):
 * one run has no interval. -ERANGE where b's median can be 0.
 */
#define STATS_RESAMPLES 10000

int stats_bootstrap_median(const double *values, size_t n, uint64_t seed, double *ret_low,
			   double *ret_high);
int stats_bootstrap_ratio(const double *a, size_t nr_a, const double *b, size_t nr_b, uint64_t seed,
			  double *ret_low, double *ret_high);

#endif
