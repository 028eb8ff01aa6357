// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/store.h"

#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/embed.h"
#include "base/process.h"
#include "results/db.h"
#include "results/functions.h"
#include "results/upgrade.h"

EMBED(schema_sql, "results/schema.sql");
EMBED(views_sql, "results/views.sql");
EMBED(baseline_sql, "results/baseline.sql");

#define APPLICATION_ID 0x666d6265 /* "fmbe" */
#define SCHEMA_VERSION 2
#define BUSY_MS	       5000
#define RESERVE_BYTES  (512 << 10)

/* Whose database is it? *ret_version: its format, 0 for an empty file. Changes nothing. */
static int identify(struct store *s, int64_t *ret_version, struct err *err)
{
	int64_t application, version, objects;
	int rc = db_int(s, &application, err, "PRAGMA application_id", "");

	if (!rc)
		rc = db_int(s, &version, err, "PRAGMA user_version", "");
	if (!rc)
		rc = db_int(s, &objects, err, "SELECT count(*) FROM sqlite_schema", "");
	if (rc)
		return rc;
	if (!application && !version && !objects) {
		*ret_version = 0;
		return 0;
	}
	if (application != APPLICATION_ID) {
		err_failed(err, 0,
			   "%s is a database of another program; name another file with --db",
			   s->path);
		return -EINVAL;
	}
	if (version < 1 || version > SCHEMA_VERSION) {
		err_failed(err, 0,
			   "%s was written by a newer fmbench (format %lld, this one knows %d); "
			   "use that fmbench, or name another file with --db",
			   s->path, (long long)version, SCHEMA_VERSION);
		return -EINVAL;
	}
	*ret_version = version;
	return 0;
}

/* The current format's tables and views, and its number. sqlite3_free() it. */
static char *whole_schema(void)
{
	char *sql = sqlite3_mprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d",
				    schema_sql, APPLICATION_ID, SCHEMA_VERSION);

	if (!sql)
		abort();
	return sql;
}

static int create_schema(struct store *s, struct err *err)
{
	char *sql;
	int64_t version;
	int rc;

	/* Changing the mode does not wait for a lock as other statements do. */
	for (int waited_ms = 0;; waited_ms += 10) {
		rc = db_run(s, err, "PRAGMA journal_mode = WAL", "");
		if (rc != -EBUSY || waited_ms >= BUSY_MS)
			break;
		usleep(10000);
	}
	if (rc)
		return rc;
	rc = store_begin(s, err);
	if (rc)
		return rc;

	/* Two may have found the file empty: the one that got the lock first has done it. */
	rc = identify(s, &version, err);
	if (!rc && !version) {
		sql = whole_schema();
		if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
			rc = db_fail(s, err);
		sqlite3_free(sql);
	}
	if (!rc)
		rc = store_commit(s, err);
	if (rc)
		store_rollback(s);
	return rc;
}

/*
 * A database in WAL mode needs a file beside it even to be read. Where that can't be made (a
 * read-only medium) nobody can be writing either, which is what immutable=1 promises.
 */
static int open_immutable(struct store *s)
{
	char *uri = sqlite3_mprintf("file:%s?immutable=1", s->path);
	int rc;

	if (!uri)
		abort();
	db_close(s);
	rc = sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	sqlite3_free(uri);
	return rc;
}

static int open_read(struct store *s, struct err *err)
{
	if (access(s->path, F_OK) != 0 && errno != EACCES)
		return err_missing(
			err,
			"there is no database %s yet; make one with `fmbench run`, or name "
			"another with --db",
			s->path);
	if (access(s->path, R_OK) != 0)
		return err_failed(err, errno, "cannot read %s", s->path);
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		return db_fail(s, err);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	if (sqlite3_exec(s->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) ==
		    SQLITE_CANTOPEN &&
	    !strpbrk(s->path, "?#%") && open_immutable(s) != SQLITE_OK)
		return db_fail(s, err);
	return 0;
}

static int open_write(struct store *s, struct err *err)
{
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		return db_fail(s, err);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	/* SQLite opens what it may not write for reading, without a word. */
	if (sqlite3_db_readonly(s->db, "main")) {
		err_failed(err, 0, "cannot write %s: the file is read-only; name another with --db",
			   s->path);
		return -EROFS;
	}
	return 0;
}

/*
 * Room that a full disk can't take: without it a run that dies of the full disk could not be marked
 * as failed. Nameless, so nothing is left behind; where the file system can't (EOPNOTSUPP), there
 * is none.
 */
