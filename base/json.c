// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json.h"

#include <sqlite3.h>
#include <string.h>

#include "base/opt.h"

/* The first value of a query with two texts; text NULL: none. Returns 0, -ENODATA or -errno. */
static int ask(const char *sql, const char *text, const char *path, double *ret, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	int rc = -ENODATA;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		rc = err_failed(err, 0, "SQLite reads no JSON here: %s", sqlite3_errmsg(db));
		goto out;
	}
	sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, path, -1, SQLITE_STATIC);
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		if (sqlite3_column_type(stmt, 0) == SQLITE_TEXT)
			rc = parse_double((const char *)sqlite3_column_text(stmt, 0), ret)
				     ? -ENODATA
				     : 0;
		else if (sqlite3_column_type(stmt, 0) != SQLITE_NULL)
			*ret = sqlite3_column_double(stmt, 0), rc = 0;
		break;
	case SQLITE_DONE:
		break;
	default:
		rc = err_usage(err, "JSON path '%s': %s; give one such as $.result.ops", path,
			       sqlite3_errmsg(db));
	}
out:
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return rc;
}

/* SQLite looks no further than the first name that is not there. */
static bool brackets_close(const char *path)
{
	while ((path = strpbrk(path, "\"["))) {
		const char *end = *path == '"' ? strchr(path + 1, '"')
					       : path + 1 + strspn(path + 1, "0123456789#-");

		if (!end || (*path == '[' && (*end != ']' || end == path + 1)))
			return false;
		path = end + 1;
	}
	return true;
}

int json_check_path(const char *path, struct err *err)
{
	double ignored;
	int rc;

	if (!brackets_close(path))
		return err_usage(err, "'%s' is no path into JSON, such as $.runs[0].time", path);
	rc = ask("SELECT json_type(?1, ?2)", "{}", path, &ignored, err);

	return rc == -ENODATA ? 0 : rc;
}

int json_number(const char *text, const char *path, double *ret, struct err *err)
{
	return ask("SELECT json_extract(?1, ?2) WHERE json_valid(?1)"
		   " AND json_type(?1, ?2) IN ('integer', 'real', 'text')",
		   text, path, ret, err);
}
