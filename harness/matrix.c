// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/matrix.h"

#include <stdlib.h>

#include "base/log.h"
#include "harness/command.h"

struct making {
	const struct matrix *m;
	struct session session;
	int64_t *runs; /* made, in order */
	size_t nr_runs;
	const struct cell *done; /* the cell that served for calibration */
	int worst;		 /* exit code */
};

void matrix_add(struct matrix *m, const struct cell *cell)
{
	m->cells = reallocarray(m->cells, m->nr_cells + 1, sizeof(*m->cells));
	if (!m->cells)
		abort();
	m->cells[m->nr_cells++] = *cell;
}

void matrix_release(struct matrix *m)
{
	free(m->cells);
	m->cells = NULL;
	m->nr_cells = 0;
}

static int by_repeat(const void *a, const void *b)
{
	const struct cell *ca = a, *cb = b;

	return (ca->repeat > cb->repeat) - (ca->repeat < cb->repeat);
}

/* Fisher-Yates over everything, then rounds in order: qsort of glibc is a stable merge sort. */
static void shuffle(struct matrix *m)
{
	unsigned short state[3] = { (unsigned short)m->seed, (unsigned short)(m->seed >> 16),
				    0x330e };

	for (size_t i = m->nr_cells; i > 1; i--) {
		size_t other = (size_t)nrand48(state) % i;
		struct cell kept = m->cells[i - 1];

		m->cells[i - 1] = m->cells[other];
		m->cells[other] = kept;
	}
	qsort(m->cells, m->nr_cells, sizeof(*m->cells), by_repeat);
}

static struct run_spec make_spec(const struct matrix *m, const struct cell *cell)
{
	return (struct run_spec){
		.settings = m->settings,
		.workload = cell->workload,
		.workload_params = cell->workload_params,
		.argv = cell->argv,
		.backend = cell->backend,
		.backend_params = cell->backend_params,
		.ratio = cell->ratio,
		.repeat = cell->repeat,
		.seed = m->seed + (uint64_t)cell->repeat - 1,
		.peak_bytes = m->peak_bytes,
	};
}

/* A failure outweighs doubt. */
static void worsen(struct making *mk, int code)
{
	if (mk->worst == 0 || code == ERR_FAILED)
		mk->worst = code;
}

/* Returns 0 to go on (also after a failed run), -errno to stop here. */
static int make_run(struct making *mk, const struct run_spec *spec, uint64_t *ret_peak,
		    struct err *err)
{
	struct run_outcome outcome;
	int rc = run_execute(&mk->session, spec, &outcome, err);

	if (outcome.id) {
		mk->runs = reallocarray(mk->runs, mk->nr_runs + 1, sizeof(*mk->runs));
		if (!mk->runs)
			abort();
		mk->runs[mk->nr_runs++] = outcome.id;
	}
	if (ret_peak)
		*ret_peak = outcome.status == RUN_FAILED ? 0 : outcome.peak_bytes;
	if (outcome.status == RUN_UNTRUSTED)
		worsen(mk, ERR_UNTRUSTED);
	if (!rc)
		return 0;
	worsen(mk, ERR_FAILED);
	if (rc == -EINTR || !outcome.id)
		return rc;
	log_error("run %lld failed: %s", (long long)outcome.id, err->msg);
	return 0;
}

static int known_peak(struct making *mk, const struct cell *cell, uint64_t *ret_peak,
		      struct err *err)
{
	struct buf params = BUF_INIT;
	int rc;

	run_params_json(cell->workload, cell->workload_params, cell->argv, &params);
	rc = store_find_peak(mk->session.store, mk->session.machine, cell->workload->name,
			     params.data, ret_peak, err);
	buf_release(&params);
	return rc;
}

/* A cell of this round that is the very run a calibration needs: then it is made now. */
static const struct cell *cell_at_ratio_1(const struct matrix *m, const struct cell *like)
{
	for (size_t i = 0; i < m->nr_cells; i++) {
		const struct cell *c = &m->cells[i];

		if (c->ratio == 1 && c->repeat == 1 && c->workload == like->workload &&
		    c->workload_params == like->workload_params && c->backend == like->backend)
			return c;
	}
	return NULL;
}

/* The peak of a cell's workload: stated, found by an earlier run, or by a run at ratio 1 now. */
static int find_peak(struct making *mk, const struct cell *cell, uint64_t *ret_peak,
		     struct err *err)
{
	const struct cell *baseline;
	struct cell at_1 = *cell;
	struct run_spec spec;
	int rc;

	*ret_peak = mk->m->peak_bytes;
	if (!(cell->ratio < 1) || cell->workload->limit || *ret_peak)
		return 0;
	/* What this very command has found is newer than any --recalibrate. */
	if (!mk->m->recalibrate || mk->nr_runs) {
		rc = known_peak(mk, cell, ret_peak, err);
		if (rc != -ENODATA)
			return rc;
	}
	baseline = cell_at_ratio_1(mk->m, cell);
	if (baseline) {
		mk->done = baseline;
		at_1 = *baseline;
	}
	at_1.ratio = 1;
	at_1.repeat = 1;
	spec = make_spec(mk->m, &at_1);
	log_info("measuring the peak of %s: one run without a limit", cell->workload->name);
	rc = make_run(mk, &spec, ret_peak, err);
	if (rc || *ret_peak)
		return rc;
	if (!err->msg[0])
		err_failed(err, 0,
			   "the peak of %s could not be measured; state it with --peak SIZE",
			   cell->workload->name);
	return -EIO;
}

static int make_cells(struct making *mk, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < mk->m->nr_cells && !rc; i++) {
		const struct cell *cell = &mk->m->cells[i];
		struct run_spec spec = make_spec(mk->m, cell);

		if (cell == mk->done)
			continue;
		rc = find_peak(mk, cell, &spec.peak_bytes, err);
		if (!rc)
			rc = make_run(mk, &spec, NULL, err);
	}
	return rc;
}

int matrix_run(struct matrix *m, enum export_format format)
{
	struct making mk = { .m = m };
	struct err err = { 0 }, show_err = { 0 };
	int rc = 0;

	shuffle(m);
	for (size_t i = 0; i < m->nr_cells && !rc; i++) { /* before anything is touched */
		struct run_spec spec = make_spec(m, &m->cells[i]);

		rc = run_check(&spec, &err);
	}
	if (rc)
		return command_fail(&err);
	rc = session_open(&mk.session, m->line, &err);
	if (!rc)
		rc = make_cells(&mk, &err);
	if (mk.nr_runs &&
	    show_runs(mk.session.store, mk.runs, mk.nr_runs, format, stdout, &show_err) != 0)
		log_error("%s", show_err.msg);
	session_close(&mk.session);
	free(mk.runs);
	return rc ? command_fail(&err) : mk.worst;
}
