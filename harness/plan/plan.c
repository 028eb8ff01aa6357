// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/plan.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "harness/run/identity.h"
#include "harness/run/machine.h"
#include "harness/run/sets.h"
#include "harness/run/version.h"
#include "results/text_table.h"

/* What was asked for, where it says how long a run takes. 0: it does not. */
static double asked_s(const struct run_spec *spec)
{
	const struct workload *w = spec->jobs[0].workload;
	/* A micro-benchmark has a window of its own. */
	const struct opt *o = opt_find(w->opts, "duration");
	uint64_t ns = 0;

	if (o && o->type == OPT_T_DURATION)
		memcpy(&ns, (const char *)spec->jobs[0].params + o->offset, sizeof(ns));
	else if (w->shape == WORKLOAD_SERVICE)
		ns = spec->settings->duration_ns +
		     (spec->settings->warmup_ns == WARMUP_AUTO ? 0 : spec->settings->warmup_ns);
	return (double)ns / NSEC_PER_SEC;
}

static int fill_cell(const struct matrix *m, struct cell *cell, struct store *store,
		     struct err *err)
{
	struct job_spec job;
	struct run_spec spec = matrix_spec(m, cell, &job);
	struct run_identity id;
	double rest_s = 0;
	int rc = -ENODATA;

	cell->expected_s = asked_s(&spec);
	cell->at_least = cell->expected_s > 0;
	if (!store)
		return 0;
	run_identity_init(&id, &spec);
	if (m->resume)
		rc = store_find_made(store, &id.record, &cell->run, &cell->peak_bytes, err);
	if (rc == -ENODATA)
		rc = store_expect(store, &id.record, &cell->expected_s, err);
	if (rc == -ENODATA && cell->at_least)
		rc = store_expect_rest(store, &id.record, &rest_s, err);
	cell->at_least &= rc != 0;
	cell->expected_s += rest_s;
	run_identity_release(&id);
	return rc == -ENODATA ? 0 : rc;
}

static bool same_workload(const struct cell *a, const struct cell *b)
{
	return a->workload == b->workload && a->workload_params == b->workload_params &&
	       a->argv == b->argv;
}

static void share_peak(struct matrix *m, const struct cell *from, uint64_t peak_bytes)
{
	for (size_t i = 0; i < m->nr_cells && peak_bytes; i++) {
		if (same_workload(&m->cells[i], from))
			m->cells[i].peak_bytes = peak_bytes;
	}
}

static bool needs_peak(const struct matrix *m, const struct cell *cell)
{
	return cell->ratio < 1 && !cell->workload->limit && !m->peak_bytes && !cell->peak_bytes &&
	       !cell->run && !cell->missing;
}

/* The machine's settings as a run with these finds them. */
static int settings_then(const struct run_settings *settings, struct facts *ret, struct err *err)
{
	struct sets sets;
	int rc = sets_of(settings, &sets, err);

	if (rc)
		return rc;
	machine_settings(ret);
	for (size_t i = 0; i < sets.nr; i++)
		machine_setting_becomes(ret, sets.rows[i].path, sets.rows[i].value);
	sets_release(&sets);
	return 0;
}

static void tell_peak(const struct cell *cell, const struct store_baseline *baseline)
{
	char size[HUMAN_SIZE], age[HUMAN_SIZE];

	log_info("the peak of %s is %s by run %lld, %s ago (--recalibrate measures it anew)",
		 cell->workload->name, human_bytes(size, (double)baseline->peak_bytes),
		 (long long)baseline->run, human_age(age, baseline->age_s));
}

/* The peak that the cell's baseline has, found by an earlier command on this machine. */
static int fill_known_peak(const struct matrix *m, struct cell *cell, struct store *store,
			   int64_t machine, struct err *err)
{
	struct job_spec job;
	struct run_spec spec = matrix_spec(m, cell, &job);
	struct store_baseline baseline;
	struct run_identity id;
	struct facts facts;
	int rc;

	facts_init(&facts);
	run_identity_init(&id, &spec);
	id.record.version = fmbench_version;
	rc = settings_then(spec.settings, &facts, err);
	if (job.workload->versions)
		job.workload->versions(job.argv, &facts);
	if (!rc)
		rc = store_find_peak(store, machine, &id.record, &facts, &baseline, err);
	run_identity_release(&id);
	facts_release(&facts);
	if (rc)
		return rc == -ENODATA ? 0 : rc;
	cell->peak_bytes = baseline.peak_bytes;
	tell_peak(cell, &baseline);
	return 0;
}

