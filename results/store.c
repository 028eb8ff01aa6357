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
#include "base/secret.h"
#include "base/process.h"
#include "results/db.h"

EMBED(schema_sql, "results/schema.sql");
EMBED(views_sql, "results/views.sql");

#define APPLICATION_ID 0x666d6265 /* "fmbe" */
#define SCHEMA_VERSION 1
#define BUSY_MS	       5000
#define RESERVE_BYTES  (512 << 10)

enum owner { OWNER_NOBODY, OWNER_US };

/* Whose database is it? Changes nothing. */
static int identify(struct store *s, enum owner *ret, struct err *err)
{
	int64_t application, version, objects;
	int r = db_int(s, &application, err, "PRAGMA application_id", "");

	if (!r)
		r = db_int(s, &version, err, "PRAGMA user_version", "");
	if (!r)
		r = db_int(s, &objects, err, "SELECT count(*) FROM sqlite_schema", "");
	if (r)
		return r;
	if (!application && !version && !objects) {
		*ret = OWNER_NOBODY;
		return 0;
	}
	if (application != APPLICATION_ID) {
		err_failed(err, 0,
			   "%s is a database of another program; name another file with --db",
			   s->path);
		return -EINVAL;
	}
	if (version != SCHEMA_VERSION) {
		err_failed(err, 0,
			   "%s was written by a newer fmbench (format %lld, this one knows %d); "
			   "use that fmbench, or name another file with --db",
			   s->path, (long long)version, SCHEMA_VERSION);
		return -EINVAL;
	}
	*ret = OWNER_US;
	return 0;
}

static int create_schema(struct store *s, struct err *err)
{
	char *sql;
	int r;

	/* Changing the mode does not wait for a lock as other statements do. */
	for (int waited_ms = 0;; waited_ms += 10) {
		r = db_run(s, err, "PRAGMA journal_mode = WAL", "");
		if (r != -EBUSY || waited_ms >= BUSY_MS)
			break;
		usleep(10000);
	}
	if (r)
		return r;
	r = store_begin(s, err);
	if (r)
		return r;

	/* Two may have found the file empty: the one that got the lock first has done it. */
	enum owner owner;

	r = identify(s, &owner, err);
	if (!r && owner == OWNER_NOBODY) {
		sql = sqlite3_mprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d",
				      schema_sql, APPLICATION_ID, SCHEMA_VERSION);
		if (!sql)
			abort();
		if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
			r = db_fail(s, err);
		sqlite3_free(sql);
	}
	if (!r)
		r = store_commit(s, err);
	if (r)
		store_rollback(s);
	return r;
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
	sqlite3_close(s->db);
	s->db = NULL;
	rc = sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	sqlite3_free(uri);
	return rc;
}

