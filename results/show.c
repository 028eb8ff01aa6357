// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs for people: one in full, or several side by side. */
#include "results/export.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/embed.h"
#include "results/baseline.h"
#include "results/rows.h"
#include "results/runs.h"
#include "results/text_table.h"

EMBED(show_histograms_sql, "results/show_histograms.sql");
EMBED(show_phases_sql, "results/show_phases.sql");
EMBED(show_runs_sql, "results/show_runs.sql");

static const char *text_of(sqlite3_stmt *stmt, int col)
{
	return (const char *)sqlite3_column_text(stmt, col);
}

static bool have(sqlite3_stmt *stmt, int col)
{
	return sqlite3_column_type(stmt, col) != SQLITE_NULL;
}

/* A cell that is "-" where the column is NULL. */
static void add_human(struct table *t, sqlite3_stmt *stmt, int col, char *human(char *, double))
{
	char text[HUMAN_SIZE];

	table_add(t, have(stmt, col) ? human(text, sqlite3_column_double(stmt, col)) : NULL);
}

static char *human_nanoseconds(char *dst, double ns)
{
	return human_seconds(dst, ns / 1e9);
}

static void print_human(FILE *out, const char *label, sqlite3_stmt *stmt, int col,
			char *human(char *, double), const char *after)
{
	char text[HUMAN_SIZE];

	if (have(stmt, col))
		fprintf(out, "  %-12s  %s%s\n", label,
			human(text, sqlite3_column_double(stmt, col)), after);
}

/* How many times worse than a result of the baseline: above 1 is slower. NAN: unknown. */
static double slowdown(const char *better, double value, double baseline)
{
	if (!better || !(baseline > 0) || !(value > 0))
		return NAN;
	return strcmp(better, "higher") ? value / baseline : baseline / value;
}

static void add_slowdown(struct table *t, double factor)
{
	if (isnan(factor))
		table_add(t, NULL);
	else
		table_addf(t, "%.2fx", factor);
}

/* A section without rows is left out whole. */
static void end_section(struct table *t, int rc, FILE *out)
{
	if (!rc && t->nr_cells > t->nr_cols) {
		fputc('\n', out);
		table_print(t, "  ", out);
	}
	table_release(t);
}

static int show_head(struct store *s, int64_t run, int64_t *ret_nr_jobs, FILE *out, struct err *err)
{
	sqlite3_stmt *stmt;
	char text[HUMAN_SIZE];
	int rc = db_prepare(
		s, &stmt, err,
		"SELECT workload, backend, ratio, status, experiment, repeat, reason, command,"
		" started, (end_ns - begin_ns) / 1e9, version, uuid,"
		" (SELECT count(*) FROM job WHERE run = id) FROM run_job WHERE id = ?1 ORDER BY job",
		"i", run);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc <= 0) {
		sqlite3_finalize(stmt);
		return rc ? rc : err_usage(err, "there is no run %lld", (long long)run);
	}

	*ret_nr_jobs = sqlite3_column_int64(stmt, 12);
	fprintf(out, "run %lld: ", (long long)run);
	if (*ret_nr_jobs > 1)
		fprintf(out, "%lld jobs on %s", (long long)*ret_nr_jobs, text_of(stmt, 1));
	else
		fprintf(out, "%s on %s", text_of(stmt, 0), text_of(stmt, 1));
	if (*ret_nr_jobs == 1 && have(stmt, 2))
		fprintf(out, " at ratio %g", sqlite3_column_double(stmt, 2));
	fprintf(out, ": %s\n", text_of(stmt, 3));
	if (have(stmt, 6))
		fprintf(out, "  %-12s  %s\n", "reason", text_of(stmt, 6));
	if (have(stmt, 7))
		fprintf(out, "  %-12s  %s\n", "command", text_of(stmt, 7));
	fprintf(out, "  %-12s  %s", "started", text_of(stmt, 8));
	if (have(stmt, 9))
		fprintf(out, ", took %s", human_seconds(text, sqlite3_column_double(stmt, 9)));
	if (have(stmt, 4))
		fprintf(out, ", repeat %d of experiment %s", sqlite3_column_int(stmt, 5),
			text_of(stmt, 4));
	fputc('\n', out);
	fprintf(out, "  %-12s  %s\n", "uuid", text_of(stmt, 11));
	if (have(stmt, 10))
		fprintf(out, "  %-12s  %s\n", "fmbench", text_of(stmt, 10));
	sqlite3_finalize(stmt);
	return 0;
}

