// SPDX-License-Identifier: GPL-2.0-or-later
/* Where pages went, and whether those who counted them counted the same pages. */
#include "harness/run/judge.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/opt.h"

#define ELSEWHERE_SHARE 0.01 /* of what left may go where it was not meant to go */
/* Page-ins and loads may differ by pages of files and by what crosses the phase's boundaries. */
#define LOADS_TOLERANCE 0.01
#define LOADS_SLACK	256

/*
 * Into other areas than the backend's: how much stands there more than when the run began, beside
 * what stands in the backend's. Another program's pages count, too: it should not swap now.
 */
void judge_other_areas(const struct flag_input *in, struct results *r)
{
	double own, others;
	char there[16];
	uint64_t areas;

	if (store_run_max(in->store, in->run, in->job, "swap_area", "areas", &areas, NULL) != 0 ||
	    areas < 2)
		return;
	if (!in->target_bytes || !seen_rise(in, "swap_area", "others_used", &others) ||
	    !seen_rise(in, "swap_area", "used", &own) || own + others <= 0) {
		results_flag(r, "SEVERAL_SWAPS", SEVERITY_WARNING,
			     "%llu swap areas were on, and which of them took a page is not known "
			     "(`swapon --show`)",
			     (unsigned long long)areas);
		return;
	}
	format_size(there, sizeof(there), (uint64_t)others);
	if (others > ELSEWHERE_SHARE * (own + others))
		results_flag(
			r, "PAGES_ELSEWHERE", SEVERITY_FATAL,
			"%llu swap areas were on, and %s (%.1f %% of what left) went to others "
			"than the backend's: turn them off, or give the backend's the highest "
			"priority and room enough (`swapon --show`)",
			(unsigned long long)areas, there, 100 * others / (own + others));
	else
		results_flag(r, "SEVERAL_SWAPS", SEVERITY_WARNING,
			     "%llu swap areas were on; %s went to others than the backend's",
			     (unsigned long long)areas, there);
}

/* Did the backend itself store pages, in any phase? */
static bool keeps_pages(const struct flag_input *in)
{
	double stores = 0;

	for (const struct backend_usage *u = in->usage; u && u->what; u++) {
		if (strcmp(u->what, USAGE_STORES) == 0)
			stores += seen_grown(in, u->collector, u->key);
	}
	return stores > 0;
}

/* Into memory, before the kernel asked the backend: zswap, or another hook of frontswap. */
void judge_hooks(const struct flag_input *in, struct results *r)
{
	double hooked, written;

	if (!in->target_bytes || in->whole_machine || keeps_pages(in))
		return;
	hooked = fmax(seen_grown(in, "vmstat", "zswpout"),
		      seen_grown(in, "frontswap", "succ_stores"));
	written = seen_grown(in, "vmstat", "pswpout");
	if (hooked > ELSEWHERE_SHARE * (hooked + written))
		results_flag(
			r, "PAGES_ELSEWHERE", SEVERITY_FATAL,
			"%.0f pages (%.1f %% of what left) were taken by zswap or another page "
			"hook before they came to the backend (echo N > "
			"/sys/module/zswap/parameters/enabled)",
			hooked, 100 * hooked / (hooked + written));
}

/* zswap that is off refuses every page: frontswap counts these, and they mean nothing. */
void judge_frontswap(const struct flag_input *in, struct results *r)
{
	double refused;

	if (seen_measured(in, "frontswap", "failed_stores", &refused) && refused > 0 &&
	    seen_grown(in, "frontswap", "succ_stores") > 0)
		results_flag(r, "FAILED_STORES", SEVERITY_WARNING,
			     "%.0f pages were refused by the page hook and went to the swap "
			     "device",
			     refused);
}

static double loads_slack(double faults)
{
	return LOADS_TOLERANCE * faults + LOADS_SLACK;
}

/* Pages that came in, as the group counts them and as those who brought them do, must be the same
 * pages. */
static void compare_loads(const struct flag_input *in, double faults, double loads, const char *who,
			  struct results *r)
{
	const char *cluster = facts_get(in->settings, "page_cluster");

