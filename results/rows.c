// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/rows.h"

#include <math.h>
#include <string.h>

#include "results/text_table.h"

/* RFC 4180: quoted where needed. */
static void add_csv(struct buf *b, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		buf_adds(b, text);
		return;
	}
	buf_adds(b, "\"");
	for (; *text; text++) {
		if (*text == '"')
			buf_adds(b, "\"");
		buf_add(b, text, 1);
	}
	buf_adds(b, "\"");
}

/* Quoted; gnuplot's data files have no escape for a quote, so it becomes an apostrophe. */
static void add_gnuplot(struct buf *b, const char *text)
{
	buf_adds(b, "\"");
	for (; *text; text++)
		buf_adds(b, *text == '"'	      ? "'"
			    : strchr("\t\r\n", *text) ? " "
						      : (char[]){ *text, 0 });
	buf_adds(b, "\"");
}

const struct rows_style rows_styles[] = {
	[EXPORT_CSV] = { "", "", ",", "\n", "", "", "", false, add_csv },
	[EXPORT_JSON] = { "[", "\n{", ",", "}", ",", "\n]\n", "null", true, buf_add_json },
	[EXPORT_GNUPLOT] = { "", "", "\t", "\n", "", "", "NaN", false, add_gnuplot },
};

static void add_cell(struct buf *b, const struct rows_style *style, sqlite3_stmt *stmt, int col)
{
	double value;

	switch (sqlite3_column_type(stmt, col)) {
	case SQLITE_NULL:
		buf_adds(b, style->missing);
		break;
	case SQLITE_INTEGER:
		buf_addf(b, "%lld", (long long)sqlite3_column_int64(stmt, col));
		break;
	case SQLITE_FLOAT:
		value = sqlite3_column_double(stmt, col);
		if (isfinite(value))
			buf_add_double(b, value);
		else
			buf_adds(b, style->missing);
		break;
	default:
		style->add_text(b, (const char *)sqlite3_column_text(stmt, col));
	}
}

static void add_row(struct buf *b, const struct rows_style *style, sqlite3_stmt *stmt)
{
	int nr_cols = sqlite3_column_count(stmt);

	buf_adds(b, style->row_begin);
	for (int col = 0; col < nr_cols; col++) {
		if (col)
			buf_adds(b, style->between_cells);
		if (style->names_in_rows) {
			style->add_text(b, sqlite3_column_name(stmt, col));
			buf_adds(b, ":");
		}
		add_cell(b, style, stmt, col);
	}
	buf_adds(b, style->row_end);
}

static void add_header(struct buf *b, const struct rows_style *style, sqlite3_stmt *stmt)
{
	int nr_cols = sqlite3_column_count(stmt);

	buf_adds(b, style->begin);
	if (style->names_in_rows)
		return;
	for (int col = 0; col < nr_cols; col++) {
		if (col)
			buf_adds(b, style->between_cells);
		style->add_text(b, sqlite3_column_name(stmt, col));
	}
	buf_adds(b, style->row_end);
}

static int print_table(struct store *s, sqlite3_stmt *stmt, FILE *out, size_t *ret_nr,
		       struct err *err)
{
	int nr_cols = sqlite3_column_count(stmt);
	struct table t = TABLE_INIT((size_t)nr_cols);
	char text[HUMAN_SIZE];
	int rc;

	for (int col = 0; col < nr_cols; col++)
		table_add(&t, sqlite3_column_name(stmt, col));
	while ((rc = db_step(s, stmt, err)) > 0) {
		for (int col = 0; col < nr_cols; col++) {
			if (sqlite3_column_type(stmt, col) == SQLITE_FLOAT)
				table_add(&t, human_number(text, sqlite3_column_double(stmt, col)));
			else
				table_add(&t, (const char *)sqlite3_column_text(stmt, col));
		}
		++*ret_nr;
	}
	if (!rc)
		table_print(&t, "", out);
	table_release(&t);
	return rc;
}

