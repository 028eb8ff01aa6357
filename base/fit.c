// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fit.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define BRACKET	     0.12 /* bisection ends at this width */
#define ASIDE	     0.05 /* so far above and below the crossing runs are made then … */
#define WINDOW	     0.1  /* … and so far from it a run still counts */
#define LEAST_POINTS 10
#define ROUNDS	     10
#define PATIENCE     20 /* with so many runs a line that does not become narrow is not the curve */
#define STEP	     0.01

/* Some of these have a share of the runs of the second stage. */
#define BASE_SHARE 0.3

struct sums {
	size_t n;
	double mean, m2;
};

static void add(struct sums *s, double value)
{
	double delta = value - s->mean;

	s->n++;
	s->mean += delta / (double)s->n;
	s->m2 += delta * (value - s->mean);
}

static bool at(const struct fit_point *p, double ratio)
{
	return fabs(p->ratio - ratio) < STEP / 2;
}

static struct sums cost_at(const struct fit_point *points, size_t nr, double ratio)
{
	struct sums s = { 0 };

	for (size_t i = 0; i < nr; i++)
		if (at(&points[i], ratio))
			add(&s, log(points[i].cost));
	return s;
}

/* The bound's logarithm; NAN where the runs at ratio 1 are missing that it is relative to. */
static double target(const struct fit_point *points, size_t nr, const struct fit_bound *bound,
		     struct sums *ret_base)
{
	*ret_base = cost_at(points, nr, 1);
	if (!bound->relative)
		return log(bound->cost);
	return ret_base->n ? ret_base->mean + log(bound->cost) : NAN;
}

struct bracket {
	double fails, holds; /* ratios between which it crosses */
	bool failed, held;   /* a run has shown it; else they are the ends of what is allowed */
};

/* By the means at each ratio that was run. Of means that contradict each other the higher ratio that
 * fails counts: it is the safe side, and the second stage goes where the runs are. */
static struct bracket find_bracket(const struct fit_point *points, size_t nr,
				   const struct fit_bound *bound, double t)
{
	struct bracket b = { .fails = bound->least_ratio, .holds = 1 };

	for (size_t i = 0; i < nr; i++) {
		double ratio = points[i].ratio;

		if (cost_at(points, nr, ratio).mean > t && (!b.failed || ratio > b.fails)) {
			b.fails = ratio;
			b.failed = true;
		}
	}
	for (size_t i = 0; i < nr; i++) {
		double ratio = points[i].ratio;

		if (cost_at(points, nr, ratio).mean <= t && ratio <= b.holds &&
		    (ratio > b.fails || !b.failed)) {
			b.holds = ratio;
			b.held = true;
		}
	}
	return b;
}

struct line {
	size_t n;
	double x, y, sxx, sxy, syy; /* means, and sums of squares about them */
};

static struct line line_about(const struct fit_point *points, size_t nr, double centre)
{
	struct line l = { 0 };

	for (size_t i = 0; i < nr; i++) {
		double dx, dy;

		if (fabs(points[i].ratio - centre) > WINDOW + STEP / 2)
			continue;
		l.n++;
		dx = points[i].ratio - l.x;
		dy = log(points[i].cost) - l.y;
		l.x += dx / (double)l.n;
		l.y += dy / (double)l.n;
		l.sxx += dx * (points[i].ratio - l.x);
		l.sxy += dx * (log(points[i].cost) - l.y);
		l.syy += dy * (log(points[i].cost) - l.y);
	}
	return l;
}

