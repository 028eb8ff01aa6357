// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/steady.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"

/* Two-sided, of halves and trend each. */
#define CHANCE 0.0002
/* Of a slope over so many parts and seconds: enough to tell a ramp from noise that lasts for half a second. */
#define SLOPE_CHANCE 0.005
#define SLOPE_PARTS  12
#define SLOPE_S	     8
/* A part is off where it is so many standard deviations from the median, by the median deviation. */
#define OFF_SIGMAS  5
#define MAD_TO_SD   1.4826
#define MIN_STRETCH 2
/* Of fewer parts the median deviation is a matter of chance. */
#define STRETCH_PARTS 8
/* A part in which next to nothing was done, for so long, is no noise either. */
#define STALLED	  0.1 /* of the median */
#define STALLED_S 0.5
/* A residual that lasts longer is no noise. */
#define MOST_LASTING 0.8
/* A counter that did not change for so many of its usual gaps stood still. */
#define STALL_GAPS 2.5

void steady_series_reset(struct steady_series *s)
{
	s->nr = 0;
	s->apart_ns = 0;
	s->told = false;
}

static void thin_out(struct steady_series *s)
{
	s->apart_ns = 2 * (s->points[s->nr - 1].ns - s->points[0].ns) / STEADY_POINTS;
	for (size_t i = 0; i < s->nr / 2; i++)
		s->points[i] = s->points[2 * i];
	s->nr /= 2;
}

void steady_series_add(struct steady_series *s, uint64_t ns, uint64_t count)
{
	if (s->nr && ns <= s->points[s->nr - 1].ns)
		return;
	if (s->nr == STEADY_POINTS)
		thin_out(s);
	/* The last point gives way while it is too close to the one before. */
	if (s->nr >= 2 && s->points[s->nr - 1].ns - s->points[s->nr - 2].ns < s->apart_ns)
		s->nr--;
	s->points[s->nr++] = (struct steady_point){ ns, count };
}

/* --- the window in parts -------------------------------------------------------------------- */

/* A window's points, and how often the counter is seen to change in it. */
struct window {
	const struct steady_point *points;
	bool told;
	size_t nr, nr_changes;
	double gap_s; /* from one change to the next, on average */
};

static double between_s(const struct window *w, size_t from, size_t to)
{
	return (double)(w->points[to].ns - w->points[from].ns) / NSEC_PER_SEC;
}

static bool changed(const struct window *w, size_t i)
{
	return w->told || (i && w->points[i].count != w->points[i - 1].count);
}

static bool find_window(const struct steady_series *s, uint64_t begin_ns, uint64_t end_ns,
			struct window *w)
{
	size_t first = 0, end = s->nr, first_change = 0, last_change = 0;

	while (first < end && s->points[first].ns < begin_ns)
		first++;
	while (end > first && s->points[end - 1].ns > end_ns)
		end--;
	*w = (struct window){ .points = s->points + first, .told = s->told, .nr = end - first };
	for (size_t i = 0; i < w->nr; i++) {
		if (!changed(w, i))
			continue;
		if (!w->nr_changes++)
			first_change = i;
		last_change = i;
	}
	if (w->nr_changes < 2)
		return false;
	w->gap_s = between_s(w, first_change, last_change) / (double)(w->nr_changes - 1);
	return true;
}

/* Points at which the count is known to be that of this instant: it has just changed; or it has not
 * for so long that it stands still. In between, who tells it has not told yet. */
static size_t next_edge(const struct window *w, size_t from, size_t *changed_at)
{
	for (size_t i = from; i < w->nr; i++) {
		if (changed(w, i))
			*changed_at = i;
		if (changed(w, i) || between_s(w, *changed_at, i) > STALL_GAPS * w->gap_s)
			return i;
	}
	return w->nr;
}

struct parts {
	size_t nr;
	double at_s[STEADY_MAX_PARTS + 1], seconds[STEADY_MAX_PARTS + 1];
	double rate[STEADY_MAX_PARTS + 1];
};

static void add_part(struct parts *p, const struct window *w, size_t from, size_t to)
{
	double seconds = between_s(w, from, to);

	p->at_s[p->nr] = between_s(w, 0, from) + seconds / 2;
	p->seconds[p->nr] = seconds;
	p->rate[p->nr++] = (double)(w->points[to].count - w->points[from].count) / seconds;
}

/* Where a window's count is first known: at its first point, if the counter stands still there. */
static size_t first_edge(const struct window *w, size_t *changed_at)
{
	size_t at = 0, first = next_edge(w, 0, &at);

	*changed_at = at;
	return changed(w, first) ? first : 0;
}

