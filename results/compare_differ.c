// SPDX-License-Identifier: GPL-2.0-or-later
/* What two sides differ in, and whether that was asked for. */
#include "results/compare_side.h"

#include <string.h>

#include "base/embed.h"
#include "results/db.h"

EMBED(compare_differ_sql, "results/compare_differ.sql");

#define MAX_NAMED 8

struct differences {
	const struct compare_side *a, *b;
	struct buf list;
	size_t nr;
};

static void add_difference(struct differences *d, sqlite3_stmt *stmt)
{
	const char *key = (const char *)sqlite3_column_text(stmt, 0);
	const char *a = (const char *)sqlite3_column_text(stmt, 3);
	const char *b = (const char *)sqlite3_column_text(stmt, 4);

	if (d->nr++ >= MAX_NAMED)
		return;
	if (d->list.len)
		buf_adds(&d->list, "; ");
	if (sqlite3_column_int(stmt, 1) > 1 && sqlite3_column_int(stmt, 2) > 1 && strcmp(a, b) == 0)
		buf_addf(&d->list, "%s (%.120s on both)", key, a);
	else
		buf_addf(&d->list, "%s (%s: %.120s; %s: %.120s)", key, d->a->name, a, d->b->name,
			 b);
}

static void end_differences(struct differences *d)
{
	if (d->nr > MAX_NAMED)
		buf_addf(&d->list, "; and %zu more", d->nr - MAX_NAMED);
}

static int check_overlap(const struct compare_side *a, const struct compare_side *b,
			 struct err *err)
{
	for (size_t i = 0; i < a->nr_runs; i++) {
		for (size_t k = 0; k < b->nr_runs; k++) {
			if (a->runs[i] == b->runs[k])
				return err_usage(
					err,
					"run %lld is on both sides: name what tells %s from %s",
					(long long)a->runs[i], a->name, b->name);
		}
	}
	return 0;
}

/* Of those that must not be, and of those that only have to be told. */
static int find_differences(struct store *s, struct differences *bad, struct differences *named,
			    struct err *err)
{
	const struct compare_side *a = bad->a, *b = bad->b;
	struct buf runs_a = BUF_INIT, runs_b = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc;

	compare_side_json(a, &runs_a);
	compare_side_json(b, &runs_b);
	rc = db_prepare(s, &stmt, err, compare_differ_sql, "tttt", runs_a.data, runs_b.data,
			a->terms.data, b->terms.data);
	if (rc)
		goto out;
	while ((rc = db_step(s, stmt, err)) > 0) {
		bool mixed = sqlite3_column_int(stmt, 1) > 1 || sqlite3_column_int(stmt, 2) > 1;

		add_difference(!mixed && a->by_number && b->by_number ? named : bad, stmt);
	}
	sqlite3_finalize(stmt);
	end_differences(bad);
	end_differences(named);
out:
	buf_release(&runs_a);
	buf_release(&runs_b);
	return rc;
}

int compare_sides_check(struct store *s, const struct compare_side *a, const struct compare_side *b,
			struct buf *told, struct err *err)
{
	struct differences bad = { .a = a, .b = b, .list = BUF_INIT };
	struct differences named = { .a = a, .b = b, .list = BUF_INIT };
	int rc = check_overlap(a, b, err);

	if (!rc)
		rc = find_differences(s, &bad, &named, err);
	if (!rc && bad.nr)
		rc = err_usage(
			err,
			"not comparable, they differ in %.800s: narrow each side to one kind, and "
			"name on both what may differ",
			bad.list.data);
	if (!rc && named.nr)
		buf_adds(told, named.list.data);
	buf_release(&bad.list);
	buf_release(&named.list);
	return rc;
}
