// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/flags.h"

#include <stdio.h>
#include <string.h>

#include "base/kmsg.h"
#include "base/opt.h"

#define LIMIT_TOLERANCE 0.02 /* resident memory may miss the limit by this share */
#define LATE_TOLERANCE	0.05 /* share of ticks that may come late */
#define SWAP_FULL_SHARE 0.99
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

static void judge_limit(const struct flag_input *in, struct results *r)
{
	double current;
	char is[16], should[16];

	if (!in->limit_bytes || !measured(in, "memory_usage", "memory.current", &current))
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

static void judge_swap(const struct flag_input *in, struct results *r)
{
	double areas, used, size;

	if (measured(in, "swap_area", "areas", &areas) && areas > 1)
		results_flag(r, "SEVERAL_SWAPS", SEVERITY_WARNING,
			     "%.0f swap areas were on: pages may have gone to another than the "
			     "backend's (`swapon --show`)",
			     areas);
	if (in->limit_bytes && measured(in, "swap_area", "used", &used) &&
	    measured(in, "swap_area", "size", &size) && size > 0 && used >= size * SWAP_FULL_SHARE)
		results_flag(r, "SWAP_FULL", SEVERITY_FATAL,
			     "the swap area was full: give the backend more room");
	if (measured(in, "frontswap", "failed_stores", &used) && used > 0)
		results_flag(r, "FAILED_STORES", SEVERITY_WARNING,
			     "%.0f pages were refused by the page hook and went to the swap "
			     "device",
			     used);
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
	double faults, loads, async, stores;

	if (!measured(in, "fastswap", "loads", &loads) ||
	    !measured(in, "fastswap", "loads_async", &async) ||
	    !measured(in, "memory_stat", "pgmajfault", &faults))
		return;
	compare_loads(in, faults, loads + async, "the backend", r);
	if (measured(in, "fastswap", "failed_stores", &stores) && stores > 0)
		results_flag(r, "FAILED_STORES", SEVERITY_WARNING,
			     "%.0f stores failed; their pages were written again through the block "
			     "device",
			     stores);
	if (measured(in, "fastswap", "failed_loads", &loads) && loads > 0)
		results_flag(r, "FAILED_LOADS", SEVERITY_WARNING,
			     "%.0f loads failed; their pages were read again through the block "
			     "device",
			     loads);
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
	if (!measured(in, "fastswap", "loads", &loads) && measured(in, "vmstat", "pswpin", &loads))
		compare_loads(in, faults, loads, "the machine's swap", r);
}

/* Nothing is taken away, so nothing has to leave while pages come in. */
static void judge_stores(const struct flag_input *in, struct results *r)
{
	bool own = results_find(r, "all_major_faults");
	double faults, stores, async = 0;

	if (in->limit_bytes || !measured(in, "memory_stat", "pgmajfault", &faults) ||
	    (!measured(in, "fastswap", "stores", &stores) &&
	     !measured(in, "vmstat", "pswpout", &stores)))
		return;
	measured(in, "fastswap", "stores_async", &async);
	stores += async;
	if (stores > loads_slack(faults))
		results_flag(r, "STORES_WITHOUT_RECLAIM", own ? SEVERITY_FATAL : SEVERITY_WARNING,
			     "%.0f pages were stored although no limit asked for it: the machine "
			     "itself is short of memory, or another program swaps",
			     stores);
}

static void judge_oom(const struct flag_input *in, struct results *r)
{
	static const char *const phases[] = { "load",  "shrink",  "warmup",
					      "prime", "measure", "verify" };
	double kills;

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
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

void flags_judge(const struct flag_input *in, struct results *results)
{
	judge_limit(in, results);
	judge_swap(in, results);
	judge_loads(in, results);
	judge_own_count(in, results);
	judge_stores(in, results);
	judge_oom(in, results);
	judge_sampler(in, results);
	judge_machine(in, results);
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
