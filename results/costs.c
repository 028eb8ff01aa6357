// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/costs.h"

#include "base/embed.h"
#include "results/db.h"

EMBED(costs_sql, "results/costs.sql");

int store_cost(struct store *s, int64_t run, const char *result, struct cost *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, costs_sql, "it", run, result);

	*ret = (struct cost){ 0 };
	if (!rc)
		rc = db_step(s, stmt, err);
	if (rc > 0)
		*ret = (struct cost){ .sound = true,
				      .ratio = sqlite3_column_double(stmt, 0),
				      .cost = sqlite3_column_double(stmt, 1),
				      .peak_bytes = (uint64_t)sqlite3_column_int64(stmt, 2) };
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : 0;
}
