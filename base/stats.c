// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/stats.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#include "base/alloc.h"

static double *sorted_copy(const double *values, size_t n)
{
	double *copy = xreallocarray(NULL, n, sizeof(*copy));

	memcpy(copy, values, n * sizeof(*copy));
	gsl_sort(copy, 1, n);
	return copy;
}

double stats_quantile(const double *values, size_t n, double q)
{
	double *copy, result;

	if (n == 0)
		return NAN;
	copy = sorted_copy(values, n);
	result = gsl_stats_quantile_from_sorted_data(copy, 1, n, q);
	free(copy);
	return result;
}

double stats_median(const double *values, size_t n)
{
	return stats_quantile(values, n, 0.5);
}

/* gsl_rng_set() takes a long, of which the generator keeps 32 bits: use all of the seed. */
static gsl_rng *seeded_rng(uint64_t seed)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(rng, (unsigned long)((seed ^ seed >> 32) & 0xffffffff));
	return rng;
}

/* values sorted, so that the interval does not depend on the order in which runs were made. */
static double resampled_median(gsl_rng *rng, double *values, size_t n, double *scratch)
{
	gsl_ran_sample(rng, scratch, n, values, n, sizeof(*values));
	gsl_sort(scratch, 1, n);
	return gsl_stats_median_from_sorted_data(scratch, 1, n);
}

static void percentile_interval(double *estimates, double *ret_low, double *ret_high)
{
	gsl_sort(estimates, 1, STATS_RESAMPLES);
	*ret_low = gsl_stats_quantile_from_sorted_data(estimates, 1, STATS_RESAMPLES, 0.025);
	*ret_high = gsl_stats_quantile_from_sorted_data(estimates, 1, STATS_RESAMPLES, 0.975);
}

int stats_bootstrap_median(const double *values, size_t n, uint64_t seed, double *ret_low,
			   double *ret_high)
{
	double *sorted, *scratch, *estimates;
	gsl_rng *rng;

	if (n < 2)
		return -ENODATA;
	sorted = sorted_copy(values, n);
	scratch = xreallocarray(NULL, n, sizeof(*scratch));
	estimates = xreallocarray(NULL, STATS_RESAMPLES, sizeof(*estimates));
	rng = seeded_rng(seed);
	for (size_t i = 0; i < STATS_RESAMPLES; i++)
		estimates[i] = resampled_median(rng, sorted, n, scratch);
	percentile_interval(estimates, ret_low, ret_high);
	gsl_rng_free(rng);
	free(estimates);
	free(scratch);
	free(sorted);
	return 0;
}

int stats_bootstrap_ratio(const double *a, size_t nr_a, const double *b, size_t nr_b, uint64_t seed,
			  double *ret_low, double *ret_high)
{
	double *sorted_a, *sorted_b, *scratch, *estimates;
	gsl_rng *rng;
	int ret = 0;

	if (nr_a < 2 || nr_b < 2)
		return -ENODATA;
	sorted_a = sorted_copy(a, nr_a);
	sorted_b = sorted_copy(b, nr_b);
	scratch = xreallocarray(NULL, nr_a > nr_b ? nr_a : nr_b, sizeof(*scratch));
	estimates = xreallocarray(NULL, STATS_RESAMPLES, sizeof(*estimates));
	rng = seeded_rng(seed);
	for (size_t i = 0; i < STATS_RESAMPLES && ret == 0; i++) {
		double above = resampled_median(rng, sorted_a, nr_a, scratch);
		double below = resampled_median(rng, sorted_b, nr_b, scratch);

		if (below == 0)
			ret = -ERANGE;
		estimates[i] = above / below;
	}
	if (ret == 0)
		percentile_interval(estimates, ret_low, ret_high);
	gsl_rng_free(rng);
	free(estimates);
	free(scratch);
	free(sorted_b);
	free(sorted_a);
	return ret;
}
