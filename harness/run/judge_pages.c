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
#define FILE_SHARE	0.05 /* of the major faults may be files' */
#define POOR_SHARE	0.5  /* of a compressed store's pages may be stored as they are */

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

/* Where pages may go anywhere (judge_hooks() has the others), zswap is part of what is measured. */
void judge_zswap(const struct flag_input *in, struct results *r)
{
	double kept = seen_grown(in, "vmstat", "zswpout");
	double all = kept + seen_grown(in, "vmstat", "pswpout");

	if (in->target_bytes && !in->wants_zswap && (in->whole_machine || keeps_pages(in)) &&
	    kept > ELSEWHERE_SHARE * all)
		results_flag(
			r, "ZSWAP", SEVERITY_WARNING,
			"zswap took %.0f pages, %.1f %% of what left, into local memory before "
			"the swap area: what was measured is zswap first (echo N > "
			"/sys/module/zswap/parameters/enabled)",
			kept, 100 * kept / all);
}

/* Into memory, before the kernel asked the backend: zswap, or another hook of frontswap. */
void judge_hooks(const struct flag_input *in, struct results *r)
{
	double hooked, written;

	if (!in->target_bytes || in->wants_zswap || in->whole_machine || keeps_pages(in))
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

	if (in->limit_bytes || in->moves ||
	    !seen_measured(in, "memory_stat", "pgmajfault", &faults) ||
	    (!seen_accounted(in, USAGE_STORES, &stores) &&
	     !seen_measured(in, "vmstat", "pswpout", &stores)))
		return;
	if (stores > loads_slack(faults))
		results_flag(r, "STORES_WITHOUT_RECLAIM", own ? SEVERITY_FATAL : SEVERITY_WARNING,
			     "%.0f pages were stored although no limit asked for it: the machine "
			     "itself is short of memory, or another program swaps",
			     stores);
}

/* Pages that a program other than the run's got back from far memory, by the count that groups have,
 * too. */
static double others_page_ins(const struct flag_input *in, double *ret_all)
{
	struct flag_input job = *in;
	double own = 0, one;

	if (!seen_measured(in, "vmstat", "workingset_refault_anon", ret_all))
		return 0;
	for (job.job = 1; job.job <= in->nr_jobs; job.job++) {
		if (!seen_measured(&job, "memory_stat", "workingset_refault_anon", &one))
			return 0;
		own += one;
	}
	return *ret_all - own;
}

/* The machine's counts and a group's are gathered from all CPUs at their own times. */
static double others_slack(double all)
{
	return LOADS_TOLERANCE * all + LOADS_SLACK * (double)sysconf(_SC_NPROCESSORS_ONLN);
}

void judge_other_swapper(const struct flag_input *in, struct results *r)
{
	double all = 0, others;

	if (in->job != 1) /* of the whole run */
		return;
	others = others_page_ins(in, &all);
	if (others > others_slack(all))
		results_flag(
			r, "OTHER_SWAPPER", SEVERITY_WARNING,
			"%.0f of the %.0f pages (%.1f %%) that came back from swap while this "
			"was measured were other programs': they took turns at the device; find "
			"them with `grep VmSwap /proc/*/status`, and let them end",
			others, all, 100 * others / all);
}

/* Of the group. What zswap's pool gave back is not among pswpin, but is among the refaults. */
static bool far_page_ins(const struct flag_input *in, double *ret)
{
	double pool;

	if (!seen_measured(in, "memory_stat", "pswpin", ret))
		return seen_measured(in, "memory_stat", "workingset_refault_anon", ret);
	if (in->wants_zswap && seen_measured(in, "memory_stat", "zswpin", &pool))
		*ret += pool;
	return true;
}

/*
 * Major faults are of far pages or of files. Far pages that were faulted on are those that came back
 * less those that read-ahead brought; read-ahead is counted for the whole machine alone.
 */
void judge_file_faults(const struct flag_input *in, struct results *r)
{
	double faults, ins, ahead, all, files;

	if (!seen_measured(in, "memory_stat", "pgmajfault", &faults) || !far_page_ins(in, &ins))
		return;
	if (in->nr_jobs > 1 || others_page_ins(in, &all) > others_slack(ins) ||
	    !seen_measured(in, "vmstat", "swap_ra", &ahead))
		ahead = 0;
	files = faults - fmax(ins - ahead, 0);
	if (files > FILE_SHARE * faults && files > LOADS_SLACK)
		results_flag(
			r, "FILE_FAULTS", SEVERITY_WARNING,
			"%.0f of %.0f major faults (%.1f %%) were of files, not of far memory: "
			"hold far page-ins against each other, or keep the files' pages local "
			"(vmtouch -l, MAP_POPULATE)",
			files, faults, 100 * files / faults);
}

static void flag_poor(const char *who, double share, double stored, double taken, struct results *r)
{
	char in[16], memory[16];

	format_size(in, sizeof(in), (uint64_t)stored);
	format_size(memory, sizeof(memory), (uint64_t)taken);
	results_flag(
		r, "INCOMPRESSIBLE", SEVERITY_WARNING,
		"%s could not compress %.1f %% of its pages: %s of far memory took %s of local "
		"memory; give the workload data like the real one's, or choose another backend",
		who, 100 * share, in, memory);
}

/* zram counts the pages that it stores as they are; of zswap it is known how much it saves. */
void judge_compression(const struct flag_input *in, struct results *r)
{
	double stored, taken, poor, page = (double)sysconf(_SC_PAGESIZE);

	if (!in->target_bytes)
		return;
	if (seen_measured(in, "zram", "orig_data_size", &stored) &&
	    seen_measured(in, "zram", "compr_data_size", &taken) &&
	    seen_measured(in, "zram", "huge_pages", &poor) && poor * page > POOR_SHARE * stored)
		flag_poor("zram", poor * page / stored, stored, taken, r);
	else if (seen_measured(in, "memory_stat", "zswapped", &stored) &&
		 seen_measured(in, "memory_stat", "zswap", &taken) && stored > 0 &&
		 taken > (1 - POOR_SHARE / 2) * stored)
		flag_poor("zswap", taken / stored, stored, taken, r);
}
