// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory is taken by how much each job can give: its peak less its least. Where all jobs have the same
 * ratio-min, that is policy uniform.
 */
#include "harness/policy/policy.h"

static int proportional_decide(void *state, const struct policy_options *o,
			       const struct policy_view *v, uint64_t *ret, struct err *err)
{
	double peaks = 0, can_give = 0, need, share;

	(void)state, (void)o, (void)err;
	for (size_t i = 0; i < v->nr; i++) {
		peaks += (double)v->jobs[i].peak_bytes;
		can_give += (double)(v->jobs[i].peak_bytes - v->jobs[i].least_bytes);
	}
	need = peaks - (double)v->local_bytes;
	share = need > 0 && can_give > 0 ? need / can_give : 0;
	if (share > 1)
		share = 1;
	for (size_t i = 0; i < v->nr; i++) {
		const struct policy_job *j = &v->jobs[i];

		ret[i] = j->peak_bytes -
			 (uint64_t)(share * (double)(j->peak_bytes - j->least_bytes));
	}
	return 0;
}

const struct policy policy_proportional = {
	.name = "proportional",
	.summary = "each gives by what it can: its peak less its least (ratio-min)",
	.decide = proportional_decide,
};
