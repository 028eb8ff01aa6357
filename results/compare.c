// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/opt.h"
#include "base/stats.h"
#include "results/compare_side.h"
#include "results/rows.h"
#include "results/text_table.h"

/* The same runs give the same interval. */
#define BOOTSTRAP_SEED 1

#define CONFIDENCE 0.95
#define POWER	   0.8

/* --- statistics ---------------------------------------------------------------------------- */

double compare_cliffs_delta(const double *a, size_t nr_a, const double *b, size_t nr_b)
{
	double above = 0;

	for (size_t i = 0; i < nr_a; i++) {
		for (size_t k = 0; k < nr_b; k++)
			above += (b[k] > a[i]) - (b[k] < a[i]);
	}
	return above / ((double)nr_a * (double)nr_b);
}

/* Sum of squares around the mean of the values' logarithms; NAN where there are none. */
static double log_squares(const double *values, size_t nr)
{
	double *logs = xreallocarray(NULL, nr, sizeof(*logs));
	double squares;

	for (size_t i = 0; i < nr; i++)
		logs[i] = values[i] > 0 ? log(values[i]) : NAN;
	squares = gsl_stats_tss(logs, 1, nr);
	free(logs);
	return squares;
}

double compare_repeats_needed(const double *a, size_t nr_a, const double *b, size_t nr_b,
			      double difference)
{
	double variance, z, needed;

	if (nr_a + nr_b <= 2)
		return NAN;
	variance = (log_squares(a, nr_a) + log_squares(b, nr_b)) / (double)(nr_a + nr_b - 2);
	z = gsl_cdf_ugaussian_Pinv((1 + CONFIDENCE) / 2) + gsl_cdf_ugaussian_Pinv(POWER);
	/* A median's variance is pi / 2 times the mean's, and there are two of them. */
	needed = ceil(M_PI * variance * gsl_pow_2(z / log1p(difference)));
	return needed < COMPARE_MIN_RUNS ? COMPARE_MIN_RUNS : needed;
}

int compare_parse_power(const char *text, double *ret, struct err *err)
{
	size_t len = strlen(text);
	char *number = xstrdup(text);
	double percent = 0;
	int r = -EINVAL;

	if (len > 1 && text[len - 1] == '%') {
		number[len - 1] = '\0';
		r = parse_double(number, &percent);
	}
	free(number);
	if (r || !(percent > 0 && percent <= 1000))
		return err_usage(err, "--power '%s': give a difference to see, such as 2%%", text);
	*ret = percent / 100;
	return 0;
}

/* --- one row ------------------------------------------------------------------------------- */

struct row {
	const char *name, *unit, *better; /* better: NULL, "higher" or "lower" */
	double median_a, median_b;
	size_t nr_a, nr_b;
	double ratio, low, high; /* b / a; NAN: unknown */
	double cliffs_delta;
	double repeats_needed; /* NAN: not asked, or unknown */
	const char *verdict;
};

/* Of a result, in these runs. */
#define RESULT_VALUES                                                                              \
	"SELECT v.value FROM json_each(?1) c CROSS JOIN result v ON v.run = c.value"               \
	" WHERE v.name = ?2 AND v.unit = ?3 AND v.value IS NOT NULL"

static const char *verdict(const struct row *row)
{
	if (row->nr_a < 2 || row->nr_b < 2)
		return "one run is no evidence";
	if (isnan(row->low))
		return row->cliffs_delta == 0 ? "no difference seen" : "no ratio to 0";
	if (row->low <= 1 && row->high >= 1)
		return "no difference seen";
	if (!row->better)
		return row->low > 1 ? "B is higher" : "B is lower";
	return (row->low > 1) == !strcmp(row->better, "higher") ? "B is better" : "B is worse";
}

