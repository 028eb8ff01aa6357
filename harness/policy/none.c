// SPDX-License-Identifier: GPL-2.0-or-later
/* No far memory: what a scheduler can do that counts each job's whole peak. */
#include "harness/policy/policy.h"

static int none_decide(void *state, const struct policy_options *o, const struct policy_view *v,
		       uint64_t *ret, struct err *err)
{
	(void)state, (void)o, (void)err;
	for (size_t i = 0; i < v->nr; i++)
		ret[i] = POLICY_UNLIMITED;
	return 0;
}

const struct policy policy_none = {
	.name = "none",
	.summary = "no limits: a job waits until its whole peak fits",
	.whole = true,
	.decide = none_decide,
};
