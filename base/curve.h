/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much worse a program gets as its local memory shrinks: one falling curve through the slowdowns of
 * runs at several ratios. More memory never makes it slower, so the logarithms' means are made monotone
 * by least squares (pool adjacent violators: Barlow et al., Statistical Inference under Order
 * Restrictions, 1972), from 1 at ratio 1 on. The band holds the whole curve with 95 %: Student's t at
 * each ratio by Bonferroni, with one standard deviation for all ratios, narrowed by monotony. The
 * slowdowns of a repeat share their run at ratio 1: that the deviations are not independent is in the
 * degrees of freedom (Satterthwaite 1946).
 */
#ifndef BASE_CURVE_H
#define BASE_CURVE_H

#include <stddef.h>

#include "base/fit.h"

struct curve_point {
	double ratio;	  /* local memory / peak, above 0 to 1 */
	double slowdown;  /* times ratio 1; 1 or more */
	double low, high; /* the band; NAN where every ratio was run once */
	size_t nr;	  /* runs at this ratio; 0: at ratio 1, to which all others are relative */
};

struct curve {
	struct curve_point *points; /* owned; by ratio, ascending; the last is ratio 1 */
	size_t nr;
};

/* runs: their slowdowns as cost, ratios in any order. Those at ratio 1 add nothing. A curve of ratio 1
 * alone where there are no others. */
void curve_fit(const struct fit_point *runs, size_t nr, struct curve *ret);
void curve_release(struct curve *c);

/*
 * Between two points: the slowdown on a straight line, the band as far as monotony has it. All NAN
 * below the smallest ratio, where nobody looked.
 */
struct curve_point curve_at(const struct curve *c, double ratio);
/* The smallest ratio that was looked at whose slowdown does not exceed this one (1 or more). */
double curve_ratio(const struct curve *c, double slowdown);

#endif