static int show_memory(struct store *s, int64_t run, int64_t job, FILE *out, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc =
		db_prepare(s, &stmt, err,
			   "SELECT peak_bytes, limit_bytes, local_bytes, far_bytes, page_ins_per_s,"
			   " (SELECT ' (of ' || json_extract(facts, '$.peak_source') || ')'"
			   "  FROM run WHERE id = run_summary.run),"
			   " (SELECT json_extract(facts, '$.memory_peak_bytes') FROM run"
			   "  WHERE id = run_summary.run)"
			   " FROM run_summary WHERE run = ?1 AND job = ?2",
			   "ii", run, job);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	fputc('\n', out);
	if (rc > 0) {
		print_human(out, "peak", stmt, 0, human_bytes,
			    have(stmt, 5) ? text_of(stmt, 5) : "");
		print_human(out, "memory.peak", stmt, 6, human_bytes,
			    " (page cache and the kernel's own, too)");
		print_human(out, "limit", stmt, 1, human_bytes, "");
		print_human(out, "local memory", stmt, 2, human_bytes, " (mean while measured)");
		print_human(out, "far memory", stmt, 3, human_bytes, " (mean while measured)");
		print_human(out, "far page-ins", stmt, 4, human_number, " per s");
	}
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : 0;
}

static int show_baseline(struct store *s, int64_t run, int64_t job, FILE *out, struct err *err)
{
	struct store_baseline b;
	char age[HUMAN_SIZE];
	int64_t far;
	int rc = store_baseline(s, run, job, &b, err);

	if (!rc && b.run != run)
		fprintf(out, "  %-12s  run %lld at ratio 1, %s away\n", "baseline",
			(long long)b.run, human_age(age, b.age_s));
	if (rc != -ENODATA)
		return rc;
	rc = db_int(s, &far, err, "SELECT 1 FROM job WHERE run = ?1 AND job = ?2 AND ratio < 1",
		    "ii", run, job);
	if (!rc)
		fprintf(out,
			"  %-12s  none: no trusted run at ratio 1 is of the same kind; make one with "
			"--ratio 1\n",
			"baseline");
	return rc == -ENODATA ? 0 : rc;
}

static int show_results(struct store *s, int64_t run, int64_t job, FILE *out, struct err *err)
{
	struct table t = TABLE_INIT(5);
	sqlite3_stmt *stmt;
	int rc = db_prepare(
		s, &stmt, err,
		"SELECT name, value, replace(unit, '_', ' '), better,"
		" (SELECT value FROM result base WHERE base.run ="
		"   (SELECT baseline_run FROM baseline b WHERE b.run = ?1 AND b.job = ?2)"
		"  AND base.name = r.name AND base.unit = r.unit)"
		" FROM result r WHERE run = ?1 AND job = ?2 AND " OF_WHOLE_RUN " ORDER BY ord",
		"ii", run, job);

	if (rc)
		return rc;
	table_add(&t, "result");
	table_add(&t, "value");
	table_add(&t, "unit");
	table_add(&t, "at ratio 1");
	table_add(&t, "slowdown");
	while ((rc = db_step(s, stmt, err)) > 0) {
		char text[HUMAN_SIZE];
		double baseline = sqlite3_column_double(stmt, 4);
		double factor =
			slowdown(text_of(stmt, 3), sqlite3_column_double(stmt, 1), baseline);

		table_add(&t, text_of(stmt, 0));
		add_human(&t, stmt, 1, human_number);
		table_add(&t, text_of(stmt, 2));
		table_add(&t, isnan(factor) ? NULL : human_number(text, baseline));
		add_slowdown(&t, factor);
	}
	sqlite3_finalize(stmt);
	end_section(&t, rc, out);
	return rc;
}

