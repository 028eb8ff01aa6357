// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/runs.h"

#include <string.h>

#include "base/embed.h"
#include "results/rows.h"

EMBED(runs_columns_sql, "results/runs_columns.sql");

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
static int add_results(struct store *s, const char *runs, struct buf *sql, struct err *err)
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

/* A key of one of a row's JSON objects. Those of a backend are empty for others. */
static void add_key(struct buf *sql, const char *whose, const char *backend, const char *key,
		    const char *column)
{
	static const char *const objects[][2] = {
		{ "workload", "j.workload_params" },
		{ "backend", "r.backend_params" },
		{ "run", "r.run_params" },
		{ "machine", "m.facts" },
		{ "fact", "r.facts" },
	};
	const char *object = "";
	char *path = sqlite3_mprintf("$.\"%s\"", key), *text;

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		if (strcmp(objects[i][0], whose) == 0)
			object = objects[i][1];
	}
	if (*backend)
		text = sqlite3_mprintf(", CASE r.backend WHEN %Q THEN %s ->> %Q END AS \"%w\"",
				       backend, object, path, column);
	else
		text = sqlite3_mprintf(", %s ->> %Q AS \"%w\"", object, path, column);
	buf_adds(sql, text);
	sqlite3_free(text);
	sqlite3_free(path);
}

/* What stands before the results: the run itself, its parameters, the facts that tell it from others. */
static int add_settings(struct store *s, const char *runs, struct buf *sql, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, runs_columns_sql, "t", runs);

	if (rc)
		return rc;
	buf_adds(sql,
		 "SELECT summary.*, m.facts ->> '$.host' AS host, m.facts ->> '$.kernel' AS kernel,"
		 " r.version, r.command");
	while ((rc = db_step(s, stmt, err)) > 0)
		add_key(sql, (const char *)sqlite3_column_text(stmt, 0),
			(const char *)sqlite3_column_text(stmt, 1),
			(const char *)sqlite3_column_text(stmt, 2),
			(const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	return rc;
}

int runs_print(struct store *s, const char *runs, bool wide, enum export_format format, FILE *out,
	       struct err *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc = add_settings(s, runs, &sql, err);

	if (!rc && wide)
		rc = add_results(s, runs, &sql, err);
	if (!rc && !wide)
		buf_adds(&sql, ", v.name AS result, v.value, v.unit, v.better");
	if (rc)
		goto out;
	buf_adds(&sql,
		 " FROM json_each(?1) c CROSS JOIN run r ON r.id = c.value"
		 " JOIN machine m ON m.id = r.machine CROSS JOIN job j ON j.run = r.id"
		 " CROSS JOIN run_summary summary ON summary.run = r.id AND summary.job = j.job");
	if (!wide)
		buf_adds(&sql, " LEFT JOIN result v ON v.run = r.id AND v.job = j.job"
			       " AND instr(v.name, '.') = 0");
	buf_adds(&sql, wide ? " ORDER BY c.key, j.job" : " ORDER BY c.key, j.job, v.ord");
	rc = db_prepare(s, &stmt, err, sql.data, "t", runs);
	if (rc)
		goto out;
	rc = rows_print(s, stmt, format, out, NULL, err);
	sqlite3_finalize(stmt);
out:
	buf_release(&sql);
	return rc;
}
