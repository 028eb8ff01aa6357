// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/db.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

int db_fail_write(struct store *s, struct err *err, int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		err_failed(
			err, 0,
			"cannot write %s: no space left; free some, or name another file with --db",
			s->path);
		return -ENOSPC;
	case EROFS:
	case EACCES:
	case EPERM:
		err_failed(
			err, 0,
			"cannot write %s: the file or its directory is read-only; name another with --db",
			s->path);
		return -EROFS;
	default:
		return err_failed(err, errnum, "cannot use %s (%s)", s->path,
				  sqlite3_errmsg(s->db));
	}
}

/* Why a file can't be made in this path's directory. */
static int directory_errno(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? xstrdup(path) : xstrdup(".");
	int errnum;

	if (slash)
		dir[slash == path ? 1 : slash - path] = '\0';
	errnum = access(dir, W_OK) ? errno : ENOENT;
	free(dir);
	return errnum;
}

int db_fail(struct store *s, struct err *err)
{
	int errnum = sqlite3_system_errno(s->db);

	switch (sqlite3_errcode(s->db) & 0xff) {
	case SQLITE_FULL:
		return db_fail_write(s, err, ENOSPC);
	case SQLITE_READONLY:
		return db_fail_write(s, err, EROFS);
	case SQLITE_IOERR:
		return db_fail_write(s, err, errnum ? errnum : EIO);
	case SQLITE_CANTOPEN:
		/* Its last try was to read, so that a file it may not make is one not found. */
		if (errnum == ENOENT)
			errnum = directory_errno(s->path);
		if (errnum == ENOENT || errnum == ENOTDIR) {
			err_failed(err, errnum, "cannot make %s: make its directory first",
				   s->path);
			return -errnum;
		}
		if (errnum == EISDIR || !errnum) {
			err_failed(err, 0, "cannot open %s as a file; name another with --db",
				   s->path);
			return -EISDIR;
		}
		return db_fail_write(s, err, errnum);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err_failed(
			err, 0,
			"%s has been locked by another process for 5 s; see who with `fuser %s`, "
			"or name another file with --db",
			s->path, s->path);
		return -EBUSY;
	case SQLITE_NOTADB:
		err_failed(err, 0, "%s is not a database of fmbench's; name another file with --db",
			   s->path);
		return -EINVAL;
	case SQLITE_CORRUPT:
		err_failed(err, 0,
			   "%s is damaged (%s); save what is left with `sqlite3 %s .recover`",
			   s->path, sqlite3_errmsg(s->db), s->path);
		return -EIO;
	default:
		return err_failed(err, 0, "%s: %s", s->path, sqlite3_errmsg(s->db));
	}
}

static int bind(sqlite3_stmt *stmt, const char *types, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; rc == SQLITE_OK && types[i - 1]; i++) {
		switch (types[i - 1]) {
		case 'i':
			rc = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
			break;
		case 'u':
		case 'z': {
			uint64_t value = va_arg(ap, uint64_t);

			if (!value && types[i - 1] == 'z')
				rc = sqlite3_bind_null(stmt, i);
			else if (value > INT64_MAX)
				rc = sqlite3_bind_double(stmt, i, (double)value);
			else
				rc = sqlite3_bind_int64(stmt, i, (int64_t)value);
			break;
		}
		case 'd':
			/* SQLite makes NaN NULL. */
			rc = sqlite3_bind_double(stmt, i, va_arg(ap, double));
			break;
		case 't':
			rc = sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1,
					       SQLITE_STATIC);
			break;
		default:
			assert(!"unknown argument type");
		}
	}
	return rc;
}

static int prepare(struct store *s, sqlite3_stmt **ret, struct err *err, const char *sql)
{
	return sqlite3_prepare_v2(s->db, sql, -1, ret, NULL) == SQLITE_OK ? 0 : db_fail(s, err);
}

/* Take the statement out of those kept, so that its next user prepares one of its own. */
static sqlite3_stmt *take_kept(struct store *s, const char *sql)
{
	for (size_t i = 0; i < NR_KEPT && s->kept[i]; i++) {
		sqlite3_stmt *stmt = s->kept[i];

		if (strcmp(sqlite3_sql(stmt), sql) != 0)
			continue;
		memmove(&s->kept[i], &s->kept[i + 1], (NR_KEPT - 1 - i) * sizeof(stmt));
		s->kept[NR_KEPT - 1] = NULL;
		return stmt;
	}
	return NULL;
}

