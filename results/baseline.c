// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/baseline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "results/store.h"

int store_baseline(struct store *s, int64_t run, int64_t job, struct store_baseline *ret,
		   struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT baseline_run, age_s, peak_bytes FROM baseline b"
			    " JOIN job j ON j.run = baseline_run WHERE b.run = ?1 AND b.job = ?2",
			    "ii", run, job);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 1) {
		*ret = (struct store_baseline){
			.run = sqlite3_column_int64(stmt, 0),
			.age_s = sqlite3_column_double(stmt, 1),
			.peak_bytes = (uint64_t)sqlite3_column_int64(stmt, 2),
		};
		rc = 0;
	} else if (!rc) {
		rc = -ENODATA;
	}
	sqlite3_finalize(stmt);
	return rc;
}

int store_find_peak(struct store *s, int64_t machine, const struct run_record *like,
		    const struct facts *facts, struct store_baseline *ret, struct err *err)
{
	char now[32];
	struct buf json = BUF_INIT;
	int rc;

	clock_wall(now, sizeof(now));
	db_add_facts(&json, facts);
	rc = db_run(s, err,
		    "INSERT INTO temp.prospect (machine, experiment, workload, workload_params,"
		    " run_params, version, backend, backend_params, started, facts)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		    "ittttttttt", machine, like->experiment, like->jobs[0].workload,
		    like->jobs[0].workload_params, like->run_params, like->version, like->backend,
		    like->backend_params, now, json.data);
	buf_release(&json);
	if (rc)
		return rc;
	rc = store_baseline(s, 0, 1, ret, err);
	if (!rc && !ret->peak_bytes)
		rc = -ENODATA;

	/* The answer stands, whatever becomes of the question. */
	struct err ignored;

	db_run(s, &ignored, "DELETE FROM temp.prospect", "");
	return rc;
}

/*
 * SELECT columns from the view's rows of some runs (a JSON array of ids). SQLite asks the view about
 * these alone where they stand in the statement's text; else it asks about every run, which takes
 * seconds from some thousand runs on.
 */
static int prepare_runs(struct store *s, sqlite3_stmt **ret, const char *columns,
			struct side_runs of, const char *end, struct err *err)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_addf(&sql,
		 "SELECT %s FROM baseline WHERE run IN (%.*s) AND ?1 IN (0, job)"
		 " AND baseline_run IS NOT NULL %s",
		 columns, (int)strlen(of.runs) - 2, of.runs + 1, end);
	rc = db_prepare(s, ret, err, sql.data, "i", of.job);
	buf_release(&sql);
	return rc;
}

int baselines_json(struct store *s, const char *runs, struct buf *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = prepare_runs(s, &stmt,
			      "json_group_array(json_array(run, job, baseline_run, age_s))",
			      (struct side_runs){ runs, 0 }, "", err);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc > 0)
		buf_adds(ret, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : 0;
}

int baselines_find(struct store *s, struct side_runs runs, struct baselines *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = prepare_runs(s, &stmt, "baseline_run, max(age_s), sum(run <> baseline_run)", runs,
			      "GROUP BY baseline_run ORDER BY 1", err);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		int64_t run = sqlite3_column_int64(stmt, 0);

		ret->runs = xreallocarray(ret->runs, ret->nr + 1, sizeof(*ret->runs));
		ret->runs[ret->nr++] = run;
		ret->nr_others += (size_t)sqlite3_column_int64(stmt, 2);
		ret->age_s = fmax(ret->age_s, sqlite3_column_double(stmt, 1));
		buf_addf(&ret->json, "%s%lld", ret->json.len ? "," : "[", (long long)run);
	}
	if (ret->nr)
		buf_adds(&ret->json, "]");
	sqlite3_finalize(stmt);
	return rc;
}

void baselines_release(struct baselines *b)
{
	free(b->runs);
	buf_release(&b->json);
	b->runs = NULL;
	b->nr = 0;
}

int baselines_slowdown(struct store *s, struct side_runs runs, const struct baselines *b,
		       const char *result, const char *better, struct stats_ratio *ret,
		       struct err *err)
{
	struct side_values here = { 0 }, base = { 0 };
	size_t blocks;
	int rc;

	if (!b->nr || !better)
		return -ENODATA;
	/* A baseline has one job. */
	rc = sides_load(s, (struct side_runs){ b->json.data, 0 }, runs, result, NULL, &base, &here,
			err);
	if (!rc)
		rc = sides_slowdown(&base, &here, better, ret, &blocks);
	side_values_release(&here);
	side_values_release(&base);
	return rc == -ERANGE ? -ENODATA : rc;
}
