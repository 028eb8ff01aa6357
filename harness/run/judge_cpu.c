// SPDX-License-Identifier: GPL-2.0-or-later
/* Who had the run's CPUs, and how fast were they? */
#include "harness/run/judge.h"

#include <string.h>

#define OTHERS_SHARE	0.05 /* of the CPUs' time may be others' … */
#define OTHERS_SLACK_US 1e5 /* … and in a short window ticks of 4 to 10 ms are too coarse to tell */
#define THROTTLED_SHARE 0.01

/* What the run's own programs used. False: it was not counted. */
static bool own_cpu(const struct flag_input *in, double *ret_us)
{
	struct flag_input job = *in;
	double us;

	*ret_us = in->own_cpu_us;
	for (job.job = 1; job.job <= in->nr_jobs; job.job++) {
		if (!seen_measured(&job, "cgroup_cpu", "usage_usec", &us))
			return false;
		*ret_us += us;
		if (seen_measured(&job, "cgroup_cpu", "client_usage_usec", &us))
			*ret_us += us;
	}
	return true;
}

/*
 * Tasks that are not the run's, on CPUs that its programs may use, and the hypervisor. Interrupts are
 * left out: whose they are is not known.
 */
void judge_cpu_contended(const struct flag_input *in, struct results *r)
{
	double all = in->window_us * in->nr_cpus, busy, own, stolen = 0, others;

	if (in->job != 1 || !seen_measured(in, "cpu", "run_cpus_busy", &busy) || !own_cpu(in, &own))
		return;
	seen_measured(in, "cpu", "run_cpus_steal", &stolen);
	others = busy > own ? busy - own : 0;
	if (others + stolen > OTHERS_SHARE * all + OTHERS_SLACK_US)
		results_flag(
			r, "CPU_CONTENDED", SEVERITY_WARNING,
			"others ran on the run's CPUs for %.1f %% of the time (%.1f of %.1f s on "
			"%u CPUs), and the hypervisor took %.1f %%: quiet the machine (`top`), "
			"or give the run other CPUs (--cpus, --client-cpus)",
			100 * others / all, others / 1e6, all / 1e6, in->nr_cpus,
			100 * stolen / all);
}

/* By a quota of the job's group, or by heat. */
void judge_throttled(const struct flag_input *in, struct results *r)
{
	double us, times = 0, core = 0, package = 0;
	double all = in->window_us * CPU_COUNT(&in->placement->workload);

	seen_measured(in, "cgroup_cpu", "nr_throttled", &times);
	if (seen_measured(in, "cgroup_cpu", "throttled_usec", &us) && us > THROTTLED_SHARE * all)
		results_flag(
			r, "THROTTLED", SEVERITY_WARNING,
			"the group's CPU quota stopped it %.0f times, for %.1f %% of the time: "
			"take the quota away (cpu.max, cpu.cfs_quota_us)",
			times, 100 * us / all);
	seen_measured(in, "thermal", "core_throttle_count", &core);
	seen_measured(in, "thermal", "package_throttle_count", &package);
	if (core + package > 0)
		results_flag(
			r, "THROTTLED", SEVERITY_WARNING,
			"the processor was too hot and slowed down (%.0f times a core, %.0f "
			"times the package; for how many %% of the time is not known): cool it, "
			"or use fewer cores",
			core, package);
}

static bool fact_is(const struct flag_input *in, const char *name, const char *value)
{
	const char *fact = facts_get(in->settings, name);

	return fact && strcmp(fact, value) == 0;
}

/* Under a hypervisor there is no governor to be seen, and nothing is said. */
void judge_governor(const struct flag_input *in, struct results *r)
{
	const char *governor = facts_get(in->settings, "governor");

	if (governor && strcmp(governor, "performance") != 0)
		results_flag(
			r, "GOVERNOR", SEVERITY_WARNING,
			"the governor %s moves the processor's frequency with its load (cpupower "
			"frequency-set -g performance)",
			governor);
	else if (fact_is(in, "no_turbo", "0") || fact_is(in, "boost", "1"))
		results_flag(r, "GOVERNOR", SEVERITY_NOTE,
			     "turbo is on: the processor's frequency moves with its heat and the "
			     "number of busy cores (echo 1 > "
			     "/sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > "
			     "/sys/devices/system/cpu/cpufreq/boost)");
}

void judge_placement(const struct flag_input *in, struct results *r)
{
	if (in->placement->reclaim_shared)
		results_flag(r, "RECLAIM_CPU_SHARED", SEVERITY_WARNING,
			     "the workload may run on the reclaim CPU %d",
			     in->placement->reclaim_cpu);
	if (in->placement->shared[0])
		results_flag(r, "SHARED_CORES", SEVERITY_WARNING, "too few cores: %s share one",
			     in->placement->shared);
	if (in->placement->siblings[0])
		results_flag(r, "SMT_SIBLING", SEVERITY_WARNING,
			     "%s are hardware threads of one core and slow each other down: choose "
			     "CPUs of different cores (`lscpu -e`)",
			     in->placement->siblings);
}
