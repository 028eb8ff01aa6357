// SPDX-License-Identifier: GPL-2.0-or-later
/* What a figure asks for (plots/figure.h): data blocks and variables for gnuplot. */
#include "results/export.h"

#include <string.h>

#include "results/rows.h"

struct blocks {
	struct store *s;
	const struct figure_choice *choice;
	FILE *out;
	size_t nr;	   /* of blocks written */
	size_t first_rows; /* rows of the first */
};

/* *ret is NULL at the program's end. Each statement may do without :run, :experiment, :job or :y. */
static int prepare(struct blocks *b, const char **program, sqlite3_stmt **ret, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(b->s->db, *program, -1, &stmt, program) != SQLITE_OK)
		return db_fail(b->s, err);
	if (stmt) {
		sqlite3_bind_int64(stmt, sqlite3_bind_parameter_index(stmt, ":run"),
				   b->choice->run);
		sqlite3_bind_text(stmt, sqlite3_bind_parameter_index(stmt, ":experiment"),
				  b->choice->experiment, -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, sqlite3_bind_parameter_index(stmt, ":job"), b->choice->job,
				  -1, SQLITE_STATIC);
		sqlite3_bind_text(stmt, sqlite3_bind_parameter_index(stmt, ":y"), b->choice->y, -1,
				  SQLITE_STATIC);
	}
	*ret = stmt;
	return 0;
}

static int run_statement(struct blocks *b, sqlite3_stmt *stmt, struct err *err)
{
	size_t nr_rows;
	int rc;

	if (!sqlite3_column_count(stmt))
		return db_step(b->s, stmt, err);
	/* Two empty lines between blocks: gnuplot's `index`. */
	if (b->nr)
		fputs("\n\n", b->out);
	rc = rows_print(b->s, stmt, EXPORT_GNUPLOT, b->out, &nr_rows, err);
	if (!rc && !b->nr++)
		b->first_rows = nr_rows;
	return rc;
}

static int run_program(struct blocks *b, const char *program, struct err *err)
{
	int rc = 0;

	while (!rc && *program) {
		sqlite3_stmt *stmt = NULL;

		rc = prepare(b, &program, &stmt, err);
		if (rc || !stmt)
			break;
		rc = run_statement(b, stmt, err);
		sqlite3_finalize(stmt);
	}
	return rc;
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

static int add_variables(struct store *s, struct buf *vars, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, "SELECT * FROM variables", "");

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	for (int col = 0; rc > 0 && col < sqlite3_column_count(stmt); col++) {
		buf_addf(vars, "%s = ", sqlite3_column_name(stmt, col));
		switch (sqlite3_column_type(stmt, col)) {
		case SQLITE_NULL:
			buf_adds(vars, "NaN");
			break;
		case SQLITE_INTEGER:
		case SQLITE_FLOAT:
			/* Always a double: gnuplot divides integers as C does. */
			buf_addf(vars, "%.17g", sqlite3_column_double(stmt, col));
			break;
		default:
			add_string(vars, (const char *)sqlite3_column_text(stmt, col));
		}
		buf_adds(vars, "\n");
	}
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : 0;
}

int export_figure(struct store *s, const char *const *programs, const struct figure_choice *choice,
		  FILE *out, struct buf *vars, size_t *ret_rows, struct err *err)
{
	struct blocks b = { .s = s, .choice = choice, .out = out };
	int rc = db_run(s, err, "SAVEPOINT figure", "");

	if (rc)
		return rc;
	for (size_t i = 0; !rc && programs[i]; i++)
		rc = run_program(&b, programs[i], err);
	if (!rc)
		rc = add_variables(s, vars, err);
	if (!rc)
		*ret_rows = b.first_rows;
	/* Temporary tables and views go with it. */
	sqlite3_exec(s->db, "ROLLBACK TO figure; RELEASE figure", NULL, NULL, NULL);
	return rc;
}
