// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/origin.h"

#include "results/db.h"

int origin_commands(struct store *s,
		    int (*each)(void *arg, const char *command, bool in_lab, struct err *err),
		    void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT command, json_extract(m.facts, '$.lab') IS NOT NULL AS in_lab"
			    " FROM run r JOIN machine m ON m.id = r.machine"
			    " WHERE status IN ('ok', 'untrusted') AND command IS NOT NULL"
			    " GROUP BY 1, 2 ORDER BY min(r.id)",
			    "");

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) == 1) {
		rc = each(arg, (const char *)sqlite3_column_text(stmt, 0),
			  sqlite3_column_int(stmt, 1), err);
		if (rc)
			break;
	}
	sqlite3_finalize(stmt);
	return rc;
}

int origin_machines(struct store *s, struct buf *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT json_group_array(json_object('facts', json(m.facts),"
			    " 'versions', json((SELECT json_group_array(DISTINCT version) FROM run"
			    "  WHERE machine = m.id)),"
			    " 'runs', (SELECT count(*) FROM run WHERE machine = m.id)))"
			    " FROM machine m WHERE m.id IN (SELECT machine FROM run)",
			    "");

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc == 1) {
		buf_addf(ret, "%s\n", (const char *)sqlite3_column_text(stmt, 0));
		rc = 0;
	}
	sqlite3_finalize(stmt);
	return rc;
}

int origin_keep(struct store *s, const char *experiment, struct err *err)
{
	int64_t nr;
	int rc = db_int(s, &nr, err, "SELECT count(*) FROM run WHERE experiment = ?1", "t",
			experiment);

	if (!rc && nr == 0)
		return err_missing(err, "there is no run with the label %s", experiment);
	if (!rc)
		rc = db_run(s, err, "DELETE FROM run WHERE experiment IS NOT ?1", "t", experiment);
	return rc;
}
