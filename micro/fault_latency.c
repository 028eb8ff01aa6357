// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one fault costs: each touch is timed, and sorted by what the kernel's own count says it was:
 * a major fault (the page was read from far memory), a minor one (read-ahead had it in the swap
 * cache), or none.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "workloads/latency.h"
#include "micro/micro.h"
#include "micro/team.h"
#include "workloads/worker_host.h"

struct params {
	struct micro_common common;
	double paced_per_s;
};

static const struct opt opts[] = {
	MICRO_REGION_OPTS(struct params, "1G", "16M"), MICRO_WALK_OPTS(struct params, "random"),
	MICRO_SHARED_OPT(struct params),
	OPT_DOUBLE("paced", struct params, paced_per_s, "0", 0, 1e7,
		   "touches per second and thread, each timed from when it was due; 0: as fast as "
		   "they go"),
	OPT_END
};

static const struct metric metrics[] = {
	LATENCY_METRICS("major", "major fault"),
	LATENCY_METRICS("minor", "minor fault"),
	LATENCY_METRICS("none", "touch without a fault"),
	{ "clock_cost", "ns", BETTER_NEITHER, "two readings of the clock: part of each latency" },
	{ "late", "share", BETTER_NEITHER, "paced: touches that began after they were due" },
	TEAM_METRICS,
	{ .name = NULL },
};

static const char *const kinds[] = {
	[FAULT_MAJOR] = "major",
	[FAULT_MINOR] = "minor",
	[FAULT_NONE] = "none",
};

static int check(const void *params, char *const *argv, struct err *err)
{
	(void)argv;
	return micro_check(&((const struct params *)params)->common, err);
}

static void limit(const void *params, uint64_t *ret_local_bytes, bool *ret_lift)
{
	*ret_local_bytes = micro_limit(&((const struct params *)params)->common);
	*ret_lift = false;
}

static void loop(struct member *m)
{
	loop_time(&m->walk, &m->timing, &m->touched);
}

static void report(struct team *t, const struct window *w, const struct params *p,
		   struct worker *worker)
{
	uint64_t late = 0;

	for (size_t k = 0; k < NR_FAULT_KINDS; k++) {
		struct hist *all = t->members[0].timing.hist[k];

		for (unsigned int i = 1; i < t->nr; i++)
			hist_merge(all, t->members[i].timing.hist[k]);
		latency_report(worker, kinds[k], all);
	}
	for (unsigned int i = 0; i < t->nr; i++)
		late += t->members[i].timing.late;
	worker_result(worker, "clock_cost", t->ticks.cost_ns);
	if (p->paced_per_s > 0)
		worker_result(worker, "late", (double)late / (double)w->all_touched);
	if (t->ticks.why_not)
		worker_flag(worker, "SLOW_CLOCK", SEVERITY_NOTE,
			    "touches were timed with clock_gettime(): %s", t->ticks.why_not);
	if (t->members[0].timing.hist[FAULT_MAJOR]->count == 0)
		worker_flag(
			worker, "NO_MAJOR_FAULTS", SEVERITY_FATAL,
			"no touch was a major fault: read-ahead or a small region had all pages "
			"near (--page-cluster 0, -o pattern=random)");
	team_report(t, w, worker);
}

static int fault_latency_main(const void *arg, struct worker *worker)
{
	const struct params *p = arg;
	struct team t = { .common = &p->common, .loop = loop };
	struct window w;
	int rc = team_prime(&t, worker);

	for (unsigned int i = 0; i < t.running && p->paced_per_s > 0; i++)
		t.members[i].timing.interval_ns = (uint64_t)(1e9 / p->paced_per_s);
	if (!rc)
		rc = team_run(&t, worker, &w);
	if (!rc)
		report(&t, &w, p, worker);
	team_release(&t);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct workload micro_fault_latency = {
	.name = "fault_latency",
	.summary = "how long one touch of a far page takes, by kind of fault",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	.limit = limit,
	.main = fault_latency_main,
	WORKER_HOOKS,
};
