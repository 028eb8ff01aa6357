// SPDX-License-Identifier: GPL-2.0-or-later
/* What all policies share: answers that can be given, and slowdowns by profile. */
#include "harness/policy/policy.h"

#define PAGE_BYTES 4096

static uint64_t clamp(const struct policy_job *j, uint64_t bytes)
{
	if (bytes < j->least_bytes)
		return j->least_bytes;
	return bytes > j->peak_bytes ? j->peak_bytes : bytes;
}

static bool differ(uint64_t a, uint64_t b)
{
	return a > b ? a - b > PAGE_BYTES : b - a > PAGE_BYTES;
}

bool policy_fit(const struct policy_view *v, uint64_t *bytes)
{
	uint64_t least = 0, sum = 0;
	bool changed = false;
	double share = 1;

	for (size_t i = 0; i < v->nr; i++) {
		const struct policy_job *j = &v->jobs[i];
		uint64_t asked = bytes[i];

		if (asked == POLICY_UNLIMITED)
			continue;
		bytes[i] = clamp(j, asked);
		/* More than the peak is all that there is to have. */
		changed |= asked < j->peak_bytes && differ(asked, bytes[i]);
		least += j->least_bytes;
		sum += bytes[i];
	}
	if (sum > v->local_bytes) {
		share = v->local_bytes > least
				? (double)(v->local_bytes - least) / (double)(sum - least)
				: 0;
		changed |= sum - v->local_bytes > v->nr * PAGE_BYTES;
	}
	for (size_t i = 0; i < v->nr; i++) {
		const struct policy_job *j = &v->jobs[i];

		if (bytes[i] == POLICY_UNLIMITED)
			continue;
		bytes[i] = j->least_bytes + (uint64_t)((double)(bytes[i] - j->least_bytes) * share);
		bytes[i] = bytes[i] / PAGE_BYTES * PAGE_BYTES;
	}
	return changed;
}

static double between(const struct curve_point *a, const struct curve_point *b, double ratio)
{
	return a->slowdown +
	       (b->slowdown - a->slowdown) * (ratio - a->ratio) / (b->ratio - a->ratio);
}

double policy_slowdown(const struct curve *profile, double ratio)
{
	if (profile->nr < 2)
		return 1;
	for (size_t i = 1; i < profile->nr; i++) {
		if (ratio <= profile->points[i].ratio)
			return between(&profile->points[i - 1], &profile->points[i], ratio);
	}
	return profile->points[profile->nr - 1].slowdown;
}

/* Andrew's monotone chain: points come by ratio. */
size_t policy_hull(const struct curve *profile, struct curve_point *to)
{
	size_t nr = 0;

	for (size_t i = 0; i < profile->nr; i++) {
		const struct curve_point *next = &profile->points[i];

		while (nr > 1 &&
		       between(&to[nr - 2], next, to[nr - 1].ratio) <= to[nr - 1].slowdown)
			nr--;
		to[nr++] = *next;
	}
	return nr;
}
