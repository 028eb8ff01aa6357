// SPDX-License-Identifier: GPL-2.0-or-later
/* What two sides differ in, and whether that was asked for. */
#include "results/compare_side.h"

#include <string.h>

#include "base/embed.h"
#include "results/db.h"

EMBED(compare_differ_sql, "results/compare_differ.sql");

#define MAX_NAMED 8

static void add_difference(struct buf *list, sqlite3_stmt *stmt)
{
	const char *key = (const char *)sqlite3_column_text(stmt, 0);
	const char *a = (const char *)sqlite3_column_text(stmt, 3);
	const char *b = (const char *)sqlite3_column_text(stmt, 4);

	if (list->len)
		buf_adds(list, "; ");
	if (sqlite3_column_int(stmt, 1) > 1 && sqlite3_column_int(stmt, 2) > 1 && strcmp(a, b) == 0)
		buf_addf(list, "%s (%.120s on both)", key, a);
	else
		buf_addf(list, "%s (A: %.120s; B: %.120s)", key, a, b);
}

static int check_overlap(const struct compare_side *a, const struct compare_side *b,
			 struct err *err)
{
	for (size_t i = 0; i < a->nr_runs; i++) {
		for (size_t k = 0; k < b->nr_runs; k++) {
			if (a->runs[i] == b->runs[k])
				return err_usage(
					err, "run %lld is on both sides: name what tells A from B",
					(long long)a->runs[i]);
		}
	}
	return 0;
}

int compare_sides_check(struct store *s, const struct compare_side *a, const struct compare_side *b,
			struct err *err)
{
	struct buf runs_a = BUF_INIT, runs_b = BUF_INIT, list = BUF_INIT;
	size_t nr = 0;
	sqlite3_stmt *stmt;
	int rc = check_overlap(a, b, err);

	if (rc)
		return rc;
	compare_side_json(a, &runs_a);
	compare_side_json(b, &runs_b);
	rc = db_prepare(s, &stmt, err, compare_differ_sql, "tttt", runs_a.data, runs_b.data,
			a->terms.data, b->terms.data);
	if (rc)
		goto out;
	while ((rc = db_step(s, stmt, err)) > 0) {
		if (nr++ < MAX_NAMED)
			add_difference(&list, stmt);
	}
	sqlite3_finalize(stmt);
	if (nr > MAX_NAMED)
		buf_addf(&list, "; and %zu more", nr - MAX_NAMED);
	if (!rc && nr)
		rc = err_usage(
			err,
			"not comparable, they differ in %.800s: narrow each side to one kind, and "
			"name on both what may differ",
			list.data);
out:
	buf_release(&runs_a);
	buf_release(&runs_b);
	buf_release(&list);
	return rc;
}
