// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/flags.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/kmsg.h"
#include "base/opt.h"

/* Those in which the workload may use memory, in their order. */
static const char *const phases[] = { "load", "shrink", "warmup", "prime", "measure", "verify" };

#define NR_PHASES	(sizeof(phases) / sizeof(phases[0]))
#define LIMIT_TOLERANCE 0.02 /* resident memory may miss the limit by this share */
#define LATE_TOLERANCE	0.05 /* share of ticks that may come late */
#define SWAP_FULL_SHARE 0.99
#define ELSEWHERE_SHARE 0.01 /* of what left may go where it was not meant to go */
/* Page-ins and loads may differ by pages of files and by what crosses the phase's boundaries. */
#define LOADS_TOLERANCE 0.01
#define LOADS_SLACK	256

/* A value of the measure phase; false where it was not sampled. */
static bool measured(const struct flag_input *in, const char *collector, const char *key,
		     double *ret)
{
	return store_phase_value(in->store, in->run, in->job, "measure", collector, key, ret,
				 NULL) == 0;
}

static bool phase_gauge(const struct flag_input *in, const char *phase, const char *collector,
			const char *key, struct store_gauge *ret)
{
	return store_phase_gauge(in->store, in->run, in->job, phase, collector, key, ret, NULL) ==
	       0;
}

/* In phase measure, on average: of the samples, else of the run's own readings. */
static bool resident(const struct flag_input *in, double *ret_bytes)
{
	if (measured(in, "memory_usage", "memory.current", ret_bytes))
		return true;
	if (in->seen.nr)
		*ret_bytes = in->seen.sum_bytes / in->seen.nr;
	return in->seen.nr;
}

static void judge_limit(const struct flag_input *in, struct results *r)
{
	double current;
	char is[16], should[16];

	if (!in->limit_bytes || !resident(in, &current))
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
	    !phase_gauge(in, phase, "memory_usage", "memory.current", &usage) ||
	    usage.end <= (double)in->target_bytes)
		return 0;
	return usage.end - (double)in->target_bytes;
}

