// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/opt.h"
#include "results/compare_side.h"
#include "results/rows.h"
#include "results/summary_print.h"

/* --- columns ------------------------------------------------------------------------------- */

/* Numbers by size, "48M" as one; words by the alphabet, after them. */
static int by_value(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	uint64_t size_x, size_y;
	double value_x = INFINITY, value_y = INFINITY;

	if (parse_double(x, &value_x) && !parse_size(x, &size_x))
		value_x = (double)size_x;
	if (parse_double(y, &value_y) && !parse_size(y, &size_y))
		value_y = (double)size_y;
	if (value_x < value_y || value_x > value_y)
		return value_x < value_y ? -1 : 1;
	return strcmp(x, y);
}

static bool has_column(const struct summary *sum, const char *value)
{
	for (size_t i = 0; i < sum->nr_columns; i++) {
		if (strcmp(sum->columns[i], value) == 0)
			return true;
	}
	return false;
}

static int no_such_base(const struct summary *sum, const char *base, struct err *err)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < sum->nr_columns; i++)
		buf_addf(&list, "%s%s", i ? ", " : "", sum->columns[i]);
	err_usage(err, "--base %s: the columns are %.300s", base, list.data);
	buf_release(&list);
	return -EINVAL;
}

static int find_columns(struct summary *sum, const char *base, struct err *err)
{
	for (size_t i = 0; i < sum->cells.nr; i++) {
		const char *value = sum->cells.cells[i].column;

		if (has_column(sum, value))
			continue;
		sum->columns =
			xreallocarray(sum->columns, sum->nr_columns + 1, sizeof(*sum->columns));
		sum->columns[sum->nr_columns++] = value;
	}
	qsort(sum->columns, sum->nr_columns, sizeof(*sum->columns), by_value);
	if (base && !has_column(sum, base))
		return no_such_base(sum, base, err);
	for (size_t i = sum->nr_columns; base && i-- > 1;) {
		if (strcmp(sum->columns[i], base) == 0) {
			const char *before = sum->columns[i - 1];

			sum->columns[i - 1] = sum->columns[i];
			sum->columns[i] = before;
		}
	}
	return 0;
}

/* Each cell of a row against the row's cell in the first column. */
static int hold_cells(struct store *s, struct summary *sum, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < sum->cells.nr && !rc; i++) {
		const struct summary_cell *base = &sum->cells.cells[i];

		if (strcmp(base->column, sum->columns[0]) != 0)
			continue;
		for (size_t k = 0; k < sum->cells.nr && !rc; k++) {
			struct summary_cell *here = &sum->cells.cells[k];

			if (k != i && strcmp(here->row, base->row) == 0 &&
			    strcmp(here->column, base->column) != 0)
				rc = summary_cell_hold(s, base, here, err);
		}
	}
	return rc;
}

/* --- what was asked for -------------------------------------------------------------------- */

/* "threads" of "threads", "zram.algorithm"; 1: there is such a key. */
static int check_key(struct store *s, const char *key, struct err *err)
{
	const char **names = NULL;
	size_t nr = 0;
	bool found = false;
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT DISTINCT key, ifnull(?1 IN (dashed, bare), 0) FROM run_property"
			    " WHERE source <> 'label' ORDER BY key",
			    "t", key);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		names = xreallocarray(names, nr + 2, sizeof(*names));
		names[nr++] = xstrdup((const char *)sqlite3_column_text(stmt, 0));
		names[nr] = NULL;
		found |= sqlite3_column_int(stmt, 1);
	}
	sqlite3_finalize(stmt);
	if (!rc && !found)
		rc = err_unknown(err, nr ? did_you_mean(key, names) : NULL,
				 "there are workload, backend, ratio, machine, kernel, and every "
				 "parameter",
				 "--columns: no run is stored with a key '%s'", key);
	while (nr)
		free((void *)names[--nr]);
	free(names);
	return rc;
}

