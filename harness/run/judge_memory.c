// SPDX-License-Identifier: GPL-2.0-or-later
/* Was as much memory local as the run says, and had the rest a place to go to? */
#include "harness/run/judge.h"

#include <string.h>

#include "base/opt.h"

#define LIMIT_TOLERANCE 0.02 /* resident memory may miss the limit by this share */
#define SWAP_FULL_SHARE 0.99

void judge_limit(const struct flag_input *in, struct results *r)
{
	double current;
	char is[16], should[16];

	if (!in->limit_bytes || !seen_resident(in, &current))
		return;
	format_size(is, sizeof(is), (uint64_t)current);
	format_size(should, sizeof(should), in->limit_bytes);
	if (current > (double)in->limit_bytes * (1 + LIMIT_TOLERANCE))
		results_flag(r, "EVICTION_INCOMPLETE", SEVERITY_FATAL,
			     "resident memory was %s on average, the limit is %s: eviction did not "
			     "keep up",
			     is, should);
	else if (in->fills_limit && current < (double)in->limit_bytes * (1 - LIMIT_TOLERANCE))
		results_flag(r, "LIMIT_NOT_REACHED", SEVERITY_WARNING,
			     "resident memory was %s on average, below the limit of %s: the "
			     "stated ratio is higher than the real one",
			     is, should);
}

/* What the limit still asked for when the phase ended: only while memory shrinks is it more. */
static double left_to_do(const struct flag_input *in, const char *phase)
{
	struct store_gauge usage;

	if (strcmp(phase, "shrink") != 0 ||
	    !seen_gauge(in, phase, "memory_usage", "memory.current", &usage) ||
	    usage.end <= (double)in->target_bytes)
		return 0;
	return usage.end - (double)in->target_bytes;
}

/* The backend's area, or all of them where it has none of its own: full at any time? */
static bool swap_full(const struct flag_input *in, const char *phase, struct results *r)
{
	char is[16], of[16], left[16];
	struct store_gauge used, size;

	if (!(seen_gauge(in, phase, "swap_area", "used", &used) &&
	      seen_gauge(in, phase, "swap_area", "size", &size)) &&
	    !(seen_gauge(in, phase, "swap_area", "all_used", &used) &&
	      seen_gauge(in, phase, "swap_area", "all_size", &size)))
		return false;
	if (size.max <= 0 || used.max < size.max * SWAP_FULL_SHARE)
		return false;
	format_size(is, sizeof(is), (uint64_t)used.max);
	format_size(of, sizeof(of), (uint64_t)size.max);
	format_size(left, sizeof(left), (uint64_t)left_to_do(in, phase));
	results_flag(r, "SWAP_FULL", SEVERITY_FATAL,
		     "the swap area was full in phase %s, %s of %s in use%s%s%s: give the backend "
		     "more room",
		     phase, is, of, left_to_do(in, phase) > 0 ? ", when " : "",
		     left_to_do(in, phase) > 0 ? left : "",
		     left_to_do(in, phase) > 0 ? " more had to leave" : "");
	return true;
}

void judge_room(const struct flag_input *in, struct results *r)
{
	bool full = false;

	for (size_t i = 0; in->target_bytes && !full && i < NR_SEEN_PHASES; i++)
		full = swap_full(in, seen_phases[i], r);
	if (!full && in->reliefs.swap_full)
		results_flag(r, "SWAP_FULL", SEVERITY_FATAL,
			     "the swap area was full when the kernel gave up reclaim: give the "
			     "backend more room");
	if (in->reliefs.events)
		results_flag(r, "V1_OOM_RELIEF", SEVERITY_WARNING,
			     "the kernel gave up reclaim %llu times under its hard limit%s; each "
			     "time the limit was raised by 1/64 for a moment%s",
			     (unsigned long long)in->reliefs.events,
			     full || in->reliefs.in_vain ? "" : " although swap had room",
			     in->reliefs.in_vain ? ", the last time in vain" : "");
}

void judge_oom(const struct flag_input *in, struct results *r)
{
	double kills;

	for (size_t i = 0; i < NR_SEEN_PHASES; i++) {
		if (store_phase_value(in->store, in->run, in->job, seen_phases[i], "memory_events",
				      "oom_kill", &kills, NULL) == 0 &&
		    kills > 0)
			results_flag(r, "OOM_KILL", SEVERITY_FATAL,
				     "the kernel killed %.0f process(es) of the group for want of "
				     "memory in phase %s",
				     kills, seen_phases[i]);
	}
}