static int show_histograms(struct store *s, int64_t run, int64_t job, FILE *out, struct err *err)
{
	static const char *const head[] = { "latency", "count", "mean",	 "min", "p50",
					    "p90",     "p99",	"p99.9", "max" };
	struct table t = TABLE_INIT(9);
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, show_histograms_sql, "ii", run, job);

	if (rc)
		return rc;
	for (size_t i = 0; i < t.nr_cols; i++)
		table_add(&t, head[i]);
	while ((rc = db_step(s, stmt, err)) > 0) {
		table_add(&t, text_of(stmt, 0));
		add_human(&t, stmt, 1, human_number);
		for (int col = 2; col < 9; col++)
			add_human(&t, stmt, col, human_nanoseconds);
	}
	sqlite3_finalize(stmt);
	end_section(&t, rc, out);
	return rc;
}

static int show_phases(struct store *s, int64_t run, int64_t job, FILE *out, struct err *err)
{
	static const char *const head[] = { "phase", "began",	 "took", "local",
					    "far",   "page-ins", "per s" };
	struct table t = TABLE_INIT(7);
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err, show_phases_sql, "ii", run, job);

	if (rc)
		return rc;
	for (size_t i = 0; i < t.nr_cols; i++)
		table_add(&t, head[i]);
	while ((rc = db_step(s, stmt, err)) > 0) {
		table_add(&t, text_of(stmt, 0));
		add_human(&t, stmt, 1, human_seconds);
		add_human(&t, stmt, 2, human_seconds);
		add_human(&t, stmt, 3, human_bytes);
		add_human(&t, stmt, 4, human_bytes);
		table_add(&t, text_of(stmt, 5));
		add_human(&t, stmt, 6, human_number);
	}
	sqlite3_finalize(stmt);
	end_section(&t, rc, out);
	return rc;
}

static int show_flags(struct store *s, int64_t run, FILE *out, struct err *err)
{
	struct table t = TABLE_INIT(3);
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT severity, code, detail FROM flag WHERE run = ?1"
			    " ORDER BY severity <> 'fatal', severity <> 'warning', code, job",
			    "i", run);

	if (rc)
		return rc;
	table_add(&t, "flag");
	table_add(&t, "");
	table_add(&t, "");
	while ((rc = db_step(s, stmt, err)) > 0) {
		for (int col = 0; col < 3; col++)
			table_add(&t, text_of(stmt, col));
	}
	sqlite3_finalize(stmt);
	end_section(&t, rc, out);
	return rc;
}

/* Facts of the sampler's: missing.COLLECTOR. */
static int show_missing(struct store *s, int64_t run, FILE *out, struct err *err)
{
	struct table t = TABLE_INIT(2);
	sqlite3_stmt *stmt;
	int rc = db_prepare(s, &stmt, err,
			    "SELECT substr(j.key, length('missing.') + 1), j.value"
			    " FROM run r, json_each(r.facts) j WHERE r.id = ?1"
			    " AND j.key GLOB 'missing.*' ORDER BY j.key",
			    "i", run);

	if (rc)
		return rc;
	table_add(&t, "not counted");
	table_add(&t, "why, or which keys");
	while ((rc = db_step(s, stmt, err)) > 0) {
		table_add(&t, text_of(stmt, 0));
		table_add(&t, text_of(stmt, 1));
	}
	sqlite3_finalize(stmt);
	end_section(&t, rc, out);
	return rc;
}

static int show_job(struct store *s, int64_t run, int64_t job, FILE *out, struct err *err)
{
	static int (*const sections[])(struct store *, int64_t, int64_t, FILE *, struct err *) = {
		show_memory, show_baseline, show_results, show_histograms, show_phases,
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(sections) / sizeof(sections[0]); i++)
		rc = sections[i](s, run, job, out, err);
	return rc;
}

static int title_job(struct store *s, int64_t run, int64_t job, FILE *out, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc =
		db_prepare(s, &stmt, err, "SELECT name, ratio FROM job WHERE run = ?1 AND job = ?2",
			   "ii", run, job);

	if (rc)
		return rc;
	rc = db_step(s, stmt, err);
	if (rc > 0)
		fprintf(out, "\njob %lld: %s at ratio %g\n", (long long)job, text_of(stmt, 0),
			sqlite3_column_double(stmt, 1));
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : 0;
}

