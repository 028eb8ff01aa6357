// SPDX-License-Identifier: GPL-2.0-or-later
/* One run for a program: what `show` tells, as one JSON object. */
#include "base/embed.h"
#include "results/export.h"
#include "results/rows.h"

EMBED(show_histograms_json_sql, "results/show_histograms.sql");
EMBED(show_json_flags_sql, "results/show_json_flags.sql");
EMBED(show_json_job_sql, "results/show_json_job.sql");
EMBED(show_json_results_sql, "results/show_json_results.sql");
EMBED(show_json_run_sql, "results/show_json_run.sql");
EMBED(show_phases_json_sql, "results/show_phases.sql");

/* Parameters and facts are JSON in the database, too. */
static int add_run(struct json *j, struct store *s, int64_t run, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, show_json_run_sql, "i", run);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	for (int col = 0; rc > 0 && col < sqlite3_column_count(stmt); col++) {
		const char *key = sqlite3_column_name(stmt, col);
		const char *text = (const char *)sqlite3_column_text(stmt, col);

		if (text && *text == '{')
			json_add_raw(j, key, text);
		else if (sqlite3_column_type(stmt, col) == SQLITE_TEXT)
			json_add_text(j, key, text);
		else
			json_add_raw(j, key, text);
	}
	sqlite3_finalize(stmt);
	return rc == 0 ? err_usage(err, "there is no run %lld", (long long)run) : rc < 0 ? rc : 0;
}

static int add_job(struct json *j, struct store *s, int64_t run, int64_t job, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, show_json_job_sql, "ii", run, job);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	json_begin(j, NULL, '{');
	if (rc > 0)
		rows_add_members(j, stmt);
	sqlite3_finalize(stmt);
	if (rc >= 0)
		rc = rows_add_array(j, "results", s, show_json_results_sql, "ii", run, job, err);
	if (!rc)
		rc = rows_add_array(j, "latencies", s, show_histograms_json_sql, "ii", run, job,
				    err);
	if (!rc)
		rc = rows_add_array(j, "phases", s, show_phases_json_sql, "ii", run, job, err);
	json_end(j, '}');
	return rc;
}

int show_run_json(struct store *s, int64_t run, FILE *out, struct err *err)
{
	struct buf text = BUF_INIT;
	struct json j = { .text = &text };
	int64_t nr_jobs;
	int rc;

	json_begin(&j, NULL, '{');
	rc = add_run(&j, s, run, err);
	if (!rc)
		rc = db_int(s, &nr_jobs, err, "SELECT count(*) FROM job WHERE run = ?1", "i", run);
	json_begin(&j, "jobs", '[');
	for (int64_t job = 1; !rc && job <= nr_jobs; job++)
		rc = add_job(&j, s, run, job, err);
	json_end(&j, ']');
	if (!rc)
		rc = rows_add_array(&j, "flags", s, show_json_flags_sql, "i", run, 0, err);
	json_end(&j, '}');
	if (!rc) {
		fprintf(out, "%s\n", text.data);
		rc = rows_flush(out, err);
	}
	buf_release(&text);
	return rc;
}
