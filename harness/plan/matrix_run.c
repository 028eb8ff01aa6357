// SPDX-License-Identifier: GPL-2.0-or-later
/* A matrix's cells, made one after the other. */
#include "harness/plan/matrix.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "harness/plan/plan.h"
#include "harness/run/run.h"
#include "harness/run/saving.h"
#include "harness/run/sets.h"
#include "harness/run/signals.h"
#include "results/summary.h"

/* Runs whose times differ by less than a share of this minus 1 are equally long. */
#define FIXED_SPREAD 1.02

struct making {
	struct matrix *m;
	struct session session;
	int64_t *runs; /* made to find a peak, and of no cell */
	size_t nr_runs;
	bool unsaved; /* the newest run is in the lab guest only */
	bool failed;  /* the newest run */
	int worst;    /* exit code */
};

/* Before anything is touched. */
static int check_or_leave_out(struct matrix *m, struct err *err)
{
	int rc = matrix_check(m, err);

	if (rc || !m->nr_missing)
		return rc;
	if (!m->skip_missing)
		return err_missing(err, "%s", m->missing[0]);
	for (size_t i = 0; i < m->nr_missing; i++)
		log_warn("left out: %s", m->missing[i]);
	return 0;
}

/* A failure outweighs doubt. */
static void worsen(struct making *mk, int code)
{
	if (mk->worst == 0 || code == ERR_FAILED)
		mk->worst = code;
}

static void show_progress(struct making *mk)
{
	struct plan_left left = plan_left(mk->m);
	char time[PLAN_TIME_SIZE];

	if (mk->m->nr_cells > 1)
		snprintf(mk->session.progress, sizeof(mk->session.progress),
			 "%zu done, %zu left (%s): ", left.nr_done, left.nr_left,
			 plan_time(time, &left));
}

/* "memaslap zram ratio 0.5 threads=2, repeat 1" */
static void describe(const struct cell *cell, struct buf *b)
{
	buf_addf(b, "%s %s", cell->workload->name, cell->backend->name);
	if (cell->workload->shape != WORKLOAD_LOOP)
		buf_addf(b, " ratio %g", cell->ratio);
	if (cell->label && cell->label[0])
		buf_addf(b, " %s", cell->label);
	buf_addf(b, ", repeat %d", cell->repeat);
}

static void report_cell(const struct making *mk, const struct cell *cell, enum run_status status)
{
	static const char *const names[] = { "ok", "untrusted", "failed" };
	struct plan_left left = plan_left(mk->m);
	char time[PLAN_TIME_SIZE];
	struct buf line = BUF_INIT;

	/* Of a single run the closing table, or its error, is the line. */
	if (!mk->m->resume && (log_progress_shown() || left.nr_cells < 2))
		return;
	buf_addf(&line, "%zu of %zu done", left.nr_done, left.nr_cells);
	if (left.nr_left)
		buf_addf(&line, ", %zu left, %s to go", left.nr_left, plan_time(time, &left));
	buf_adds(&line, ": ");
	describe(cell, &line);
	log_info("%s: %s", line.data, names[status]);
	buf_release(&line);
}

/* The runs that come before the first of a kind. One that fails: that cell will say so, too. */
static int warm_up(struct making *mk, struct cell *cell, const struct run_spec *spec,
		   struct err *err)
{
	uint64_t nr = cell->warm ? 0 : spec->settings->warmup_runs;
	int rc = 0;

	if (!nr)
		return 0;
	for (uint64_t i = 0; i < nr; i++) {
		snprintf(mk->session.progress, sizeof(mk->session.progress),
			 "warm-up run %llu of %llu: ", (unsigned long long)i + 1,
			 (unsigned long long)nr);
		rc = run_throw_away(&mk->session, spec, err);
		if (rc == -EINTR)
			return rc;
		if (rc)
			log_error("warm-up run failed: %s", err->msg);
	}
	for (size_t i = 0; i < mk->m->nr_cells; i++)
		mk->m->cells[i].warm |= cell_same_needs(&mk->m->cells[i], cell) &&
					mk->m->cells[i].ratio == cell->ratio;
	mk->session.progress[0] = '\0';
	return 0;
}

/* What it needs is missing, and only a try could tell: its run goes, and those like it are not made. */
static int leave_out(struct making *mk, struct cell *cell, int64_t run, struct err *err)
{
	const char *reason = matrix_keep_reason(mk->m, err->msg);
	int rc = store_run_delete(mk->session.store, run, err);

	for (size_t i = 0; i < mk->m->nr_cells; i++) {
		struct cell like = *cell;

		like.ratio = mk->m->cells[i].ratio;
		if (!mk->m->cells[i].run && cell_same_needs(&mk->m->cells[i], &like))
			mk->m->cells[i].missing = reason;
	}
	log_warn("left out: %s", reason);
	return rc;
}

