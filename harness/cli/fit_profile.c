// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/fit_profile.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "harness/run/identity.h"
#include "results/profile.h"
#include "results/text_table.h"

static void add_round(const struct fit_profile *p, struct matrix *m, int repeat)
{
	struct cell cell = p->cell;

	cell.repeat = repeat;
	for (size_t i = 0; i < p->ratios.nr; i++) {
		cell.ratio = p->ratios.values[i];
		matrix_add(m, &cell);
	}
}

/* The next round, in an order of its own, as long as there is time for one more like the last. */
static int next_round(struct matrix *m, struct store *store, struct err *err)
{
	struct fit_profile *p = m->more_arg;
	uint64_t now_ns = clock_ns(), took_ns = now_ns - p->round_ns;
	uint64_t nr = m->nr_cells / p->ratios.nr;
	int rc = 0;

	for (size_t i = 0; i < m->nr_cells && !rc; i++)
		if (m->cells[i].run)
			rc = profile_mark(store, m->cells[i].run, m->fit, err);
	if (rc || nr >= p->repeats)
		return rc;
	if (now_ns - p->begin_ns + took_ns > p->budget_ns) {
		log_warn("%" PRIu64 " of %" PRIu64
			 " rounds within the budget; raise --budget, and the same command goes on",
			 nr, p->repeats);
		return 0;
	}
	p->round_ns = now_ns;
	add_round(p, m, (int)nr + 1);
	matrix_shuffle(m);
	return 0;
}

void fit_profile_init(struct fit_profile *p, struct matrix *m)
{
	bool has_1 = false;

	for (size_t i = 0; i < p->ratios.nr; i++)
		has_1 |= p->ratios.values[i] == 1;
	if (!has_1)
		ratios_add(&p->ratios, 1);
	p->begin_ns = p->round_ns = clock_ns();
	add_round(p, m, 1);
	m->fit = PROFILE_VALUE;
	m->more = next_round;
	m->more_arg = p;
}

static void print_curve(const struct profile *p)
{
	struct table t = TABLE_INIT(5);
	char size[HUMAN_SIZE];

	table_add(&t, "ratio");
	table_add(&t, "local");
	table_add(&t, "slowdown");
	table_add(&t, "band (95 %)");
	table_add(&t, "runs");
	for (size_t i = p->curve.nr; i--;) {
		const struct curve_point *at = &p->curve.points[i];

		table_addf(&t, "%g", at->ratio);
		table_add(&t, p->peak_bytes ? human_bytes(size, at->ratio * (double)p->peak_bytes)
					    : NULL);
		table_addf(&t, "%.2f", at->slowdown);
		if (isnan(at->low) || !at->nr)
			table_add(&t, NULL);
		else
			table_addf(&t, "%.2f to %.2f", at->low, at->high);
		table_addf(&t, "%zu", at->nr ? at->nr : (size_t)p->repeats);
	}
	table_print(&t, "", stdout);
	table_release(&t);
}

static int find(const struct fit_profile *p, const struct matrix *m, struct profile *ret,
		struct err *err)
{
	struct job_spec job;
	struct run_spec spec = matrix_spec(m, &p->cell, &job);
	struct run_identity id;
	struct store *store = NULL;
	int rc = store_open(m->db_path, STORE_READ, &store, err);

	if (rc)
		return rc;
	run_identity_init(&id, &spec);

	const struct profile_key key = {
		.workload = id.jobs[0].workload,
		.workload_params = id.jobs[0].workload_params,
		.backend = id.record.backend,
	};

	rc = profile_find(store, &key, ret, err);
	run_identity_release(&id);
	store_close(store);
	return rc;
}

int fit_profile_print(const struct fit_profile *p, const struct matrix *m, struct err *err)
{
	struct profile found;
	int rc = find(p, m, &found, err);

	if (rc == -ENODATA) {
		printf("no profile: no repeat has sound runs both at ratio 1 and below\n");
		return ERR_UNTRUSTED;
	}
	if (rc)
		return rc;
	print_curve(&found);
	if (found.repeats < 2)
		printf("one repeat: no band; raise --repeat, and the same command goes on\n");
	printf("figure: fmbench plot fit --experiment %s\n", m->settings->experiment);
	profile_release(&found);
	return 0;
}
