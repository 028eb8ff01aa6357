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

static int find_when(struct store *s, struct compare_pair *c, struct err *err)
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
		" (SELECT ?3 || ' from ' || min(at) || ' to ' || max(at) FROM timed WHERE NOT is_b)"
		" || ', ' || ?4 || ' from ' ||"
		" (SELECT min(at) || ' to ' || max(at) FROM timed WHERE is_b) FROM timed",
		"tttt", a.data, b.data, c->sides[0]->name, c->sides[1]->name);
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

/*
 * What harness/run/corun.c adds of a co-run, the run's and its jobs'. Its jobs' own results are of unlike
 * programs, and its performance is how many jobs it gets done.
 */
#define CORUN	    "run_params ->> '$.policy' IS NOT NULL"
#define CORUN_FIRST "'throughput'"
#define CORUN_NAMES                                                                                \
	CORUN_FIRST ", 'makespan', 'mean_slowdown', 'p99_slowdown', 'weighted_speedup', "          \
		    "'jain', 'local_mean', 'local_most', 'far_most', 'reclaim_cpu', "              \
		    "'queueing', 'running', 'completion', 'slowdown'"

/* Every result that both sides have. */
static int find_rows(struct store *s, struct compare_pair *c, const char *runs_a,
		     const char *runs_b, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "WITH side AS (SELECT value AS run, 1 AS a, 0 AS b FROM json_each(?1)"
			    "  UNION ALL SELECT value, 0, 1 FROM json_each(?2))"
			    "SELECT name, unit, v.better FROM side CROSS JOIN result v USING (run)"
			    " CROSS JOIN main.run r ON r.id = run"
			    " WHERE value IS NOT NULL AND " OF_WHOLE_RUN " AND (NOT " CORUN
			    " OR name IN (" CORUN_NAMES "))"
			    " GROUP BY name, unit HAVING max(a) AND max(b)"
			    " ORDER BY max(" CORUN " AND name = " CORUN_FIRST
			    ") DESC, min(ord), name",
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
		rc = err_missing(err, "%s and %s have no result in common", c->sides[0]->name,
				 c->sides[1]->name);
	return rc;
}

static int load_rows(struct store *s, struct compare_pair *c, struct err *err)
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

static void release_pair(struct compare_pair *c)
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
	buf_release(&c->differ);
}

static int load_pair(struct store *s, const struct compare_request *q, struct compare_pair *c,
		     struct err *err)
{
	int rc = compare_sides_check(s, c->sides[0], c->sides[1], &c->differ, err);

	if (!rc)
		rc = find_when(s, c, err);
	if (!rc)
		rc = load_rows(s, c, err);
	c->terms.name = c->sides[1]->name;
	c->terms.show_needed = q->power > 0;
	c->terms.difference = q->power > 0 ? q->power : COMPARE_DIFFERENCE;
	c->terms.may_speak = c->terms.interleaved || q->not_interleaved;
	return rc;
}

static int check_number(const struct compare_request *q, size_t *ret_nr, struct err *err)
{
	size_t nr = 0;

	while (q->sides[nr])
		nr++;
	*ret_nr = nr;
	if (nr < 2)
		return err_usage(err, "compare %s with what? `fmbench compare --help` has examples",
				 nr ? q->sides[0] : "what");
	if (nr > COMPARE_MAX_SIDES)
		return err_usage(err, "%zu sets: compare takes %d", nr, COMPARE_MAX_SIDES);
	return 0;
}

int compare_runs(struct store *s, const struct compare_request *q, enum export_format format,
		 FILE *out, FILE *notes, struct err *err)
{
	static const char *const names[COMPARE_MAX_SIDES] = {
		"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
		"N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
	};
	struct compare_side sides[COMPARE_MAX_SIDES];
	struct compare_pair pairs[COMPARE_MAX_SIDES - 1] = { 0 };
	size_t nr;
	int rc = check_number(q, &nr, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < nr; i++) {
		sides[i] = (struct compare_side)COMPARE_SIDE_INIT(names[i], q->sides[i], true);
		if (!rc)
			rc = compare_side_select(&sides[i], s, q->untrusted, err);
	}
	for (size_t i = 0; i + 1 < nr && !rc; i++) {
		pairs[i].sides[0] = &sides[0];
		pairs[i].sides[1] = &sides[i + 1];
		rc = load_pair(s, q, &pairs[i], err);
	}
	if (!rc) {
		compare_judge_pairs(pairs, nr - 1);
		rc = compare_print(s, pairs, nr - 1, format, out, notes, err);
	}
	for (size_t i = 0; i < nr; i++) {
		if (i + 1 < nr)
			release_pair(&pairs[i]);
		compare_side_release(&sides[i]);
	}
	return rc;
}