/* Parts of about the same length. One reading close behind another is none of its own. */
static void cut(const struct window *w, struct parts *p)
{
	double least_s = fmax(between_s(w, 0, w->nr - 1) / STEADY_MAX_PARTS, w->gap_s / 2);
	size_t changed_at, from = first_edge(w, &changed_at), before = from, last = from;

	p->nr = 0;
	for (size_t i = next_edge(w, from + 1, &changed_at); i < w->nr;
	     i = next_edge(w, i + 1, &changed_at)) {
		last = i;
		if (between_s(w, from, i) < least_s)
			continue;
		add_part(p, w, from, i);
		before = from;
		from = i;
	}
	if (from != last && p->nr) { /* what is left belongs to the last */
		p->nr--;
		add_part(p, w, before, last);
	}
}

/* --- three ways to look at it ----------------------------------------------------------------- */

/*
 * How many parts that lie close together are as good as one that stands alone: by the correlation r of a part's
 * residual with the next one's. Its estimate is too low for short series, by (1 + 3 r) / n about a mean and
 * (2 + 4 r) / n about a line (Marriott and Pope 1954; Kendall 1954), of which 1 and 2 figures are fitted.
 */
static double worth_one(const double *residual, size_t n, unsigned int nr_fitted)
{
	double r = gsl_stats_lag1_autocorrelation_m(residual, 1, n, 0);

	r += (nr_fitted + (nr_fitted + 2) * fmax(r, 0)) / (double)n;
	r = isnan(r) ? 0 : fmin(fmax(r, 0), MOST_LASTING);
	return (1 + r) / (1 - r);
}

/* Is a difference more than noise? */
static bool is_real(double difference, double error, double df, double chance)
{
	if (error <= 0)
		return difference != 0;
	return 2 * gsl_cdf_tdist_Q(fabs(difference) / error, df) < chance;
}

static bool judge_halves(const struct parts *p, double mean, struct steady *s)
{
	size_t n1 = p->nr / 2, from2 = p->nr - n1; /* the middle one of an odd number is in none */
	double residual[STEADY_MAX_PARTS + 1], sum2 = 0;
	double mean1 = gsl_stats_mean(p->rate, 1, n1);
	double mean2 = gsl_stats_mean(p->rate + from2, 1, n1);

	for (size_t i = 0; i < n1; i++) {
		residual[i] = p->rate[i] - mean1;
		residual[n1 + i] = p->rate[from2 + i] - mean2;
		sum2 += gsl_pow_2(residual[i]) + gsl_pow_2(residual[n1 + i]);
	}
	s->halves = (mean2 - mean1) / mean;
	s->halves_error = sqrt(sum2 / (double)(2 * n1 - 2) * 2 / (double)n1 *
			       worth_one(residual, 2 * n1, 1)) /
			  mean;
	return is_real(s->halves, s->halves_error, (double)(2 * n1 - 2), CHANCE);
}

static bool judge_trend(const struct parts *p, double mean, struct steady *s)
{
	double residual[STEADY_MAX_PARTS + 1], sum2 = 0, spread2 = 0, product = 0;
	double middle = gsl_stats_mean(p->at_s, 1, p->nr), length = 0, slope;
	double mean_rate = gsl_stats_mean(p->rate, 1, p->nr), df = (double)p->nr - 2, one;
	bool many;

	for (size_t i = 0; i < p->nr; i++) {
		spread2 += gsl_pow_2(p->at_s[i] - middle);
		product += (p->at_s[i] - middle) * (p->rate[i] - mean_rate);
		length += p->seconds[i];
	}
	slope = product / spread2;
	for (size_t i = 0; i < p->nr; i++) {
		residual[i] = p->rate[i] - mean_rate - slope * (p->at_s[i] - middle);
		sum2 += gsl_pow_2(residual[i]);
	}
	s->trend = slope * length / mean;
	one = worth_one(residual, p->nr, 2);
	s->trend_error = sqrt(sum2 / df / spread2 * one) * length / mean;
	many = p->nr >= SLOPE_PARTS && length >= SLOPE_S;
	return is_real(s->trend, s->trend_error, fmax(df / one, 1), many ? SLOPE_CHANCE : CHANCE);
}

/* It stands alone: neighbours that it shares a reading with are only halfway down. */
static bool is_stalled(const struct parts *p, size_t i, double median)
{
	return p->seconds[i] >= STALLED_S && p->rate[i] < STALLED * median;
}

/* The parts of a stretch lie on one side of the median, each far from it; one in which all stood still
 * is a stretch by itself. Of too few parts no more than that is said. */
