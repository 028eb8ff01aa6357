/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a rate hold still? What a counter had counted at some instants is a series; its rate over a
 * window is looked at in three ways, each of which finds what the others may miss: a trend by its
 * slope, a step by the window's halves, a dip by the longest stretch away from the median. A part of half
 * a second or more in which next to nothing was done (a stopped server) is such a stretch by itself.
 *
 * A difference counts where it is large (it would move the window's number) and larger than the
 * series' own noise explains: on steady noise, also noise that lasts from one reading to the next,
 * fewer than 2 % of windows are called unsteady. Of 12 parts and 8 s a slope counts already at p < 0.005:
 * a ramp of 20 % in noise of 10 % is found in more than 90 % of windows of 10 s (tests/unit/test_steady.c).
 */
#ifndef BASE_STEADY_H
#define BASE_STEADY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEADY_POINTS 2048

/* Once it is full every second point goes, and new ones keep that distance: the newest is always there. */
struct steady_series {
	size_t nr;
	uint64_t apart_ns;
	bool told; /* each point is news: of an instant that its teller names */
	struct steady_point {
		uint64_t ns, count;
	} points[STEADY_POINTS];
};

void steady_series_reset(struct steady_series *s); /* told, too */
/* count has grown to this by ns. Instants that are not later than the last point's are left out. */
void steady_series_add(struct steady_series *s, uint64_t ns, uint64_t count);

/* The share of the window's mean rate by which it is unsteady. */
#define STEADY_HALVES 0.05 /* from its first half to its second */
#define STEADY_TREND  0.10 /* from its begin to its end, on a straight line */
#define STEADY_OFF    0.10 /* each part of a stretch, from the median */
#define STEADY_MOVED  0.02 /* by which the stretch moves the window's mean */

/* Of fewer parts nothing is said. */
#define STEADY_MIN_PARTS 5
#define STEADY_MAX_PARTS 60

enum steady_verdict {
	STEADY_UNKNOWN, /* too few readings, or nothing was counted */
	STEADY_YES,
	STEADY_NOISY, /* a difference was large, and not larger than the noise explains */
	STEADY_NO,
};

enum steady_sign { STEADY_BY_HALVES, STEADY_BY_TREND, STEADY_BY_STRETCH };

struct steady {
	enum steady_verdict verdict;
	enum steady_sign sign;	     /* what decided, with STEADY_NO or STEADY_NOISY */
	size_t parts;		     /* that the window was cut into */
	double per_s;		     /* its mean rate */
	double halves, halves_error; /* errors: one standard error, noise that lasts allowed for */
	double trend, trend_error;
	double stretch_s, stretch_off; /* the longest: its length, and how far from the median */
};

/*
 * The window from begin_ns to end_ns. A counter that changes less often than it is read is cut where
 * it changed. -ENODATA: STEADY_UNKNOWN.
 */
int steady_judge(const struct steady_series *s, uint64_t begin_ns, uint64_t end_ns,
		 struct steady *ret);

/* "rose by 23 % (± 2 %) from the window's first half to its second": what decided, in words. */
void steady_describe(const struct steady *s, char *dst, size_t size);

#endif