static void judge(struct row *row, const struct values *a, const struct values *b, double power)
{
	row->nr_a = a->nr;
	row->nr_b = b->nr;
	row->median_a = stats_median(a->values, a->nr);
	row->median_b = stats_median(b->values, b->nr);
	row->ratio = row->median_a > 0 ? row->median_b / row->median_a : NAN;
	if (stats_bootstrap_ratio(b->values, b->nr, a->values, a->nr, BOOTSTRAP_SEED, &row->low,
				  &row->high))
		row->low = row->high = NAN;
	row->cliffs_delta = compare_cliffs_delta(a->values, a->nr, b->values, b->nr);
	row->repeats_needed =
		power > 0 ? compare_repeats_needed(a->values, a->nr, b->values, b->nr, power) : NAN;
	row->verdict = verdict(row);
}

/* --- for people ---------------------------------------------------------------------------- */

static void add_number(struct table *t, double value, const char *fmt)
{
	if (isnan(value))
		table_add(t, NULL);
	else
		table_addf(t, fmt, value);
}

static void add_to_table(struct table *t, const struct row *row)
{
	char a[HUMAN_SIZE], b[HUMAN_SIZE];

	table_add(t, row->name);
	table_add(t, row->unit);
	table_add(t, row->better);
	table_add(t, human_number(a, row->median_a));
	table_add(t, human_number(b, row->median_b));
	add_number(t, row->ratio, "%.3f");
	if (isnan(row->low))
		table_add(t, NULL);
	else
		table_addf(t, "%.3f to %.3f", row->low, row->high);
	add_number(t, row->cliffs_delta, "%+.2f");
	add_number(t, row->repeats_needed, "%.0f");
	table_add(t, row->verdict);
}

static void print_head(const struct compare_request *q, struct table *t)
{
	static const char *const head[] = { "result", "unit", "better",	       "A",
					    "B",      "B/A",  "95 % interval", "delta" };

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		table_add(t, head[i]);
	table_addf(t, "runs for %g %%", q->power * 100);
	table_add(t, "verdict");
}

#define MAX_RANGES 12

/* "1-3 7": what a person would write. */
static void add_ranges(struct buf *b, const int64_t *runs, size_t nr)
{
	size_t nr_ranges = 0;

	for (size_t i = 0; i < nr;) {
		size_t last = i;

		if (nr_ranges++ == MAX_RANGES) {
			buf_adds(b, " …");
			return;
		}
		while (last + 1 < nr && runs[last + 1] == runs[last] + 1)
			last++;
		buf_addf(b, i ? " %lld" : "%lld", (long long)runs[i]);
		if (last > i)
			buf_addf(b, "-%lld", (long long)runs[last]);
		i = last + 1;
	}
}

static void print_side(const struct compare_side *side, FILE *out)
{
	struct buf ranges = BUF_INIT;

	add_ranges(&ranges, side->runs, side->nr_runs);
	fprintf(out, "%s  %s: %zu run%s (%s)\n", side->name, side->selector, side->nr_runs,
		side->nr_runs == 1 ? "" : "s", ranges.data);
	buf_release(&ranges);
}

static void print_left_out(const struct compare_side *side, FILE *out)
{
	const char *line = side->left_out.data;

	for (; line && *line; line += strcspn(line, "\n") + 1)
		fprintf(out, "left out: %.*s\n", (int)strcspn(line, "\n"), line);
}

static void print_notes(const struct compare_request *q, const struct compare_side *a,
			const struct compare_side *b, FILE *out)
{
	fprintf(out,
		"\nB/A: ratio of medians, with its 95 %% bootstrap interval (%d resamples). delta: "
		"Cliff's,\nthe effect size: 1 where every B is above every A, 0 where neither tends "
		"to be, -1 below.\n",
		STATS_RESAMPLES);
	if (a->nr_runs < COMPARE_MIN_RUNS || b->nr_runs < COMPARE_MIN_RUNS)
		fprintf(out,
			"Fewer than %d runs on a side: the interval is narrower than 95 %% asks for. "
			"More: --repeat.\n",
			COMPARE_MIN_RUNS);
	if (q->power > 0)
		fprintf(out,
			"runs for %g %%: on each side, to see that difference in %.0f of 100 tries, "
			"if the spread stays.\n",
			q->power * 100, POWER * 100);
}

