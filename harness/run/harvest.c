// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/harvest.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/kmsg.h"
#include "base/paging.h"
#include "harness/run/corun.h"
#include "harness/run/evidence.h"
#include "harness/run/flags.h"
#include "harness/run/phase.h"

/* How far readings may have stayed below the kernel's own peak. */
#define PEAK_TOLERANCE 0.05

void harvest_oom(struct run *r, struct err *err)
{
	for_each_job (j, r) {
		uint64_t kills, at;

		if (sampler_latest(r->sampler, j->number, "memory_events", "oom_kill", &kills,
				   &at) == 0 &&
		    kills > 0)
			err_prefix(
				err,
				"out of memory: the kernel killed %llu process(es) of the group, "
				"whose limit the swap area could not relieve in time (more room, "
				"or a higher ratio, helps)",
				(unsigned long long)kills);
	}
}

int harvest_missing(struct run *r, struct err *err)
{
	struct facts facts;
	int rc;

	facts_init(&facts);
	sampler_missing(r->sampler, &facts);
	if (r->jobs[0].reclaimer_counters.why[0])
		facts_set(&facts, "missing.reclaimer", "reclaimed: %s",
			  r->jobs[0].reclaimer_counters.why);
	if (r->jobs[0].far.paging)
		r->jobs[0].far.paging->facts(r->jobs[0].far.paging->state, &facts);
	rc = store_run_facts(r->session->store, r->outcome->id, &facts, err);
	facts_release(&facts);
	return rc;
}

/* The highest of the run's own readings and of the samples, which phases' ends are among. */
static uint64_t highest(const struct run *r, const struct job *j, uint64_t seen,
			const char *collector, const char *key, const char *other_key)
{
	struct store *s = r->session->store;
	uint64_t sampled = 0;

	if (other_key)
		store_run_max_sum(s, r->outcome->id, j->number, collector, key, other_key, &sampled,
				  NULL);
	else
		store_run_max(s, r->outcome->id, j->number, collector, key, &sampled, NULL);
	return sampled > seen ? sampled : seen;
}

/*
 * The peak is that of far-able memory. Where no reading came near the kernel's own peak (a program of
 * milliseconds), that one stands in: it may hold page cache, and the run is flagged.
 */
static void state_peak(struct run *r, struct job *j)
{
	unsigned int hz = (unsigned int)r->spec->settings->sample_hz;
	char name[96];

	if (!j->has_group || j->limit_bytes || j->spec->turn)
		return;
	j->peak_bytes = highest(r, j, j->seen.far_able_bytes, "memory_stat", "anon", "shmem");
	j->peak_seen = (double)highest(r, j, j->seen.peak_bytes, "memory_usage", "memory.current",
				       NULL) >= (1 - PEAK_TOLERANCE) * (double)j->memory_peak_bytes;
	if (j->peak_seen)
		facts_set(&r->settings, "peak_source", "samples at %u Hz",
			  hz > TICK_HZ ? hz : TICK_HZ);
	else
		facts_set(&r->settings, "peak_source", "the kernel's own, page cache and all");
	if (!j->peak_seen)
		j->peak_bytes = j->memory_peak_bytes;
	snprintf(name, sizeof(name), "%.64s%smemory_peak_bytes",
		 r->spec->nr_jobs > 1 ? j->spec->name : "", r->spec->nr_jobs > 1 ? "." : "");
	if (j->memory_peak_bytes)
		facts_set(&r->settings, name, "%llu", (unsigned long long)j->memory_peak_bytes);
}

/* What its ratio moves away of its peak. */
static uint64_t far_by_ratio(const struct job *j)
{
	if (j->spec->workload->limit || !j->limit_bytes || j->spec->peak_bytes < j->limit_bytes)
		return 0;
	return j->spec->peak_bytes - j->limit_bytes;
}

static struct flag_input evidence(const struct run *r, const struct job *j)
{
	/* Nobody takes a ratio of a micro-benchmark's peak. */
	bool has_peak =
		!j->limit_bytes && !j->spec->turn && j->spec->workload->shape != WORKLOAD_LOOP;

