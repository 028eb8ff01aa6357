// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opt.h"
#include "results/compare_print.h"

int compare_parse_power(const char *text, double *ret, struct err *err)
{
	size_t len = strlen(text);
	char *number = xstrdup(text);
	double percent = 0;
	int rc = -EINVAL;

	if (len > 1 && text[len - 1] == '%') {
		number[len - 1] = '\0';
		rc = parse_double(number, &percent);
	}
	free(number);
	if (rc || !(percent > 0 && percent <= 1000))
		return err_usage(err, "--power '%s': give a difference to see, such as 2%%", text);
	*ret = percent / 100;
	return 0;
}

/* --- were they measured beside each other? --------------------------------------------------- */

/*
 * Sides whose runs alternate are as often early as late. Beyond this share one side is the later one
 * (1: every B after every A); shuffled blocks of three and more stay well below it.
 */
#define MAX_LATER 0.5

static int find_when(struct store *s, struct compare_answer *c, struct err *err)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc;

	compare_side_json(c->sides[0], &a);
	compare_side_json(c->sides[1], &b);
	rc = db_prepare(
		s, &stmt, err,
		"WITH side AS (SELECT value AS run, 0 AS is_b FROM json_each(?1)"
		"  UNION ALL SELECT value, 1 FROM json_each(?2)),"
		" timed AS (SELECT is_b, block, substr(replace(started, 'T', ' '), 1, 16) AS at,"
		"  row_number() OVER (ORDER BY started, r.id) AS place"
		"  FROM side JOIN run r ON r.id = side.run JOIN block k ON k.run = r.id)"
		"SELECT (SELECT avg(CASE WHEN y.place > x.place THEN 1.0 ELSE -1.0 END)"
		"   FROM timed x JOIN timed y ON NOT x.is_b AND y.is_b),"
		" count(DISTINCT block) = 1,"
		" (SELECT 'A from ' || min(at) || ' to ' || max(at) FROM timed WHERE NOT is_b)"
		" || ', B from ' ||"
		" (SELECT min(at) || ' to ' || max(at) FROM timed WHERE is_b) FROM timed",
		"tt", a.data, b.data);
	if (!rc)
		rc = db_step(s, stmt, err);
	if (rc > 0) {
		c->terms.interleaved = sqlite3_column_int(stmt, 1) ||
				       fabs(sqlite3_column_double(stmt, 0)) <= MAX_LATER;
		buf_adds(&c->when, (const char *)sqlite3_column_text(stmt, 2));
		rc = 0;
	}
	sqlite3_finalize(stmt);
	buf_release(&a);
	buf_release(&b);
	return rc;
}

/* --- all of it ------------------------------------------------------------------------------- */

static char *column(sqlite3_stmt *stmt, int col)
{
	const char *text = (const char *)sqlite3_column_text(stmt, col);

	return text ? xstrdup(text) : NULL;
}

/* Every result that both sides have. */
static int find_rows(struct store *s, struct compare_answer *c, const char *runs_a,
		     const char *runs_b, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "WITH side AS (SELECT value AS run, 1 AS a, 0 AS b FROM json_each(?1)"
			    "  UNION ALL SELECT value, 0, 1 FROM json_each(?2))"
			    "SELECT name, unit, better FROM side CROSS JOIN result v USING (run)"
			    " WHERE value IS NOT NULL AND " OF_WHOLE_RUN
			    " GROUP BY name, unit HAVING max(a) AND max(b)"
			    " ORDER BY min(ord), name",
			    "tt", runs_a, runs_b);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		c->rows = xreallocarray(c->rows, c->nr_rows + 1, sizeof(*c->rows));
		c->rows[c->nr_rows++] = (struct compare_row){ .name = column(stmt, 0),
							      .unit = column(stmt, 1),
							      .better = column(stmt, 2) };
	}
	sqlite3_finalize(stmt);
	if (!rc && !c->nr_rows)
		rc = err_missing(err, "the two sides have no result in common");
	return rc;
}

static int load_rows(struct store *s, struct compare_answer *c, struct err *err)
{
	struct buf runs_a = BUF_INIT, runs_b = BUF_INIT;
	int rc;

	compare_side_json(c->sides[0], &runs_a);
	compare_side_json(c->sides[1], &runs_b);
	rc = find_rows(s, c, runs_a.data, runs_b.data, err);
	for (size_t i = 0; i < c->nr_rows && !rc; i++)
		rc = sides_load(s, (struct side_runs){ runs_a.data, 0 },
				(struct side_runs){ runs_b.data, 0 }, c->rows[i].name,
				c->rows[i].unit, &c->rows[i].a, &c->rows[i].b, err);
	buf_release(&runs_a);
	buf_release(&runs_b);
	return rc;
}

static void release_answer(struct compare_answer *c)
{
	for (size_t i = 0; i < c->nr_rows; i++) {
		free(c->rows[i].name);
		free(c->rows[i].unit);
		free(c->rows[i].better);
		side_values_release(&c->rows[i].a);
		side_values_release(&c->rows[i].b);
	}
	free(c->rows);
	buf_release(&c->when);
}

int compare_runs(struct store *s, const struct compare_request *q, enum export_format format,
		 FILE *out, FILE *notes, struct err *err)
{
	struct compare_side a = COMPARE_SIDE_INIT("A", q->a), b = COMPARE_SIDE_INIT("B", q->b);
	struct compare_answer c = { .sides = { &a, &b }, .when = BUF_INIT };
	int rc = compare_side_select(&a, s, q->untrusted, err);

	c.terms.show_needed = q->power > 0;
	c.terms.difference = q->power > 0 ? q->power : COMPARE_DIFFERENCE;
	if (!rc)
		rc = compare_side_select(&b, s, q->untrusted, err);
	if (!rc)
		rc = compare_sides_check(s, &a, &b, err);
	if (!rc)
		rc = find_when(s, &c, err);
	if (!rc)
		rc = load_rows(s, &c, err);
	if (!rc) {
		c.terms.may_speak = c.terms.interleaved || q->not_interleaved;
		compare_judge(c.rows, c.nr_rows, &c.terms);
		rc = compare_print(s, &c, format, out, notes, err);
	}
	release_answer(&c);
	compare_side_release(&a);
	compare_side_release(&b);
	return rc;
}
