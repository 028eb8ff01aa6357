// SPDX-License-Identifier: GPL-2.0-or-later
/* What of the machine, and of the measuring itself, moves results. */
#include "harness/run/judge.h"

#include <string.h>

#define LATE_TOLERANCE 0.05 /* share of ticks that may come late */

void judge_sampler(const struct flag_input *in, struct results *r)
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

void judge_machine(const struct flag_input *in, struct results *r)
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
}

/* ksmd merges pages of the whole machine, and what of them is the job's it does not say. */
void judge_ksm(const struct flag_input *in, struct results *r)
{
	const char *run = facts_get(in->settings, "ksm");
	uint64_t most, frames = 0;
	double sharing, shared;

	if (!run || strcmp(run, "1") != 0 ||
	    store_run_max(in->store, in->run, in->job, "ksm", "pages_sharing", &most, NULL) != 0 ||
	    !most)
		return;
	store_run_max(in->store, in->run, in->job, "ksm", "pages_shared", &frames, NULL);
	sharing = (double)most;
	shared = (double)frames;
	results_flag(
		r, "KSM", SEVERITY_WARNING,
		"same-page merging ran: %.0f pages of this machine's shared %.0f frames (%.1f %% "
		"saved), cost no local memory of their own, and fault when they are written to "
		"(echo 2 > /sys/kernel/mm/ksm/run)",
		sharing + shared, shared, 100 * sharing / (sharing + shared));
}

/* A translated instruction takes another share of the time than the processor's own. */
void judge_emulation(const struct flag_input *in, struct results *r)
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
