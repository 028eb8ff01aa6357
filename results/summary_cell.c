// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/summary_cell.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "results/rows.h"

EMBED(summary_cells_sql, "results/summary_cells.sql");

#define NO_RATIO                                                                                   \
	(struct stats_ratio)                                                                       \
	{                                                                                          \
		.ratio = NAN, .low = NAN, .high = NAN, .p = NAN, .sd = NAN                         \
	}

static char *column(sqlite3_stmt *stmt, int col)
{
	const char *text = (const char *)sqlite3_column_text(stmt, col);

	return text ? xstrdup(text) : NULL;
}

static void add_cell(struct summary_cells *c, sqlite3_stmt *stmt)
{
	bool has_ratio = sqlite3_column_type(stmt, 4) != SQLITE_NULL;

	c->cells = xreallocarray(c->cells, c->nr + 1, sizeof(*c->cells));
	c->cells[c->nr++] = (struct summary_cell){
		.row = column(stmt, 0),
		.column = column(stmt, 1),
		.workload = column(stmt, 2),
		.backend = column(stmt, 3),
		.ratio = has_ratio ? sqlite3_column_double(stmt, 4) : NAN,
		.how = column(stmt, 5),
		.job = sqlite3_column_int64(stmt, 6),
		.runs = column(stmt, 7),
		.nr_runs = (size_t)sqlite3_column_int64(stmt, 8),
		.result = column(stmt, 9),
		.unit = column(stmt, 10),
		.better = column(stmt, 11),
		.median = NAN,
		.interval = { NAN, NAN, NAN },
		.base = BASELINES_INIT,
		.slowdown = NO_RATIO,
		.versus = NO_RATIO,
		.flags = BUF_INIT,
	};
}

static int find_median(struct store *s, struct summary_cell *c, struct err *err)
{
	int rc = db_values(
		s, &c->v, err,
		"SELECT v.value FROM json_each(?1) c CROSS JOIN result v ON v.run = c.value"
		" WHERE v.job = ?2 AND v.name = ?3 AND v.value IS NOT NULL",
		"tit", c->runs, c->job, c->result);

	if (rc || !c->v.nr)
		return rc;
	c->median = stats_median(c->v.values, c->v.nr);
	if (stats_median_interval(c->v.values, c->v.nr, &c->interval))
		c->interval = (struct stats_interval){ NAN, NAN, NAN };
	return 0;
}

static int find_slowdown(struct store *s, struct summary_cell *c, struct err *err)
{
	struct side_runs runs = { c->runs, c->job };
	int rc = baselines_find(s, runs, &c->base, err);

	if (!rc && c->base.nr)
		rc = baselines_slowdown(s, runs, &c->base, c->result, c->better, &c->slowdown, err);
	return rc == -ENODATA ? 0 : rc;
}

static int fill(struct store *s, struct summary_cell *c, struct err *err)
{
	int rc = rows_add_flags(&c->flags, s, c->runs, err);

	if (!rc && c->result)
		rc = find_median(s, c, err);
	if (!rc && c->result)
		rc = find_slowdown(s, c, err);
	return rc;
}

int summary_cells_load(struct store *s, const char *runs, const char *columns, const char *metric,
		       struct summary_cells *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, summary_cells_sql, "ttt", runs, columns, metric);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0)
		add_cell(ret, stmt);
	sqlite3_finalize(stmt);
	for (size_t i = 0; i < ret->nr && !rc; i++)
		rc = fill(s, &ret->cells[i], err);
	return rc;
}

void summary_cells_release(struct summary_cells *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		struct summary_cell *cell = &c->cells[i];

		free(cell->row);
		free(cell->column);
		free(cell->workload);
		free(cell->backend);
		free(cell->how);
		free(cell->result);
		free(cell->unit);
		free(cell->better);
		free(cell->runs);
		free(cell->v.values);
		baselines_release(&cell->base);
		buf_release(&cell->flags);
	}
	free(c->cells);
	*c = (struct summary_cells){ 0 };
}

int summary_cell_hold(struct store *s, const struct summary_cell *base, struct summary_cell *here,
		      struct err *err)
{
	struct side_values a = { 0 }, b = { 0 };
	size_t blocks;
	int rc;

	if (!base->result || !here->result || !here->better ||
	    strcmp(base->result, here->result) != 0)
		return 0;
	rc = sides_load(s, (struct side_runs){ base->runs, base->job },
			(struct side_runs){ here->runs, here->job }, here->result, here->unit, &a,
			&b, err);
	if (!rc)
		rc = sides_slowdown(&a, &b, here->better, &here->versus, &blocks);
	side_values_release(&a);
	side_values_release(&b);
	return rc == -ENODATA || rc == -ERANGE ? 0 : rc;
}
