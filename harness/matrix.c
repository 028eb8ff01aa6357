/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/matrix.h"

#include <stdlib.h>

#include "base/log.h"
#include "harness/command.h"

struct cell {
	double ratio;
	int repeat;
};

struct matrix_state {
	const struct matrix *m;
	struct session session;
	struct cell *cells;
	size_t nr_cells;
	int64_t *runs; /* made, in order */
	size_t nr_runs;
	uint64_t peak_bytes;
	int worst; /* exit code */
};

static struct run_spec make_spec(const struct matrix_state *st, double ratio, int repeat)
{
	const struct matrix *m = st->m;

	return (struct run_spec){
		.settings = m->settings,
		.workload = m->workload,
		.workload_params = m->workload_params,
		.argv = m->argv,
		.backend = m->backend,
		.backend_params = m->backend_params,
		.ratio = ratio,
		.repeat = repeat,
		.seed = m->seed + (uint64_t)repeat - 1,
		.peak_bytes = st->peak_bytes,
	};
}

/* Repeats are rounds; within each round the ratios are shuffled (Fisher-Yates). */
static void plan_cells(struct matrix_state *st)
{
	const struct matrix *m = st->m;
	unsigned short state[3] = { (unsigned short)m->seed, (unsigned short)(m->seed >> 16),
				    0x330e };

	st->cells = calloc(m->nr_ratios * (size_t)m->repeat, sizeof(*st->cells));
	st->runs = calloc(m->nr_ratios * (size_t)m->repeat + 1, sizeof(*st->runs));
	if (!st->cells || !st->runs)
		abort();
	for (int round = 1; round <= m->repeat; round++) {
		struct cell *cells = st->cells + st->nr_cells;

		for (size_t i = 0; i < m->nr_ratios; i++)
			cells[i] = (struct cell){ m->ratios[i], round };
		for (size_t i = m->nr_ratios - 1; i > 0; i--) {
			size_t other = (size_t)nrand48(state) % (i + 1);
			struct cell kept = cells[i];

			cells[i] = cells[other];
			cells[other] = kept;
		}
		st->nr_cells += m->nr_ratios;
	}
}

static bool needs_peak(const struct matrix_state *st)
{
	for (size_t i = 0; i < st->nr_cells; i++) {
		if (st->cells[i].ratio < 1)
			return true;
	}
	return false;
}

static void worsen(struct matrix_state *st, int code)
{
	/* A failure outweighs doubt. */
	if (st->worst == 0 || code == ERR_FAILED)
		st->worst = code;
}

/* Returns 0 to go on (also after a failed run), -errno to stop here. */
static int make_run(struct matrix_state *st, const struct run_spec *spec, struct err *err)
{
	struct run_outcome outcome;
	int rc = run_execute(&st->session, spec, &outcome, err);

	if (outcome.id)
		st->runs[st->nr_runs++] = outcome.id;
	if (spec->ratio == 1 && outcome.status != RUN_FAILED && outcome.peak_bytes)
		st->peak_bytes = outcome.peak_bytes;
	if (outcome.status == RUN_UNTRUSTED)
		worsen(st, ERR_UNTRUSTED);
	if (!rc)
		return 0;
	worsen(st, ERR_FAILED);
	if (rc == -EINTR || !outcome.id)
		return rc;
	log_error("run %lld (ratio %g): %s", (long long)outcome.id, spec->ratio, err->msg);
	return 0;
}

/* The peak: stated, known from an earlier run, or from a run at ratio 1 now. */
static int calibrate(struct matrix_state *st, struct err *err)
{
	const struct matrix *m = st->m;
	struct run_spec spec;
	size_t i;
	int rc;

	st->peak_bytes = m->peak_bytes;
	if (!needs_peak(st) || st->peak_bytes)
		return 0;
	if (!m->recalibrate) {
		struct buf params = BUF_INIT;

		run_params_json(m->workload, m->workload_params, m->argv, &params);
		rc = store_find_peak(st->session.store, st->session.machine, m->workload->name,
				     params.data, &st->peak_bytes, err);
		buf_release(&params);
		if (rc != -ENODATA)
			return rc;
	}
	spec = make_spec(st, 1, 1);
	for (i = 0; i < st->nr_cells; i++) { /* one that was asked for serves */
		if (st->cells[i].ratio == 1 && st->cells[i].repeat == 1)
			break;
	}
	spec.calibration = i == st->nr_cells;
	if (i < st->nr_cells)
		st->cells[i].ratio = 0; /* made */
	log_info("measuring the peak of %s: one run without a limit", m->workload->name);
	rc = make_run(st, &spec, err);
	if (!rc && !st->peak_bytes)
		rc = err->kind ? -EIO
			       : err_failed(err, 0,
					    "the peak of %s could not be measured; state it "
					    "with --peak SIZE",
					    m->workload->name);
	return rc;
}

int matrix_run(const struct matrix *m, enum export_format format)
{
	struct matrix_state st = { .m = m };
	struct err err = { 0 };
	int rc;

	plan_cells(&st);
	for (size_t i = 0; i < st.nr_cells; i++) { /* all checks speak before anything is touched */
		struct run_spec spec = make_spec(&st, st.cells[i].ratio, 1);

		rc = run_check(&spec, &err);
		if (rc)
			goto out;
	}
	rc = session_open(&st.session, m->line, &err);
	if (!rc)
		rc = calibrate(&st, &err);
	for (size_t i = 0; i < st.nr_cells && !rc; i++) {
		struct run_spec spec = make_spec(&st, st.cells[i].ratio, st.cells[i].repeat);

		if (spec.ratio > 0)
			rc = make_run(&st, &spec, &err);
	}
	if (st.nr_runs) {
		struct err show_err = { 0 };

		if (show_runs(st.session.store, st.runs, st.nr_runs, format, stdout, &show_err) !=
		    0)
			log_error("%s", show_err.msg);
	}
	session_close(&st.session);
out:
	free(st.cells);
	free(st.runs);
	if (!rc)
		return st.worst;
	return command_fail(&err);
}
