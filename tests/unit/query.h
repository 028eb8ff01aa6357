/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a database holds, asked of SQLite itself. */
#ifndef TESTS_QUERY_H
#define TESTS_QUERY_H

#include <math.h>
#include <sqlite3.h>

#include "tests/unit/test.h"

/* The first value of the first row as a number; NaN: no row, or NULL. */
static inline double query(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	double value = NAN;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		value = sqlite3_column_double(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

#endif
