// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/deltas.h"

#include "results/rows.h"

static void add_column(struct buf *sql, sqlite3_stmt *metric, const char *what, const char *ending)
{
	int64_t id = sqlite3_column_int64(metric, 0), job = sqlite3_column_int64(metric, 1);
	char number[24] = "", *text;

	if (job > 1)
		snprintf(number, sizeof(number), "%lld.", (long long)job);
	text = sqlite3_mprintf(", max(CASE d.metric WHEN %lld THEN d.%s END) AS \"%s%w.%w_%w%s\"",
			       (long long)id, what, number,
			       (const char *)sqlite3_column_text(metric, 2),
			       (const char *)sqlite3_column_text(metric, 3),
			       (const char *)sqlite3_column_text(metric, 4), ending);
	buf_adds(sql, text);
	sqlite3_free(text);
}

static int add_columns(struct store *s, const char *runs, struct buf *sql, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(
		s, &stmt, err,
		"SELECT id, job, collector, key, unit, counter FROM metric m WHERE EXISTS"
		" (SELECT 1 FROM json_each(?1) c JOIN sample s ON s.run = c.value"
		"  AND s.metric = m.id) ORDER BY max(job, 1), collector, key",
		"t", runs);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		if (sqlite3_column_int(stmt, 5)) {
			add_column(sql, stmt, "delta", "");
			continue;
		}
		add_column(sql, stmt, "mean", "_mean");
		add_column(sql, stmt, "min", "_min");
		add_column(sql, stmt, "max", "_max");
	}
	sqlite3_finalize(stmt);
	return rc;
}

int deltas_print_wide(struct store *s, const char *runs, enum export_format format, FILE *out,
		      struct err *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc;

	buf_adds(&sql, "SELECT p.run, p.name AS phase, (p.end_ns - p.begin_ns) / 1e9 AS seconds");
	rc = add_columns(s, runs, &sql, err);
	if (rc)
		goto out;
	buf_adds(&sql, " FROM json_each(?1) c CROSS JOIN phase p ON p.run = c.value"
		       " LEFT JOIN phase_delta d ON d.run = p.run AND d.phase = p.name"
		       " GROUP BY c.key, p.name ORDER BY c.key, p.begin_ns");
	rc = db_prepare(s, &stmt, err, sql.data, "t", runs);
	if (!rc)
		rc = rows_print(s, stmt, format, out, NULL, err);
	sqlite3_finalize(stmt);
out:
	buf_release(&sql);
	return rc;
}
