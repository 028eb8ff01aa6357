// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/simulate.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opt.h"
#include "base/stats.h"

enum part { LOAD, WORK, DONE };

struct task {
	size_t job;
	enum part part;
	double left;  /* of the part, from 1 on */
	double speed; /* of the part, a second */
	uint64_t bytes;
};

/* How long a part takes with all the cores that it wants, and how many these are. */
struct pace {
	double s, cores;
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
	struct pace *paces;
	double *cores; /* what each gets */
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

/* --- paces ------------------------------------------------------------------------------------- */

static struct pace point_pace(const struct life_point *p, enum part part)
{
	return part == LOAD ? (struct pace){ p->load_s, p->load_cpu_s }
			    : (struct pace){ p->work_s, p->work_cpu_s };
}

/* Between two points on a straight line, as below the first: its slope goes on. In seconds, both. */
static struct pace life_at(const struct life *l, enum part part, double ratio)
{
	size_t i = 1;
	struct pace a, b;
	double share;

	if (l->nr < 2 || ratio >= l->points[l->nr - 1].ratio)
		return point_pace(&l->points[l->nr - 1], part);
	while (ratio > l->points[i].ratio)
		i++;
	a = point_pace(&l->points[i - 1], part);
	b = point_pace(&l->points[i], part);
	share = (ratio - l->points[i - 1].ratio) / (l->points[i].ratio - l->points[i - 1].ratio);
	return (struct pace){ fmax(a.s + (b.s - a.s) * share, 0),
			      fmax(a.cores + (b.cores - a.cores) * share, 0) };
}

static struct pace pace_of(const struct sim_kind *k, enum part part, double ratio)
{
	struct pace p = life_at(k->life, part, ratio);