static int open_reserve(struct store *s, struct err *err)
{
	char *path = xstrdup(s->path);
	int fd = open(dirname(path), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	free(path);
	if (fd >= 0 && fallocate(fd, 0, 0, RESERVE_BYTES) != 0) {
		bool full = errno == ENOSPC || errno == EDQUOT;

		close(fd);
		if (full)
			return db_fail_write(s, err, ENOSPC);
		fd = -1;
	}
	s->reserve_fd = fd;
	return 0;
}

static void spend_reserve(struct store *s)
{
	if (s->reserve_fd >= 0)
		close(s->reserve_fd);
	s->reserve_fd = -1;
}

static int bring_up_to_date(struct store *s, enum store_mode mode, int64_t version, struct err *err)
{
	char *schema = whole_schema();
	int rc = mode == STORE_WRITE ? upgrade_here(s, version, schema, err)
				     : upgrade_private_copy(s, version, schema, err);

	sqlite3_free(schema);
	if (rc)
		err_prefix(err,
			   "%s is of an older fmbench (format %lld) and can't be brought up "
			   "to date",
			   s->path, (long long)version);
	return rc;
}

int store_open(const char *path, enum store_mode mode, struct store **ret, struct err *err)
{
	struct store *s = xcalloc(1, sizeof(*s));
	int64_t version = 0;
	int rc;

	s->path = xstrdup(path);
	s->reserve_fd = -1;
	rc = mode == STORE_READ ? open_read(s, err) : open_write(s, err);
	if (rc)
		goto out;
	rc = identify(s, &version, err);
	if (rc)
		goto out;
	if (!version && mode == STORE_READ) {
		rc = err_missing(
			err, "%s is empty; fill it with `fmbench run`, or name another with --db",
			path);
		goto out;
	}
	if (!version)
		rc = create_schema(s, err);
	else if (version < SCHEMA_VERSION)
		rc = bring_up_to_date(s, mode, version, err);
	if (!rc)
		rc = db_run(s, err, "PRAGMA foreign_keys = ON", "");
	/* In WAL mode NORMAL loses no commit to a killed process, only to a power cut. */
	if (!rc)
		rc = db_run(s, err, "PRAGMA synchronous = NORMAL", "");
	if (!rc && (functions_add(s->db) != SQLITE_OK ||
		    sqlite3_exec(s->db, views_sql, NULL, NULL, NULL) != SQLITE_OK ||
		    sqlite3_exec(s->db, baseline_sql, NULL, NULL, NULL) != SQLITE_OK))
		rc = db_fail(s, err);
	if (!rc && mode == STORE_WRITE)
		rc = open_reserve(s, err);
out:
	if (rc) {
		store_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	db_close(s);
	if (s->private_path)
		unlink(s->private_path);
	spend_reserve(s);
	free(s->private_path);
	free(s->path);
	free(s);
}

int store_begin(struct store *s, struct err *err)
{
	/* IMMEDIATE waits for the lock here, not half-way through. */
	return db_run(s, err, "BEGIN IMMEDIATE", "");
}

int store_commit(struct store *s, struct err *err)
{
	return db_run(s, err, "COMMIT", "");
}

void store_rollback(struct store *s)
{
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

#define SORTED_FACTS                                                                               \
	"(SELECT json_group_object(key, value) FROM"                                               \
	" (SELECT key, value FROM json_each(?1) ORDER BY key))"

int store_find_machine(struct store *s, const struct facts *facts, int64_t *ret_machine,
		       struct err *err)
{
	struct buf json = BUF_INIT;
	int rc;

	db_add_facts(&json, facts);
	rc = db_int(s, ret_machine, err, "SELECT id FROM machine WHERE facts = " SORTED_FACTS, "t",
		    json.data);
	buf_release(&json);
	return rc;
}

int store_machine(struct store *s, const struct facts *facts, int64_t *ret_machine, struct err *err)
{
	struct buf json = BUF_INIT;
	int rc;

	db_add_facts(&json, facts);
	rc = db_int(s, ret_machine, err,
		    "INSERT INTO machine (facts) VALUES (" SORTED_FACTS ")"
		    " ON CONFLICT (facts) DO UPDATE SET facts = facts RETURNING id",
		    "t", json.data);
	buf_release(&json);
	return rc;
}

static const char *object_or_empty(const char *json)
{
	return json ? json : "{}";
}

static int insert_jobs(struct store *s, int64_t run, const struct run_record *r, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->nr_jobs && !rc; i++) {
		const struct job_record *j = &r->jobs[i];

		rc = db_run(s, err,
			    "INSERT INTO job (run, job, name, workload, workload_params, ratio,"
			    " peak_bytes, limit_bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			    "iitttdzz", run, (int64_t)i + 1, j->name, j->workload,
			    object_or_empty(j->workload_params), j->ratio, j->peak_bytes,
			    j->limit_bytes);
	}
	return rc;
}

int store_run_begin(struct store *s, int64_t machine, const struct run_record *r, int64_t *ret_run,
		    struct err *err)
{
	char started[32], seed[32];
	int rc;

	clock_wall(started, sizeof(started));
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)r->seed);
	rc = store_begin(s, err);
	if (rc)
		return rc;
	rc = db_int(s, ret_run, err,
		    "INSERT INTO run (uuid, machine, experiment, backend, backend_params,"
		    " run_params, command, version, repeat, seed, pid, pid_start, started,"
		    " begin_ns, status)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
		    " 'started') RETURNING id",
		    "tittttttitiutu", r->uuid, machine, r->experiment, r->backend,
		    object_or_empty(r->backend_params), object_or_empty(r->run_params), r->command,
		    r->version, (int64_t)r->repeat, seed, (int64_t)r->pid, r->pid_start, started,
		    clock_ns());
	if (!rc)
		rc = insert_jobs(s, *ret_run, r, err);
	if (!rc)
		rc = store_commit(s, err);
	if (rc) {
		store_rollback(s);
		*ret_run = 0;
	}
	return rc;
}

