// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "results/db.h"

static int no_such_run(struct store *s, const char *selector, struct err *err)
{
	int64_t first, last;
	int rc = db_int(s, &first, err, "SELECT min(id) FROM run", "");

	if (rc == -ENODATA) {
		err_usage(err, "%s holds no run yet; make one with `fmbench run`", s->path);
		return -ENOENT;
	}
	if (!rc)
		rc = db_int(s, &last, err, "SELECT max(id) FROM run", "");
	if (rc)
		return rc;
	err_usage(
		err,
		"%s holds no run %s: give a number from %lld to %lld, the beginning of a uuid, or "
		"`latest`",
		s->path, selector ? selector : "latest", (long long)first, (long long)last);
	return -ENOENT;
}

static int find_by_uuid(struct store *s, const char *prefix, int64_t *ret_run, struct err *err)
{
	int64_t nr;
	int rc = db_int(s, &nr, err,
			"SELECT count(*) FROM run WHERE substr(uuid, 1, length(?1)) = lower(?1)",
			"t", prefix);

	if (rc)
		return rc;
	if (nr > 1) {
		err_usage(err, "%lld runs in %s have a uuid that begins with %s: give more of it",
			  (long long)nr, s->path, prefix);
		return -ENOENT;
	}
	return db_int(s, ret_run, err,
		      "SELECT id FROM run WHERE substr(uuid, 1, length(?1)) = lower(?1)", "t",
		      prefix);
}

int store_find_run(struct store *s, const char *selector, int64_t *ret_run, struct err *err)
{
	uint64_t id;
	int rc = -ENODATA;

	if (!selector || strcmp(selector, "latest") == 0) {
		rc = db_int(s, ret_run, err, "SELECT max(id) FROM run", "");
	} else if (*selector) {
		/* Eight digits may as well begin a uuid. */
		if (parse_u64(selector, &id) == 0)
			rc = db_int(s, ret_run, err, "SELECT id FROM run WHERE id = ?1", "u", id);
		if (rc == -ENODATA)
			rc = find_by_uuid(s, selector, ret_run, err);
	}
	return rc == -ENODATA ? no_such_run(s, selector, err) : rc;
}

int store_each_name(struct store *s, enum store_names what, int most,
		    void (*each)(void *arg, const char *name, const char *about), void *arg,
		    struct err *err)
{
	static const char *const queries[] = {
		[STORE_RUNS] = "SELECT id, workload || coalesce(' at ' || ratio, '') || ', ' ||"
			       " backend || ', ' || status FROM run_job GROUP BY id"
			       " ORDER BY id DESC LIMIT ?1",
		[STORE_EXPERIMENTS] = "SELECT experiment, count(*) || ' runs' FROM run WHERE"
				      " experiment IS NOT NULL GROUP BY experiment"
				      " ORDER BY max(id) DESC LIMIT ?1",
	};
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, queries[what], "i", (int64_t)most);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) == 1)
		each(arg, (const char *)sqlite3_column_text(stmt, 0),
		     (const char *)sqlite3_column_text(stmt, 1));
	sqlite3_finalize(stmt);
	return rc;
}

int store_find_made(struct store *s, const struct run_record *like, int64_t *ret_run,
		    uint64_t *ret_peak_bytes, struct err *err)
{
	char seed[32];
	sqlite3_stmt *stmt;
	int rc;

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)like->seed);
	rc = db_prepare(
		s, &stmt, err,
		"SELECT id, peak_bytes FROM run_job WHERE experiment IS ?1 AND workload = ?2"
		" AND workload_params = ?3 AND backend = ?4 AND backend_params = ?5"
		" AND run_params = ?6 AND ratio IS ?7 AND repeat = ?8 AND seed = ?9"
		" AND status IN ('ok', 'untrusted')"
		" ORDER BY id DESC LIMIT 1",
		"ttttttdit", like->experiment, like->jobs[0].workload,
		like->jobs[0].workload_params, like->backend, like->backend_params,
		like->run_params, like->jobs[0].ratio, (int64_t)like->repeat, seed);
	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 1) {
		*ret_run = sqlite3_column_int64(stmt, 0);
		*ret_peak_bytes = (uint64_t)sqlite3_column_int64(stmt, 1);
		rc = 0;
	} else if (!rc) {
		rc = -ENODATA;
	}
	sqlite3_finalize(stmt);
	return rc;
}

int store_expect(struct store *s, const struct run_record *like, double *ret_seconds,
		 struct err *err)
{
	return db_double(s, ret_seconds, err,
			 "SELECT (end_ns - begin_ns) / 1e9 FROM run_job WHERE workload = ?1"
			 " AND workload_params = ?2 AND run_params = ?3"
			 " AND status IN ('ok', 'untrusted') AND end_ns > begin_ns"
			 " ORDER BY backend = ?4 AND ratio IS ?5 DESC, backend = ?4 DESC,"
			 " abs(ratio - ?5), id DESC LIMIT 1",
			 "ttttd", like->jobs[0].workload, like->jobs[0].workload_params,
			 like->run_params, like->backend, like->jobs[0].ratio);
}

