// SPDX-License-Identifier: GPL-2.0-or-later
/* Was as much memory local as the run says, and had the rest a place to go to? */
#include "harness/run/judge.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/opt.h"

#define LIMIT_TOLERANCE 0.02 /* resident memory may miss the limit by this share */
#define RATIO_TOLERANCE 0.05 /* memory of a tier, which is moved, by this one */
#define UNPAGED_SHARE	0.05 /* of the limit may be memory that the pager can't take away */
#define SWAP_FULL_SHARE 0.99
#define NOTHING_SHARE	0.01	  /* of what the ratio moves away: less than that is nothing */
#define FILE_SHARE	0.05	  /* of memory may be page cache, and … */
#define FILE_SLACK	(2 << 20) /* … programs' text and the kernel's own, which all have */

void judge_limit(const struct flag_input *in, struct results *r)
{
	double current;
	char is[16], should[16];

	if (!in->limit_bytes || in->tiered || !seen_resident(in, &current))
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

/* All of it was to be on the fast node. */
static void judge_all_local(const struct flag_input *in, struct results *r)
{
	double local, far;
	char is[16];

	if (!seen_usage(in, USAGE_LOCAL, "measure", &local) ||
	    !seen_usage(in, USAGE_FAR, "measure", &far) || far <= RATIO_TOLERANCE * (local + far))
		return;
	format_size(is, sizeof(is), (uint64_t)far);
	results_flag(r, "RATIO_NOT_HELD", SEVERITY_FATAL,
		     "%s (%.1f %%) were on the slow node on average, and the ratio says none: the "
		     "fast node has too little memory free",
		     is, 100 * far / (local + far));
}

/* What a program has not allocated yet, or gave back, is not local: only one that fills its share can
 * have too little. */
static double ratio_swing(const struct flag_input *in, const struct store_gauge *local)
{
	double limit = (double)in->limit_bytes;

	return local->max - (in->fills_limit ? local->min : fmin(limit, local->max));
}

/* Nothing like memory.high holds a tier's share: how near was it, and how steady? */
void judge_ratio(const struct flag_input *in, struct results *r)
{
	double limit = (double)in->limit_bytes, mean;
	struct store_gauge local;
	char is[16], should[16], low[16], high[16];

	/* A micro-benchmark has no peak, and puts pages where it wants them. */
	if (in->tiered && !in->limit_bytes && in->peak_bytes)
		judge_all_local(in, r);
	if (!in->tiered || !in->limit_bytes || !seen_usage(in, USAGE_LOCAL, "measure", &mean) ||
	    !seen_usage_gauge(in, USAGE_LOCAL, "measure", &local))
		return;
	format_size(is, sizeof(is), (uint64_t)mean);
	format_size(should, sizeof(should), in->limit_bytes);
	format_size(low, sizeof(low), (uint64_t)local.min);
	format_size(high, sizeof(high), (uint64_t)local.max);
	if (mean > limit * (1 + RATIO_TOLERANCE) ||
	    (in->fills_limit && mean < limit * (1 - RATIO_TOLERANCE)))
		results_flag(r, "RATIO_NOT_HELD", SEVERITY_FATAL,
			     "%s were on the fast node on average, the ratio says %s (%+.1f %%): "
			     "see doc/TIERS.md on what holds it",
			     is, should, 100 * (mean / limit - 1));
	else if (ratio_swing(in, &local) > limit * RATIO_TOLERANCE)
		results_flag(r, "RATIO_NOT_HELD", SEVERITY_WARNING,
			     "memory on the fast node swung from %s to %s, %.1f %% of the %s that "
			     "the ratio says: hold it more often (-o tier.hold=), or promote less "
			     "(-o tier.promote-rate=)",
			     low, high, 100 * ratio_swing(in, &local) / limit, should);
}

/* A pager in user space: what of the program it can't take away, and did it hold the limit? */
void judge_paging(const struct flag_input *in, struct results *r)
{
	struct store_gauge unpaged, above, bare, shared = { .max = 0 };
	char is[16], other[16], limit[16];

	if (!in->limit_bytes || !seen_gauge(in, "measure", "pager", "unpaged", &unpaged) ||
	    !seen_gauge(in, "measure", "pager", "above", &above))
		return;
	if (seen_gauge(in, "measure", "pager", "bare", &bare) && bare.end > 0)
		results_flag(
			r, "PAGER_UNPAGED", SEVERITY_FATAL,
			"%.0f of the job's programs can't be paged (static, set-user-ID, or without "
			"the pager's environment): their memory is local, and outside the limit",
			bare.end);
	seen_gauge(in, "measure", "memory_stat", "shmem", &shared);
	format_size(limit, sizeof(limit), in->limit_bytes);
	format_size(is, sizeof(is), (uint64_t)unpaged.max);
	format_size(other, sizeof(other), (uint64_t)shared.max);
	if (unpaged.max + shared.max > UNPAGED_SHARE * (double)in->limit_bytes)
		results_flag(
			r, "PAGER_UNPAGED", SEVERITY_WARNING,
			"%s of private memory (stacks, small mappings, data) and %s of shared "
			"memory stay local whatever the ratio, %.1f %% of the limit of %s: what "
			"is far comes from the rest alone",
			is, other, 100 * (unpaged.max + shared.max) / (double)in->limit_bytes,
			limit);
	format_size(is, sizeof(is), (uint64_t)above.max);
	if (above.max > 0)
		results_flag(r, "LIMIT_OVERSHOT", SEVERITY_WARNING,
			     "local memory was up to %s above the limit of %s for a while", is,
			     limit);
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

/* How much was far at the most: as the gauge says, or at least as many pages as left or came back. */
static bool farthest(const struct flag_input *in, double *ret_bytes)
{
	double bytes = 0, pages, mean, page = (double)sysconf(_SC_PAGESIZE);
	bool known = seen_usage_max(in, USAGE_FAR, &bytes);

	/* A program's memory is gone at the ends of its phase: where the gauge was read only there,
	 * counters tell. */
	if (!known || !seen_usage(in, USAGE_FAR, "measure", &mean)) {
		if (seen_usage(in, USAGE_PAGE_OUTS, NULL, &pages)) {
			bytes = fmax(bytes, pages * page);
			known = true;
		}
	}
	if (seen_usage(in, USAGE_PAGE_INS, NULL, &pages)) {
		bytes = fmax(bytes, pages * page);
		known = true;
	}
	*ret_bytes = bytes;
	return known;
}

void judge_far(const struct flag_input *in, struct results *r)
{
	double far, pages;
	char is[16], should[16];

	if (!in->far_bytes || !farthest(in, &far))
		return;
	format_size(is, sizeof(is), (uint64_t)far);
	format_size(should, sizeof(should), in->far_bytes);
	if (far < NOTHING_SHARE * (double)in->far_bytes)
		results_flag(
			r, "NOTHING_FAR", SEVERITY_FATAL,
			"nothing was far: the ratio moves %s away, and %s (%.1f %%) ever left. "
			"Let the workload write to its memory (what is only read has none), or "
			"state its real --peak",
			should, is, 100 * far / (double)in->far_bytes);
	else if (!in->tiered && seen_usage(in, USAGE_PAGE_INS, "measure", &pages) && pages <= 0)
		results_flag(r, "NOTHING_FAR", SEVERITY_WARNING,
			     "%s became far, and no page (0.0 %%) came back while it was measured: "
			     "what far memory costs is not in these numbers; lower the ratio, or "
			     "let the workload use what is far",
			     is);
}

/* Page cache can't become far: the kernel drops it, and reads it again. */
static void judge_cache_in_peak(const struct flag_input *in, struct results *r)
{
	double rest = (double)in->memory_peak_bytes - (double)in->peak_bytes;
	char peak[16], all[16];

	format_size(peak, sizeof(peak), in->peak_bytes);
	format_size(all, sizeof(all), in->memory_peak_bytes);
	if (!in->peak_seen && in->memory_peak_bytes > FILE_SLACK)
		results_flag(
			r, "FILE_CACHE_IN_PEAK", SEVERITY_WARNING,
			"up to 100 %% of the peak of %s may be page cache, which can't be far: "
			"it ended before a reading came near; sample faster (--sample-hz), or "
			"state the --peak",
			all);
	else if (in->peak_seen && rest > FILE_SHARE * (double)in->memory_peak_bytes &&
		 rest > FILE_SLACK)
		results_flag(
			r, "FILE_CACHE_IN_PEAK", SEVERITY_WARNING,
			"%.1f %% of its peak of %s is page cache or the kernel's, and can't be "
			"far: ratios are of the other %s; judge a program of files by its "
			"file faults",
			100 * rest / (double)in->memory_peak_bytes, all, peak);
}

void judge_file_cache(const struct flag_input *in, struct results *r)
{
	double inactive, active, current;
	char is[16], limit[16];

	if (in->memory_peak_bytes)
		judge_cache_in_peak(in, r);
	if (!in->limit_bytes || !seen_resident(in, &current) ||
	    !seen_measured(in, "memory_stat", "inactive_file", &inactive) ||
	    !seen_measured(in, "memory_stat", "active_file", &active) ||
	    inactive + active <= FILE_SHARE * current || inactive + active <= FILE_SLACK)
		return;
	format_size(is, sizeof(is), (uint64_t)(inactive + active));
	format_size(limit, sizeof(limit), in->limit_bytes);
	results_flag(
		r, "FILE_CACHE_IN_PEAK", SEVERITY_WARNING,
		"page cache was %s (%.1f %%) of its local memory, under a limit of %s: so much "
		"less of its own memory was local than the ratio says",
		is, 100 * (inactive + active) / current, limit);
}