/* The statement that was used longest ago makes room. */
static void keep(struct store *s, sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	sqlite3_finalize(s->kept[NR_KEPT - 1]);
	memmove(&s->kept[1], &s->kept[0], (NR_KEPT - 1) * sizeof(stmt));
	s->kept[0] = stmt;
}

static int take(struct store *s, sqlite3_stmt **ret, struct err *err, const char *sql,
		const char *types, va_list ap)
{
	sqlite3_stmt *stmt = take_kept(s, sql);
	int rc = stmt ? 0 : prepare(s, &stmt, err, sql);

	if (!rc && bind(stmt, types, ap) != SQLITE_OK) {
		rc = db_fail(s, err);
		sqlite3_finalize(stmt);
	}
	if (!rc)
		*ret = stmt;
	return rc;
}

int db_prepare(struct store *s, sqlite3_stmt **ret, struct err *err, const char *sql,
	       const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = take(s, ret, err, sql, types, ap);
	va_end(ap);
	return rc;
}

/* BEGIN and its like are short, and many a PRAGMA takes effect while it is prepared. */
void db_release(struct store *s, sqlite3_stmt *stmt)
{
	if (sqlite3_bind_parameter_count(stmt))
		keep(s, stmt);
	else
		sqlite3_finalize(stmt);
}

void db_close(struct store *s)
{
	for (size_t i = 0; i < NR_KEPT; i++) {
		sqlite3_finalize(s->kept[i]);
		s->kept[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

int db_step(struct store *s, sqlite3_stmt *stmt, struct err *err)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_fail(s, err);
	}
}

int db_run(struct store *s, struct err *err, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = take(s, &stmt, err, sql, types, ap);
	va_end(ap);
	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0)
		;
	db_release(s, stmt);
	return rc;
}

int db_int(struct store *s, int64_t *ret, struct err *err, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = take(s, &stmt, err, sql, types, ap);
	va_end(ap);
	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 0 || (rc == 1 && sqlite3_column_type(stmt, 0) == SQLITE_NULL)) {
		rc = -ENODATA;
	} else if (rc == 1) {
		int64_t value = sqlite3_column_int64(stmt, 0);

		/* To the end: an INSERT … RETURNING commits, and can fail, only there. */
		while ((rc = db_step(s, stmt, err)) > 0)
			;
		if (!rc)
			*ret = value;
	}
	db_release(s, stmt);
	return rc;
}

int db_double(struct store *s, double *ret, struct err *err, const char *sql, const char *types,
	      ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = take(s, &stmt, err, sql, types, ap);
	va_end(ap);
	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 0 || (rc == 1 && sqlite3_column_type(stmt, 0) == SQLITE_NULL)) {
		rc = -ENODATA;
	} else if (rc == 1) {
		*ret = sqlite3_column_double(stmt, 0);
		rc = 0;
	}
	db_release(s, stmt);
	return rc;
}

int db_values(struct store *s, struct values *v, struct err *err, const char *sql,
	      const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list ap;
	int rc;

	v->nr = 0;
	va_start(ap, types);
	rc = take(s, &stmt, err, sql, types, ap);
	va_end(ap);
	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		v->values = xreallocarray(v->values, v->nr + 1, sizeof(*v->values));
		v->values[v->nr++] = sqlite3_column_double(stmt, 0);
	}
	db_release(s, stmt);
	return rc;
}

int db_settle(struct store *s, int64_t run, struct err *err)
{
	int64_t found;
	int rc = db_int(s, &found, err, "SELECT 1 FROM incoming WHERE run = ?1 LIMIT 1", "i", run);

	if (rc)
		return rc == -ENODATA ? 0 : rc;
	rc = db_run(s, err, "SAVEPOINT settle", "");
	if (rc)
		return rc;
	rc = db_run(
		s, err,
		"INSERT INTO sample (run, metric, tick, value)"
		" SELECT run, metric, tick, value FROM incoming WHERE run = ?1 ORDER BY metric, tick",
		"i", run);
	if (!rc)
		rc = db_run(s, err, "DELETE FROM incoming WHERE run = ?1", "i", run);
	if (!rc)
		rc = db_run(s, err, "RELEASE settle", "");
	if (rc)
		sqlite3_exec(s->db, "ROLLBACK TO settle; RELEASE settle", NULL, NULL, NULL);
	return rc;
}

void db_add_facts(struct buf *b, const struct facts *facts)
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