static int open_read(struct store *s, struct err *err)
{
	if (access(s->path, F_OK) != 0)
		return err_missing(
			err,
			"there is no database %s yet; make one with `fmbench run`, or name "
			"another with --db",
			s->path);
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

/* SQL: hide_secrets(TEXT). Databases of older versions have some in commands and parameters. */
static void hide_secrets(sqlite3_context *context, int nr, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	struct buf b = BUF_INIT;

	(void)nr;
	if (!text)
		return; /* NULL */
	secret_hide(text, &b);
	sqlite3_result_text(context, b.data, (int)b.len, SQLITE_TRANSIENT);
	buf_release(&b);
}

static int add_functions(struct store *s, struct err *err)
{
	int rc = sqlite3_create_function(s->db, "hide_secrets", 1,
					 SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, hide_secrets,
					 NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_fail(s, err);
}

int store_open(const char *path, enum store_mode mode, struct store **ret, struct err *err)
{
	struct store *s = xcalloc(1, sizeof(*s));
	enum owner owner = OWNER_NOBODY;
	int r;

	s->path = xstrdup(path);
	s->reserve_fd = -1;
	r = mode == STORE_READ ? open_read(s, err) : open_write(s, err);
	if (r)
		goto out;
	r = identify(s, &owner, err);
	if (r)
		goto out;
	if (owner == OWNER_NOBODY && mode == STORE_READ) {
		r = err_missing(
			err, "%s is empty; fill it with `fmbench run`, or name another with --db",
			path);
		goto out;
	}
	if (owner == OWNER_NOBODY)
		r = create_schema(s, err);
	if (!r)
		r = db_run(s, err, "PRAGMA foreign_keys = ON", "");
	/* In WAL mode NORMAL loses no commit to a killed process, only to a power cut. */
	if (!r)
		r = db_run(s, err, "PRAGMA synchronous = NORMAL", "");
	if (!r)
		r = add_functions(s, err);
	if (!r && sqlite3_exec(s->db, views_sql, NULL, NULL, NULL) != SQLITE_OK)
		r = db_fail(s, err);
	if (!r && mode == STORE_WRITE)
		r = open_reserve(s, err);
out:
	if (r) {
		store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->insert_tick);
	sqlite3_finalize(s->insert_sample);
	sqlite3_close(s->db);
	spend_reserve(s);
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

static void facts_json(const struct facts *facts, struct buf *b)
{
	buf_adds(b, "{");
	for (size_t i = 0; i < facts->nr; i++) {
		if (i)
			buf_adds(b, ",");
		buf_add_json(b, facts->rows[i].name);
		buf_adds(b, ":");
		buf_add_json(b, facts->rows[i].value);
	}
	buf_adds(b, "}");
}

#define SORTED_FACTS                                                                               \
	"(SELECT json_group_object(key, value) FROM"                                               \
	" (SELECT key, value FROM json_each(?1) ORDER BY key))"

int store_find_machine(struct store *s, const struct facts *facts, int64_t *ret_machine,
		       struct err *err)
{
	struct buf json = BUF_INIT;
	int r;

	facts_json(facts, &json);
	r = db_int(s, ret_machine, err, "SELECT id FROM machine WHERE facts = " SORTED_FACTS, "t",
		   json.data);
	buf_release(&json);
	return r;
}

int store_machine(struct store *s, const struct facts *facts, int64_t *ret_machine, struct err *err)
{
	struct buf json = BUF_INIT;
	int r;

	facts_json(facts, &json);
	r = db_int(s, ret_machine, err,
		   "INSERT INTO machine (facts) VALUES (" SORTED_FACTS ")"
		   " ON CONFLICT (facts) DO UPDATE SET facts = facts RETURNING id",
		   "t", json.data);
	buf_release(&json);
	return r;
}

static const char *object_or_empty(const char *json)
{
	return json ? json : "{}";
}

int store_run_begin(struct store *s, int64_t machine, const struct run_record *r, int64_t *ret_run,
		    struct err *err)
{
	char started[32], seed[32];

	clock_wall(started, sizeof(started));
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)r->seed);
	return db_int(
		s, ret_run, err,
		"INSERT INTO run (uuid, machine, experiment, workload, workload_params, backend,"
		" backend_params, run_params, command, version, ratio, repeat, seed, peak_bytes,"
		" limit_bytes, pid, pid_start, started, begin_ns, status)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
		" ?17, ?18, ?19, 'started') RETURNING id",
		"tittttttttdi"
		"tzziutu",
		r->uuid, machine, r->experiment, r->workload, object_or_empty(r->workload_params),
		r->backend, object_or_empty(r->backend_params), object_or_empty(r->run_params),
		r->command, r->version, r->ratio, (int64_t)r->repeat, seed, r->peak_bytes,
		r->limit_bytes, (int64_t)r->pid, r->pid_start, started, clock_ns());
}

int store_run_facts(struct store *s, int64_t run, const struct facts *facts, struct err *err)
{
	struct buf json = BUF_INIT;
	int r;

	facts_json(facts, &json);
	r = db_run(s, err, "UPDATE run SET facts = json_patch(facts, ?2) WHERE id = ?1", "it", run,
		   json.data);
	buf_release(&json);
	return r;
}

int store_run_limits(struct store *s, int64_t run, uint64_t peak_bytes, uint64_t limit_bytes,
		     struct err *err)
{
	return db_run(s, err, "UPDATE run SET peak_bytes = ?2, limit_bytes = ?3 WHERE id = ?1",
		      "izz", run, peak_bytes, limit_bytes);
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

static int insert_histogram(struct store *s, int64_t run, const struct result_hist *h,
			    struct err *err)
{
	const struct hist *hist = h->hist;
	sqlite3_stmt *stmt;
	int r;

	r = db_run(s, err,
		   "INSERT INTO histogram (run, name, count, sum, min, max)"
		   " VALUES (?1, ?2, ?3, ?4, iif(?3, ?5, NULL), iif(?3, ?6, NULL))",
		   "itudii", run, h->name, hist->count, (double)hist->sum, clamp(hist->min),
		   clamp(hist->max));
	if (!r)
		r = db_prepare(s, &stmt, err,
			       "INSERT INTO bucket (run, name, low, high, count)"
			       " VALUES (?1, ?2, ?3, ?4, ?5)",
			       "");
	if (r)
		return r;
	for (size_t i = 0; !r && i < HIST_BUCKETS; i++) {
		uint64_t low, high;

		if (!hist->bucket[i])
			continue;
		hist_bounds(i, &low, &high);
		r = db_again(s, stmt, err, "itiiu", run, h->name, clamp(low), clamp(high),
			     hist->bucket[i]);
	}
	sqlite3_finalize(stmt);
	return r;
}

static int insert_results(struct store *s, int64_t run, const struct results *results,
			  struct err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < results->nr; i++) {
		const struct result *row = &results->rows[i];

		r = db_run(s, err,
			   "INSERT INTO result (run, ord, name, unit, better, value) SELECT ?1,"
			   " (SELECT count(*) FROM result WHERE run = ?1), ?2, ?3, ?4, ?5",
			   "itttd", run, row->name, row->unit, better_text[row->better],
			   row->value);
	}
	for (size_t i = 0; !r && i < results->nr_flags; i++) {
		const struct result_flag *flag = &results->flags[i];

		r = db_run(s, err,
			   "INSERT INTO flag (run, code, severity, detail) VALUES (?1, ?2, ?3, ?4)",
			   "ittt", run, flag->code, severity_text[flag->severity], flag->detail);
	}
	for (size_t i = 0; !r && i < results->nr_hists; i++)
		r = insert_histogram(s, run, &results->hists[i], err);
	return r;
}

int store_results(struct store *s, int64_t run, const struct results *results, struct err *err)
{
	/* A savepoint is whole both alone and within a caller's transaction. */
	int r = db_run(s, err, "SAVEPOINT results", "");

	if (r)
		return r;
	r = insert_results(s, run, results, err);
	if (!r)
		r = db_run(s, err, "RELEASE results", "");
	if (r)
		sqlite3_exec(s->db, "ROLLBACK TO results; RELEASE results", NULL, NULL, NULL);
	return r;
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
	int r = db_settle(s, run, err);

	if (!r)
		r = set_end(s, run, status, reason, err);
	if (r == -ENOSPC) {
		spend_reserve(s);
		set_end(s, run, "failed", reason ? reason : err->msg, &again);
	}
	return r;
}

static int mark_dead(struct store *s, int64_t run, struct err *err)
{
	int r = db_settle(s, run, err);

	if (r)
		return r;
	/* No end_ns: when it died is not known. */
	return db_run(
		s, err,
		"UPDATE run SET status = 'failed',"
		" reason = 'fmbench was killed, or could not write here, before this run ended'"
		" WHERE id = ?1 AND status = 'started'",
		"i", run);
}

int store_mark_dead(struct store *s, int *ret_nr, struct err *err)
{
	sqlite3_stmt *stmt;
	int nr = 0;
	int r = db_prepare(s, &stmt, err,
			   "SELECT id, pid, pid_start FROM run WHERE status = 'started'", "");

	if (r)
		return r;
	while ((r = db_step(s, stmt, err)) > 0) {
		if (process_alive((pid_t)sqlite3_column_int64(stmt, 1),
				  (uint64_t)sqlite3_column_int64(stmt, 2)))
			continue;
		r = mark_dead(s, sqlite3_column_int64(stmt, 0), err);
		if (r)
			break;
		nr++;
	}
	sqlite3_finalize(stmt);
	if (!r)
		*ret_nr = nr;
	return r;
}

int store_metric(struct store *s, const char *collector, const char *key, const char *unit,
		 bool counter, int64_t *ret_metric, struct err *err)
{
	return db_int(s, ret_metric, err,
		      "INSERT INTO metric (collector, key, unit, counter) VALUES (?1, ?2, ?3, ?4)"
		      " ON CONFLICT (collector, key) DO UPDATE SET unit = excluded.unit,"
		      " counter = excluded.counter RETURNING id",
		      "ttti", collector, key, unit, (int64_t)counter);
}

int store_tick(struct store *s, int64_t run, uint64_t tick, const struct store_tick *t,
	       struct err *err)
{
	if (!s->insert_tick) {
		int r = db_prepare(s, &s->insert_tick, err,
				   "INSERT INTO tick (run, tick, begin_ns, end_ns, late_ns)"
				   " VALUES (?1, ?2, ?3, ?4, ?5)",
				   "");

		if (r)
			return r;
	}
	return db_again(s, s->insert_tick, err, "iuuuu", run, tick, t->begin_ns, t->end_ns,
			t->late_ns);
}

int store_sample(struct store *s, int64_t run, uint64_t tick, int64_t metric, uint64_t value,
		 struct err *err)
{
	if (!s->insert_sample) {
		int r = db_prepare(s, &s->insert_sample, err,
				   "INSERT INTO incoming (run, tick, metric, value)"
				   " VALUES (?1, ?2, ?3, ?4)",
				   "");

		if (r)
			return r;
	}
	return db_again(s, s->insert_sample, err, "iuiu", run, tick, metric, value);
}
