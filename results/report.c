// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/embed.h"
#include "results/report_html.h"
#include "results/report_results.h"

EMBED(report_css, "results/report.css");
EMBED(report_flags_sql, "results/report_flags.sql");
EMBED(report_lead_sql, "results/report_lead.sql");
EMBED(report_left_out_sql, "results/report_left_out.sql");
EMBED(report_machines_sql, "results/report_machines.sql");
EMBED(report_representatives_sql, "results/report_representatives.sql");
EMBED(report_runs_sql, "results/report_runs.sql");
EMBED(report_settings_sql, "results/report_settings.sql");

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
	sqlite3_stmt *stmt = NULL;
	int rc = db_prepare(rep->s, &stmt, err, sql, "t", rep->runs);

	if (!rc)
		rc = html_table(page, rep->s, stmt, types, err);
	sqlite3_finalize(stmt);
	return rc;
}

/* The first column of each row as an element. */
static int add_lines(struct buf *page, const struct report *rep, const char *begin, const char *end,
		     const char *sql, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(rep->s, &stmt, err, sql, "t", rep->runs);

	if (rc)
		return rc;
	while ((rc = db_step(rep->s, stmt, err)) > 0) {
		buf_adds(page, begin);
		html_text(page, (const char *)sqlite3_column_text(stmt, 0));
		buf_adds(page, end);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* --- sections ------------------------------------------------------------------------------- */

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
	return add_lines(page, rep, "<p class=\"lead\">", "</p>\n", report_lead_sql, err);
}

static int add_results(struct buf *page, const struct report *rep, struct err *err)
{
	int rc;

	begin_section(
		page, "results", "Results",
		"Medians of trusted runs over their measure phase, each with an interval below "
		"it and the share of such intervals that hold the true median: 95&nbsp;%, or the "
		"most that so few runs allow; a single run has none. The ratio is local memory "
		"over the workload’s peak. Slowdown is how many times worse than the runs at "
		"ratio&nbsp;1 that it names, repeat by repeat where both have the repeats, with "
		"Student’s t on logarithms; there is none where no trusted run at ratio&nbsp;1 is "
		"of the same kind. Page-ins are major faults. ↑ higher is better, ↓ lower.");
	rc = report_results(page, rep->s, rep->runs, err);
	end_section(page);
	return rc;
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

static int add_runs(struct buf *page, const struct report *rep, struct err *err)
{
	struct buf left_out = BUF_INIT;
	int rc;

	begin_section(page, "runs", "Runs", "In the order in which they were made.");
	rc = add_table(page, rep, "ktttnxsbbntnw", report_runs_sql, err);
	if (rc >= 0)
		rc = add_table(&left_out, rep, "tnxw", report_left_out_sql, err);
	if (rc > 0)
		buf_addf(page, "<h3>Left out of all medians</h3>\n%s", left_out.data);
	buf_release(&left_out);
	end_section(page);
	return rc < 0 ? rc : 0;
}

static int add_flags(struct buf *page, const struct report *rep, struct err *err)
{
	int rc;

	begin_section(
		page, "flags", "Flags",
		"What the runs say about their own numbers. A fatal flag makes a run untrusted "
		"and leaves it out; a warning names something that may have moved a result; a "
		"note is good to know.");
	rc = add_table(page, rep, "tctww", report_flags_sql, err);
	if (rc == 0)
		buf_adds(page, "<p>No run has any.</p>\n");
	end_section(page);
	return rc < 0 ? rc : 0;
}

static int add_machine(struct buf *page, const struct report *rep, struct err *err)
{
	int rc;

	begin_section(page, "machine", "Machine", NULL);
	rc = add_table(page, rep, "kw", report_machines_sql, err);
	if (rc >= 0) {
		buf_adds(page, "<h3>Settings when the runs were made</h3>\n");
		rc = add_table(page, rep, "kw", report_settings_sql, err);
	}
	end_section(page);
	return rc < 0 ? rc : 0;
}

static const char commands_sql[] =
	"SELECT r.command FROM json_each(?1) c JOIN run r ON r.id = c.value"
	" WHERE r.command IS NOT NULL GROUP BY r.command ORDER BY min(r.id)";

static const char versions_sql[] =
	"SELECT 'Made by fmbench ' || group_concat(version, ', ') || '.' FROM"
	" (SELECT DISTINCT r.version AS version FROM json_each(?1) c JOIN run r ON r.id = c.value"
	"  WHERE r.version IS NOT NULL)"
	" HAVING count(*)";

static int add_repeat(struct buf *page, const struct report *rep, struct err *err)
{
	int rc;

	begin_section(
		page, "repeat", "Repeat it",
		"The commands that made these runs, as they were typed, then the one that made "
		"this page.");
	buf_adds(page, "<pre>");
	rc = add_lines(page, rep, "", "\n", commands_sql, err);
	html_text(page, rep->request->command);
	buf_adds(page, "</pre>\n");
	if (!rc)
		rc = add_lines(page, rep, "<p>", "</p>\n", versions_sql, err);
	end_section(page);
	return rc;
}

/* --- the page ------------------------------------------------------------------------------- */

static int choose_runs(struct report *rep, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(rep->s, &stmt, err,
			    "SELECT json_group_array(id) FROM (SELECT id FROM run WHERE "
			    " (?1 IS NULL OR experiment = ?1) ORDER BY id)",
			    "t", rep->request->experiment);

	if (rc)
		return rc;
	rc = db_step(rep->s, stmt, err);
	if (rc > 0) {
		rep->runs = xstrdup((const char *)sqlite3_column_text(stmt, 0));
		rc = 0;
	}
	sqlite3_finalize(stmt);
	if (!rc && strcmp(rep->runs, "[]") == 0)
		rc = err_missing(err, "%s holds no run%s%s to report; make some with `fmbench run`",
				 rep->s->path, rep->request->experiment ? " of experiment " : "",
				 rep->request->experiment ? rep->request->experiment : "");
	return rc;
}

int report_page(struct store *s, const struct report_request *q, struct buf *page, struct err *err)
{
	static int (*const parts[])(struct buf *, const struct report *, struct err *) = {
		add_results, add_figures, add_runs, add_flags, add_machine, add_repeat,
	};
	struct report rep = { .s = s, .request = q };
	int rc = choose_runs(&rep, err);

	if (!rc)
		rc = add_head(page, &rep, err);
	buf_adds(page, "<nav><a href=\"#results\">Results</a> <a href=\"#figures\">Figures</a> "
		       "<a href=\"#runs\">Runs</a> <a href=\"#flags\">Flags</a> "
		       "<a href=\"#machine\">Machine</a> <a href=\"#repeat\">Repeat it</a></nav>\n"
		       "</header>\n<main>\n");
	for (size_t i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
		rc = parts[i](page, &rep, err);
	buf_adds(page, "</main>\n<footer>fmbench ");
	html_text(page, q->version);
	buf_adds(page, "</footer>\n</body>\n</html>\n");
	free(rep.runs);
	return rc;
}

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
	int rc = db_prepare(s, &stmt, err, report_representatives_sql, "t", experiment);

	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0) {
		runs = xreallocarray(runs, nr + 1, sizeof(*runs));
		runs[nr++] = (struct report_run){
			.run = sqlite3_column_int64(stmt, 0),
			.label = xstrdup((const char *)sqlite3_column_text(stmt, 1)),
		};
	}
	sqlite3_finalize(stmt);
	if (rc) {
		report_runs_free(runs, nr);
		return rc;
	}
	*ret_runs = runs;
	*ret_nr = nr;
	return 0;
}
