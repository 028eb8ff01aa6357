// SPDX-License-Identifier: GPL-2.0-or-later
/* Each job's own ratio, whoever else is there. */
#include "harness/policy/policy.h"

static int fixed_decide(void *state, const struct policy_options *o, const struct policy_view *v,
			uint64_t *ret, struct err *err)
{
	(void)state, (void)o, (void)err;
	for (size_t i = 0; i < v->nr; i++)
		ret[i] = (uint64_t)(v->jobs[i].ratio * (double)v->jobs[i].peak_bytes);
	return 0;
}

const struct policy policy_fixed = {
	.name = "fixed",
	.summary = "each job keeps its own ratio of its peak (ratio = R)",
	.own = true,
	.decide = fixed_decide,
};
