/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How little is enough? Runs at several ratios, each with its noise, of something that gets worse as the
 * ratio gets smaller: at which ratio does it cross a bound, and with which certainty; and at which ratio
 * is the next run worth most. Two stages: bisection until the crossing is bracketed; then runs a little
 * above and a little below it, a straight line through the logarithms there, and the interval of its
 * crossing by Fieller's theorem (Some problems in interval estimation, 1954), which has no end where the
 * line's slope is not known to differ from 0.
 */
#ifndef BASE_FIT_H
#define BASE_FIT_H

#include <stdbool.h>
#include <stddef.h>

struct fit_point {
	double ratio; /* 0 to 1 */
	double cost;  /* above 0; larger is worse */
};

struct fit_bound {
	/* The cost must not exceed this, or with `relative` this many times that of ratio 1. */
	double cost;
	int relative;
	double least_ratio; /* that may be tried */
	double within;	    /* the crossing need not be known better than to plus or minus this */
};

enum fit_state {
	FIT_TOO_FEW, /* runs */
	FIT_NOISE,   /* the runs differ by more than the ratios do */
	FIT_FOUND,
	FIT_HOLDS, /* even at the least ratio that was allowed */
	FIT_FAILS, /* even at ratio 1 */
};

struct fit {
	enum fit_state state;
	double ratio;	  /* FOUND: where the cost crosses the bound */
	double low, high; /* 95 %; without end: 0, 1 */
	double sd;	  /* of the logarithms of one run's cost about the line */
	double slope;	  /* of the logarithm of the cost over the ratio */
	size_t nr;	  /* runs that the line goes through */
};

/* points in any order. */
struct fit fit_estimate(const struct fit_point *points, size_t nr, const struct fit_bound *bound);

/*
 * What is stated of a crossing, to a hundredth. A straight line does not know on which side of a jump it
 * ends. FIT_CONFIRMING runs at one ratio do: they confirm by their mean that the bound holds there, or
 * that it fails. They are made at both ends of the line's interval once that is narrow, and, where the
 * bound fails at its upper end, between there and what holds. Where no line fits, ratios count whose own
 * runs are sure (97.5 % on either side). Ratio 1 needs none.
 */
#define FIT_CONFIRMING 4
struct fit_answer {
	double ratio; /* the smallest that is confirmed to hold */
	double low; /* the interval is from here to ratio: runs have failed here, or nobody has looked below */
	bool confirmed; /* both, and the interval is as narrow as asked */
	double next; /* where the next run is worth most, while not confirmed; to a hundredth, may be 1 */
	double left; /* how many are still to come, about */
};

struct fit_answer fit_answer(const struct fit_point *points, size_t nr,
			     const struct fit_bound *bound, const struct fit *f);

#endif