int store_run_facts(struct store *s, int64_t run, const struct facts *facts, struct err *err)
{
	struct buf json = BUF_INIT;
	int rc;

	db_add_facts(&json, facts);
	rc = db_run(s, err, "UPDATE run SET facts = json_patch(facts, ?2) WHERE id = ?1", "it", run,
		    json.data);
	buf_release(&json);
	return rc;
}

int store_job_limits(struct store *s, int64_t run, int job, uint64_t peak_bytes,
		     uint64_t limit_bytes, struct err *err)
{
	return db_run(
		s, err,
		"UPDATE job SET peak_bytes = ?3, limit_bytes = ?4 WHERE run = ?1 AND job = ?2",
		"iizz", run, (int64_t)job, peak_bytes, limit_bytes);
}

int store_phase(struct store *s, int64_t run, const char *name, uint64_t begin_ns, uint64_t end_ns,
		struct err *err)
{
	return db_run(s, err,
		      "INSERT INTO phase (run, name, begin_ns, end_ns) VALUES (?1, ?2, ?3, ?4)",
		      "ituu", run, name, begin_ns, end_ns);
}

static const char *const better_text[] = {
	[BETTER_NEITHER] = NULL,
	[BETTER_HIGHER] = "higher",
	[BETTER_LOWER] = "lower",
};

static const char *const severity_text[] = {
	[SEVERITY_NOTE] = "note",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_FATAL] = "fatal",
};

/* Above 292 years of nanoseconds only broken clocks are found. */
static int64_t clamp(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static int insert_histogram(struct store *s, int64_t run, int job, const struct result_hist *h,
			    struct err *err)
{
	const struct hist *hist = h->hist;
	int rc;

	rc = db_run(s, err,
		    "INSERT INTO histogram (run, job, name, count, sum, min, max)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, iif(?4, ?6, NULL), iif(?4, ?7, NULL))",
		    "iitudii", run, (int64_t)job, h->name, hist->count, (double)hist->sum,
		    clamp(hist->min), clamp(hist->max));
	for (size_t i = 0; !rc && i < HIST_BUCKETS; i++) {
		uint64_t low, high;

		if (!hist->bucket[i])
			continue;
		hist_bounds(i, &low, &high);
		rc = db_run(s, err,
			    "INSERT INTO bucket (run, job, name, low, high, count)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			    "iitiiu", run, (int64_t)job, h->name, clamp(low), clamp(high),
			    hist->bucket[i]);
	}
	return rc;
}

static int insert_results(struct store *s, int64_t run, int job, const struct results *results,
			  struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < results->nr; i++) {
		const struct result *row = &results->rows[i];

		rc = db_run(
			s, err,
			"INSERT INTO result (run, job, ord, name, unit, better, value)"
			" SELECT ?1, ?2, (SELECT count(*) FROM result WHERE run = ?1 AND job = ?2),"
			" ?3, ?4, ?5, ?6",
			"iitttd", run, (int64_t)job, row->name, row->unit, better_text[row->better],
			row->value);
	}
	for (size_t i = 0; !rc && i < results->nr_flags; i++) {
		const struct result_flag *flag = &results->flags[i];

		rc = db_run(s, err,
			    "INSERT INTO flag (run, job, code, severity, detail)"
			    " VALUES (?1, ?2, ?3, ?4, ?5)",
			    "iittt", run, (int64_t)job, flag->code, severity_text[flag->severity],
			    flag->detail);
	}
	for (size_t i = 0; !rc && i < results->nr_hists; i++)
		rc = insert_histogram(s, run, job, &results->hists[i], err);
	return rc;
}

