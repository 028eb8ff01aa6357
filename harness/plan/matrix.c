// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/matrix.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/stats.h"
#include "harness/run/check.h"

void matrix_add(struct matrix *m, const struct cell *cell)
{
	m->cells = xreallocarray(m->cells, m->nr_cells + 1, sizeof(*m->cells));
	m->cells[m->nr_cells] = *cell;
	m->cells[m->nr_cells].place = m->nr_cells;
	m->nr_cells++;
}

void matrix_release(struct matrix *m)
{
	for (size_t i = 0; i < m->nr_missing; i++)
		free(m->missing[i]);
	free(m->missing);
	free(m->cells);
	m->missing = NULL;
	m->cells = NULL;
	m->nr_missing = m->nr_cells = 0;
}

struct run_spec matrix_spec(const struct matrix *m, const struct cell *cell, struct job_spec *job)
{
	uint64_t seed = m->seed + (uint64_t)cell->repeat - 1;

	*job = (struct job_spec){
		.name = cell->workload->name,
		.workload = cell->workload,
		.params = cell->workload_params,
		.argv = cell->argv,
		.ratio = cell->ratio,
		.seed = seed,
		.peak_bytes = m->peak_bytes ? m->peak_bytes : cell->peak_bytes,
	};
	return (struct run_spec){
		.settings = cell->settings ? cell->settings : m->settings,
		.backend = cell->backend,
		.backend_params = cell->backend_params,
		.jobs = job,
		.nr_jobs = 1,
		.repeat = cell->repeat,
		.seed = seed,
	};
}

/* --- order ---------------------------------------------------------------------------------- */

static int by_round(const void *a, const void *b)
{
	const struct cell *ca = a, *cb = b;

	if (ca->repeat != cb->repeat)
		return ca->repeat > cb->repeat ? 1 : -1;
	if (ca->draw != cb->draw)
		return ca->draw > cb->draw ? 1 : -1;
	return (ca->place > cb->place) - (ca->place < cb->place);
}

void matrix_shuffle(struct matrix *m)
{
	unsigned short state[3] = { (unsigned short)m->seed, (unsigned short)(m->seed >> 16),
				    0x330e };

	for (size_t i = 0; i < m->nr_cells; i++)
		m->cells[i].draw = nrand48(state);
	qsort(m->cells, m->nr_cells, sizeof(*m->cells), by_round);
}

/* --- what this machine lacks ------------------------------------------------------------------ */

const char *matrix_keep_reason(struct matrix *m, const char *reason)
{
	for (size_t i = 0; i < m->nr_missing; i++) {
		if (strcmp(m->missing[i], reason) == 0)
			return m->missing[i];
	}
	m->missing = xreallocarray(m->missing, m->nr_missing + 1, sizeof(*m->missing));
	m->missing[m->nr_missing] = xstrdup(reason);
	return m->missing[m->nr_missing++];
}

bool cell_same_needs(const struct cell *a, const struct cell *b)
{
	return a->workload_params == b->workload_params && a->workload == b->workload &&
	       a->argv == b->argv && a->backend == b->backend &&
	       a->backend_params == b->backend_params && a->settings == b->settings &&
	       (a->ratio < 1) == (b->ratio < 1);
}

int matrix_check(struct matrix *m, struct err *err)
{
	for (size_t i = 0; i < m->nr_cells; i++) {
		struct cell *cell = &m->cells[i];
		struct job_spec job;
		struct run_spec spec = matrix_spec(m, cell, &job);
		int rc;

		if (i && cell_same_needs(cell, cell - 1)) {
			cell->missing = cell[-1].missing;
			continue;
		}
		rc = run_check(&spec, err);
		if (rc && err->kind != ERR_MISSING)
			return rc;
		cell->missing = rc ? matrix_keep_reason(m, err->msg) : NULL;
	}
	return 0;
}

void matrix_warn_repeats(uint64_t repeats)
{
	if (repeats < STATS_MIN_RUNS)
		log_warn("%" PRIu64
			 " repeat%s: `fmbench compare` will give no verdict, which needs "
			 "%d at least; repeat 5 times",
			 repeats, repeats == 1 ? "" : "s", STATS_MIN_RUNS);
}