void rows_add_members(struct json *j, sqlite3_stmt *stmt)
{
	for (int col = 0; col < sqlite3_column_count(stmt); col++) {
		const char *key = sqlite3_column_name(stmt, col);

		switch (sqlite3_column_type(stmt, col)) {
		case SQLITE_INTEGER:
			json_add_integer(j, key, sqlite3_column_int64(stmt, col));
			break;
		case SQLITE_FLOAT:
			json_add_number(j, key, sqlite3_column_double(stmt, col));
			break;
		default:
			json_add_text(j, key, (const char *)sqlite3_column_text(stmt, col));
		}
	}
}

int rows_add_array(struct json *j, const char *key, struct store *s, const char *sql,
		   const char *types, int64_t first, int64_t second, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, sql, types, first, second);

	if (rc)
		return rc;
	json_begin(j, key, '[');
	while ((rc = db_step(s, stmt, err)) > 0) {
		json_begin(j, NULL, '{');
		rows_add_members(j, stmt);
		json_end(j, '}');
	}
	json_end(j, ']');
	sqlite3_finalize(stmt);
	return rc;
}

int rows_flush(FILE *out, struct err *err)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return err_failed(err, errno ? errno : EIO, "cannot write the output");
}

int rows_print(struct store *s, sqlite3_stmt *stmt, enum export_format format, FILE *out,
	       size_t *ret_nr, struct err *err)
{
	struct buf b = BUF_INIT;
	size_t nr = 0;
	int rc;

	if (format == EXPORT_TABLE) {
		rc = print_table(s, stmt, out, &nr, err);
		goto out;
	}

	const struct rows_style *style = &rows_styles[format];

	add_header(&b, style, stmt);
	while ((rc = db_step(s, stmt, err)) > 0) {
		if (nr++)
			buf_adds(&b, style->between_rows);
		add_row(&b, style, stmt);
		fwrite(b.data, 1, b.len, out);
		buf_reset(&b);
	}
	buf_adds(&b, style->end);
	fwrite(b.data ? b.data : "", 1, b.len, out);
out:
	if (!rc)
		rc = rows_flush(out, err);
	if (!rc && ret_nr)
		*ret_nr = nr;
	buf_release(&b);
	return rc;
}

int rows_print_json(struct store *s, const char *json, const char *const *columns,
		    enum export_format format, FILE *out, struct err *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc;

	for (size_t i = 0; columns[i]; i++)
		buf_addf(&sql, "%s value ->> '%s' AS \"%s\"", i ? "," : "SELECT", columns[i],
			 columns[i]);
	buf_adds(&sql, " FROM json_each(?1)");
	rc = db_prepare(s, &stmt, err, sql.data, "t", json);
	if (!rc)
		rc = rows_print(s, stmt, format, out, NULL, err);
	sqlite3_finalize(stmt);
	buf_release(&sql);
	return rc;
}

void rows_add_ranges(struct buf *b, const int64_t *ids, size_t nr)
{
	size_t nr_ranges = 0;

	for (size_t i = 0; i < nr;) {
		size_t last = i;

		if (nr_ranges++ == MAX_RANGES) {
			buf_adds(b, " …");
			return;
		}
		while (last + 1 < nr && ids[last + 1] == ids[last] + 1)
			last++;
		buf_addf(b, i ? " %lld" : "%lld", (long long)ids[i]);
		if (last > i)
			buf_addf(b, "-%lld", (long long)ids[last]);
		i = last + 1;
	}
}

int rows_add_flags(struct buf *b, struct store *s, const char *runs, struct err *err)
{
	sqlite3_stmt *stmt;
	size_t begin = b->len;
	int rc = db_prepare(
		s, &stmt, err,
		"SELECT code, count(DISTINCT run) FROM json_each(?1) c JOIN flag f ON f.run = c.value"
		" GROUP BY code ORDER BY min(severity <> 'fatal'),"
		" min(severity <> 'warning'), code",
		"t", runs);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0)
		buf_addf(b, "%s%s %lld", b->len > begin ? ", " : "",
			 (const char *)sqlite3_column_text(stmt, 0),
			 (long long)sqlite3_column_int64(stmt, 1));
	sqlite3_finalize(stmt);
	return rc;
}