/* --- for machines -------------------------------------------------------------------------- */

static void add_json_number(struct buf *json, const char *key, double value)
{
	buf_addf(json, ",\"%s\":", key);
	if (isfinite(value))
		rows_add_double(json, value);
	else
		buf_adds(json, "null");
}

static void add_json_text(struct buf *json, const char *key, const char *text)
{
	buf_addf(json, "%s\"%s\":", json->data[json->len - 1] == '{' ? "" : ",", key);
	if (text)
		buf_add_json(json, text);
	else
		buf_adds(json, "null");
}

static void add_to_json(struct buf *json, const struct row *row)
{
	buf_adds(json, json->len ? ",{" : "[{");
	add_json_text(json, "result", row->name);
	add_json_text(json, "unit", row->unit);
	add_json_text(json, "better", row->better);
	buf_addf(json, ",\"runs_a\":%zu,\"runs_b\":%zu", row->nr_a, row->nr_b);
	add_json_number(json, "median_a", row->median_a);
	add_json_number(json, "median_b", row->median_b);
	add_json_number(json, "ratio", row->ratio);
	add_json_number(json, "ratio_low", row->low);
	add_json_number(json, "ratio_high", row->high);
	add_json_number(json, "cliffs_delta", row->cliffs_delta);
	add_json_number(json, "repeats_needed", row->repeats_needed);
	add_json_text(json, "verdict", row->verdict);
	buf_adds(json, "}");
}

static const char rows_sql[] =
	"SELECT value ->> 'result' AS result, value ->> 'unit' AS unit, value ->> 'better' AS better,"
	" value ->> 'runs_a' AS runs_a, value ->> 'runs_b' AS runs_b,"
	" value ->> 'median_a' AS median_a, value ->> 'median_b' AS median_b,"
	" value ->> 'ratio' AS ratio, value ->> 'ratio_low' AS ratio_low,"
	" value ->> 'ratio_high' AS ratio_high, value ->> 'cliffs_delta' AS cliffs_delta,"
	" value ->> 'repeats_needed' AS repeats_needed, value ->> 'verdict' AS verdict"
	" FROM json_each(?1)";

static int print_rows(struct store *s, const char *json, enum export_format format, FILE *out,
		      struct err *err)
{
	sqlite3_stmt *stmt;
	int r = db_prepare(s, &stmt, err, rows_sql, "t", json);

	if (!r)
		r = rows_print(s, stmt, format, out, NULL, err);
	sqlite3_finalize(stmt);
	return r;
}

/* --- all of it ----------------------------------------------------------------------------- */

/* Every result that both sides have, into the table and the JSON array. */
static int compare_results(struct store *s, const struct compare_request *q, const char *runs_a,
			   const char *runs_b, struct table *t, struct buf *json, struct err *err)
{
	struct values a = { 0 }, b = { 0 };
	sqlite3_stmt *stmt;
	int r = db_prepare(s, &stmt, err,
			   "WITH side AS (SELECT value AS run, 1 AS a, 0 AS b FROM json_each(?1)"
			   "  UNION ALL SELECT value, 0, 1 FROM json_each(?2))"
			   "SELECT name, unit, better FROM side CROSS JOIN result v USING (run)"
			   " WHERE value IS NOT NULL AND " OF_WHOLE_RUN
			   " GROUP BY name, unit HAVING max(a) AND max(b)"
			   " ORDER BY min(ord), name",
			   "tt", runs_a, runs_b);

	if (r)
		return r;
	while ((r = db_step(s, stmt, err)) > 0) {
		struct row row = { .name = (const char *)sqlite3_column_text(stmt, 0),
				   .unit = (const char *)sqlite3_column_text(stmt, 1),
				   .better = (const char *)sqlite3_column_text(stmt, 2) };

		r = db_values(s, &a, err, RESULT_VALUES, "ttt", runs_a, row.name, row.unit);
		if (!r)
			r = db_values(s, &b, err, RESULT_VALUES, "ttt", runs_b, row.name, row.unit);
		if (r)
			break;
		judge(&row, &a, &b, q->power);
		add_to_table(t, &row);
		add_to_json(json, &row);
	}
	sqlite3_finalize(stmt);
	free(a.values);
	free(b.values);
	if (!r && !json->len)
		r = err_missing(err, "the two sides have no result in common");
	buf_adds(json, "]");
	return r;
}

