// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "results/report_html.h"
#include "results/report_results.h"

EMBED(report_css, "results/report.css");

struct report {
	struct store *s;
	const struct report_request *request;
	char *runs; /* JSON array of ids */
};

/* --- parts of a page ------------------------------------------------------------------------ */

static void begin_section(struct buf *page, const char *id, const char *title, const char *about)
{
	buf_addf(page, "<section id=\"%s\">\n<h2>%s</h2>\n", id, title);
	if (about)
		buf_addf(page, "<p class=\"about\">%s</p>\n", about);
}

static void end_section(struct buf *page)
{
	buf_adds(page, "</section>\n");
}

/* A statement about the report's runs (?1) as a table. 1: it had rows. */
static int add_table(struct buf *page, const struct report *rep, const char *types, const char *sql,
		     struct err *err)
{
	sqlite3_stmt *stmt;
	int r = db_prepare(rep->s, &stmt, err, sql, "t", rep->runs);

	if (!r)
		r = html_table(page, rep->s, stmt, types, err);
	sqlite3_finalize(stmt);
	return r;
}

/* The first column of each row as an element. */
static int add_lines(struct buf *page, const struct report *rep, const char *begin, const char *end,
		     const char *sql, struct err *err)
{
	sqlite3_stmt *stmt;
	int r = db_prepare(rep->s, &stmt, err, sql, "t", rep->runs);

	if (r)
		return r;
	while ((r = db_step(rep->s, stmt, err)) > 0) {
		buf_adds(page, begin);
		html_text(page, (const char *)sqlite3_column_text(stmt, 0));
		buf_adds(page, end);
	}
	sqlite3_finalize(stmt);
	return r;
}

#define RUNS "json_each(?1) c JOIN run r ON r.id = c.value"

/* "1-3 7" of the ids in a subquery named ids(id). */
#define RANGES                                                                                     \
	"(SELECT group_concat(CASE WHEN lo = hi THEN lo ELSE lo || '–' || hi END, ' ') FROM"     \
	" (SELECT min(id) AS lo, max(id) AS hi FROM (SELECT id, id - row_number() OVER"            \
	"  (ORDER BY id) AS island FROM ids) GROUP BY island ORDER BY lo))"

/* --- sections ------------------------------------------------------------------------------- */

/* "12 runs of quicksort on zram, made from … to … UTC: 11 ok, 1 failed." */
static const char lead_sql[] =
	"SELECT count(*) || CASE count(*) WHEN 1 THEN ' run of ' ELSE ' runs of ' END ||"
	" (SELECT group_concat(workload, ', ') FROM (SELECT DISTINCT workload FROM " RUNS "))"
	" || ' on ' ||"
	" (SELECT group_concat(backend, ', ') FROM (SELECT DISTINCT backend FROM " RUNS "))"
	" || ', made from ' || substr(replace(min(started), 'T', ' '), 1, 16)"
	" || ' to ' || substr(replace(max(started), 'T', ' '), 1, 16) || ' UTC: ' ||"
	" (SELECT group_concat(n || ' ' || status, ', ') FROM (SELECT status, count(*) AS n"
	"  FROM " RUNS " GROUP BY status ORDER BY n DESC)) || '.' FROM " RUNS;

