// SPDX-License-Identifier: GPL-2.0-or-later
/* Several databases into one. Machines are known by their facts, metrics by their names, runs by
 * their uuid; ids are the database's own and change on the way. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "results/db.h"
#include "results/store.h"

/* What belongs to a run, parents first; columns not named here are taken as they are. */
static const struct part {
	const char *table;
	const char *run, *metric; /* NULL: no such column */
} parts[] = {
	{ "job", "run", NULL },	     { "phase", "run", NULL },	    { "result", "run", NULL },
	{ "flag", "run", NULL },     { "histogram", "run", NULL },  { "bucket", "run", NULL },
	{ "tick", "run", NULL },     { "sample", "run", "metric" }, { "usage", "run", "metric" },
	{ "artifact", "run", NULL },
};

/* The table's columns but these three, "p." before each or not. */
static int columns(struct store *s, const char *table, const char *before, const char *but1,
		   const char *but2, struct buf *b, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT group_concat(?2 || name, ', ') FROM pragma_table_info(?1)"
			    " WHERE name NOT IN (?3, ?4)",
			    "tttt", table, before, but1, but2);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 1)
		buf_adds(b, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : 0;
}

static int copy_runs(struct store *s, struct err *err)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_adds(&sql, "INSERT INTO main.run (machine, ");
	rc = columns(s, "run", "", "id", "machine", &sql, err);
	buf_adds(&sql, ") SELECT here.id, ");
	if (!rc)
		rc = columns(s, "run", "p.", "id", "machine", &sql, err);
	buf_adds(&sql, " FROM other.run p JOIN other.machine there ON there.id = p.machine"
		       " JOIN main.machine here ON here.facts = there.facts"
		       " WHERE p.id IN (SELECT id FROM temp.wanted) ORDER BY p.id");
	if (!rc)
		rc = db_run(s, err, sql.data, "");
	buf_release(&sql);
	return rc;
}

static int copy_part(struct store *s, const struct part *part, struct err *err)
{
	struct buf sql = BUF_INIT;
	const char *metric = part->metric ? part->metric : "";
	int rc;

	buf_addf(&sql, "INSERT INTO main.%s (%s, %s%s", part->table, part->run, metric,
		 part->metric ? ", " : "");
	rc = columns(s, part->table, "", part->run, metric, &sql, err);
	buf_addf(&sql, ") SELECT mine.id, %s", part->metric ? "m.id, " : "");
	if (!rc)
		rc = columns(s, part->table, "p.", part->run, metric, &sql, err);
	/* In this order each run's rows are a seek, and those of others are not looked at. */
	buf_addf(&sql,
		 " FROM temp.wanted w CROSS JOIN other.run theirs ON theirs.id = w.id"
		 " CROSS JOIN main.run mine ON mine.uuid = theirs.uuid"
		 " CROSS JOIN other.%s p ON p.%s = w.id",
		 part->table, part->run);
	if (part->metric)
		buf_addf(&sql,
			 " CROSS JOIN other.metric o ON o.id = p.%s"
			 " CROSS JOIN main.metric m ON m.job = o.job AND m.collector = o.collector"
			 " AND m.key = o.key",
			 part->metric);
	if (!rc)
		rc = db_run(s, err, sql.data, "");
	buf_release(&sql);
	return rc;
}

static int count(struct store *s, int64_t after, struct store_merged *ret, struct err *err)
{
	int rc = db_int(s, &ret->nr_new, err, "SELECT count(*) FROM temp.wanted", "");

	if (!rc)
		rc = db_int(s, &ret->nr_known, err,
			    "SELECT count(*) FROM other.run p JOIN main.run USING (uuid)"
			    " WHERE p.id > ?1",
			    "i", after);
	if (!rc)
		rc = db_int(s, &ret->nr_under_way, err,
			    "SELECT count(*) FROM other.run WHERE id > ?1 AND status = 'started'"
			    " AND uuid NOT IN (SELECT uuid FROM main.run)",
			    "i", after);
	return rc;
}

static int copy_all(struct store *s, int64_t after, struct store_merged *ret, struct err *err)
{
	int rc = db_run(s, err,
			"CREATE TEMP TABLE wanted AS SELECT id FROM other.run WHERE id > ?1"
			" AND status <> 'started' AND uuid NOT IN (SELECT uuid FROM main.run)",
			"i", after);

	if (!rc)
		rc = count(s, after, ret, err);
	if (!rc)
		rc = db_run(s, err,
			    "INSERT OR IGNORE INTO main.machine (facts) SELECT facts"
			    " FROM other.machine ORDER BY id",
			    "");
	if (!rc)
		rc = db_run(s, err,
			    "INSERT OR IGNORE INTO main.metric (job, collector, key, unit, counter)"
			    " SELECT job, collector, key, unit, counter FROM other.metric"
			    " ORDER BY id",
			    "");
	if (!rc)
		rc = copy_runs(s, err);
	for (size_t i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
		rc = copy_part(s, &parts[i], err);
	if (!rc)
		rc = db_run(s, err, "DROP TABLE temp.wanted", "");
	return rc;
}

/* Is it a store at all, and another one? What an older fmbench wrote is a copy while it is open. */
static int open_source(struct store *s, const char *from, struct store **ret, struct err *err)
{
	struct stat ours, theirs;

	if (stat(s->path, &ours) == 0 && stat(from, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	    ours.st_ino == theirs.st_ino)
		return err_usage(err, "%s would be merged into itself; name another with --into",
				 from);
	return store_open(from, STORE_READ, ret, err);
}

/* Those that came just now: they are told by the highest run id before. */
static int place_artifacts(struct store *s, int64_t after, const char *artifacts_in,
			   struct err *err)
{
	return db_run(s, err,
		      "UPDATE main.artifact SET path = ?2 || path"
		      " WHERE run > ?1 AND substr(path, 1, 1) <> '/'",
		      "it", after, artifacts_in);
}

int store_copy(struct store *s, const char *path, struct err *err)
{
	int rc = db_run(s, err, "VACUUM main INTO ?1", "t", path);

	if (rc)
		err_prefix(err, "copying the database to %s", path);
	return rc;
}

int store_merge(struct store *s, const char *from, int64_t after, const char *artifacts_in,
		struct store_merged *ret, struct err *err)
{
	struct store_merged merged = { 0 };
	struct store *other = NULL;
	struct err ignored;
	int64_t last = 0;
	int rc = open_source(s, from, &other, err);

	if (rc)
		return rc;
	rc = db_run(s, err, "ATTACH ?1 AS other", "t",
		    other->private_path ? other->private_path : from);
	if (rc)
		goto out;
	rc = store_begin(s, err);
	if (!rc)
		rc = db_int(s, &last, err, "SELECT ifnull(max(id), 0) FROM main.run", "");
	if (!rc)
		rc = copy_all(s, after, &merged, err);
	if (!rc)
		rc = place_artifacts(s, last, artifacts_in, err);
	if (!rc)
		rc = store_commit(s, err);
	if (rc)
		store_rollback(s);
	else
		*ret = merged;
	db_run(s, &ignored, "DETACH other", "");
out:
	store_close(other);
	return rc;
}
