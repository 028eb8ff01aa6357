// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least sum of predicted slowdowns: water-filling. Each job begins with its least; then memory goes,
 * segment by segment of the profiles' convex hulls, where a byte saves most. On hulls that greedy
 * order is the optimum (Fox: Discrete optimization via marginal analysis, 1966).
 */
#include "harness/policy/policy.h"

#include <stdlib.h>

#include "base/alloc.h"

/* So many bytes of a job, and what each of them saves. */
struct segment {
	size_t job;
	double bytes, gain;
};

static int by_gain(const void *a, const void *b)
{
	const struct segment *sa = a, *sb = b;

	if (sa->gain != sb->gain)
		return sa->gain < sb->gain ? 1 : -1;
	return (sa->job > sb->job) - (sa->job < sb->job);
}

/* Above the job's least; below the profile's first point its first slope goes on. */
static size_t add_segments(const struct policy_job *j, size_t job, struct segment *to)
{
	double peak = (double)j->peak_bytes, from = (double)j->least_bytes / peak;
	struct curve_point *hull = xcalloc(j->profile->nr, sizeof(*hull));
	size_t nr_points = policy_hull(j->profile, hull), nr = 0;

	for (size_t i = 1; i < nr_points; i++) {
		const struct curve_point *a = &hull[i - 1], *b = &hull[i];
		double low = i == 1 || a->ratio < from ? from : a->ratio;
		double slope = (a->slowdown - b->slowdown) / (b->ratio - a->ratio);

		if (b->ratio > low && slope > 0)
			to[nr++] = (struct segment){ job, (b->ratio - low) * peak, slope / peak };
	}
	free(hull);
	return nr;
}

static int optimal_decide(void *state, const struct policy_options *o, const struct policy_view *v,
			  uint64_t *ret, struct err *err)
{
	size_t most = 0, nr = 0;
	struct segment *segments;
	double left = (double)v->local_bytes;

	(void)state, (void)o;
	for (size_t i = 0; i < v->nr; i++) {
		if (!v->jobs[i].profile || v->jobs[i].profile->nr < 2)
			return err_missing(err, "policy optimal has no profile of %s",
					   v->jobs[i].name);
		most += v->jobs[i].profile->nr;
	}
	segments = xcalloc(most + 1, sizeof(*segments));
	for (size_t i = 0; i < v->nr; i++) {
		ret[i] = v->jobs[i].least_bytes;
		left -= (double)ret[i];
		nr += add_segments(&v->jobs[i], i, segments + nr);
	}
	qsort(segments, nr, sizeof(*segments), by_gain);
	for (size_t i = 0; i < nr && left > 0; i++) {
		double bytes = segments[i].bytes < left ? segments[i].bytes : left;

		ret[segments[i].job] += (uint64_t)bytes;
		left -= bytes;
	}
	free(segments);
	return 0;
}

const struct policy policy_optimal = {
	.name = "optimal",
	.summary = "the least sum of slowdowns that the stored profiles predict (fit --profile)",
	.profiles = true,
	.decide = optimal_decide,
};