/* The bound is known as well as the base's mean is. */
static void interval(struct fit *f, const struct line *l, double t, const struct fit_bound *bound,
		     const struct sums *base)
{
	double df = (double)l->n - 2, sse = l->syy - l->sxy * l->sxy / l->sxx, s2, q, g, of, half;
	double of_base = 0, centre;

	if (sse < 0)
		sse = 0;
	if (bound->relative) {
		df += (double)base->n - 1;
		sse += base->m2;
		of_base = 1 / (double)base->n;
	}
	s2 = sse / df;
	q = gsl_cdf_tdist_Pinv(0.975, df);
	f->sd = sqrt(s2);
	f->low = 0;
	f->high = 1;
	g = q * q * s2 / (f->slope * f->slope * l->sxx);
	if (g >= 1 || f->slope >= 0) {
		f->state = FIT_NOISE;
		return;
	}
	of = (t - l->y) / f->slope;
	centre = l->x + of / (1 - g);
	half = q * f->sd / fabs(f->slope) / (1 - g) *
	       sqrt((1 - g) * (1 / (double)l->n + of_base) + of * of / l->sxx);
	/* A ratio is known to a hundredth at best: the line is straight to about that. */
	half += STEP / 2;
	f->low = fmax(centre - half, 0);
	f->high = fmin(centre + half, 1);
	f->state = FIT_FOUND;
}

static bool all_one_ratio(const struct line *l)
{
	return l->sxx < STEP * STEP / 4;
}

struct fit fit_estimate(const struct fit_point *points, size_t nr, const struct fit_bound *bound)
{
	struct fit f = { .state = FIT_TOO_FEW, .low = 0, .high = 1, .ratio = NAN };
	struct sums base;
	double t = target(points, nr, bound, &base), centre;
	struct bracket b;

	if (isnan(t))
		return f;
	b = find_bracket(points, nr, bound, t);
	if (b.held && b.holds <= bound->least_ratio + STEP / 2)
		f.state = FIT_HOLDS;
	if (b.failed && b.fails >= 1 - STEP / 2)
		f.state = FIT_FAILS;
	if (f.state != FIT_TOO_FEW || (bound->relative && base.n < 2))
		return f;
	centre = (b.fails + b.holds) / 2;
	for (int i = 0; i < ROUNDS; i++) {
		struct line l = line_about(points, nr, centre);
		double before = centre;

		f.nr = l.n;
		if (l.n < LEAST_POINTS || all_one_ratio(&l))
			return f;
		f.slope = l.sxy / l.sxx;
		interval(&f, &l, t, bound, &base);
		if (f.state != FIT_FOUND)
			return f;
		f.ratio = fmin(fmax(l.x + (t - l.y) / f.slope, bound->least_ratio), 1);
		/* No further than there are runs: a line is not to be followed for long. */
		centre += fmin(fmax(f.ratio - centre, -ASIDE), ASIDE);
		if (fabs(centre - before) < STEP / 2)
			break;
	}
	return f;
}

static double to_step(double ratio)
{
	return round(ratio / STEP) * STEP;
}

static double runs_at(const struct fit_point *points, size_t nr, double from, double to)
{
	double n = 0;

	for (size_t i = 0; i < nr; i++)
		n += points[i].ratio > from - STEP / 2 && points[i].ratio < to + STEP / 2;
	return n;
}

/* Above, below, or at ratio 1: whichever has the least of its share. */
static double next_about(const struct fit_point *points, size_t nr, const struct fit_bound *bound,
			 double centre)
{
	double below = fmax(to_step(centre - ASIDE), bound->least_ratio);
	double above = fmin(to_step(centre + ASIDE), 1);
	double share = (1 - (bound->relative ? BASE_SHARE : 0)) / 2;
	double nr_below = runs_at(points, nr, centre - WINDOW, centre) / share;
	double nr_above = runs_at(points, nr, centre, centre + WINDOW) / share;
	double nr_base = runs_at(points, nr, 1, 1) / BASE_SHARE;

	if (bound->relative && nr_base < nr_below && nr_base < nr_above)
		return 1;
	return nr_below <= nr_above ? below : above;
}

/* --- what is stated ------------------------------------------------------------------------- */

enum verdict { UNKNOWN, HOLDS, FAILS };

/* Of at least that many runs at a ratio, by their mean. */
static enum verdict verdict_at(const struct fit_point *points, size_t nr, double ratio, double t,
			       size_t least)
{
	struct sums s = cost_at(points, nr, ratio);

	if (s.n < least)
		return UNKNOWN;
	return s.mean <= t ? HOLDS : FAILS;
}

