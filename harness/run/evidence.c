// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/evidence.h"

#include <math.h>
#include <string.h>

const char *const seen_phases[NR_SEEN_PHASES] = { "load",  "shrink",  "warmup",
						  "prime", "measure", "verify" };

bool seen_measured(const struct flag_input *in, const char *collector, const char *key, double *ret)
{
	return store_phase_value(in->store, in->run, in->job, "measure", collector, key, ret,
				 NULL) == 0;
}

bool seen_gauge(const struct flag_input *in, const char *phase, const char *collector,
		const char *key, struct store_gauge *ret)
{
	return store_phase_gauge(in->store, in->run, in->job, phase, collector, key, ret, NULL) ==
	       0;
}

bool seen_resident(const struct flag_input *in, double *ret_bytes)
{
	if (in->usage ? seen_usage(in, USAGE_LOCAL, "measure", ret_bytes)
		      : seen_measured(in, "memory_usage", "memory.current", ret_bytes))
		return true;
	if (in->seen.nr)
		*ret_bytes = in->seen.sum_bytes / in->seen.nr;
	return in->seen.nr;
}

bool seen_rise(const struct flag_input *in, const char *collector, const char *key, double *ret)
{
	double first = NAN, most = NAN;

	for (size_t i = 0; i < NR_SEEN_PHASES; i++) {
		struct store_gauge g;

		if (!seen_gauge(in, seen_phases[i], collector, key, &g))
			continue;
		if (isnan(first))
			first = isnan(g.begin) ? g.min : g.begin;
		most = fmax(most, g.max);
	}
	if (isnan(most))
		return false;
	*ret = most - first;
	return true;
}

static bool grown_if_seen(const struct flag_input *in, const char *collector, const char *key,
			  double *ret)
{
	double delta;
	bool any = false;

	*ret = 0;
	for (size_t i = 0; i < NR_SEEN_PHASES; i++) {
		if (store_phase_value(in->store, in->run, in->job, seen_phases[i], collector, key,
				      &delta, NULL) != 0)
			continue;
		any = true;
		*ret += delta;
	}
	return any;
}

double seen_grown(const struct flag_input *in, const char *collector, const char *key)
{
	double sum;

	grown_if_seen(in, collector, key, &sum);
	return sum;
}

bool seen_usage(const struct flag_input *in, const char *what, const char *phase, double *ret)
{
	for (const struct backend_usage *u = in->usage; u && u->what; u++) {
		if (strcmp(u->what, what) != 0)
			continue;
		if (phase ? store_phase_value(in->store, in->run, in->job, phase, u->collector,
					      u->key, ret, NULL) == 0
			  : grown_if_seen(in, u->collector, u->key, ret))
			return true;
	}
	return false;
}

bool seen_usage_gauge(const struct flag_input *in, const char *what, const char *phase,
		      struct store_gauge *ret)
{
	for (const struct backend_usage *u = in->usage; u && u->what; u++) {
		if (strcmp(u->what, what) == 0 && seen_gauge(in, phase, u->collector, u->key, ret))
			return true;
	}
	return false;
}

bool seen_usage_max(const struct flag_input *in, const char *what, double *ret)
{
	uint64_t most;

	for (const struct backend_usage *u = in->usage; u && u->what; u++) {
		if (strcmp(u->what, what) == 0 &&
		    store_run_max(in->store, in->run, in->job, u->collector, u->key, &most, NULL) ==
			    0) {
			*ret = (double)most;
			return true;
		}
	}
	return false;
}

bool seen_accounted(const struct flag_input *in, const char *what, double *ret)
{
	bool any = false;
	double delta;

	*ret = 0;
	for (const struct backend_usage *u = in->usage; u && u->what; u++) {
		if (strcmp(u->what, what) == 0 && seen_measured(in, u->collector, u->key, &delta)) {
			*ret += delta;
			any = true;
		}
	}
	return any;
}