/* The backend's area, or all of them where it has none of its own: full at any time? */
static bool swap_full(const struct flag_input *in, const char *phase, struct results *r)
{
	char is[16], of[16], left[16];
	struct store_gauge used, size;

	if (!(phase_gauge(in, phase, "swap_area", "used", &used) &&
	      phase_gauge(in, phase, "swap_area", "size", &size)) &&
	    !(phase_gauge(in, phase, "swap_area", "all_used", &used) &&
	      phase_gauge(in, phase, "swap_area", "all_size", &size)))
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

static void judge_room(const struct flag_input *in, struct results *r)
{
	bool full = false;

	for (size_t i = 0; in->target_bytes && !full && i < NR_PHASES; i++)
		full = swap_full(in, phases[i], r);
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

/* How far a gauge rose above what it was when the run began. False: it was not read. */
static bool rise(const struct flag_input *in, const char *collector, const char *key, double *ret)
{
	double first = NAN, most = NAN;

	for (size_t i = 0; i < NR_PHASES; i++) {
		struct store_gauge g;

		if (!phase_gauge(in, phases[i], collector, key, &g))
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

/* Growth of a counter over all phases. */
static double grown(const struct flag_input *in, const char *collector, const char *key)
{
	double sum = 0, delta;

	for (size_t i = 0; i < NR_PHASES; i++) {
		if (store_phase_value(in->store, in->run, in->job, phases[i], collector, key,
				      &delta, NULL) == 0)
			sum += delta;
	}
	return sum;
}

/*
 * Into other areas than the backend's: how much stands there more than when the run began, beside
 * what stands in the backend's. Another program's pages count, too: it should not swap now.
 */
static void judge_other_areas(const struct flag_input *in, struct results *r)
{
	double own, others;
	char there[16];
	uint64_t areas;

	if (store_run_max(in->store, in->run, in->job, "swap_area", "areas", &areas, NULL) != 0 ||
	    areas < 2)
		return;
	if (!in->target_bytes || !rise(in, "swap_area", "others_used", &others) ||
	    !rise(in, "swap_area", "used", &own) || own + others <= 0) {
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

/* What the backend itself counted in the measure phase. False: it keeps no such account. */
static bool accounted(const struct flag_input *in, const char *what, double *ret)
{
	bool any = false;
	double delta;

	*ret = 0;
	for (const struct backend_usage *u = in->usage; u && u->what; u++) {
		if (strcmp(u->what, what) == 0 && measured(in, u->collector, u->key, &delta)) {
			*ret += delta;
			any = true;
		}
	}
	return any;
}

/* Did the backend itself store pages, in any phase? */
static bool keeps_pages(const struct flag_input *in)
{
	double stores = 0;

	for (const struct backend_usage *u = in->usage; u && u->what; u++) {
		if (strcmp(u->what, USAGE_STORES) == 0)
			stores += grown(in, u->collector, u->key);
	}
	return stores > 0;
}

/* Into memory, before the kernel asked the backend: zswap, or another hook of frontswap. */
static void judge_hooks(const struct flag_input *in, struct results *r)
{
	double hooked, written;

	if (!in->target_bytes || in->whole_machine || keeps_pages(in))
		return;
	hooked = fmax(grown(in, "vmstat", "zswpout"), grown(in, "frontswap", "succ_stores"));
	written = grown(in, "vmstat", "pswpout");
	if (hooked > ELSEWHERE_SHARE * (hooked + written))
		results_flag(
			r, "PAGES_ELSEWHERE", SEVERITY_FATAL,
			"%.0f pages (%.1f %% of what left) were taken by zswap or another page "
			"hook before they came to the backend (echo N > "
			"/sys/module/zswap/parameters/enabled)",
			hooked, 100 * hooked / (hooked + written));
}

/* zswap that is off refuses every page: frontswap counts these, and they mean nothing. */
static void judge_frontswap(const struct flag_input *in, struct results *r)
{
	double refused;

	if (measured(in, "frontswap", "failed_stores", &refused) && refused > 0 &&
	    grown(in, "frontswap", "succ_stores") > 0)
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

static void judge_loads(const struct flag_input *in, struct results *r)
{
	double faults, loads, stores;

	if (!accounted(in, USAGE_LOADS, &loads) ||
	    !measured(in, "memory_stat", "pgmajfault", &faults))
		return;
	compare_loads(in, faults, loads, "the backend", r);
	if (accounted(in, USAGE_FAILED_STORES, &stores) && stores > 0)
		results_flag(r, "FAILED_STORES", SEVERITY_WARNING,
			     "%.0f stores failed; their pages were written again through the block "
			     "device",
			     stores);
	if (accounted(in, USAGE_FAILED_LOADS, &loads) && loads > 0)
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
static void judge_disk(const struct flag_input *in, struct results *r)
{
	double pages, bytes, page = (double)sysconf(_SC_PAGESIZE);

	if (!in->target_bytes || !measured(in, "swap_device", "read", &bytes) ||
	    (grown(in, "swap_device", "read") <= 0 && grown(in, "swap_device", "written") <= 0) ||
	    (!measured(in, "memory_stat", "pswpin", &pages) &&
	     !measured(in, "vmstat", "pswpin", &pages)))
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
static void judge_own_count(const struct flag_input *in, struct results *r)
{
	const struct result *own = results_find(r, "all_major_faults");
	double faults, loads;

	if (!own || !measured(in, "memory_stat", "pgmajfault", &faults))
		return;
	if (own->value > faults + loads_slack(faults) || own->value < faults - loads_slack(faults))
		results_flag(r, "FAULTS_MISMATCH", SEVERITY_FATAL,
			     "the program counted %.0f major faults, its group %.0f", own->value,
			     faults);
	if (!accounted(in, USAGE_LOADS, &loads) && measured(in, "vmstat", "pswpin", &loads))
		compare_loads(in, faults, loads, "the machine's swap", r);
}

/* Nothing is taken away, so nothing has to leave while pages come in. */
static void judge_stores(const struct flag_input *in, struct results *r)
{
	bool own = results_find(r, "all_major_faults");
	double faults, stores;

	if (in->limit_bytes || !measured(in, "memory_stat", "pgmajfault", &faults) ||
	    (!accounted(in, USAGE_STORES, &stores) && !measured(in, "vmstat", "pswpout", &stores)))
		return;
	if (stores > loads_slack(faults))
		results_flag(r, "STORES_WITHOUT_RECLAIM", own ? SEVERITY_FATAL : SEVERITY_WARNING,
			     "%.0f pages were stored although no limit asked for it: the machine "
			     "itself is short of memory, or another program swaps",
			     stores);
}

static void judge_oom(const struct flag_input *in, struct results *r)
{
	double kills;

	for (size_t i = 0; i < NR_PHASES; i++) {
		if (store_phase_value(in->store, in->run, in->job, phases[i], "memory_events",
				      "oom_kill", &kills, NULL) == 0 &&
		    kills > 0)
			results_flag(r, "OOM_KILL", SEVERITY_FATAL,
				     "the kernel killed %.0f process(es) of the group for want of "
				     "memory in phase %s",
				     kills, phases[i]);
	}
}

static void judge_sampler(const struct flag_input *in, struct results *r)
{
	const struct sampler_stats *s = in->sampler;

	if (s->refused)
		results_flag(r, "COUNTER_REFUSED", SEVERITY_WARNING,
			     "%u collector(s) can't be read although this machine has them: %s",
			     s->refused, s->refused_why);
	if (!in->hz || !s->ticks)
		return;
	if ((double)s->late > (double)s->ticks * LATE_TOLERANCE || s->dropped)
		results_flag(r, "SAMPLER_LATE", SEVERITY_WARNING,
			     "%llu of %llu ticks came late and %llu were dropped: rates within a "
			     "phase are blurred, deltas are not (a lower --sample-hz helps)",
			     (unsigned long long)s->late, (unsigned long long)s->ticks,
			     (unsigned long long)s->dropped);
	if (s->lost)
		results_flag(r, "COUNTER_LOST", SEVERITY_WARNING,
			     "collector %s could not be read %llu times: its file vanished, and "
			     "what it had counted by then is all that the deltas have of it",
			     s->lost_name, (unsigned long long)s->lost);
}

static void judge_machine(const struct flag_input *in, struct results *r)
{
	const char *thp = facts_get(in->settings, "thp");

	if (in->has_group && in->cgroup_version == 1)
		results_flag(r, "V1_LIMIT", SEVERITY_NOTE,
			     "hard limit, v1: memory is limited by memory.limit_in_bytes, so that "
			     "reclaim happens on the faulting path only");
	if (!in->has_group)
		results_flag(r, "NO_GROUP", SEVERITY_NOTE,
			     "no permission for a control group: nothing of the workload's memory "
			     "was counted");
	if (thp && strcmp(thp, "always") == 0)
		results_flag(r, "THP_ENABLED", SEVERITY_WARNING,
			     "transparent huge pages are on: they are split when swapped out, and "
			     "come back as small pages (echo madvise > "
			     "/sys/kernel/mm/transparent_hugepage/enabled)");
	if (in->placement->reclaim_shared)
		results_flag(r, "RECLAIM_CPU_SHARED", SEVERITY_WARNING,
			     "the workload may run on the reclaim CPU %d",
			     in->placement->reclaim_cpu);
	if (in->placement->shared[0])
		results_flag(r, "SHARED_CORES", SEVERITY_WARNING, "too few cores: %s share one",
			     in->placement->shared);
}

/* A translated instruction takes another share of the time than the processor's own. */
static void judge_emulation(const struct flag_input *in, struct results *r)
{
	const char *lab = in->lab ? in->lab : "";
	bool exact = strcmp(lab, "tcg, exact") == 0;

	if (strncmp(lab, "tcg", 3) == 0)
		results_flag(
			r, "EMULATED", SEVERITY_WARNING,
			"made in an emulated guest (QEMU's TCG): its times are not a machine's, "
			"only ratios within one guest run mean something%s; measure on real "
			"hardware, or in a guest under KVM",
			exact ? ", and instruction counts are exact" : "");
}

void flags_judge(const struct flag_input *in, struct results *results)
{
	judge_limit(in, results);
	judge_room(in, results);
	judge_other_areas(in, results);
	judge_hooks(in, results);
	judge_frontswap(in, results);
	judge_loads(in, results);
	judge_disk(in, results);
	judge_own_count(in, results);
	judge_stores(in, results);
	judge_oom(in, results);
	judge_sampler(in, results);
	judge_machine(in, results);
	judge_emulation(in, results);
}

bool flags_untrusted(const struct results *results)
{
	for (size_t i = 0; i < results->nr_flags; i++) {
		if (results->flags[i].severity == SEVERITY_FATAL)
			return true;
	}
	return false;
}

void kmsg_judge(int fd, struct results *results)
{
	static const char *const signs[] = { "WARNING: CPU", "WARNING: possible",
					     "BUG: ",	     "kernel BUG at",
					     "Oops: ",	     "blocked for more than",
					     "soft lockup",  "general protection fault" };
	char record[KMSG_RECORD_MAX];
	const char *text;

	while ((text = kmsg_next(fd, record))) {
		for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
			if (strstr(text, signs[i]))
				results_flag(results, "KERNEL_WARNING", SEVERITY_FATAL,
					     "the kernel complained during the run: %s", text);
		}
	}
}