/*
 * Make a cell, or one that is not of the matrix and serves to find a peak. Returns 0 to go on (also
 * after a failed run: mk->failed, and err says why), -errno to stop here.
 */
static int make_run(struct making *mk, struct cell *cell, struct err *err)
{
	bool of_matrix = cell >= mk->m->cells && cell < mk->m->cells + mk->m->nr_cells;
	struct job_spec job;
	struct run_spec spec = matrix_spec(mk->m, cell, &job);
	struct run_outcome outcome;
	uint64_t begin_ns = clock_ns();
	struct err save_err = { 0 };
	int rc;

	rc = warm_up(mk, cell, &spec, err);
	if (rc)
		return rc;
	show_progress(mk);
	rc = run_execute(&mk->session, &spec, &outcome, err);
	cell->measure_s = outcome.measure_s;
	if (rc && mk->m->skip_missing && err->kind == ERR_MISSING && outcome.id)
		return leave_out(mk, cell, outcome.id, err);
	mk->unsaved = outcome.id && saving_save(mk->session.db_path, outcome.id, &save_err) != 0;
	if (mk->unsaved)
		log_warn("%s", save_err.msg);
	if (outcome.id && of_matrix) {
		cell->run = outcome.id;
	} else if (outcome.id) {
		mk->runs = xreallocarray(mk->runs, mk->nr_runs + 1, sizeof(*mk->runs));
		mk->runs[mk->nr_runs++] = outcome.id;
	}
	mk->failed = rc != 0;
	if (!mk->failed)
		plan_learn(mk->m, cell, (double)(clock_ns() - begin_ns) / NSEC_PER_SEC,
			   outcome.peak_bytes);
	if (outcome.status == RUN_UNTRUSTED)
		worsen(mk, ERR_UNTRUSTED);
	if (rc && (rc == -EINTR || !outcome.id)) {
		worsen(mk, ERR_FAILED);
		return rc;
	}
	if (rc) {
		worsen(mk, ERR_FAILED);
		log_error("run %lld failed: %s", (long long)outcome.id, err->msg);
	}
	if (of_matrix)
		report_cell(mk, cell, outcome.status);
	return 0;
}

/* Nobody knows the peak of a cell's workload, and no cell has found it: a run at ratio 1 does. */
static int find_peak(struct making *mk, struct cell *cell, struct err *err)
{
	struct cell at_1 = *cell;
	int rc;

	if (!(cell->ratio < 1) || cell->workload->limit || mk->m->peak_bytes || cell->peak_bytes)
		return 0;
	at_1.ratio = 1;
	at_1.repeat = mk->m->cells[0].repeat;
	log_info("measuring the peak of %s: one run without a limit", cell->workload->name);
	rc = make_run(mk, &at_1, err);
	if (rc || cell->peak_bytes || cell->missing)
		return rc;
	if (!mk->failed)
		err_failed(err, 0,
			   "the peak of %s could not be measured; state it with --peak SIZE",
			   cell->workload->name);
	return -EIO;
}

