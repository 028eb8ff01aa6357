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
	int r = db_prepare(s, &stmt, err, select, "");

	if (r)
		return r;
	while ((r = db_step(s, stmt, err)) > 0)
		buf_addf(&sql, "%s;\n", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	if (!r && sql.len)
		r = exec(s, sql.data, err);
	buf_release(&sql);
	return r;
}

/* The old tables step aside, the new ones are made, filled from them, and the old ones go. */
static int rebuild(struct store *s, int64_t from, const char *schema, struct err *err)
{
	int64_t version;
	int r = db_int(s, &version, err, "PRAGMA user_version", "");

	if (r || version != from)
		return r; /* somebody else has done it meanwhile */
	r = exec_each(s,
		      "SELECT printf('DROP %s \"%w\"', type, name) FROM sqlite_schema"
		      " WHERE type = 'view' OR (type = 'index' AND sql IS NOT NULL)",
		      err);
	if (!r)
		r = exec_each(
			s,
			"SELECT printf('ALTER TABLE \"%w\" RENAME TO \"old_%w\"', name, name)"
			" FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
			err);
	if (!r)
		r = exec(s, schema, err);
	if (!r)
		r = exec(s, upgrades[from], err);
	if (!r)
		r = exec_each(s,
			      "SELECT printf('DROP TABLE \"%w\"', name) FROM sqlite_schema"
			      " WHERE type = 'table' AND name GLOB 'old_*'",
			      err);
	return r;
}

static int upgrade(struct store *s, int64_t from, const char *schema, struct err *err)
{
	/* No effect within a transaction. Rows move parents and children in turns. */
	int r = exec(s, "PRAGMA foreign_keys = OFF", err);

	if (!r && sqlite3_create_function(s->db, "hide_secrets", 1, SQLITE_UTF8, NULL, hide_secrets,
					  NULL, NULL) != SQLITE_OK)
		r = db_fail(s, err);
	if (!r)
		r = exec(s, "BEGIN IMMEDIATE", err);
	if (r)
		return r;
	r = rebuild(s, from, schema, err);
	if (!r)
		r = exec(s, "COMMIT", err);
	if (r && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* FILE.format-N, which gets its name when it is whole. One that is there is kept: it is older. */
static int keep_copy(struct store *s, int64_t from, struct err *err)
{
	char *copy = sqlite3_mprintf("%s.format-%lld", s->path, (long long)from);
	char *unfinished = sqlite3_mprintf("%s.new", copy);
	int r = 0;

	if (!copy || !unfinished)
		abort();
	if (access(copy, F_OK) != 0) {
		unlink(unfinished);
		r = db_run(s, err, "VACUUM main INTO ?1", "t", unfinished);
		if (!r && rename(unfinished, copy) != 0)
			r = err_failed(err, errno, "cannot keep a copy as %s", copy);
		if (r)
			unlink(unfinished);
	}
	sqlite3_free(copy);
	sqlite3_free(unfinished);
	return r;
}

int upgrade_here(struct store *s, int64_t from, const char *schema, struct err *err)
{
	int r = keep_copy(s, from, err);

	return r ? r : upgrade(s, from, schema, err);
}

int upgrade_private_copy(struct store *s, int64_t from, const char *schema, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *path = sqlite3_mprintf("%s/fmbench-read.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	int fd, r;

	if (!path)
		abort();
	fd = mkstemp(path);
	if (fd < 0) {
		r = err_failed(err, errno, "cannot make %s (see TMPDIR)", path);
		goto out;
	}
	close(fd);
	s->private_path = xstrdup(path);
	r = db_run(s, err, "VACUUM main INTO ?1", "t", path);
	if (r)
		goto out;
	db_close(s);
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		r = db_fail(s, err);
	if (!r)
		r = upgrade(s, from, schema, err);
out:
	sqlite3_free(path);
	return r;
}
