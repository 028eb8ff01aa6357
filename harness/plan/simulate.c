// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/simulate.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opt.h"
#include "base/stats.h"

struct task {
	size_t job;
	double fixed_s, work_s; /* left */
	double speed;		/* of the work */
	uint64_t bytes;
};

struct machine {
	struct task *tasks;
	size_t nr, room;
	double at_s;   /* until when its tasks are reckoned */
	double next_s; /* the first one's end; INFINITY: none */
	uint64_t least_bytes;
	unsigned int cores;
	size_t place; /* in the heap */
};

struct world {
	struct sim *sim;
	struct machine *machines;
	size_t *heap; /* machines, the next event first */
	struct policy_job *views;
	uint64_t *bytes;
	size_t room;
	size_t head, arrived; /* jobs [head, arrived) wait */
	double used;	      /* byte-seconds */
	uint64_t events;
};

static const struct sim_kind *kind_of(const struct world *w, size_t job)
{
	return &w->sim->kinds[w->sim->jobs[job].kind];
}

static uint64_t least_of(const struct sim *s, const struct sim_kind *k)
{
	double ratio = s->policy->whole ? 1 : s->policy->own ? k->ratio : k->least_ratio;

	return (uint64_t)(ratio * (double)k->peak_bytes);
}

/* --- the heap ---------------------------------------------------------------------------------- */

static bool before(const struct world *w, size_t a, size_t b)
{
	return w->machines[w->heap[a]].next_s < w->machines[w->heap[b]].next_s;
}

static void swap(struct world *w, size_t a, size_t b)
{
	size_t kept = w->heap[a];

	w->heap[a] = w->heap[b];
	w->heap[b] = kept;
	w->machines[w->heap[a]].place = a;
	w->machines[w->heap[b]].place = b;
}

/* A machine's next event changed. */
static void reorder(struct world *w, size_t at)
{
	size_t nr = w->sim->machines;

	for (; at && before(w, at, (at - 1) / 2); at = (at - 1) / 2)
		swap(w, at, (at - 1) / 2);
	for (;;) {
		size_t first = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < nr; child++)
			first = before(w, child, first) ? child : first;
		if (first == at)
			return;
		swap(w, at, first);
		at = first;
	}
}

/* --- one machine ------------------------------------------------------------------------------- */

/* Up to now at the speeds that were. */
static void reckon(struct world *w, struct machine *m, double now_s)
{
	double passed = now_s - m->at_s;

	for (size_t i = 0; i < m->nr && passed > 0; i++) {
		struct task *t = &m->tasks[i];
		double fixed = fmin(t->fixed_s, passed);

		t->fixed_s -= fixed;
		t->work_s -= (passed - fixed) * t->speed;
		w->used += (double)t->bytes * passed;
	}
	m->at_s = now_s;
}

/* Tasks that claim no cores share what the others leave. */
static double core_share(const struct world *w, const struct machine *m)
{
	unsigned int claimed = 0, sharing = 0;

	for (size_t i = 0; i < m->nr; i++) {
		unsigned int cores = kind_of(w, m->tasks[i].job)->cores;

		claimed += cores;
		sharing += !cores;
	}
	if (!w->sim->cores || !sharing || claimed + sharing <= w->sim->cores)
		return 1;
	return (double)(w->sim->cores > claimed ? w->sim->cores - claimed : 1) / sharing;
}

static void make_room(struct world *w, size_t nr)
{
	if (nr <= w->room)
		return;
	w->room = 2 * nr;
	w->views = xreallocarray(w->views, w->room, sizeof(*w->views));
	w->bytes = xreallocarray(w->bytes, w->room, sizeof(*w->bytes));
}

/* Who may have how much from now on, how fast that is, and who ends first. */
static int decide(struct world *w, struct machine *m, struct err *err)
{
	struct policy_view v = { .t_s = m->at_s, .local_bytes = w->sim->local_bytes, .nr = m->nr };
	double share = core_share(w, m);
	int rc;

	make_room(w, m->nr);
	for (size_t i = 0; i < m->nr; i++) {
		const struct sim_kind *k = kind_of(w, m->tasks[i].job);

		w->views[i] = (struct policy_job){ .name = k->name,
						   .peak_bytes = k->peak_bytes,
						   .least_bytes = least_of(w->sim, k),
						   .ratio = k->ratio,
						   .limit_bytes = m->tasks[i].bytes,
						   .pressure = NAN,
						   .profile = k->profile };
	}
	v.jobs = w->views;
	rc = m->nr ? w->sim->policy->decide(NULL, w->sim->options, &v, w->bytes, err) : 0;
	if (rc)
		return rc;
	policy_fit(&v, w->bytes);
	m->next_s = INFINITY;
	for (size_t i = 0; i < m->nr; i++) {
		const struct sim_kind *k = kind_of(w, m->tasks[i].job);
		struct task *t = &m->tasks[i];

		t->bytes = w->bytes[i] == POLICY_UNLIMITED ? k->peak_bytes : w->bytes[i];
		t->speed = share /
			   policy_slowdown(k->profile, (double)t->bytes / (double)k->peak_bytes);
		m->next_s = fmin(m->next_s, m->at_s + t->fixed_s + fmax(t->work_s, 0) / t->speed);
	}
	reorder(w, m->place);
	return 0;
}

static bool fits(const struct world *w, const struct machine *m, const struct sim_kind *k)
{
	return m->least_bytes + least_of(w->sim, k) <= w->sim->local_bytes &&
	       (!k->cores || !w->sim->cores || m->cores + k->cores <= w->sim->cores);
}

