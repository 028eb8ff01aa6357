// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/upgrade.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/embed.h"
#include "base/secret.h"

EMBED(upgrade_1_sql, "results/upgrade_1.sql");

/* By the format that each starts from. */
static const char *const upgrades[] = { [1] = upgrade_1_sql };

/* SQL: hide_secrets(TEXT). */
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

static int exec(struct store *s, const char *sql, struct err *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(s, err);
}

/* Statements that are made of names in the schema: one SELECT yields them, and all are run. */
static int exec_each(struct store *s, const char *select, struct err *err)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, select, "");

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0)
		buf_addf(&sql, "%s;\n", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	if (!rc && sql.len)
		rc = exec(s, sql.data, err);
	buf_release(&sql);
	return rc;
}

/* The old tables step aside, the new ones are made, filled from them, and the old ones go. */
static int rebuild(struct store *s, int64_t from, const char *schema, struct err *err)
{
	int64_t version;
	int rc = db_int(s, &version, err, "PRAGMA user_version", "");

	if (rc || version != from)
		return rc; /* somebody else has done it meanwhile */
	rc = exec_each(s,
		       "SELECT printf('DROP %s \"%w\"', type, name) FROM sqlite_schema"
		       " WHERE type = 'view' OR (type = 'index' AND sql IS NOT NULL)",
		       err);
	if (!rc)
		rc = exec_each(
			s,
			"SELECT printf('ALTER TABLE \"%w\" RENAME TO \"old_%w\"', name, name)"
			" FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
			err);
	if (!rc)
		rc = exec(s, schema, err);
	if (!rc)
		rc = exec(s, upgrades[from], err);
	if (!rc)
		rc = exec_each(s,
			       "SELECT printf('DROP TABLE \"%w\"', name) FROM sqlite_schema"
			       " WHERE type = 'table' AND name GLOB 'old_*'",
			       err);
	return rc;
}

static int upgrade(struct store *s, int64_t from, const char *schema, struct err *err)
{
	/* No effect within a transaction. Rows move parents and children in turns. */
	int rc = exec(s, "PRAGMA foreign_keys = OFF", err);

	if (!rc && sqlite3_create_function(s->db, "hide_secrets", 1, SQLITE_UTF8, NULL,
					   hide_secrets, NULL, NULL) != SQLITE_OK)
		rc = db_fail(s, err);
	if (!rc)
		rc = exec(s, "BEGIN IMMEDIATE", err);
	if (rc)
		return rc;
	rc = rebuild(s, from, schema, err);
	if (!rc)
		rc = exec(s, "COMMIT", err);
	if (rc && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* FILE.format-N, which gets its name when it is whole. One that is there is kept: it is older. */
static int keep_copy(struct store *s, int64_t from, struct err *err)
{
	char *copy = sqlite3_mprintf("%s.format-%lld", s->path, (long long)from);
	char *unfinished = sqlite3_mprintf("%s.new", copy);
	int rc = 0;

	if (!copy || !unfinished)
		abort();
	if (access(copy, F_OK) != 0) {
		unlink(unfinished);
		rc = db_run(s, err, "VACUUM main INTO ?1", "t", unfinished);
		if (!rc && rename(unfinished, copy) != 0)
			rc = err_failed(err, errno, "cannot keep a copy as %s", copy);
		if (rc)
			unlink(unfinished);
	}
	sqlite3_free(copy);
	sqlite3_free(unfinished);
	return rc;
}

int upgrade_here(struct store *s, int64_t from, const char *schema, struct err *err)
{
	int rc = keep_copy(s, from, err);

	return rc ? rc : upgrade(s, from, schema, err);
}

int upgrade_private_copy(struct store *s, int64_t from, const char *schema, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *path = sqlite3_mprintf("%s/fmbench-read.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	int fd, rc;

	if (!path)
		abort();
	fd = mkstemp(path);
	if (fd < 0) {
		rc = err_failed(err, errno, "cannot make %s (see TMPDIR)", path);
		goto out;
	}
	close(fd);
	s->private_path = xstrdup(path);
	rc = db_run(s, err, "VACUUM main INTO ?1", "t", path);
	if (rc)
		goto out;
	db_close(s);
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		rc = db_fail(s, err);
	if (!rc)
		rc = upgrade(s, from, schema, err);
out:
	sqlite3_free(path);
	return rc;
}
