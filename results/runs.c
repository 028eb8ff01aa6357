// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/runs.h"

#include "results/rows.h"

/* Does run_summary itself have a column of that name? */
static int is_fixed(struct store *s, const char *name, struct err *err)
{
	int64_t found;
	int rc =
		db_int(s, &found, err,
		       "SELECT 1 FROM pragma_table_info('run_summary') WHERE name = ?1", "t", name);

	return rc == -ENODATA ? 0 : rc ? rc : 1;
}

/* ", (SELECT …) AS "ops_per_s"" for each result that these runs have. */
static int add_pivot(struct store *s, const char *runs, struct buf *sql, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT DISTINCT v.name || '_' || v.unit FROM json_each(?1) c"
			    " CROSS JOIN result v ON v.run = c.value AND " OF_WHOLE_RUN
			    " ORDER BY 1",
			    "t", runs);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		const char *column = (const char *)sqlite3_column_text(stmt, 0);
		int fixed = is_fixed(s, column, err);

		if (fixed < 0) {
			rc = fixed;
			break;
		}

		char *text = sqlite3_mprintf(
			", (SELECT value FROM result v WHERE v.run = r.id AND v.job = summary.job"
			" AND v.name || '_' || v.unit = %Q) AS \"%s%w\"",
			column, fixed ? "result_" : "", column);

		buf_adds(sql, text);
		sqlite3_free(text);
	}
	sqlite3_finalize(stmt);
	return rc;
}

int runs_print(struct store *s, const char *runs, enum export_format format, FILE *out,
	       struct err *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc;

	buf_adds(&sql, "SELECT summary.*");
	rc = add_pivot(s, runs, &sql, err);
	if (rc)
		goto out;
	buf_adds(
		&sql,
		" FROM json_each(?1) c CROSS JOIN run r ON r.id = c.value"
		" CROSS JOIN run_summary summary ON summary.run = r.id ORDER BY c.key, summary.job");
	rc = db_prepare(s, &stmt, err, sql.data, "t", runs);
	if (rc)
		goto out;
	rc = rows_print(s, stmt, format, out, NULL, err);
	sqlite3_finalize(stmt);
out:
	buf_release(&sql);
	return rc;
}