	if (faults > loads + loads_slack(faults))
		results_flag(r, "LOADS_MISMATCH", SEVERITY_FATAL,
			     "%.0f page-ins, but %s loaded only %.0f pages: some came from "
			     "elsewhere (another swap area, files)",
			     faults, who, loads);
	else if (cluster && strcmp(cluster, "0") == 0 && loads > faults + loads_slack(faults))
		results_flag(r, "LOADS_MISMATCH", SEVERITY_FATAL,
			     "%.0f page-ins, but %s loaded %.0f pages without read-ahead: "
			     "another program swaps, too",
			     faults, who, loads);
}

void judge_loads(const struct flag_input *in, struct results *r)
{
	double faults, loads, stores;

	if (!seen_accounted(in, USAGE_LOADS, &loads) ||
	    !seen_measured(in, "memory_stat", "pgmajfault", &faults))
		return;
	compare_loads(in, faults, loads, "the backend", r);
	if (seen_accounted(in, USAGE_FAILED_STORES, &stores) && stores > 0)
		results_flag(r, "FAILED_STORES", SEVERITY_WARNING,
			     "%.0f stores failed; their pages were written again through the block "
			     "device",
			     stores);
	if (seen_accounted(in, USAGE_FAILED_LOADS, &loads) && loads > 0)
		results_flag(r, "FAILED_LOADS", SEVERITY_WARNING,
			     "%.0f loads failed; their pages were read again through the block "
			     "device",
			     loads);
}

/*
 * Pages that were read from swap, as the kernel counts them, and bytes that the backend's disk read.
 * The group's own count is in Linux 6.13 and later; before, that of the machine stands in. What a
 * hook of pages loads is in neither. Some drivers (brd, fastswap) keep no account of their disks.
 */
void judge_disk(const struct flag_input *in, struct results *r)
{
	double pages, bytes, page = (double)sysconf(_SC_PAGESIZE);

	if (!in->target_bytes || !seen_measured(in, "swap_device", "read", &bytes) ||
	    (seen_grown(in, "swap_device", "read") <= 0 &&
	     seen_grown(in, "swap_device", "written") <= 0) ||
	    (!seen_measured(in, "memory_stat", "pswpin", &pages) &&
	     !seen_measured(in, "vmstat", "pswpin", &pages)))
		return;
	if (pages > bytes / page + loads_slack(pages))
		results_flag(r, "LOADS_MISMATCH", SEVERITY_FATAL,
			     "%.0f pages were read from swap, but the backend's disk read only "
			     "%.0f: %.1f %% came from elsewhere (another swap area)",
			     pages, bytes / page, 100 * (1 - bytes / page / pages));
}

/*
 * A micro-benchmark counts its own faults (rusage): they are the group's, or something is amiss.
 * It reads no files while it is measured, so that they are also what came from swap; the page
 * hook's loads are not among the kernel's pswpin.
 */
void judge_own_count(const struct flag_input *in, struct results *r)
{
	const struct result *own = results_find(r, "all_major_faults");
	double faults, loads;

	if (!own || !seen_measured(in, "memory_stat", "pgmajfault", &faults))
		return;
	if (own->value > faults + loads_slack(faults) || own->value < faults - loads_slack(faults))
		results_flag(r, "FAULTS_MISMATCH", SEVERITY_FATAL,
			     "the program counted %.0f major faults, its group %.0f", own->value,
			     faults);
	if (!seen_accounted(in, USAGE_LOADS, &loads) &&
	    seen_measured(in, "vmstat", "pswpin", &loads))
		compare_loads(in, faults, loads, "the machine's swap", r);
}

/* Nothing is taken away, so nothing has to leave while pages come in. */
void judge_stores(const struct flag_input *in, struct results *r)
{
	bool own = results_find(r, "all_major_faults");
	double faults, stores;

	if (in->limit_bytes || !seen_measured(in, "memory_stat", "pgmajfault", &faults) ||
	    (!seen_accounted(in, USAGE_STORES, &stores) &&
	     !seen_measured(in, "vmstat", "pswpout", &stores)))
		return;
	if (stores > loads_slack(faults))
		results_flag(r, "STORES_WITHOUT_RECLAIM", own ? SEVERITY_FATAL : SEVERITY_WARNING,
			     "%.0f pages were stored although no limit asked for it: the machine "
			     "itself is short of memory, or another program swaps",
			     stores);
}