/* One that fails is recorded, and the rest goes on; without a peak there is nothing to record. */
static int make_cells(struct making *mk, struct err *err)
{
	for (size_t i = 0; i < mk->m->nr_cells; i++) {
		struct cell *cell = &mk->m->cells[i];
		int rc;

		if (cell->run || cell->missing)
			continue;
		memset(err, 0, sizeof(*err));
		rc = signals_check(err); /* one that came when the last run was measured */
		if (!rc)
			rc = find_peak(mk, cell, err);
		if (rc == -EIO && mk->m->resume) {
			struct buf what = BUF_INIT;

			describe(cell, &what);
			log_error("left out: %s: %s", what.data, err->msg);
			buf_release(&what);
			continue;
		}
		if (!rc && !cell->missing)
			rc = make_run(mk, cell, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Those that are known, and what more() adds to them. */
static int make_all(struct making *mk, struct err *err)
{
	struct matrix *m = mk->m;
	size_t nr_made;
	int rc;

	do {
		rc = make_cells(mk, err);
		nr_made = m->nr_cells;
		if (!rc && m->more)
			rc = m->more(m, mk->session.store, err);
		if (!rc && m->nr_cells > nr_made)
			rc = plan_fill(m, mk->session.store, err);
	} while (!rc && m->nr_cells > nr_made);
	return rc;
}

/* Each set of settings once; cells that share one stand side by side more often than not. */
static int try_sets(const struct matrix *m, struct err *err)
{
	const struct run_settings *last = NULL;
	int rc = 0;

	for (size_t i = 0; i < m->nr_cells && !rc; i++) {
		struct job_spec job;
		struct run_spec spec = matrix_spec(m, &m->cells[i], &job);

		if (spec.settings != last && !m->cells[i].missing)
			rc = sets_try(spec.settings, m->state_dir, err);
		last = spec.settings;
	}
	return rc;
}

/* A command of the user's with no number of its own. */
static bool timed_only(const struct cell *cell)
{
	const struct opt *metric = opt_find(workload_command.opts, "metric");
	struct buf value = BUF_INIT;
	bool only = cell->workload == &workload_command;

	if (only) {
		opt_format(metric, cell->workload_params, &value);
		only = !value.len;
	}
	buf_release(&value);
	return only;
}

/* Its time is as long with little local memory as with all: it may be one that it was given. */
static void warn_fixed_window(const struct matrix *m)
{
	const struct cell *first = NULL;
	double shortest = 0, longest = 0, lowest = 1, highest = 0;

	for (size_t i = 0; i < m->nr_cells; i++) {
		const struct cell *c = &m->cells[i];

		if (!(c->measure_s > 0) || !timed_only(c))
			continue;
		if (first &&
		    (c->argv != first->argv || c->workload_params != first->workload_params))
			continue;
		if (!first)
			shortest = longest = c->measure_s;
		first = c;
		shortest = fmin(shortest, c->measure_s);
		longest = fmax(longest, c->measure_s);
		lowest = fmin(lowest, c->ratio);
		highest = fmax(highest, c->ratio);
	}
	if (first && lowest < highest && longest < FIXED_SPREAD * shortest)
		log_warn("every run took %.2f to %.2f s, at ratio %g as at %g: where the program "
			 "runs for a fixed time, elapsed time shows no slowdown; name a number "
			 "that it prints: --metric NAME=REGEX",
			 shortest, longest, lowest, highest);
}

static int by_place(const void *a, const void *b)
{
	const struct cell *ca = a, *cb = b;

	return (ca->place > cb->place) - (ca->place < cb->place);
}

/* Programs get a row a run. Runs of which none is sound have no summary: they are shown themselves. */
static int print_closing(struct making *mk, size_t nr, enum export_format format, struct err *err)
{
	struct store *store = mk->session.store;
	bool summary = mk->m->summary && format == EXPORT_TABLE;
	int rc = 0;

	if (!summary || mk->m->verbose)
		rc = show_runs(store, mk->runs, nr, format, stdout, err);
	if (rc || !summary)
		return rc;
	if (mk->m->verbose)
		putchar('\n');
	rc = summary_runs(store, mk->runs, nr, stdout, err);
	if (rc != -ENODATA)
		return rc;
	return mk->m->verbose ? 0 : show_runs(store, mk->runs, nr, format, stdout, err);
}

/* Runs that only found a peak, then the cells in the order they were asked for. */
static int print_runs(struct making *mk, enum export_format format, struct err *err)
{
	struct matrix *m = mk->m;
	size_t nr = mk->nr_runs;

	qsort(m->cells, m->nr_cells, sizeof(*m->cells), by_place);
	mk->runs = xreallocarray(mk->runs, nr + m->nr_cells + 1, sizeof(*mk->runs));
	for (size_t i = 0; i < m->nr_cells; i++) {
		if (m->cells[i].run)
			mk->runs[nr++] = m->cells[i].run;
	}
	return nr ? print_closing(mk, nr, format, err) : 0;
}

int matrix_run(struct matrix *m, enum export_format format, int *ret_code, struct err *err)
{
	struct making mk = { .m = m };
	struct err show_err = { 0 };
	int rc = check_or_leave_out(m, err);

	if (rc)
		return rc;
	matrix_shuffle(m);
	rc = session_open(&mk.session, m->db_path, m->state_dir, m->line, err);
	mk.session.config = m->config;
	mk.session.fit = m->fit;
	if (!rc)
		rc = try_sets(m, err);
	if (!rc)
		rc = plan_fill(m, mk.session.store, err);
	plan_order(m);
	if (!rc)
		rc = make_all(&mk, err);
	if (mk.session.store && print_runs(&mk, format, &show_err) != 0) {
		log_error("%s; what was measured is in %s", show_err.msg, mk.session.db_path);
		worsen(&mk, ERR_FAILED);
	}
	warn_fixed_window(m);
	if (mk.unsaved)
		worsen(&mk, ERR_FAILED);
	session_close(&mk.session);
	free(mk.runs);
	*ret_code = mk.worst;
	return rc;
}