/* The highest ratio below that one at which runs failed on average; without any, or_else. */
static double highest_failing(const struct fit_point *points, size_t nr, double below, double t,
			      size_t least, double or_else)
{
	double highest = or_else;

	for (size_t i = 0; i < nr; i++) {
		double ratio = points[i].ratio;

		if (ratio > highest && ratio < below - STEP / 2 &&
		    verdict_at(points, nr, ratio, t, least) == FAILS)
			highest = ratio;
	}
	return highest;
}

/* The lowest ratio from that one on, above what fails, that holds; 1 always does. */
static double lowest_holding(const struct fit_point *points, size_t nr, double from, double fails,
			     double t, size_t least)
{
	double lowest = 1;

	for (size_t i = 0; i < nr; i++) {
		double ratio = points[i].ratio;

		if (ratio < lowest && ratio > from - STEP / 2 && ratio > fails + STEP / 2 &&
		    verdict_at(points, nr, ratio, t, least) == HOLDS)
			lowest = ratio;
	}
	return lowest;
}

/* By the mean's own 97.5 %: noise about a line is no jump. */
static enum verdict sure_at(const struct fit_point *points, size_t nr, double ratio, double t)
{
	struct sums s = cost_at(points, nr, ratio);
	double df = (double)s.n - 1, margin;

	if (s.n < FIT_CONFIRMING)
		return UNKNOWN;
	margin = gsl_cdf_tdist_Pinv(0.975, df) * sqrt(s.m2 / df / (double)s.n);
	if (s.mean - margin > t)
		return FAILS;
	return s.mean + margin <= t ? HOLDS : UNKNOWN;
}

/* Ratios whose runs are sure. A bound that is relative to ratio 1 holds there. */
static struct bracket sure_bracket(const struct fit_point *points, size_t nr,
				   const struct fit_bound *bound, double t)
{
	struct bracket b = { .fails = bound->least_ratio, .holds = 1, .held = bound->relative };

	for (size_t i = 0; i < nr; i++) {
		if ((!b.failed || points[i].ratio > b.fails) &&
		    sure_at(points, nr, points[i].ratio, t) == FAILS) {
			b.fails = points[i].ratio;
			b.failed = true;
		}
	}
	for (size_t i = 0; i < nr; i++) {
		if (points[i].ratio > b.fails + STEP / 2 && points[i].ratio <= b.holds &&
		    sure_at(points, nr, points[i].ratio, t) == HOLDS) {
			b.holds = points[i].ratio;
			b.held = true;
		}
	}
	return b;
}

/* The middle of what is sure, unless its runs can't tell. 0: nothing is to be found there. */
static double next_between(const struct fit_point *points, size_t nr, const struct fit_bound *bound,
			   double t)
{
	struct bracket b = sure_bracket(points, nr, bound, t);
	double middle = to_step((b.fails + b.holds) / 2);

	if (!b.failed || !b.held || b.holds - b.fails < 1.5 * STEP ||
	    cost_at(points, nr, middle).n >= 2 * FIT_CONFIRMING)
		return 0;
	return middle;
}

static double next_run(const struct fit_point *points, size_t nr, const struct fit_bound *bound,
		       const struct fit *f)
{
	struct sums base;
	double t = target(points, nr, bound, &base), between;
	struct bracket b;

	if (isnan(t) || (bound->relative && base.n < 2))
		return 1;
	b = find_bracket(points, nr, bound, t);
	/* What no run has shown yet: that it ever holds, or ever fails. */
	if (!b.held)
		return 1;
	if (b.holds - b.fails > BRACKET)
		return to_step((b.fails + b.holds) / 2);
	if (!b.failed && !(b.holds <= bound->least_ratio + STEP / 2))
		return bound->least_ratio;
	between = f->nr >= PATIENCE ? next_between(points, nr, bound, t) : 0;
	if (between > 0)
		return between;
	return next_about(points, nr, bound,
			  f->state == FIT_FOUND ? f->ratio : (b.fails + b.holds) / 2);
}

