// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/report_results.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "base/opt.h"
#include "base/stats.h"
#include "results/baseline.h"
#include "results/report_html.h"
#include "results/rows.h"
#include "results/text_table.h"

EMBED(report_groups_sql, "results/report_groups.sql");
EMBED(report_rows_sql, "results/report_rows.sql");

/* A column: a result of the workload's, one of the run's own numbers, or the slowdown. */
struct column {
	char *name, *unit;
	bool higher; /* is better */
};

struct alike_runs {
	struct store *s;
	const char *runs; /* of this group: a JSON array of ids */
	bool slowdown;	  /* some run has a baseline */
	struct column *columns;
	size_t nr_columns;
};

#define RESULT_VALUES                                                                              \
	"SELECT v.value FROM json_each(?1) c CROSS JOIN result v ON v.run = c.value"               \
	" WHERE v.name = ?2 AND v.value IS NOT NULL"
#define SUMMARY_VALUES(column)                                                                     \
	"SELECT s." column " FROM json_each(?1) c CROSS JOIN run_summary s ON s.run = c.value"     \
	" WHERE s." column " IS NOT NULL"

/* --- cells --------------------------------------------------------------------------------- */

static char *times(char *dst, double factor)
{
	snprintf(dst, HUMAN_SIZE, "%.2f×", factor);
	return dst;
}

#define TIMES "times"

static char *as_unit(char *dst, const char *unit, double value)
{
	if (strcmp(unit, TIMES) == 0)
		return times(dst, value);
	return strcmp(unit, "bytes") == 0 ? human_bytes(dst, value) : human_number(dst, value);
}

static void add_interval(struct buf *page, const char *unit, double low, double high,
			 double coverage)
{
	char text[HUMAN_SIZE];

	buf_addf(page, "<span class=\"interval\">%s", as_unit(text, unit, low));
	buf_addf(page, " to %s (%.0f %%)</span>", as_unit(text, unit, high), coverage * 100);
}

static void add_nothing(struct buf *page)
{
	buf_adds(page, "<td class=\"num\"><span class=\"none\">–</span></td>");
}

/* The median; under it the interval where there is one, which memory held at a limit needs not. */
static void add_median(struct buf *page, const struct values *v, const char *unit)
{
	char text[HUMAN_SIZE];
	struct stats_interval i;

	if (!v->nr) {
		add_nothing(page);
		return;
	}
	buf_addf(page, "<td class=\"num\">%s", as_unit(text, unit, stats_median(v->values, v->nr)));
	if (strcmp(unit, "bytes") != 0 && !stats_median_interval(v->values, v->nr, &i))
		add_interval(page, unit, i.low, i.high, i.coverage);
	buf_adds(page, "</td>");
}

/* How many times worse than the baselines; under it the interval, and which runs these are. */
static int add_slowdown(struct buf *page, const struct alike_runs *g, const char *runs,
			struct err *err)
{
	const struct column *first = &g->columns[0];
	struct baselines base = BASELINES_INIT;
	struct stats_ratio slower;
	char text[HUMAN_SIZE];
	int rc = baselines_find(g->s, (struct side_runs){ runs, 0 }, &base, err);

	if (!rc)
		rc = baselines_slowdown(g->s, (struct side_runs){ runs, 0 }, &base, first->name,
					first->higher ? "higher" : "lower", &slower, err);
	if (rc)
		goto out;
	buf_addf(page, "<td class=\"num\">%s", times(text, slower.ratio));
	if (base.nr_others) {
		struct buf ranges = BUF_INIT;

		if (!isnan(slower.low))
			add_interval(page, TIMES, slower.low, slower.high, STATS_CONFIDENCE);
		rows_add_ranges(&ranges, base.runs, base.nr);
		buf_addf(page, "<span class=\"interval\">of run%s %s, up to %s away</span>",
			 base.nr == 1 ? "" : "s", ranges.data, human_age(text, base.age_s));
		buf_release(&ranges);
	}
	buf_adds(page, "</td>");
out:
	baselines_release(&base);
	if (rc != -ENODATA)
		return rc;
	add_nothing(page);
	return 0;
}

