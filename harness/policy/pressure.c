// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Senpai's rule (Weiner et al.: TMO, ASPLOS 2022; facebookincubator/senpai, senpai.py): each job's limit
 * follows its own memory pressure. Below the target it sinks, by the square of how far below, by at most
 * 1 % at once; above it rises, by the square of how far above, by at most its own size.
 */
#include "harness/policy/policy.h"

#include <math.h>

#define COEFF_PROBE   10.0
#define COEFF_BACKOFF 20.0
#define MAX_PROBE     0.01
#define MAX_BACKOFF   1.0
#define LEAST	      1e-5 /* no pressure at all is so much */

static double factor(double pressure, double target)
{
	double x = pressure > target ? pressure / target / COEFF_BACKOFF
				     : target / fmax(pressure, LEAST) / COEFF_PROBE;

	return pressure > target ? 1 + fmin(x * x, MAX_BACKOFF) : 1 - fmin(x * x, MAX_PROBE);
}

static int pressure_decide(void *state, const struct policy_options *o, const struct policy_view *v,
			   uint64_t *ret, struct err *err)
{
	(void)state, (void)err;
	for (size_t i = 0; i < v->nr; i++) {
		const struct policy_job *j = &v->jobs[i];
		uint64_t from = j->limit_bytes;

		/* A new one begins with its peak; a limit far above what is used would be no probe. */
		if (!from || isnan(j->pressure)) {
			ret[i] = from ? from : j->peak_bytes;
			continue;
		}
		if (j->local_bytes && j->pressure <= o->pressure && j->local_bytes < from)
			from = j->local_bytes;
		ret[i] = (uint64_t)((double)from * factor(j->pressure, o->pressure));
		if (ret[i] < j->least_bytes)
			ret[i] = j->least_bytes;
		if (ret[i] > j->peak_bytes)
			ret[i] = j->peak_bytes;
	}
	return 0;
}

const struct policy policy_pressure = {
	.name = "pressure",
	.summary = "each limit follows its job's memory pressure towards a target (Senpai)",
	.pressure = true,
	.again = true,
	.decide = pressure_decide,
};