	p.cores = p.s > 0 ? p.cores / p.s : 0;
	if (part == WORK && k->window_s > 0)
		p.s = k->window_s;
	return p;
}

/* The first part from this one on that takes any time. */
static enum part next_part(const struct sim_kind *k, enum part part)
{
	while (part < DONE && !(pace_of(k, part, 1).s > 0))
		part++;
	return part;
}

/* What k takes with all memory and alone. */
static double alone_s(const struct sim_kind *k)
{
	return pace_of(k, LOAD, 1).s + pace_of(k, WORK, 1).s;
}

/* --- one machine ------------------------------------------------------------------------------- */

/* Up to now at the speeds that were. */
static void reckon(struct world *w, struct machine *m, double now_s)
{
	double passed = now_s - m->at_s;

	for (size_t i = 0; i < m->nr && passed > 0; i++) {
		m->tasks[i].left -= passed * m->tasks[i].speed;
		w->used += (double)m->tasks[i].bytes * passed;
	}
	m->at_s = now_s;
}

static void make_room(struct world *w, size_t nr)
{
	if (nr <= w->room)
		return;
	w->room = 2 * nr;
	w->views = xreallocarray(w->views, w->room, sizeof(*w->views));
	w->bytes = xreallocarray(w->bytes, w->room, sizeof(*w->bytes));
	w->paces = xreallocarray(w->paces, w->room, sizeof(*w->paces));
	w->cores = xreallocarray(w->cores, w->room, sizeof(*w->cores));
}

/* A service waits until another one is filled. */
static bool waits(const struct world *w, const struct machine *m, size_t i)
{
	if (!(kind_of(w, m->tasks[i].job)->window_s > 0) || m->tasks[i].part != LOAD)
		return false;
	for (size_t k = 0; k < i; k++) {
		if (kind_of(w, m->tasks[k].job)->window_s > 0 && m->tasks[k].part == LOAD)
			return true;
	}
	return false;
}

/* Among jobs without a claim: who wants no more than its share gets that, and leaves the rest to the others. */
static void share_cores(struct world *w, const struct machine *m, double cores)
{
	bool settled;
	size_t nr = 0;

	for (size_t i = 0; i < m->nr; i++) {
		if (!kind_of(w, m->tasks[i].job)->cores) {
			w->cores[i] = -1;
			nr++;
		}
	}
	do {
		double share = nr ? cores / (double)nr : 0;

		settled = false;
		for (size_t i = 0; i < m->nr; i++) {
			const struct pace *p = &w->paces[i];

			if (w->cores[i] >= 0 || p->cores > share)
				continue;
			w->cores[i] = p->cores;
			cores -= p->cores;
			nr--;
			settled = true;
		}
	} while (settled);
	for (size_t i = 0; i < m->nr; i++) {
		if (w->cores[i] < 0)
			w->cores[i] = cores / (double)nr;
	}
}

/* Those with a claim first, which admission has cores for. */
static void give_cores(struct world *w, const struct machine *m)
{
	double cores = w->sim->cores, claimed = 0;

	for (size_t i = 0; i < m->nr; i++) {
		const struct sim_kind *k = kind_of(w, m->tasks[i].job);

		w->cores[i] = w->paces[i].cores;
		if (k->cores && w->cores[i] > k->cores)
			w->cores[i] = k->cores;
		claimed += k->cores;
	}
	if (cores > 0)
		share_cores(w, m, cores > claimed ? cores - claimed : 1);
}

/* A service's window ends in time however little gets done in it. */
static double speed_of(const struct world *w, const struct machine *m, size_t i)
{
	const struct task *t = &m->tasks[i];
	const struct pace *p = &w->paces[i];
	bool window = t->part == WORK && kind_of(w, t->job)->window_s > 0;

	if (waits(w, m, i))
		return 0;
	return (window || !(p->cores > 0) ? 1 : w->cores[i] / p->cores) / fmax(p->s, 1e-9);
}

/* Who may have how much from now on, how fast that is, and whose part ends first. */
static int decide(struct world *w, struct machine *m, struct err *err)
{
	struct policy_view v = { .t_s = m->at_s, .local_bytes = w->sim->local_bytes, .nr = m->nr };
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
	for (size_t i = 0; i < m->nr; i++) {
		const struct sim_kind *k = kind_of(w, m->tasks[i].job);
		struct task *t = &m->tasks[i];

		t->bytes = w->bytes[i] == POLICY_UNLIMITED ? k->peak_bytes : w->bytes[i];
		w->paces[i] = pace_of(k, t->part, (double)t->bytes / (double)k->peak_bytes);
		if (waits(w, m, i))
			w->paces[i].cores = 0;
	}
	give_cores(w, m);
	m->next_s = INFINITY;
	for (size_t i = 0; i < m->nr; i++) {
		struct task *t = &m->tasks[i];

		t->speed = speed_of(w, m, i);
		if (t->speed > 0)
			m->next_s = fmin(m->next_s, m->at_s + fmax(t->left, 0) / t->speed);
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
	m->tasks[m->nr++] = (struct task){ .job = job, .part = next_part(k, LOAD), .left = 1 };
	m->least_bytes += least_of(w->sim, k);
	m->cores += k->cores;
	w->sim->jobs[job].start_s = now_s;
	return decide(w, m, err);
}

/* The parts that have ended by now, and the jobs whose last they were. */
static int end(struct world *w, struct machine *m, double now_s, struct err *err)
{
	reckon(w, m, now_s);
	for (size_t i = 0; i < m->nr;) {
		struct task *t = &m->tasks[i];
		const struct sim_kind *k = kind_of(w, t->job);

		if (t->left > 1e-9) {
			i++;
			continue;
		}
		t->part = next_part(k, t->part + 1);
		t->left = 1;
		if (t->part != DONE)
			continue;
		w->sim->jobs[t->job].end_s = now_s;
		m->least_bytes -= least_of(w->sim, k);
		m->cores -= k->cores;
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
		slowdowns[i] = (j->end_s - j->start_s) / alone_s(k);
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
	free(w.paces);
	free(w.cores);
	return rc;
}
