// SPDX-License-Identifier: GPL-2.0-or-later
/* One ratio for all: local memory over the sum of the peaks. */
#include "harness/policy/policy.h"

/* A job that may not go so low keeps its least, and the others share what is left. */
static int uniform_decide(void *state, const struct policy_options *o, const struct policy_view *v,
			  uint64_t *ret, struct err *err)
{
	double low = 0, high = 1;

	(void)state, (void)o, (void)err;
	for (int step = 0; step < 40; step++) {
		double ratio = step ? (low + high) / 2 : 1, sum = 0;

		for (size_t i = 0; i < v->nr; i++) {
			double bytes = ratio * (double)v->jobs[i].peak_bytes;

			ret[i] = (uint64_t)bytes < v->jobs[i].least_bytes ? v->jobs[i].least_bytes
									  : (uint64_t)bytes;
			sum += (double)ret[i];
		}
		if (sum > (double)v->local_bytes)
			high = ratio;
		else if (!step)
			break;
		else
			low = ratio;
	}
	return 0;
}

const struct policy policy_uniform = {
	.name = "uniform",
	.summary = "the same ratio for all jobs",
	.decide = uniform_decide,
};
