// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/pace.h"

#include <string.h>

#include "base/clock.h"

/* The end of a warm-up is judged by its last third, and by no less than this. */
#define LATELY_SHARE  3
#define LATELY_NS     (2 * NSEC_PER_SEC)
#define LATELY_POINTS (STEADY_MIN_PARTS + 2)

/* Page-ins and CPU time say something of the job's pace where there is enough of them. */
#define MIN_PAGE_INS	 1000
#define MIN_CPU_US_PER_S 50000

void pace_reset(struct pace *p)
{
	steady_series_reset(&p->operations);
	steady_series_reset(&p->page_ins);
	steady_series_reset(&p->cpu);
}

static bool feed_sampled(struct steady_series *series, struct sampler *s, int job,
			 const char *collector, const char *key)
{
	uint64_t value, ns;

	if (sampler_latest(s, job, collector, key, &value, &ns) != 0)
		return false;
	steady_series_add(series, ns, value);
	return true;
}

void pace_feed(struct pace *p, struct sampler *s, int job, const struct progress *progress,
	       const struct backend_usage *usage)
{
	uint64_t as_of_ns;

	if (progress && atomic_load_explicit(&progress->slots, memory_order_relaxed)) {
		as_of_ns = atomic_load_explicit(&progress->as_of_ns, memory_order_acquire);
		p->operations.told = as_of_ns;
		steady_series_add(&p->operations, as_of_ns ? as_of_ns : clock_ns(),
				  progress_sum(progress));
	}
	feed_sampled(&p->cpu, s, job, "cgroup_cpu", "usage_usec");
	for (const struct backend_usage *u = usage; u && u->what; u++) {
		if (strcmp(u->what, USAGE_PAGE_INS) == 0 &&
		    feed_sampled(&p->page_ins, s, job, u->collector, u->key))
			break;
	}
}

struct judged {
	const char *what;
	const struct steady_series *series;
	struct steady steady;
};

static bool matters(const struct pace *p, const struct judged *j, uint64_t begin_ns,
		    uint64_t end_ns)
{
	double seconds = (double)(end_ns - begin_ns) / NSEC_PER_SEC;

	if (j->series == &p->page_ins)
		return j->steady.per_s * seconds >= MIN_PAGE_INS;
	return j->series != &p->cpu || j->steady.per_s >= MIN_CPU_US_PER_S;
}

/* The worst of what matters. */
static struct judged judge(const struct pace *p, uint64_t begin_ns, uint64_t end_ns)
{
	struct judged all[] = {
		{ .what = "operations per second", .series = &p->operations },
		{ .what = "far page-ins per second", .series = &p->page_ins },
		{ .what = "the group's CPU time per second", .series = &p->cpu },
	};
	size_t nr = p->operations.nr ? 1 : sizeof(all) / sizeof(all[0]);
	struct judged worst = { .what = NULL };

	for (size_t i = 0; i < nr; i++) {
		if (steady_judge(all[i].series, begin_ns, end_ns, &all[i].steady) == 0 &&
		    matters(p, &all[i], begin_ns, end_ns) &&
		    all[i].steady.verdict > worst.steady.verdict)
			worst = all[i];
	}
	return worst;
}

enum steady_verdict pace_lately(const struct pace *p, uint64_t go_ns, uint64_t now_ns)
{
	const struct steady_series *o = &p->operations;
	uint64_t lately_ns = (now_ns - go_ns) / LATELY_SHARE, begin_ns;
	enum steady_verdict verdict;

	if (lately_ns < LATELY_NS)
		lately_ns = LATELY_NS;
	begin_ns = now_ns - lately_ns;
	/* Operations that are told once a second need some seconds more. */
	if (o->nr >= LATELY_POINTS && o->points[o->nr - LATELY_POINTS].ns < begin_ns)
		begin_ns = o->points[o->nr - LATELY_POINTS].ns;
	verdict = begin_ns < go_ns ? STEADY_UNKNOWN : judge(p, begin_ns, now_ns).steady.verdict;
	return verdict == STEADY_UNKNOWN && o->nr ? STEADY_NOISY : verdict;
}

enum steady_verdict pace_judge(const struct pace *p, uint64_t begin_ns, uint64_t end_ns,
			       struct results *results)
{
	struct judged worst = judge(p, begin_ns, end_ns);
	char how[160];

	if (worst.steady.verdict == STEADY_NO) {
		steady_describe(&worst.steady, how, sizeof(how));
		results_flag(results, "NOT_STEADY", SEVERITY_WARNING,
			     "%s %s: the window's number is a mean of different states (a longer "
			     "--warmup, or a --duration that holds many of them)",
			     worst.what, how);
	}
	return worst.steady.verdict;
}