static bool judge_stretch(const struct parts *p, double mean, struct steady *s)
{
	double sorted[STEADY_MAX_PARTS + 1], work[STEADY_MAX_PARTS + 1];
	double median, far, all_s = 0, off = 0, seconds = 0;
	size_t nr = 0;
	bool real = false;

	for (size_t i = 0; i < p->nr; i++) {
		sorted[i] = p->rate[i];
		all_s += p->seconds[i];
	}
	gsl_sort(sorted, 1, p->nr);
	median = gsl_stats_median_from_sorted_data(sorted, 1, p->nr);
	far = fmax(STEADY_OFF * median,
		   OFF_SIGMAS * MAD_TO_SD * gsl_stats_mad0(p->rate, 1, p->nr, work));
	if (p->nr < STRETCH_PARTS)
		far = INFINITY;
	if (median <= 0)
		return false;
	for (size_t i = 0; i < p->nr; i++) {
		double here = p->rate[i] - median;
		bool stalled = is_stalled(p, i, median), is_off = stalled || fabs(here) > far;

		if (!is_off || (nr && (here > 0) != (off > 0)))
			nr = 0, off = 0, seconds = 0;
		if (!is_off)
			continue;
		nr += stalled ? MIN_STRETCH : 1;
		off += here * p->seconds[i];
		seconds += p->seconds[i];
		if (nr < MIN_STRETCH || fabs(off) < STEADY_MOVED * mean * all_s ||
		    seconds <= s->stretch_s)
			continue;
		s->stretch_s = seconds;
		s->stretch_off = off / seconds / median;
		real = true;
	}
	return real;
}

/* What is large and real; of a step halves say more than a trend, of a ramp it is the other way. */
static void decide(struct steady *s, bool halves, bool trend, bool stretch)
{
	bool large_halves = fabs(s->halves) > STEADY_HALVES;
	bool large_trend = fabs(s->trend) > STEADY_TREND;

	halves &= large_halves;
	trend &= large_trend;
	if (halves && trend)
		trend = fabs(s->trend) * s->halves_error > fabs(s->halves) * s->trend_error;
	s->verdict = STEADY_NO;
	if (trend)
		s->sign = STEADY_BY_TREND;
	else if (halves)
		s->sign = STEADY_BY_HALVES;
	else if (stretch)
		s->sign = STEADY_BY_STRETCH;
	else
		s->verdict = large_halves || large_trend ? STEADY_NOISY : STEADY_YES;
	if (s->verdict == STEADY_NOISY)
		s->sign = large_halves ? STEADY_BY_HALVES : STEADY_BY_TREND;
}

int steady_judge(const struct steady_series *s, uint64_t begin_ns, uint64_t end_ns,
		 struct steady *ret)
{
	struct window w;
	struct parts p = { 0 };
	double count = 0, seconds = 0;
	bool halves, trend, stretch;

	*ret = (struct steady){ .verdict = STEADY_UNKNOWN };
	if (!find_window(s, begin_ns, end_ns, &w))
		return -ENODATA;
	cut(&w, &p);
	if (p.nr < STEADY_MIN_PARTS)
		return -ENODATA;
	for (size_t i = 0; i < p.nr; i++) {
		count += p.rate[i] * p.seconds[i];
		seconds += p.seconds[i];
	}
	ret->parts = p.nr;
	ret->per_s = count / seconds;
	halves = judge_halves(&p, ret->per_s, ret);
	trend = judge_trend(&p, ret->per_s, ret);
	stretch = judge_stretch(&p, ret->per_s, ret);
	decide(ret, halves, trend, stretch);
	return 0;
}

void steady_describe(const struct steady *s, char *dst, size_t size)
{
	switch (s->sign) {
	case STEADY_BY_HALVES:
		snprintf(dst, size,
			 "%s by %.0f %% (± %.0f %%) from the window's first half to its "
			 "second",
			 s->halves > 0 ? "rose" : "fell", 100 * fabs(s->halves),
			 100 * s->halves_error);
		break;
	case STEADY_BY_TREND:
		snprintf(dst, size, "%s by %.0f %% (± %.0f %%) over the window, on a straight line",
			 s->trend > 0 ? "rose" : "fell", 100 * fabs(s->trend),
			 100 * s->trend_error);
		break;
	case STEADY_BY_STRETCH:
		snprintf(dst, size, "were %.0f %% %s the window's median for %.1f s in a row",
			 100 * fabs(s->stretch_off), s->stretch_off > 0 ? "above" : "below",
			 s->stretch_s);
		break;
	}
}