/* A cell before this one whose answer is this one's, too: what is far does not matter at ratio 1. */
static const struct cell *asked_before(const struct matrix *m, const struct cell *cell)
{
	for (const struct cell *c = m->cells; c < cell; c++) {
		if (same_workload(c, cell) && c->settings == cell->settings && c->ratio < 1 &&
		    !c->run && !c->missing)
			return c;
	}
	return NULL;
}

static int fill_known_peaks(struct matrix *m, struct store *store, struct err *err)
{
	struct facts facts;
	int64_t machine;
	int rc;

	facts_init(&facts);
	machine_facts(&facts);
	rc = store_find_machine(store, &facts, &machine, err);
	facts_release(&facts);
	if (rc)
		return rc == -ENODATA ? 0 : rc; /* none, of a machine that is new */
	for (size_t i = 0; i < m->nr_cells && !rc; i++) {
		struct cell *cell = &m->cells[i];
		const struct cell *same = asked_before(m, cell);

		if (!needs_peak(m, cell))
			continue;
		if (same)
			cell->peak_bytes = same->peak_bytes;
		else
			rc = fill_known_peak(m, cell, store, machine, err);
	}
	return rc;
}

int plan_fill(struct matrix *m, struct store *store, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < m->nr_cells && !rc; i++)
		rc = fill_cell(m, &m->cells[i], store, err);
	for (size_t i = 0; i < m->nr_cells && !rc; i++) {
		const struct cell *cell = &m->cells[i];

		if (cell->run && cell->ratio == 1)
			share_peak(m, cell, cell->peak_bytes);
	}
	if (!rc && store && !m->recalibrate)
		rc = fill_known_peaks(m, store, err);
	return rc;
}

/* The first cell from `from` on, of round `repeat` (0: of any), that finds the peak of `like`. */
static size_t find_finder(const struct matrix *m, const struct cell *like, size_t from, size_t to,
			  int repeat)
{
	while (from < to) {
		const struct cell *c = &m->cells[from];

		if (same_workload(c, like) && !c->run && !c->missing &&
		    (c->peak_first || (c->ratio == 1 && (!repeat || c->repeat == repeat))))
			break;
		from++;
	}
	return from;
}

void plan_order(struct matrix *m)
{
	for (size_t i = 0; i < m->nr_cells; i++) {
		struct cell finder, *cell = &m->cells[i];
		size_t at;

		if (!needs_peak(m, cell) || find_finder(m, cell, 0, i, 0) < i)
			continue;
		at = find_finder(m, cell, i + 1, m->nr_cells, cell->repeat);
		cell->peak_first = at == m->nr_cells;
		if (cell->peak_first)
			continue;
		finder = m->cells[at];
		memmove(cell + 1, cell, (at - i) * sizeof(*cell));
		*cell = finder;
	}
}

void plan_learn(struct matrix *m, const struct cell *made, double seconds, uint64_t peak_bytes)
{
	for (size_t i = 0; i < m->nr_cells; i++) {
		struct cell *cell = &m->cells[i];
		bool alike = same_workload(cell, made) && cell->backend == made->backend &&
			     cell->ratio == made->ratio;

		if (!cell->run && (alike || cell->at_least || !(cell->expected_s > 0)) &&
		    cell->workload == made->workload) {
			cell->expected_s = seconds;
			cell->at_least = false;
		}
	}
	if (made->ratio == 1)
		share_peak(m, made, peak_bytes);
}

/* What comes before a cell, and is none: runs that find its peak, or warm up. */
static double runs_before(const struct matrix *m, const struct cell *cell)
{
	const struct run_settings *s = cell->settings ? cell->settings : m->settings;
	bool warms = s && !cell->warm && cell->repeat == m->cells[0].repeat;

	return (cell->peak_first && !cell->peak_bytes) + (warms ? (double)s->warmup_runs : 0);
}

struct plan_left plan_left(const struct matrix *m)
{
	struct plan_left left = { .nr_cells = m->nr_cells };

	for (size_t i = 0; i < m->nr_cells; i++) {
		const struct cell *cell = &m->cells[i];

		if (cell->run) {
			left.nr_done++;
		} else if (cell->missing) {
			left.nr_missing++;
		} else {
			left.nr_left++;
			left.nr_unknown += !(cell->expected_s > 0);
			left.nr_least += cell->at_least;
			left.expected_s += cell->expected_s * (1 + runs_before(m, cell));
		}
	}
	return left;
}

char *plan_time(char *dst, const struct plan_left *left)
{
	char text[HUMAN_SIZE];

	if (left->nr_left && left->nr_unknown == left->nr_left)
		snprintf(dst, PLAN_TIME_SIZE, "a time unknown");
	else
		snprintf(dst, PLAN_TIME_SIZE, "%s %s",
			 left->nr_unknown || left->nr_least ? "at least" : "about",
			 human_seconds(text, left->expected_s));
	return dst;
}