/* Runs until a line is narrow, about, and those at its ends. */
static double runs_left(const struct fit_point *points, size_t nr, const struct fit_bound *bound,
			const struct fit *f)
{
	struct sums base;
	double t = target(points, nr, bound, &base);
	double needed = 1.5 * LEAST_POINTS / (1 - BASE_SHARE);
	struct bracket b = find_bracket(points, nr, bound, t);

	if (f->state == FIT_FOUND && f->nr < PATIENCE) /* it narrows with the root of its runs */
		return (double)f->nr * (pow((f->high - f->low) / (2 * bound->within), 2) - 1) +
		       2 * FIT_CONFIRMING;
	if (f->nr >= PATIENCE) {
		b = sure_bracket(points, nr, bound, t);
		return FIT_CONFIRMING * fmax(1, log2((b.holds - b.fails) / (2 * bound->within)));
	}
	return fmax(1, needed - (double)f->nr - (double)base.n) +
	       fmax(0, log2((b.holds - b.fails) / BRACKET)) + 2 * FIT_CONFIRMING;
}

static void want(struct fit_answer *a, const struct fit_point *points, size_t nr, double ratio)
{
	if (a->confirmed)
		a->next = ratio;
	a->confirmed = false;
	a->left += (double)(FIT_CONFIRMING - cost_at(points, nr, ratio).n);
}

/* The line is narrow. */
static struct fit_answer confirm(const struct fit_point *points, size_t nr,
				 const struct fit_bound *bound, const struct fit *f, double t)
{
	double upper = fmin(1, ceil(f->high / STEP - STEP / 10) * STEP);
	double lower = fmax(bound->least_ratio, floor(f->low / STEP + STEP / 10) * STEP);
	double fails = highest_failing(points, nr, 1, t, FIT_CONFIRMING, 0);
	struct fit_answer a = { .confirmed = true };

	a.ratio = lowest_holding(points, nr, upper, fails, t, FIT_CONFIRMING);
	if (fails < upper - STEP / 2 && a.ratio > upper + STEP / 2)
		want(&a, points, nr, upper);
	else if (fails > upper - STEP / 2 && a.ratio - fails > 1.5 * STEP)
		want(&a, points, nr, to_step((fails + a.ratio) / 2));
	if (fails < lower - STEP / 2 && lower < upper - STEP / 2 &&
	    verdict_at(points, nr, lower, t, FIT_CONFIRMING) == UNKNOWN)
		want(&a, points, nr, lower);
	if (fails > upper - STEP / 2 && sure_at(points, nr, fails, t) == FAILS)
		a.low = fails; /* a jump, which the line does not know of */
	else if (fails > lower - STEP / 2 || verdict_at(points, nr, lower, t, 1) == FAILS)
		a.low = lower;
	else
		a.low = highest_failing(points, nr, lower, t, 1, bound->least_ratio);
	return a;
}

struct fit_answer fit_answer(const struct fit_point *points, size_t nr,
			     const struct fit_bound *bound, const struct fit *f)
{
	struct sums base;
	double t = target(points, nr, bound, &base);
	struct bracket sure;
	struct fit_answer a;

	if (f->state == FIT_FOUND && f->high - f->low <= 2 * bound->within)
		return confirm(points, nr, bound, f, t);
	sure = sure_bracket(points, nr, bound, t);
	a = (struct fit_answer){ .ratio = sure.holds, .low = sure.fails };
	/* That all of memory is enough is no answer while few runs can tell whether less is. */
	a.confirmed = sure.failed && sure.held &&
		      sure.holds - sure.fails < 2 * bound->within + STEP / 10 &&
		      !(sure.holds >= 1 && next_between(points, nr, bound, t) > 0);
	if (a.confirmed)
		return a;
	a.next = next_run(points, nr, bound, f);
	a.left = runs_left(points, nr, bound, f);
	return a;
}