static int start(struct world *w, struct machine *m, size_t job, double now_s, struct err *err)
{
	const struct sim_kind *k = kind_of(w, job);

	reckon(w, m, now_s);
	if (m->nr == m->room) {
		m->room = 2 * m->room + 4;
		m->tasks = xreallocarray(m->tasks, m->room, sizeof(*m->tasks));
	}
	m->tasks[m->nr++] =
		(struct task){ .job = job, .fixed_s = k->fixed_s, .work_s = k->work_s, .speed = 1 };
	m->least_bytes += least_of(w->sim, k);
	m->cores += k->cores;
	w->sim->jobs[job].start_s = now_s;
	return decide(w, m, err);
}

/* All that have ended by now. */
static int end(struct world *w, struct machine *m, double now_s, struct err *err)
{
	reckon(w, m, now_s);
	for (size_t i = 0; i < m->nr;) {
		struct task *t = &m->tasks[i];

		if (t->fixed_s > 1e-9 || t->work_s > 1e-9 * (1 + kind_of(w, t->job)->work_s)) {
			i++;
			continue;
		}
		w->sim->jobs[t->job].end_s = now_s;
		m->least_bytes -= least_of(w->sim, kind_of(w, t->job));
		m->cores -= kind_of(w, t->job)->cores;
		*t = m->tasks[--m->nr];
	}
	return decide(w, m, err);
}

/* --- all of them ------------------------------------------------------------------------------- */

static struct machine *emptiest(struct world *w, const struct sim_kind *k)
{
	struct machine *best = NULL;

	for (size_t i = 0; i < w->sim->machines; i++) {
		struct machine *m = &w->machines[i];

		if ((!best || m->nr < best->nr) && fits(w, m, k))
			best = m;
		if (best && !best->nr)
			break;
	}
	return best;
}

/* In the order of arrival: where the first does not fit, only a machine that lost a job can change that. */
static int dispatch(struct world *w, struct machine *freed, double now_s, struct err *err)
{
	int rc = 0;

	while (!rc && w->head < w->arrived) {
		const struct sim_kind *k = kind_of(w, w->head);
		struct machine *m = !freed ? emptiest(w, k) : fits(w, freed, k) ? freed : NULL;

		if (!m)
			break;
		rc = start(w, m, w->head++, now_s, err);
	}
	return rc;
}

static int run(struct world *w, struct err *err)
{
	struct sim *s = w->sim;
	int rc = 0;

	while (!rc && (w->arrived < s->nr_jobs || !isinf(w->machines[w->heap[0]].next_s))) {
		struct machine *first = &w->machines[w->heap[0]];
		double arrival = w->arrived < s->nr_jobs ? s->jobs[w->arrived].arrival_s : INFINITY;
		bool blocked = w->head < w->arrived;

		w->events++;
		if (arrival <= first->next_s) {
			w->arrived++;
			rc = blocked ? 0 : dispatch(w, NULL, arrival, err);
			continue;
		}
		arrival = first->next_s;
		rc = end(w, first, arrival, err);
		if (!rc)
			rc = dispatch(w, first, arrival, err);
	}
	return rc;
}

int simulate_check(const struct policy *p, struct err *err)
{
	if (!p->again)
		return 0;
	return err_usage(
		err,
		"policy %s answers by what happens on a machine, which a simulation does not have: "
		"choose another",
		p->name);
}

static int check(const struct sim *s, struct err *err)
{
	char least[16], local[16];

	for (size_t i = 0; i < s->nr_jobs; i++) {
		const struct sim_kind *k = &s->kinds[s->jobs[i].kind];

		if (least_of(s, k) <= s->local_bytes && (!s->cores || k->cores <= s->cores))
			continue;
		format_size(least, sizeof(least), least_of(s, k));
		format_size(local, sizeof(local), s->local_bytes);
		return err_usage(
			err,
			"job %s needs %s and %u cores under policy %s, and a machine has %s and "
			"%u: it would wait for ever",
			k->name, least, k->cores, s->policy->name, local, s->cores);
	}
	return 0;
}

static void sum_up(const struct world *w, struct sim_yield *y)
{
	const struct sim *s = w->sim;
	double *slowdowns = xcalloc(s->nr_jobs, sizeof(*slowdowns)), sum = 0;

	*y = (struct sim_yield){ .events = w->events };
	for (size_t i = 0; i < s->nr_jobs; i++) {
		const struct sim_job *j = &s->jobs[i];
		const struct sim_kind *k = &s->kinds[j->kind];

		y->makespan_s = fmax(y->makespan_s, j->end_s);
		y->mean_queueing_s += (j->start_s - j->arrival_s) / (double)s->nr_jobs;
		slowdowns[i] = (j->end_s - j->start_s) / (k->fixed_s + k->work_s);
		sum += slowdowns[i];
	}
	y->jobs_per_h = (double)s->nr_jobs / y->makespan_s * 3600;
	y->mean_slowdown = sum / (double)s->nr_jobs;
	y->p99_slowdown = stats_quantile(slowdowns, s->nr_jobs, 0.99);
	y->local_share = w->used / y->makespan_s / (double)s->machines / (double)s->local_bytes;
	free(slowdowns);
}

int simulate(struct sim *s, struct sim_yield *ret, struct err *err)
{
	struct world w = { .sim = s };
	int rc = check(s, err);

	if (rc)
		return rc;
	w.machines = xcalloc(s->machines, sizeof(*w.machines));
	w.heap = xcalloc(s->machines, sizeof(*w.heap));
	for (size_t i = 0; i < s->machines; i++) {
		w.heap[i] = i;
		w.machines[i] = (struct machine){ .next_s = INFINITY, .place = i };
	}
	rc = run(&w, err);
	if (!rc)
		sum_up(&w, ret);
	for (size_t i = 0; i < s->machines; i++)
		free(w.machines[i].tasks);
	free(w.machines);
	free(w.heap);
	free(w.views);
	free(w.bytes);
	return rc;
}