/* What the runs say about their numbers, and how many of them do. */
static int add_flags(struct buf *page, const struct alike_runs *g, const char *runs,
		     struct err *err)
{
	struct buf flags = BUF_INIT;
	int rc = rows_add_flags(&flags, g->s, runs, err);

	buf_adds(page, "<td class=\"flags\">");
	html_text(page, flags.len ? flags.data : "–");
	buf_adds(page, "</td>");
	buf_release(&flags);
	return rc;
}

static int add_row(struct buf *page, const struct alike_runs *g, const char *runs, struct err *err)
{
	static const struct {
		const char *sql, *unit;
	} summary[] = {
		{ SUMMARY_VALUES("local_bytes"), "bytes" },
		{ SUMMARY_VALUES("far_bytes"), "bytes" },
		{ SUMMARY_VALUES("page_ins_per_s"), "per_s" },
	};
	struct values v = { 0 };
	int rc = g->slowdown ? add_slowdown(page, g, runs, err) : 0;

	for (size_t i = 0; !rc && i < g->nr_columns; i++) {
		rc = db_values(g->s, &v, err, RESULT_VALUES, "tt", runs, g->columns[i].name);
		if (!rc)
			add_median(page, &v, g->columns[i].unit);
	}
	for (size_t i = 0; !rc && i < sizeof(summary) / sizeof(summary[0]); i++) {
		rc = db_values(g->s, &v, err, summary[i].sql, "t", runs);
		if (!rc)
			add_median(page, &v, summary[i].unit);
	}
	if (!rc)
		rc = add_flags(page, g, runs, err);
	free(v.values);
	return rc;
}

/* --- a table ------------------------------------------------------------------------------- */

