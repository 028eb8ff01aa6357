// SPDX-License-Identifier: GPL-2.0-or-later
/* What a figure asks for (plots/figure.h): data blocks and variables for gnuplot. */
#include "results/export.h"

#include "results/rows.h"

/* A query may do without ?2, or both. */
static int prepare(struct store *s, sqlite3_stmt **ret, const char *query, int64_t run,
		   const char *experiment, struct err *err)
{
	sqlite3_stmt *stmt;
	int r = db_prepare(s, &stmt, err, query, "");

	if (r)
		return r;
	if (sqlite3_bind_parameter_count(stmt) >= 1)
		sqlite3_bind_int64(stmt, 1, run);
	if (sqlite3_bind_parameter_count(stmt) >= 2)
		sqlite3_bind_text(stmt, 2, experiment, -1, SQLITE_STATIC);
	*ret = stmt;
	return 0;
}

int export_query_blocks(struct store *s, const char *const *queries, int64_t run,
			const char *experiment, FILE *out, size_t *ret_rows, struct err *err)
{
	for (size_t i = 0; queries[i]; i++) {
		sqlite3_stmt *stmt;
		size_t nr;
		int r = prepare(s, &stmt, queries[i], run, experiment, err);

		if (r)
			return r;
		/* Two empty lines between blocks: gnuplot's `index`. */
		if (i)
			fputs("\n\n", out);
		r = rows_print(s, stmt, EXPORT_GNUPLOT, out, &nr, err);
		sqlite3_finalize(stmt);
		if (r)
			return r;
		if (i == 0)
			*ret_rows = nr;
	}
	return 0;
}

/* In single quotes gnuplot takes everything as it is, but a quote (doubled) and a line's end. */
static void add_string(struct buf *b, const char *text)
{
	buf_adds(b, "'");
	for (; *text; text++) {
		if (*text == '\'')
			buf_adds(b, "'");
		buf_add(b, *text == '\n' || *text == '\r' ? " " : text, 1);
	}
	buf_adds(b, "'");
}

int export_query_variables(struct store *s, const char *query, int64_t run, const char *experiment,
			   struct buf *out, struct err *err)
{
	sqlite3_stmt *stmt;
	int r = prepare(s, &stmt, query, run, experiment, err);

	if (r)
		return r;
	r = db_step(s, stmt, err);
	for (int col = 0; r > 0 && col < sqlite3_column_count(stmt); col++) {
		buf_addf(out, "%s = ", sqlite3_column_name(stmt, col));
		switch (sqlite3_column_type(stmt, col)) {
		case SQLITE_NULL:
			buf_adds(out, "NaN");
			break;
		case SQLITE_INTEGER:
		case SQLITE_FLOAT:
			/* Always a double: gnuplot divides integers as C does. */
			buf_addf(out, "%.17g", sqlite3_column_double(stmt, col));
			break;
		default:
			add_string(out, (const char *)sqlite3_column_text(stmt, col));
		}
		buf_adds(out, "\n");
	}
	sqlite3_finalize(stmt);
	return r < 0 ? r : 0;
}