static int add_head(struct buf *page, const struct report *rep, struct err *err)
{
	const char *title = rep->request->experiment;

	buf_adds(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<title>");
	html_text(page, title ? title : "Far memory");
	buf_addf(page,
		 " – fmbench report</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n",
		 report_css);
	buf_adds(page, "<h1>");
	html_text(page, title ? title : "Far memory");
	buf_adds(page, "</h1>\n");
	return add_lines(page, rep, "<p class=\"lead\">", "</p>\n", lead_sql, err);
}

static int add_results(struct buf *page, const struct report *rep, struct err *err)
{
	int r;

	begin_section(
		page, "results", "Results",
		"Medians of trusted runs over their measure phase, each with its 95&nbsp;% "
		"bootstrap interval below it; a single run has none. The ratio is local memory "
		"over the workload’s peak. Slowdown is how many times worse than the median at "
		"ratio&nbsp;1. Page-ins are major faults. ↑ higher is better, ↓ lower.");
	r = report_results(page, rep->s, rep->runs, err);
	end_section(page);
	return r;
}

static int add_figures(struct buf *page, const struct report *rep, struct err *err)
{
	const struct report_request *q = rep->request;

	(void)err;
	if (!q->nr_figures && !q->no_figures)
		return 0;
	begin_section(page, "figures", "Figures", NULL);
	if (q->no_figures) {
		buf_adds(page, "<p>");
		html_text(page, q->no_figures);
		buf_adds(page, "</p>\n");
	}
	buf_adds(page, "<div class=\"figures\">\n");
	for (size_t i = 0; i < q->nr_figures; i++) {
		const struct report_figure *f = &q->figures[i];

		buf_adds(page, "<figure>\n");
		html_svg(page, f->svg, i, f->title);
		buf_adds(page, "<figcaption><b>");
		html_text(page, f->title);
		buf_adds(page, "</b> ");
		html_text(page, f->about);
		buf_adds(page, "<code>");
		html_text(page, f->command);
		buf_adds(page, "</code></figcaption>\n</figure>\n");
	}
	buf_adds(page, "</div>\n");
	end_section(page);
	return 0;
}

static const char runs_sql[] =
	"SELECT s.run, substr(replace(s.started, 'T', ' '), 1, 16) AS \"started (UTC)\","
	" s.workload, s.backend, s.ratio,"
	" s.status, (r.end_ns - r.begin_ns) / 1e9 AS took, s.local_bytes AS local,"
	" s.far_bytes AS far, p.value AS performance,"
	" p.name || ', ' || replace(p.unit, 'per_s', '1/s') AS \"of\","
	" s.major_faults_per_s AS \"page-ins/s\", s.flags"
	" FROM " RUNS " JOIN run_summary s ON s.run = r.id"
	" LEFT JOIN performance p ON p.run = r.id ORDER BY r.id";

static const char left_out_sql[] =
	"WITH why AS (SELECT r.id, r.status, ifnull(r.reason, (SELECT group_concat(code, ', ')"
	"  FROM flag f WHERE f.run = r.id AND severity = 'fatal')) AS why"
	"  FROM " RUNS " WHERE r.status <> 'ok')"
	"SELECT (WITH ids AS (SELECT id FROM why b WHERE b.status = a.status AND b.why IS a.why)"
	"  SELECT " RANGES
	") AS runs, status, why FROM why a GROUP BY status, why ORDER BY min(id)";

static int add_runs(struct buf *page, const struct report *rep, struct err *err)
{
	struct buf left_out = BUF_INIT;
	int r;

	begin_section(page, "runs", "Runs", "In the order in which they were made.");
	r = add_table(page, rep, "ktttnxsbbntnw", runs_sql, err);
	if (r >= 0)
		r = add_table(&left_out, rep, "txw", left_out_sql, err);
	if (r > 0)
		buf_addf(page, "<h3>Left out of all medians</h3>\n%s", left_out.data);
	buf_release(&left_out);
	end_section(page);
	return r < 0 ? r : 0;
}

static const char flags_sql[] =
	"WITH flagged AS (SELECT f.* FROM " RUNS " JOIN flag f ON f.run = r.id)"
	"SELECT severity, code AS flag, count(*) || ' of ' || json_array_length(?1) AS runs,"
	" (SELECT detail FROM flagged b WHERE b.code = a.code AND b.severity = a.severity"
	"  ORDER BY run LIMIT 1) AS \"what it says (the first run’s words)\","
	" (WITH ids AS (SELECT run AS id FROM flagged b WHERE b.code = a.code"
	"  AND b.severity = a.severity) SELECT " RANGES ") AS \"which runs\""
	" FROM flagged a GROUP BY severity, code"
	" ORDER BY severity <> 'fatal', severity <> 'warning', code";

static int add_flags(struct buf *page, const struct report *rep, struct err *err)
{
	int r;

	begin_section(
		page, "flags", "Flags",
		"What the runs say about their own numbers. A fatal flag makes a run untrusted "
		"and leaves it out; a warning names something that may have moved a result; a "
		"note is good to know.");
	r = add_table(page, rep, "tctww", flags_sql, err);
	if (r == 0)
		buf_adds(page, "<p>No run has any.</p>\n");
	end_section(page);
	return r < 0 ? r : 0;
}

/* A fact for people, from columns key and value. */
#define FACT_NAME "replace(replace(key, '_bytes', ''), '_', ' ')"
#define FACT_VALUE                                                                                 \
	"CASE WHEN key NOT GLOB '*_bytes' THEN value"                                              \
	" WHEN value + 0 >= 1 << 30 THEN printf('%.1f GiB', value / 1073741824.0)"                 \
	" WHEN value + 0 >= 1 << 20 THEN printf('%.1f MiB', value / 1048576.0) ELSE value END"

static const char machine_facts_sql[] =
	"WITH mine AS (SELECT DISTINCT m.id, m.facts FROM " RUNS
	"  JOIN machine m ON m.id = r.machine)"
	"SELECT CASE WHEN (SELECT count(*) FROM mine) > 1 THEN 'machine ' || m.id || ': ' ELSE ''"
	"  END || " FACT_NAME " AS fact, " FACT_VALUE " AS value"
	" FROM mine m, json_each(m.facts) j ORDER BY m.id, j.key";

/* Of a setting that was not the same in all runs the three commonest values. */
static const char settings_sql[] =
	"WITH facts AS (SELECT j.key, j.value FROM " RUNS ", json_each(r.facts) j),"
	" kinds AS (SELECT key, " FACT_VALUE " AS value, count(*) AS n FROM facts GROUP BY 1, 2),"
	" ranked AS (SELECT *, row_number() OVER (PARTITION BY key ORDER BY n DESC) AS i FROM kinds)"
	"SELECT " FACT_NAME " AS setting,"
	" CASE WHEN max(n) = json_array_length(?1) THEN value ELSE"
	"  group_concat(CASE WHEN i <= 3 THEN value || ' (' || n || ')' END, '; ') ||"
	"  CASE WHEN count(*) > 3 THEN '; ' || (count(*) - 3) || ' more' ELSE '' END END"
	"  AS \"value (in how many runs, where not in all)\""
	" FROM ranked GROUP BY key ORDER BY key";

static int add_machine(struct buf *page, const struct report *rep, struct err *err)
{
	int r;

	begin_section(page, "machine", "Machine", NULL);
	r = add_table(page, rep, "kw", machine_facts_sql, err);
	if (r >= 0) {
		buf_adds(page, "<h3>Settings when the runs were made</h3>\n");
		r = add_table(page, rep, "kw", settings_sql, err);
	}
	end_section(page);
	return r < 0 ? r : 0;
}

static const char commands_sql[] =
	"SELECT r.command FROM " RUNS
	" WHERE r.command IS NOT NULL GROUP BY r.command ORDER BY min(r.id)";

static const char versions_sql[] =
	"SELECT 'Made by fmbench ' || group_concat(version, ', ') || '.' FROM"
	" (SELECT DISTINCT r.version AS version FROM " RUNS " WHERE r.version IS NOT NULL)"
	" HAVING count(*)";

static int add_repeat(struct buf *page, const struct report *rep, struct err *err)
{
	int r;

	begin_section(
		page, "repeat", "Repeat it",
		"The commands that made these runs, as they were typed, then the one that made "
		"this page.");
	buf_adds(page, "<pre>");
	r = add_lines(page, rep, "", "\n", commands_sql, err);
	html_text(page, rep->request->command);
	buf_adds(page, "</pre>\n");
	if (!r)
		r = add_lines(page, rep, "<p>", "</p>\n", versions_sql, err);
	end_section(page);
	return r;
}

/* --- the page ------------------------------------------------------------------------------- */

static int choose_runs(struct report *rep, struct err *err)
{
	sqlite3_stmt *stmt;
	int r = db_prepare(rep->s, &stmt, err,
			   "SELECT json_group_array(id) FROM (SELECT id FROM run WHERE "
			   " (?1 IS NULL OR experiment = ?1) ORDER BY id)",
			   "t", rep->request->experiment);

	if (r)
		return r;
	r = db_step(rep->s, stmt, err);
	if (r > 0) {
		rep->runs = xstrdup((const char *)sqlite3_column_text(stmt, 0));
		r = 0;
	}
	sqlite3_finalize(stmt);
	if (!r && !strcmp(rep->runs, "[]"))
		r = err_missing(err, "%s holds no run%s%s to report; make some with `fmbench run`",
				rep->s->path, rep->request->experiment ? " of experiment " : "",
				rep->request->experiment ? rep->request->experiment : "");
	return r;
}

int report_page(struct store *s, const struct report_request *q, struct buf *page, struct err *err)
{
	static int (*const parts[])(struct buf *, const struct report *, struct err *) = {
		add_results, add_figures, add_runs, add_flags, add_machine, add_repeat,
	};
	struct report rep = { .s = s, .request = q };
	int r = choose_runs(&rep, err);

	if (!r)
		r = add_head(page, &rep, err);
	buf_adds(page, "<nav><a href=\"#results\">Results</a> <a href=\"#figures\">Figures</a> "
		       "<a href=\"#runs\">Runs</a> <a href=\"#flags\">Flags</a> "
		       "<a href=\"#machine\">Machine</a> <a href=\"#repeat\">Repeat it</a></nav>\n"
		       "</header>\n<main>\n");
	for (size_t i = 0; !r && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = parts[i](page, &rep, err);
	buf_adds(page, "</main>\n<footer>fmbench ");
	html_text(page, q->version);
	buf_adds(page, "</footer>\n</body>\n</html>\n");
	free(rep.runs);
	return r;
}

static const char representatives_sql[] =
	"WITH trusted AS (SELECT r.id, r.workload, r.backend, r.ratio, a.cell, p.value"
	"  FROM run r JOIN alike a ON a.run = r.id LEFT JOIN performance p ON p.run = r.id"
	"  WHERE r.status = 'ok' AND (?1 IS NULL OR r.experiment = ?1)),"
	" cells AS (SELECT workload, backend, ratio, cell, row_number() OVER"
	"   (PARTITION BY workload, backend ORDER BY abs(ifnull(ratio, 0.5) - 0.5), ratio,"
	"    count(*) DESC, min(id)) AS place FROM trusted GROUP BY workload, backend, ratio, cell),"
	" ranked AS (SELECT t.*, row_number() OVER (PARTITION BY t.workload, t.backend"
	"   ORDER BY t.value, t.id) AS i,"
	"  count(*) OVER (PARTITION BY t.workload, t.backend) AS n FROM trusted t JOIN cells c"
	"  ON c.place = 1 AND c.cell = t.cell AND c.backend = t.backend AND c.ratio IS t.ratio)"
	"SELECT id, workload || ' on ' || backend || ifnull(printf(' at ratio %g', ratio), '')"
	" FROM ranked WHERE i = (n + 1) / 2 ORDER BY id";

void report_runs_free(struct report_run *runs, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(runs[i].label);
	free(runs);
}

int report_representatives(struct store *s, const char *experiment, struct report_run **ret_runs,
			   size_t *ret_nr, struct err *err)
{
	struct report_run *runs = NULL;
	size_t nr = 0;
	sqlite3_stmt *stmt;
	int r = db_prepare(s, &stmt, err, representatives_sql, "t", experiment);

	if (r)
		return r;
	while ((r = db_step(s, stmt, err)) > 0) {
		runs = xreallocarray(runs, nr + 1, sizeof(*runs));
		runs[nr++] = (struct report_run){
			.run = sqlite3_column_int64(stmt, 0),
			.label = xstrdup((const char *)sqlite3_column_text(stmt, 1)),
		};
	}
	sqlite3_finalize(stmt);
	if (r) {
		report_runs_free(runs, nr);
		return r;
	}
	*ret_runs = runs;
	*ret_nr = nr;
	return 0;
}