int show_run(struct store *s, int64_t run, bool verbose, FILE *out, struct err *err)
{
	int64_t nr_jobs = 0;
	int rc = show_head(s, run, &nr_jobs, out, err);

	for (int64_t job = 1; job <= nr_jobs && !rc; job++) {
		if (nr_jobs > 1)
			rc = title_job(s, run, job, out, err);
		if (!rc)
			rc = show_job(s, run, job, out, err);
	}
	if (!rc)
		rc = show_flags(s, run, out, err);
	if (!rc && verbose)
		rc = show_missing(s, run, out, err);
	return rc ? rc : rows_flush(out, err);
}

/* "152.3 k ops/s", "12.4 elapsed s". */
static void add_performance(struct table *t, sqlite3_stmt *stmt, int name, int unit, int value)
{
	char text[HUMAN_SIZE];

	if (!have(stmt, value)) {
		table_add(t, NULL);
		return;
	}
	human_number(text, sqlite3_column_double(stmt, value));
	if (strcmp(text_of(stmt, unit), "per_s") == 0)
		table_addf(t, "%s %s/s", text, text_of(stmt, name));
	else
		table_addf(t, "%s %s", text, text_of(stmt, unit));
}

/* "1 (34 s away)"; nothing for a run that is its own baseline. */
static void add_baseline(struct table *t, sqlite3_stmt *stmt, int run, int age)
{
	char text[HUMAN_SIZE];

	if (!have(stmt, run) || sqlite3_column_int64(stmt, run) == sqlite3_column_int64(stmt, 0))
		table_add(t, NULL);
	else
		table_addf(t, "%lld (%s away)", (long long)sqlite3_column_int64(stmt, run),
			   human_age(text, sqlite3_column_double(stmt, age)));
}

static void add_run(sqlite3_stmt *stmt, struct table *t)
{
	for (int col = 0; col < 3; col++)
		table_add(t, text_of(stmt, col));
	if (have(stmt, 3))
		table_addf(t, "%g", sqlite3_column_double(stmt, 3));
	else
		table_add(t, NULL);
	table_add(t, have(stmt, 16) ? text_of(stmt, 16) : NULL);
	table_add(t, text_of(stmt, 4));
	add_human(t, stmt, 5, human_bytes);
	add_human(t, stmt, 6, human_bytes);
	add_performance(t, stmt, 7, 8, 10);
	add_performance(t, stmt, 11, 12, 13);
	add_human(t, stmt, 14, human_number);
	add_slowdown(t, slowdown(text_of(stmt, 9), sqlite3_column_double(stmt, 10),
				 sqlite3_column_double(stmt, 17)));
	add_baseline(t, stmt, 18, 19);
	table_add(t, text_of(stmt, 15));
}

static int show_runs_table(struct store *s, const char *runs, FILE *out, struct err *err)
{
	static const char *const head[] = { "run",	   "workload", "backend",    "ratio",
					    "parameters",  "status",   "local",	     "far",
					    "performance", "latency",  "page-ins/s", "slowdown",
					    "baseline",	   "flags" };
	struct table t = TABLE_INIT(14);
	struct buf baselines = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc = baselines_json(s, runs, &baselines, err);

	if (!rc)
		rc = db_prepare(s, &stmt, err, show_runs_sql, "tt", runs, baselines.data);
	if (rc)
		goto out;
	for (size_t i = 0; i < t.nr_cols; i++)
		table_add(&t, head[i]);
	while ((rc = db_step(s, stmt, err)) > 0)
		add_run(stmt, &t);
	sqlite3_finalize(stmt);
	if (!rc) {
		table_print(&t, "", out);
		rc = rows_flush(out, err);
	}
out:
	table_release(&t);
	buf_release(&baselines);
	return rc;
}

int show_runs(struct store *s, const int64_t *runs, size_t nr, enum export_format format, FILE *out,
	      struct err *err)
{
	struct buf json = BUF_INIT;
	int rc;

	buf_adds(&json, "[");
	for (size_t i = 0; i < nr; i++)
		buf_addf(&json, "%s%lld", i ? "," : "", (long long)runs[i]);
	buf_adds(&json, "]");
	if (format == EXPORT_TABLE)
		rc = show_runs_table(s, json.data, out, err);
	else
		rc = runs_print(s, json.data, true, format, out, err);
	buf_release(&json);
	return rc;
}