int store_expect_rest(struct store *s, const struct run_record *like, double *ret_seconds,
		      struct err *err)
{
	return db_double(s, ret_seconds, err,
			 "SELECT (end_ns - begin_ns - ifnull((SELECT sum(p.end_ns - p.begin_ns)"
			 " FROM phase p WHERE p.run = r.id AND p.name IN ('warmup', 'measure')),"
			 " 0)) / 1e9"
			 " FROM run_job r WHERE workload = ?1 AND status IN ('ok', 'untrusted')"
			 " AND end_ns > begin_ns"
			 " ORDER BY workload_params = ?2 DESC, backend = ?3 AND ratio IS ?4 DESC,"
			 " backend = ?3 DESC, abs(ratio - ?4), id DESC LIMIT 1",
			 "tttd", like->jobs[0].workload, like->jobs[0].workload_params,
			 like->backend, like->jobs[0].ratio);
}

/* Of a run that goes on, too: the writer asks about its own. */
static int settle(struct store *s, int64_t run, struct err *err)
{
	return sqlite3_db_readonly(s->db, "main") ? 0 : db_settle(s, run, err);
}

int store_phase_value(struct store *s, int64_t run, int job, const char *phase,
		      const char *collector, const char *key, double *ret_value, struct err *err)
{
	int rc = settle(s, run, err);

	return rc ? rc
		  : db_double(s, ret_value, err,
			      "SELECT ifnull(delta, mean) FROM phase_delta"
			      " WHERE run = ?1 AND job IN (0, ?2) AND phase = ?3 AND collector = ?4"
			      " AND key = ?5",
			      "iittt", run, (int64_t)job, phase, collector, key);
}

static double double_or_nan(sqlite3_stmt *stmt, int col)
{
	return sqlite3_column_type(stmt, col) == SQLITE_NULL ? NAN
							     : sqlite3_column_double(stmt, col);
}

int store_phase_gauge(struct store *s, int64_t run, int job, const char *phase,
		      const char *collector, const char *key, struct store_gauge *ret,
		      struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = settle(s, run, err);

	if (rc)
		return rc;
	rc = db_prepare(
		s, &stmt, err,
		"SELECT d.min, d.max,"
		" (SELECT value FROM sample x WHERE x.run = d.run AND x.metric = d.metric"
		"  AND x.tick <= e.first_tick ORDER BY x.tick DESC LIMIT 1),"
		" (SELECT value FROM sample x WHERE x.run = d.run AND x.metric = d.metric"
		"  AND x.tick <= e.last_tick ORDER BY x.tick DESC LIMIT 1)"
		" FROM phase_delta d JOIN phase_edge e ON e.run = d.run AND e.phase = d.phase"
		" WHERE d.run = ?1 AND d.job IN (0, ?2) AND d.phase = ?3 AND d.collector = ?4"
		" AND d.key = ?5",
		"iittt", run, (int64_t)job, phase, collector, key);
	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 0 || (rc == 1 && sqlite3_column_type(stmt, 1) == SQLITE_NULL)) {
		rc = -ENODATA;
	} else if (rc == 1) {
		ret->min = sqlite3_column_double(stmt, 0);
		ret->max = sqlite3_column_double(stmt, 1);
		ret->begin = double_or_nan(stmt, 2);
		ret->end = sqlite3_column_double(stmt, 3);
		rc = 0;
	}
	db_release(s, stmt);
	return rc;
}

int store_run_max(struct store *s, int64_t run, int job, const char *collector, const char *key,
		  uint64_t *ret_value, struct err *err)
{
	int64_t value;
	int rc = settle(s, run, err);

	if (!rc)
		rc = db_int(s, &value, err,
			    "SELECT max(value) FROM sample WHERE run = ?1 AND metric ="
			    " (SELECT id FROM metric WHERE job IN (0, ?2) AND collector = ?3"
			    " AND key = ?4)",
			    "iitt", run, (int64_t)job, collector, key);
	if (!rc)
		*ret_value = (uint64_t)value;
	return rc;
}

int store_run_max_sum(struct store *s, int64_t run, int job, const char *collector, const char *key,
		      const char *other_key, uint64_t *ret_value, struct err *err)
{
	int64_t value;
	int rc = settle(s, run, err);

	if (!rc)
		rc = db_int(s, &value, err,
			    "WITH both AS MATERIALIZED (SELECT id FROM metric WHERE job IN (0, ?2)"
			    "  AND collector = ?3 AND key IN (?4, ?5))"
			    " SELECT max(s.value + ifnull((SELECT o.value FROM sample o"
			    "  WHERE o.run = s.run AND o.tick <= s.tick"
			    "  AND o.metric = (SELECT id FROM both WHERE id <> s.metric)"
			    "  ORDER BY o.tick DESC LIMIT 1), 0))"
			    " FROM sample s WHERE run = ?1 AND metric IN (SELECT id FROM both)",
			    "iittt", run, (int64_t)job, collector, key, other_key);
	if (!rc)
		*ret_value = (uint64_t)value;
	return rc;
}