/* Warnings travel with the numbers: which, and how many runs of each side have them. */
static int print_flags(struct store *s, const char *runs_a, const char *runs_b, FILE *out,
		       struct err *err)
{
	sqlite3_stmt *stmt;
	int r = db_prepare(
		s, &stmt, err,
		"SELECT code, sum(a), json_array_length(?1), sum(NOT a),"
		" json_array_length(?2), min(detail) FROM"
		" (SELECT value AS run, 1 AS a FROM json_each(?1)"
		"  UNION ALL SELECT value, 0 FROM json_each(?2))"
		" JOIN flag USING (run) WHERE severity <> 'note' GROUP BY code ORDER BY code",
		"tt", runs_a, runs_b);

	if (r)
		return r;
	while ((r = db_step(s, stmt, err)) > 0)
		fprintf(out, "%s on %d of %d runs of A, %d of %d of B: %s\n",
			(const char *)sqlite3_column_text(stmt, 0), sqlite3_column_int(stmt, 1),
			sqlite3_column_int(stmt, 2), sqlite3_column_int(stmt, 3),
			sqlite3_column_int(stmt, 4), (const char *)sqlite3_column_text(stmt, 5));
	sqlite3_finalize(stmt);
	return r;
}

static int print_all(struct store *s, const struct compare_request *q, const struct compare_side *a,
		     const struct compare_side *b, enum export_format format, FILE *out,
		     FILE *notes, struct err *err)
{
	struct buf runs_a = BUF_INIT, runs_b = BUF_INIT, json = BUF_INIT;
	struct table t = TABLE_INIT(10);
	int r;

	compare_side_json(a, &runs_a);
	compare_side_json(b, &runs_b);
	print_head(q, &t);
	r = compare_results(s, q, runs_a.data, runs_b.data, &t, &json, err);
	if (r)
		goto out;
	if (format == EXPORT_TABLE)
		notes = out;
	print_side(a, notes);
	print_side(b, notes);
	print_left_out(a, notes);
	print_left_out(b, notes);
	r = print_flags(s, runs_a.data, runs_b.data, notes, err);
	if (r)
		goto out;
	if (format == EXPORT_TABLE) {
		fputc('\n', out);
		table_print(&t, "", out);
		print_notes(q, a, b, out);
		r = rows_flush(out, err);
	} else {
		r = print_rows(s, json.data, format, out, err);
	}
out:
	table_release(&t);
	buf_release(&json);
	buf_release(&runs_a);
	buf_release(&runs_b);
	return r;
}

int compare_runs(struct store *s, const struct compare_request *q, enum export_format format,
		 FILE *out, FILE *notes, struct err *err)
{
	struct compare_side a = COMPARE_SIDE_INIT("A", q->a), b = COMPARE_SIDE_INIT("B", q->b);
	int r = compare_side_select(&a, s, q->untrusted, err);

	if (!r)
		r = compare_side_select(&b, s, q->untrusted, err);
	if (!r)
		r = compare_sides_check(s, &a, &b, err);
	if (!r)
		r = print_all(s, q, &a, &b, format, out, notes, err);
	compare_side_release(&a);
	compare_side_release(&b);
	return r;
}