	return (struct flag_input){
		.store = r->session->store,
		.run = r->outcome->id,
		.job = j->number,
		.nr_jobs = (int)r->spec->nr_jobs,
		.limit_bytes = j->lift ? 0 : j->limit_bytes,
		.target_bytes = j->limit_bytes,
		.moves = j->spec->turn != NULL,
		.far_bytes = far_by_ratio(j),
		.peak_bytes = has_peak ? j->peak_bytes : 0,
		.memory_peak_bytes = has_peak ? j->memory_peak_bytes : 0,
		.peak_seen = j->peak_seen,
		.window_us = (double)(r->measure_end_ns - r->measure_begin_ns) / 1e3,
		.own_cpu_us = (double)r->own_cpu_ns / 1e3,
		.nr_cpus = (unsigned int)CPU_COUNT(&r->cpus),
		.client_threads = j->ctx.client_threads,
		.wants_zswap = r->spec->backend->caps & CAP_ZSWAP,
		.whole_machine = r->spec->backend->caps & CAP_ANY_AREA,
		.tiered = r->spec->backend->caps & CAP_TIER,
		.reliefs = j->reliefs,
		.seen = j->seen,
		.has_group = j->has_group,
		.cgroup_version = j->groups.machine.memory_version,
		.fills_limit = j->spec->workload->shape == WORKLOAD_SERVICE,
		.placement = &j->placement,
		.settings = &r->settings,
		.usage = r->spec->backend->usage,
		.lab = r->session->lab,
		.sampler = &r->sampler_stats,
		.hz = (unsigned int)r->spec->settings->sample_hz,
	};
}

/* Was the window steady, and how did the warm-up end? A LOOP has a window of its own in the phase. */
static void judge_pace(struct run *r, struct job *j)
{
	const struct result *warmup = results_find(&j->results, "warmup");
	const struct result *window = results_find(&j->results, "window");
	uint64_t begin_ns = r->measure_begin_ns, end_ns = r->measure_end_ns;
	enum workload_shape shape = j->spec->workload->shape;
	enum steady_verdict verdict;

	if (shape == WORKLOAD_BATCH || (shape == WORKLOAD_LOOP && !j->pace.operations.nr))
		return;
	if (warmup && window) {
		begin_ns += (uint64_t)(warmup->value * NSEC_PER_SEC);
		end_ns = begin_ns + (uint64_t)(window->value * NSEC_PER_SEC);
	}
	verdict = pace_judge(&j->pace, begin_ns, end_ns, &j->results);
	if (shape == WORKLOAD_LOOP)
		return;
	results_add(&j->results, "warmup", "s", BETTER_NEITHER,
		    (double)r->warmup_ns / NSEC_PER_SEC);
	if (r->warmed > STEADY_YES && verdict != STEADY_YES)
		results_flag(&j->results, "NO_PLATEAU", SEVERITY_WARNING,
			     "rates did not hold still in %.1f s of warm-up: give --warmup a "
			     "longer time",
			     (double)r->warmup_ns / NSEC_PER_SEC);
}

int harvest(struct run *r, int rc, struct err *err)
{
	for_each_job (j, r) {
		struct flag_input input;

		if (!rc)
			rc = j->spec->workload->parse(
				&j->ctx, j->begin_ns ? j->begin_ns : r->measure_begin_ns,
				j->end_ns ? j->end_ns : r->measure_end_ns, &j->results, err);
		if (!rc && !j->spec->turn) /* what a moving limit does to its pace is no flaw */
			judge_pace(r, j);
		state_peak(r, j);
		if (!rc)
			rc = store_job_limits(r->session->store, r->outcome->id, j->number,
					      j->peak_bytes, j->limit_bytes, err);
		if (!rc)
			rc = store_run_facts(r->session->store, r->outcome->id, &r->settings, err);
		input = evidence(r, j);
		if (r->sampler_stats.ticks)
			flags_judge(&input, &j->results);
	}
	if (!rc && r->spec->corun)
		rc = corun_harvest(r, err);
	r->outcome->peak_bytes = r->jobs[0].peak_bytes;
	if (!rc)
		r->outcome->measure_s =
			(double)(r->measure_end_ns - r->measure_begin_ns) / NSEC_PER_SEC;
	kmsg_judge(r->kmsg_fd, &r->results);
	return rc;
}
