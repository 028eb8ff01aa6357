// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/curve.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/stats.h"

#define SAME_RATIO 1e-6

static int by_ratio(const void *a, const void *b)
{
	const struct fit_point *pa = a, *pb = b;

	return (pa->ratio > pb->ratio) - (pa->ratio < pb->ratio);
}

/* A point a ratio with the mean of the logarithms; the last is ratio 1. Returns their sum of squares
 * about the means. */
static double group(const struct fit_point *sorted, size_t nr, struct curve *c)
{
	struct curve_point *p = NULL;
	double squares = 0;

	for (size_t i = 0; i < nr && sorted[i].ratio < 1 - SAME_RATIO; i++) {
		double value = log(sorted[i].cost), delta;

		if (!p || sorted[i].ratio - p->ratio > SAME_RATIO) {
			p = &c->points[c->nr++];
			*p = (struct curve_point){ .ratio = sorted[i].ratio };
		}
		delta = value - p->slowdown;
		p->slowdown += delta / (double)++p->nr;
		squares += delta * (value - p->slowdown);
	}
	c->points[c->nr++] = (struct curve_point){ .ratio = 1 };
	return squares;
}

/* Half the band's width where there is one run; NAN where no ratio has two. */
static double half_of_one(const struct curve *c, double squares)
{
	double ratios = (double)c->nr - 1, df = 0, q;

	for (size_t i = 0; i + 1 < c->nr; i++)
		df += (double)c->points[i].nr - 1;
	if (!(df > 0))
		return NAN;
	q = gsl_cdf_tdist_Qinv((1 - STATS_CONFIDENCE) / 2 / ratios, df * 4 / (ratios + 3));
	return q * sqrt(squares / df);
}

/* Each mean's interval, then what a falling curve leaves of it. */
static void add_band(struct curve *c, double half)
{
	double low = 0, high = INFINITY;

	for (size_t i = c->nr - 1; i--;) {
		struct curve_point *p = &c->points[i];

		low = fmax(low, p->slowdown - half / sqrt((double)p->nr));
		p->low = isnan(half) ? NAN : low;
	}
	for (size_t i = 0; i + 1 < c->nr; i++) {
		struct curve_point *p = &c->points[i];

		high = fmin(high, p->slowdown + half / sqrt((double)p->nr));
		p->high = isnan(half) ? NAN : fmax(high, 0);
	}
}

struct pool {
	double mean, weight;
	size_t nr; /* points */
};

/* From ratio 1 down: what would fall is levelled with what came before. */
static void make_monotone(struct curve *c)
{
	struct pool *pools = xcalloc(c->nr, sizeof(*pools));
	size_t nr = 0, at = c->nr - 1;

	for (size_t i = c->nr - 1; i--;) {
		pools[nr++] = (struct pool){ c->points[i].slowdown, (double)c->points[i].nr, 1 };
		while (nr > 1 && pools[nr - 1].mean < pools[nr - 2].mean) {
			struct pool *a = &pools[nr - 2], *b = &pools[nr - 1];

			a->mean = (a->mean * a->weight + b->mean * b->weight) /
				  (a->weight + b->weight);
			a->weight += b->weight;
			a->nr += b->nr;
			nr--;
		}
	}
	/* 1 at ratio 1 is no measurement: nothing pulls it. */
	for (size_t k = 0; k < nr; k++)
		for (size_t i = 0; i < pools[k].nr; i++)
			c->points[--at].slowdown = fmax(pools[k].mean, 0);
	free(pools);
}

/* Two intervals of a rough curve may cross once it is made to fall: the curve itself is always within. */
static void to_slowdowns(struct curve *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		struct curve_point *p = &c->points[i];

		if (!isnan(p->low)) {
			p->low = exp(fmin(p->low, p->slowdown));
			p->high = exp(fmax(p->high, p->slowdown));
		}
		p->slowdown = exp(p->slowdown);
	}
}

void curve_fit(const struct fit_point *runs, size_t nr, struct curve *ret)
{
	struct fit_point *sorted = xcalloc(nr + 1, sizeof(*sorted));
	double squares;

	*ret = (struct curve){ .points = xcalloc(nr + 1, sizeof(*ret->points)) };
	if (nr)
		memcpy(sorted, runs, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), by_ratio);
	squares = group(sorted, nr, ret);
	free(sorted);
	add_band(ret, half_of_one(ret, squares));
	make_monotone(ret);
	to_slowdowns(ret);
}

void curve_release(struct curve *c)
{
	free(c->points);
	*c = (struct curve){ 0 };
}

struct curve_point curve_at(const struct curve *c, double ratio)
{
	for (size_t i = 0; i < c->nr; i++) {
		const struct curve_point *p = &c->points[i], *before = p - 1;
		struct curve_point between = { .ratio = ratio, .low = p->low };

		if (fabs(p->ratio - ratio) <= SAME_RATIO)
			return *p;
		if (p->ratio < ratio)
			continue;
		if (!i)
			break;
		between.slowdown = before->slowdown + (p->slowdown - before->slowdown) *
							      (ratio - before->ratio) /
							      (p->ratio - before->ratio);
		between.high = before->high;
		return between;
	}
	return (struct curve_point){ ratio, NAN, NAN, NAN, 0 };
}

double curve_ratio(const struct curve *c, double slowdown)
{
	for (size_t i = 0; i < c->nr; i++) {
		const struct curve_point *p = &c->points[i], *before = p - 1;

		if (p->slowdown > slowdown)
			continue;
		if (!i)
			return p->ratio;
		return p->ratio - (p->ratio - before->ratio) * (slowdown - p->slowdown) /
					  (before->slowdown - p->slowdown);
	}
	return 1;
}