int store_results(struct store *s, int64_t run, int job, const struct results *results,
		  struct err *err)
{
	/* A savepoint is whole both alone and within a caller's transaction. */
	int rc = db_run(s, err, "SAVEPOINT results", "");

	if (rc)
		return rc;
	rc = insert_results(s, run, job, results, err);
	if (!rc)
		rc = db_run(s, err, "RELEASE results", "");
	if (rc)
		sqlite3_exec(s->db, "ROLLBACK TO results; RELEASE results", NULL, NULL, NULL);
	return rc;
}

int store_artifact(struct store *s, int64_t run, const char *name, const char *path,
		   struct err *err)
{
	return db_run(s, err, "INSERT INTO artifact (run, name, path) VALUES (?1, ?2, ?3)", "itt",
		      run, name, path);
}

static int set_end(struct store *s, int64_t run, const char *status, const char *reason,
		   struct err *err)
{
	return db_run(s, err, "UPDATE run SET status = ?2, reason = ?3, end_ns = ?4 WHERE id = ?1",
		      "ittu", run, status, reason, clock_ns());
}

int store_run_end(struct store *s, int64_t run, const char *status, const char *reason,
		  struct err *err)
{
	struct err again = { 0 };
	int rc = db_settle(s, run, err);

	if (!rc)
		rc = set_end(s, run, status, reason, err);
	if (rc == -ENOSPC) {
		spend_reserve(s);
		set_end(s, run, "failed", reason ? reason : err->msg, &again);
	}
	return rc;
}

static int mark_dead(struct store *s, int64_t run, struct err *err)
{
	int rc = db_settle(s, run, err);

	if (rc)
		return rc;
	/* No end_ns: when it died is not known. */
	return db_run(
		s, err,
		"UPDATE run SET status = 'failed',"
		" reason = 'fmbench was killed, or could not write here, before this run ended'"
		" WHERE id = ?1 AND status = 'started'",
		"i", run);
}

int store_run_delete(struct store *s, int64_t run, struct err *err)
{
	return db_run(s, err, "DELETE FROM run WHERE id = ?1", "i", run);
}

int store_mark_dead(struct store *s, int *ret_nr, struct err *err)
{
	sqlite3_stmt *stmt;
	int nr = 0;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT id, pid, pid_start FROM run WHERE status = 'started'", "");

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		if (process_alive((pid_t)sqlite3_column_int64(stmt, 1),
				  (uint64_t)sqlite3_column_int64(stmt, 2)))
			continue;
		rc = mark_dead(s, sqlite3_column_int64(stmt, 0), err);
		if (rc)
			break;
		nr++;
	}
	sqlite3_finalize(stmt);
	if (!rc)
		*ret_nr = nr;
	return rc;
}

/* Most are known as they are from earlier runs, and reading one is cheaper than writing it. */
int store_metric(struct store *s, int job, const char *collector, const char *key, const char *unit,
		 bool counter, int64_t *ret_metric, struct err *err)
{
	int rc = db_int(s, ret_metric, err,
			"SELECT id FROM metric WHERE job = ?1 AND collector = ?2 AND key = ?3"
			" AND unit = ?4 AND counter = ?5",
			"ittti", (int64_t)job, collector, key, unit, (int64_t)counter);

	if (rc != -ENODATA)
		return rc;
	return db_int(s, ret_metric, err,
		      "INSERT INTO metric (job, collector, key, unit, counter)"
		      " VALUES (?1, ?2, ?3, ?4, ?5)"
		      " ON CONFLICT (job, collector, key) DO UPDATE SET unit = excluded.unit,"
		      " counter = excluded.counter RETURNING id",
		      "ittti", (int64_t)job, collector, key, unit, (int64_t)counter);
}

int store_usage(struct store *s, int64_t run, int job, const char *what, int64_t metric,
		struct err *err)
{
	return db_run(s, err,
		      "INSERT OR REPLACE INTO usage (run, job, what, metric)"
		      " VALUES (?1, ?2, ?3, ?4)",
		      "iiti", run, (int64_t)job, what, metric);
}

int store_tick(struct store *s, int64_t run, uint64_t tick, const struct store_tick *t,
	       struct err *err)
{
	return db_run(s, err,
		      "INSERT INTO tick (run, tick, begin_ns, end_ns, late_ns)"
		      " VALUES (?1, ?2, ?3, ?4, ?5)",
		      "iuuuu", run, tick, t->begin_ns, t->end_ns, t->late_ns);
}

int store_sample(struct store *s, int64_t run, uint64_t tick, int64_t metric, uint64_t value,
		 struct err *err)
{
	return db_run(s, err,
		      "INSERT INTO incoming (run, tick, metric, value) VALUES (?1, ?2, ?3, ?4)",
		      "iuiu", run, tick, metric, value);
}