/* Results that are better one way or the other, the performance first. */
static int load_columns(struct alike_runs *g, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(g->s, &stmt, err,
			    "SELECT v.name, v.unit, v.better = 'higher' FROM json_each(?1) c"
			    " CROSS JOIN result v ON v.run = c.value WHERE v.better IS NOT NULL"
			    " GROUP BY v.name ORDER BY min(v.ord), v.name",
			    "t", g->runs);

	if (rc)
		return rc;
	while ((rc = db_step(g->s, stmt, err)) > 0) {
		g->columns = xreallocarray(g->columns, g->nr_columns + 1, sizeof(*g->columns));
		g->columns[g->nr_columns++] = (struct column){
			.name = xstrdup((const char *)sqlite3_column_text(stmt, 0)),
			.unit = xstrdup((const char *)sqlite3_column_text(stmt, 1)),
			.higher = sqlite3_column_int(stmt, 2),
		};
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int find_slowdown(struct alike_runs *g, struct err *err)
{
	struct baselines base = BASELINES_INIT;
	int rc = baselines_find(g->s, (struct side_runs){ g->runs, 0 }, &base, err);

	g->slowdown = g->nr_columns && base.nr;
	baselines_release(&base);
	return rc;
}

/* A name for people: latency_avg is "latency avg", p99_9 is "p99.9". NULL is no word. */
static void add_words(struct buf *page, const char *name)
{
	for (const char *c = name; c && *c; c++) {
		if (*c != '_')
			buf_add(page, c, 1);
		else if (c > name && isdigit((unsigned char)c[-1]) && isdigit((unsigned char)c[1]))
			buf_adds(page, ".");
		else
			buf_adds(page, " ");
	}
}

static void add_head(struct buf *page, const struct alike_runs *g)
{
	static const char *const summary[] = { "local", "far", "page-ins/s" };

	buf_adds(page, "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">backend</th>"
		       "<th scope=\"col\" class=\"num\">ratio</th>"
		       "<th scope=\"col\" class=\"num\">runs</th>");
	if (g->slowdown)
		buf_adds(page, "<th scope=\"col\" class=\"num\">slowdown</th>");
	for (size_t i = 0; i < g->nr_columns; i++) {
		const struct column *c = &g->columns[i];

		buf_adds(page, "<th scope=\"col\" class=\"num\">");
		add_words(page, c->name);
		buf_adds(page, strcmp(c->unit, "per_s") == 0 ? "/s" : " (");
		if (strcmp(c->unit, "per_s")) {
			add_words(page, c->unit);
			buf_adds(page, ")");
		}
		buf_addf(page, " %s</th>", c->higher ? "↑" : "↓");
	}
	for (size_t i = 0; i < sizeof(summary) / sizeof(summary[0]); i++)
		buf_addf(page, "<th scope=\"col\" class=\"num\">%s</th>", summary[i]);
	buf_adds(page, "<th scope=\"col\">flags</th></tr></thead>\n<tbody>\n");
}

static int add_group_table(struct buf *page, const struct alike_runs *g, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(g->s, &stmt, err, report_rows_sql, "t", g->runs);

	if (rc)
		return rc;
	add_head(page, g);
	while ((rc = db_step(g->s, stmt, err)) > 0) {
		const char *params = (const char *)sqlite3_column_text(stmt, 1);
		bool set = sqlite3_column_type(stmt, 2) != SQLITE_NULL;
		char ratio[HUMAN_SIZE];

		buf_adds(page, "<tr><th scope=\"row\">");
		html_text(page, (const char *)sqlite3_column_text(stmt, 0));
		if (params) {
			buf_adds(page, "<span class=\"interval\">");
			html_text(page, params);
			buf_adds(page, "</span>");
		}
		buf_addf(page, "</th><td class=\"num\">%s</td><td class=\"num\">%d</td>",
			 set ? human_number(ratio, sqlite3_column_double(stmt, 2)) : "own",
			 sqlite3_column_int(stmt, 3));
		rc = add_row(page, g, (const char *)sqlite3_column_text(stmt, 4), err);
		if (rc)
			break;
		buf_adds(page, "</tr>\n");
	}
	sqlite3_finalize(stmt);
	buf_adds(page, "</tbody></table></div>\n");
	return rc;
}

static int add_group(struct buf *page, struct store *s, const char *runs, struct err *err)
{
	struct alike_runs g = { .s = s, .runs = runs };
	int rc = load_columns(&g, err);

	if (!rc)
		rc = find_slowdown(&g, err);
	if (!rc)
		rc = add_group_table(page, &g, err);
	for (size_t i = 0; i < g.nr_columns; i++) {
		free(g.columns[i].name);
		free(g.columns[i].unit);
	}
	free(g.columns);
	return rc;
}

/* --- all of them --------------------------------------------------------------------------- */

/* What can only be a size as 48M. */
static void add_parameter(struct buf *page, const char *key, const char *value)
{
	uint64_t bytes;
	char size[16];

	buf_adds(page, "<span>");
	html_text(page, key);
	buf_adds(page, " <b>");
	if (!parse_u64(value, &bytes) && bytes >= 1 << 20 && bytes % 4096 == 0) {
		format_size(size, sizeof(size), bytes);
		value = size;
	}
	html_text(page, value);
	buf_adds(page, "</b></span> ");
}

static void add_parameters(struct buf *page, const char *list)
{
	char *copy = xstrdup(list ? list : ""), *save, *line;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t');

		if (!tab)
			continue;
		*tab = '\0';
		add_parameter(page, line, tab + 1);
	}
	free(copy);
}

int report_results(struct buf *page, struct store *s, const char *runs, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, report_groups_sql, "t", runs);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		buf_adds(page, "<h3>");
		html_text(page, (const char *)sqlite3_column_text(stmt, 0));
		buf_adds(page, "</h3>\n<p class=\"parameters\">");
		add_parameters(page, (const char *)sqlite3_column_text(stmt, 2));
		if (sqlite3_column_type(stmt, 3) != SQLITE_NULL)
			add_parameter(page, "on", (const char *)sqlite3_column_text(stmt, 3));
		buf_adds(page, "</p>\n");
		rc = add_group(page, s, (const char *)sqlite3_column_text(stmt, 1), err);
		if (rc)
			break;
	}
	sqlite3_finalize(stmt);
	return rc;
}
