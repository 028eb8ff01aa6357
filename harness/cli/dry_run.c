// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/dry_run.h"

#include <stdio.h>
#include <unistd.h>

#include "base/dirs.h"
#include "harness/cli/common.h"
#include "harness/plan/plan.h"
#include "results/text_table.h"

int dry_run_fill(struct matrix *m, struct err *err)
{
	struct store *store = NULL;
	int rc = 0;

	if (access(common.db, F_OK) == 0)
		rc = store_open(common.db, STORE_READ, &store, err);
	if (!rc)
		rc = plan_fill(m, store, err);
	store_close(store);
	return rc;
}

static void print_cell(struct table *t, const struct cell *cell)
{
	char text[HUMAN_SIZE];

	table_addf(t, "%d", cell->repeat);
	table_add(t, cell->workload->name);
	table_add(t, cell->backend->name);
	if (cell->workload->shape == WORKLOAD_LOOP)
		table_add(t, NULL);
	else
		table_addf(t, "%g", cell->ratio);
	table_add(t, cell->label && cell->label[0] ? cell->label : NULL);
	if (cell->run)
		table_addf(t, "done (run %lld)", (long long)cell->run);
	else
		table_add(t, cell->missing	    ? "can't"
			     : cell->expected_s > 0 ? human_seconds(text, cell->expected_s)
						    : "?");
}

static void print_peak_run(struct table *t, const struct cell *cell)
{
	struct cell at_1 = *cell;

	at_1.ratio = 1;
	at_1.label = "(finds the peak)";
	at_1.expected_s = 0;
	print_cell(t, &at_1);
}

int dry_run(struct matrix *m, struct err *err)
{
	static const char *const head[] = { "repeat", "workload", "backend",
					    "ratio",  "with",	  "takes" };
	struct table t = TABLE_INIT(6);
	char time[PLAN_TIME_SIZE];
	struct plan_left left;
	int rc = matrix_check(m, err);

	if (!rc)
		rc = check_writable(common.db, err);
	if (!rc)
		rc = dry_run_fill(m, err);
	if (rc)
		return rc;
	matrix_shuffle(m);
	plan_order(m);
	for (size_t i = 0; i < t.nr_cols; i++)
		table_add(&t, head[i]);
	for (size_t i = 0; i < m->nr_cells; i++) {
		if (m->cells[i].peak_first)
			print_peak_run(&t, &m->cells[i]);
		print_cell(&t, &m->cells[i]);
	}
	table_print(&t, "  ", stdout);
	table_release(&t);

	left = plan_left(m);
	printf("\n%zu run%s: %zu done, %zu left", left.nr_cells, left.nr_cells == 1 ? "" : "s",
	       left.nr_done, left.nr_left);
	if (left.nr_left)
		printf(", which take %s", plan_time(time, &left));
	if (left.nr_least)
		printf(", and load and shrink phases of %zu that this database knows nothing of",
		       left.nr_least);
	if (left.nr_unknown && left.nr_unknown < left.nr_left)
		printf(" (of %zu it is not known)", left.nr_unknown);
	printf("%s\n", m->more ? "; what these find says which follow" : "");
	if (left.nr_missing)
		printf("%zu can't be made here (--skip-missing leaves them out):\n",
		       left.nr_missing);
	for (size_t i = 0; i < m->nr_missing; i++)
		printf("  %s\n", m->missing[i]);
	return 0;
}
