// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/stats.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#include "base/alloc.h"

/* Of a pilot's standard deviation, when it says how many runs are needed. */
#define UPPER_LIMIT 0.8

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

/* --- the median ----------------------------------------------------------------------------- */

/* How often the median lies between the d-th value and the d-th from the other end, d from 1. */
static double order_coverage(size_t d, size_t n)
{
	return 1 - 2 * gsl_cdf_binomial_P((unsigned int)d - 1, 0.5, (unsigned int)n);
}

/* Where between the d-th and the next value 95 % lie; the coverages are on either side of it. */
static double between(size_t d, size_t n)
{
	double outer = order_coverage(d, n), inner = order_coverage(d + 1, n);
	double share = (outer - STATS_CONFIDENCE) / (outer - inner);

	return (double)(n - d) * share / ((double)d + ((double)n - 2 * (double)d) * share);
}

int stats_median_interval(const double *values, size_t n, struct stats_interval *ret)
{
	double *x, weight = 0;
	size_t d = 1, last;

	if (n < 2)
		return -ENODATA;
	x = sorted_copy(values, n);
	while (order_coverage(d + 1, n) >= STATS_CONFIDENCE)
		d++;
	ret->coverage = order_coverage(d, n);
	if (ret->coverage > STATS_CONFIDENCE) {
		weight = between(d, n);
		ret->coverage = STATS_CONFIDENCE;
	}
	last = n - d;
	ret->low = x[d - 1] + weight * (x[d] - x[d - 1]);
	ret->high = x[last] - weight * (x[last] - x[last - 1]);
	free(x);
	return 0;
}

/* --- the ratio ------------------------------------------------------------------------------ */

/* NULL where a value has none. */
static double *logarithms(const double *values, size_t nr)
{
	double *logs = xreallocarray(NULL, nr, sizeof(*logs));

	for (size_t i = 0; i < nr; i++) {
		if (!(values[i] > 0 && isfinite(values[i]))) {
			free(logs);
			return NULL;
		}
		logs[i] = log(values[i]);
	}
	return logs;
}

static void judge(struct stats_ratio *r, double mean, double error, double df)
{
	r->ratio = exp(mean);
	r->low = r->high = r->p = NAN;
	if (!(df > 0))
		return;

	double reach = gsl_cdf_tdist_Pinv((1 + STATS_CONFIDENCE) / 2, df) * error;

	r->low = exp(mean - reach);
	r->high = exp(mean + reach);
	if (error > 0)
		r->p = 2 * gsl_cdf_tdist_Q(fabs(mean) / error, df);
	else
		r->p = mean == 0 ? 1 : 0;
}

int stats_ratio_paired(const double *a, const double *b, size_t nr, struct stats_ratio *ret)
{
	double *logs, *logs_b, mean;

	if (!nr)
		return -ENODATA;
	logs = logarithms(a, nr);
	logs_b = logarithms(b, nr);
	if (!logs || !logs_b) {
		free(logs);
		free(logs_b);
		return -ERANGE;
	}
	for (size_t i = 0; i < nr; i++)
		logs[i] = logs_b[i] - logs[i];
	mean = gsl_stats_mean(logs, 1, nr);
	*ret = (struct stats_ratio){
		.paired = true,
		.sd = nr > 1 ? gsl_stats_sd_m(logs, 1, nr, mean) : NAN,
		.df = (double)nr - 1,
	};
	judge(ret, mean, ret->sd / sqrt((double)nr), ret->df);
	free(logs);
	free(logs_b);
	return 0;
}

/* Sum of the two means' variances, and its degrees of freedom (Welch-Satterthwaite). */
static double welch_error(double var_a, size_t nr_a, double var_b, size_t nr_b, double *ret_df)
{
	double a = var_a / (double)nr_a, b = var_b / (double)nr_b;

	*ret_df = a + b > 0 ? gsl_pow_2(a + b) / (gsl_pow_2(a) / (double)(nr_a - 1) +
						  gsl_pow_2(b) / (double)(nr_b - 1))
			    : (double)(nr_a + nr_b - 2);
	return sqrt(a + b);
}

static void welch(const double *a, size_t nr_a, const double *b, size_t nr_b,
		  struct stats_ratio *ret)
{
	double mean_a = gsl_stats_mean(a, 1, nr_a), mean_b = gsl_stats_mean(b, 1, nr_b);
	double error = NAN, df = 0;

	*ret = (struct stats_ratio){ .sd = NAN };
	if (nr_a > 1 && nr_b > 1) {
		double var_a = gsl_stats_variance_m(a, 1, nr_a, mean_a);
		double var_b = gsl_stats_variance_m(b, 1, nr_b, mean_b);

		error = welch_error(var_a, nr_a, var_b, nr_b, &df);
		ret->sd = sqrt((var_a + var_b) / 2);
		ret->df = (double)(nr_a + nr_b - 2);
	}
	judge(ret, mean_b - mean_a, error, df);
}

int stats_ratio_welch(const double *a, size_t nr_a, const double *b, size_t nr_b,
		      struct stats_ratio *ret)
{
	double *logs_a, *logs_b;
	int rc = -ERANGE;

	if (!nr_a || !nr_b)
		return -ENODATA;
	logs_a = logarithms(a, nr_a);
	logs_b = logarithms(b, nr_b);
	if (logs_a && logs_b) {
		welch(logs_a, nr_a, logs_b, nr_b, ret);
		rc = 0;
	}
	free(logs_a);
	free(logs_b);
	return rc;
}

/* --- many rows, more runs ------------------------------------------------------------------- */

void stats_holm(double *p, size_t nr)
{
	size_t *order = xreallocarray(NULL, nr, sizeof(*order)), nr_known = 0;
	double largest = 0;

	for (size_t i = 0; i < nr; i++) {
		size_t at = nr_known;

		if (isnan(p[i]))
			continue;
		for (; at && p[order[at - 1]] > p[i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
		nr_known++;
	}
	for (size_t i = 0; i < nr_known; i++) {
		largest = fmax(largest, fmin(1, (double)(nr_known - i) * p[order[i]]));
		p[order[i]] = largest;
	}
	free(order);
}

double stats_runs_needed(const struct stats_ratio *pilot, double difference)
{
	double sides = pilot->paired ? 1 : 2, effect = log1p(difference);
	double sd, z, n;

	if (!(pilot->df > 0) || isnan(pilot->sd))
		return NAN;
	sd = pilot->sd * sqrt(pilot->df / gsl_cdf_chisq_Pinv(1 - UPPER_LIMIT, pilot->df));
	z = gsl_cdf_ugaussian_Pinv((1 + STATS_CONFIDENCE) / 2) +
	    gsl_cdf_ugaussian_Pinv(STATS_POWER);
	n = fmax(STATS_MIN_RUNS, ceil(sides * gsl_pow_2(z * sd / effect)));
	/* Student's t asks for a little more than the normal distribution, where n is small. */
	for (;; n++) {
		double df = sides * (n - 1);
		double t = gsl_cdf_tdist_Pinv((1 + STATS_CONFIDENCE) / 2, df) +
			   gsl_cdf_tdist_Pinv(STATS_POWER, df);

		if (t * sd * sqrt(sides / n) <= effect)
			return n;
	}
}