static int no_such_result(struct store *s, const char *runs, const char *name, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(
		s, &stmt, err,
		"SELECT group_concat(name, ', ') FROM (SELECT DISTINCT name FROM json_each(?1) c"
		" JOIN result v ON v.run = c.value WHERE " OF_WHOLE_RUN " ORDER BY name)",
		"t", runs);

	if (!rc)
		rc = db_step(s, stmt, err);
	if (rc > 0)
		rc = err_usage(err, "none of these runs has a result %s; there are %.300s", name,
			       (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return rc;
}

static bool has_results(const struct summary_cells *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		if (c->cells[i].result)
			return true;
	}
	return false;
}

/* --- all of it ----------------------------------------------------------------------------- */

/* '_', '.' and '-' are the same in a key. */
static char *dashed(const char *key)
{
	char *copy = key ? xstrdup(key) : NULL;

	for (char *c = copy; c && *c; c++) {
		if (*c == '_' || *c == '.')
			*c = '-';
	}
	return copy;
}

static int summarise(struct store *s, const struct summary_request *q, const char *runs,
		     struct summary *ret, struct err *err)
{
	char *key = dashed(q->columns);
	int rc = key ? check_key(s, key, err) : 0;

	ret->key = q->columns;
	ret->geomean = q->geomean;
	if (!rc)
		rc = summary_cells_load(s, runs, key, q->metric, &ret->cells, err);
	if (!rc && q->metric && !has_results(&ret->cells))
		rc = no_such_result(s, runs, q->metric, err);
	if (!rc && key)
		rc = find_columns(ret, q->base, err);
	if (!rc && key)
		rc = hold_cells(s, ret, err);
	free(key);
	return rc;
}

void summary_release(struct summary *sum)
{
	summary_cells_release(&sum->cells);
	free(sum->columns);
}

static void print_left_out(const struct compare_side *side, FILE *out)
{
	if (side->nr_left_out)
		fprintf(out, "left out, and in no number below:\n%s\n", side->left_out.data);
}

int summary_make(struct store *s, const struct summary_request *q, struct summary *ret,
		 struct err *err)
{
	struct compare_side side = COMPARE_SIDE_INIT("summary", q->terms, false);
	struct buf runs = BUF_INIT;
	int rc = compare_side_select(&side, s, q->untrusted, err);

	compare_side_json(&side, &runs);
	if (!rc)
		rc = summarise(s, q, runs.data, ret, err);
	buf_release(&runs);
	compare_side_release(&side);
	return rc;
}

int summary_print(struct store *s, const struct summary_request *q, enum export_format format,
		  FILE *out, FILE *notes, struct err *err)
{
	struct compare_side side = COMPARE_SIDE_INIT("summary", q->terms, false);
	struct summary sum = { 0 };
	struct buf runs = BUF_INIT;
	int rc = compare_side_select(&side, s, q->untrusted, err);

	if (!rc) {
		compare_side_json(&side, &runs);
		rc = summarise(s, q, runs.data, &sum, err);
	}
	if (!rc) {
		print_left_out(&side, format == EXPORT_TABLE ? out : notes);
		if (format == EXPORT_TABLE)
			summary_print_table(&sum, out);
		else
			rc = summary_print_rows(s, &sum, format, out, err);
	}
	if (!rc)
		rc = rows_flush(out, err);
	summary_release(&sum);
	buf_release(&runs);
	compare_side_release(&side);
	return rc;
}

/* The sound ones of runs, as a JSON array; NULL: none. */
static int sound_runs(struct store *s, const int64_t *runs, size_t nr, struct buf *ret,
		      size_t *ret_left_out, struct err *err)
{
	size_t nr_sound = 0;

	for (size_t i = 0; i < nr; i++) {
		int64_t sound;
		int rc = db_int(s, &sound, err, "SELECT status = 'ok' FROM run WHERE id = ?1", "i",
				runs[i]);

		if (rc)
			return rc;
		if (sound)
			buf_addf(ret, "%s%lld", nr_sound++ ? "," : "[", (long long)runs[i]);
	}
	if (!nr_sound)
		return -ENODATA;
	buf_adds(ret, "]");
	*ret_left_out = nr - nr_sound;
	return 0;
}

int summary_runs(struct store *s, const int64_t *runs, size_t nr, FILE *out, struct err *err)
{
	static const struct summary_request plain;
	struct summary sum = { 0 };
	struct buf json = BUF_INIT;
	size_t nr_left_out = 0;
	int rc = sound_runs(s, runs, nr, &json, &nr_left_out, err);

	if (!rc)
		rc = summarise(s, &plain, json.data, &sum, err);
	if (!rc && nr_left_out)
		fprintf(out, "%zu of %zu runs are left out: failed, or not to be trusted.\n\n",
			nr_left_out, nr);
	if (!rc) {
		summary_print_table(&sum, out);
		rc = rows_flush(out, err);
	}
	summary_release(&sum);
	buf_release(&json);
	return rc;
}
