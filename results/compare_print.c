// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare_print.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/embed.h"
#include "base/json_write.h"
#include "results/baseline.h"
#include "results/rows.h"
#include "results/text_table.h"

EMBED(compare_flags_sql, "results/compare_flags.sql");

/* --- the two sides --------------------------------------------------------------------------- */

static const struct compare_row *performance(const struct compare_pair *c)
{
	for (size_t i = 0; i < c->nr_rows; i++) {
		if (c->rows[i].performance)
			return &c->rows[i];
	}
	return NULL;
}

/* What the side is measured against at ratio 1; nothing to say of runs that are at ratio 1. */
static int print_baseline(struct store *s, const struct compare_pair *c,
			  const struct compare_side *side, FILE *out, struct err *err)
{
	const struct compare_row *row = performance(c);
	struct baselines base = BASELINES_INIT;
	struct stats_ratio slower;
	struct buf runs = BUF_INIT, ranges = BUF_INIT;
	char age[HUMAN_SIZE];
	int64_t nr_below;
	int rc;

	compare_side_json(side, &runs);
	rc = db_int(s, &nr_below, err,
		    "SELECT nullif(count(*), 0) FROM json_each(?1) c JOIN job j ON j.run = c.value"
		    " WHERE ratio < 1",
		    "t", runs.data);
	if (!rc)
		rc = baselines_find(s, (struct side_runs){ runs.data, 0 }, &base, err);
	if (rc)
		goto out;
	if (!base.nr) {
		fprintf(out, "   at ratio 1: no trusted run is of the same kind\n");
		goto out;
	}
	rows_add_ranges(&ranges, base.runs, base.nr);
	fprintf(out, "   at ratio 1: run%s %s, %s%s away", base.nr == 1 ? "" : "s", ranges.data,
		base.nr == 1 ? "" : "up to ", human_age(age, base.age_s));
	rc = row ? baselines_slowdown(s, (struct side_runs){ runs.data, 0 }, &base, row->name,
				      row->better, &slower, err)
		 : -ENODATA;
	if (!rc)
		fprintf(out, "; slowdown %.2fx", slower.ratio);
	if (!rc && !isnan(slower.low))
		fprintf(out, " (%.2f to %.2f, %.0f %%)", slower.low, slower.high,
			STATS_CONFIDENCE * 100);
	fputc('\n', out);
out:
	baselines_release(&base);
	buf_release(&ranges);
	buf_release(&runs);
	return rc == -ENODATA ? 0 : rc;
}

static int print_side(struct store *s, const struct compare_pair *c,
		      const struct compare_side *side, FILE *out, struct err *err)
{
	struct buf ranges = BUF_INIT;
	int rc;

	rows_add_ranges(&ranges, side->runs, side->nr_runs);
	fprintf(out, "%s  %s: %zu run%s (%s)", side->name, side->selector, side->nr_runs,
		side->nr_runs == 1 ? "" : "s", ranges.data);
	if (side->nr_left_out)
		fprintf(out, ", %zu left out", side->nr_left_out);
	fputc('\n', out);
	rc = print_baseline(s, c, side, out, err);
	buf_release(&ranges);
	return rc;
}

/* [["A", [1, 2]], ["B", [3]]] */
static void add_sides(struct buf *json, const struct compare_pair *pairs, size_t nr)
{
	struct buf runs = BUF_INIT;

	for (size_t i = 0; i <= nr; i++) {
		const struct compare_side *side = i ? pairs[i - 1].sides[1] : pairs[0].sides[0];

		buf_reset(&runs);
		compare_side_json(side, &runs);
		buf_addf(json, "%s[\"%s\",%s]", i ? "," : "[", side->name, runs.data);
	}
	buf_adds(json, "]");
	buf_release(&runs);
}

/* Warnings travel with the numbers: which, and how many runs of each side have them. */
static int print_flags(struct store *s, const struct compare_pair *pairs, size_t nr, FILE *out,
		       struct err *err)
{
	struct buf sides = BUF_INIT;
	sqlite3_stmt *stmt;
	int rc;

	add_sides(&sides, pairs, nr);
	rc = db_prepare(s, &stmt, err, compare_flags_sql, "t", sides.data);
	if (rc)
		goto out;
	while ((rc = db_step(s, stmt, err)) > 0)
		fprintf(out, "%s on %s: %s\n", (const char *)sqlite3_column_text(stmt, 0),
			(const char *)sqlite3_column_text(stmt, 1),
			(const char *)sqlite3_column_text(stmt, 2));
	sqlite3_finalize(stmt);
out:
	buf_release(&sides);
	return rc;
}

static void print_left_out(const struct compare_side *side, FILE *out)
{
	const char *line = side->left_out.data;

	for (; line && *line; line += strcspn(line, "\n") + 1)
		fprintf(out, "left out: %.*s\n", (int)strcspn(line, "\n"), line);
}

static bool has_few_runs(const struct compare_pair *pairs, size_t nr)
{
	bool few = pairs[0].sides[0]->nr_runs < STATS_MIN_RUNS;

	for (size_t i = 0; i < nr; i++)
		few |= pairs[i].sides[1]->nr_runs < STATS_MIN_RUNS;
	return few;
}

/* What a reader must know before the first number. */
static void print_warnings(const struct compare_pair *pairs, size_t nr, FILE *out)
{
	if (has_few_runs(pairs, nr))
		fprintf(out,
			"No verdict: a side has fewer than %d runs. Make more with --repeat.\n",
			STATS_MIN_RUNS);
	for (size_t i = 0; i < nr; i++) {
		const struct compare_pair *c = &pairs[i];

		if (c->differ.len)
			fprintf(out, "%s and %s were chosen by run numbers, and differ in %s.\n",
				c->sides[0]->name, c->sides[1]->name, c->differ.data);
		if (c->terms.interleaved)
			continue;
		fprintf(out,
			"Not measured beside each other: %s (UTC).\nWhat changed on the machine in "
			"between counts as a difference, too. Measure both by one\ncommand or "
			"experiment, which interleaves repeats%s.\n",
			c->when.data,
			c->terms.may_speak ? ""
					   : "; --not-interleaved gives a verdict all the same");
	}
}

/* --- for people ------------------------------------------------------------------------------ */

static void add_number(struct table *t, double value, const char *fmt)
{
	if (isnan(value))
		table_add(t, NULL);
	else
		table_addf(t, fmt, value);
}

static void add_ratio_interval(struct table *t, const struct compare_row *row)
{
	if (isnan(row->ratio.low))
		table_add(t, NULL);
	else
		table_addf(t, "%.3f to %.3f", row->ratio.low, row->ratio.high);
}

static void add_to_table(struct table *t, const struct compare_row *row, bool power)
{
	char a[HUMAN_SIZE], b[HUMAN_SIZE];

	table_add(t, row->name);
	table_add(t, row->unit);
	table_add(t, row->better);
	table_add(t, human_number(a, row->median_a));
	table_add(t, human_number(b, row->median_b));
	add_number(t, row->ratio.ratio, "%.3f");
	add_ratio_interval(t, row);
	add_number(t, row->cliffs_delta, "%+.2f");
	add_number(t, row->p, row->p < 0.001 ? "%.1e" : "%.3f");
	add_number(t, power ? row->runs_needed : NAN, "%.0f");
	table_add(t, row->verdict[0] ? row->verdict : NULL);
}

static void print_table(const struct compare_pair *c, FILE *out)
{
	static const char *const head[] = { "result", "unit",	       "better", "A", "B",
					    "B/A",    "95 % interval", "delta",	 "p" };
	struct table t = TABLE_INIT(11);

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		table_add(&t, head[i]);
	table_addf(&t, "runs for %g %%", c->terms.difference * 100);
	table_add(&t, "verdict");
	for (size_t i = 0; i < c->nr_rows; i++)
		add_to_table(&t, &c->rows[i], c->terms.show_needed);
	fputc('\n', out);
	table_print(&t, "", out);
	table_release(&t);
}

/* Several sides: a row a result and side, the base's first. */
static void add_base(struct table *t, const struct compare_pair *c, const struct compare_row *row)
{
	char text[HUMAN_SIZE];

	table_add(t, row->name);
	table_add(t, row->unit);
	table_add(t, row->better);
	table_add(t, c->sides[0]->name);
	table_add(t, human_number(text, row->median_a));
	for (int i = 0; i < 6; i++)
		table_add(t, NULL);
}

static void add_side(struct table *t, const struct compare_pair *c, const struct compare_row *row)
{
	char text[HUMAN_SIZE];

	for (int i = 0; i < 3; i++)
		table_add(t, "");
	table_add(t, c->sides[1]->name);
	table_add(t, human_number(text, row->median_b));
	add_number(t, row->ratio.ratio, "%.3f");
	add_ratio_interval(t, row);
	add_number(t, row->cliffs_delta, "%+.2f");
	add_number(t, row->p, row->p < 0.001 ? "%.1e" : "%.3f");
	add_number(t, c->terms.show_needed ? row->runs_needed : NAN, "%.0f");
	table_add(t, row->verdict[0] ? row->verdict : NULL);
}

static const struct compare_row *row_of(const struct compare_pair *c,
					const struct compare_row *like)
{
	for (size_t i = 0; i < c->nr_rows; i++) {
		if (strcmp(c->rows[i].name, like->name) == 0 &&
		    strcmp(c->rows[i].unit, like->unit) == 0)
			return &c->rows[i];
	}
	return NULL;
}

/* The first pair that has a result shows it for all. */
static bool shown_before(const struct compare_pair *pairs, size_t pair,
			 const struct compare_row *row)
{
	for (size_t i = 0; i < pair; i++) {
		if (row_of(&pairs[i], row))
			return true;
	}
	return false;
}

static void add_result(struct table *t, const struct compare_pair *pairs, size_t nr, size_t first,
		       const struct compare_row *row)
{
	add_base(t, &pairs[first], row);
	for (size_t i = first; i < nr; i++) {
		const struct compare_row *of_side = row_of(&pairs[i], row);

		if (of_side)
			add_side(t, &pairs[i], of_side);
	}
}

static void print_several(const struct compare_pair *pairs, size_t nr, FILE *out)
{
	static const char *const head[] = { "result", "unit",	       "better", "set", "median",
					    "/A",     "95 % interval", "delta",	 "p" };
	struct table t = TABLE_INIT(11);

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		table_add(&t, head[i]);
	table_addf(&t, "runs for %g %%", pairs[0].terms.difference * 100);
	table_add(&t, "verdict");
	for (size_t i = 0; i < nr; i++) {
		for (size_t k = 0; k < pairs[i].nr_rows; k++) {
			if (!shown_before(pairs, i, &pairs[i].rows[k]))
				add_result(&t, pairs, nr, i, &pairs[i].rows[k]);
		}
	}
	fputc('\n', out);
	table_print(&t, "", out);
	table_release(&t);
}

static void print_method(const struct compare_pair *c, const struct compare_row *row, bool several,
			 FILE *out)
{
	fprintf(out, "%s", row->name);
	if (several)
		fprintf(out, " of %s", c->sides[1]->name);
	if (row->blocks)
		fprintf(out,
			" is paired by repeat: %zu block%s of %zu and %zu runs. What drifts from "
			"block to block cancels.\n",
			row->blocks, row->blocks == 1 ? "" : "s", row->a.nr, row->b.nr);
	else
		fprintf(out,
			" is compared without blocks (Welch), %zu and %zu runs: the sides share "
			"too few repeats.\n",
			row->a.nr, row->b.nr);
}

static void print_notes(const struct compare_pair *pairs, size_t nr, FILE *out)
{
	const struct compare_row *row = performance(&pairs[0]);

	fputc('\n', out);
	for (size_t i = 0; i < nr; i++) {
		if (performance(&pairs[i]))
			print_method(&pairs[i], performance(&pairs[i]), nr > 1, out);
	}
	if (nr == 1)
		fprintf(out, "A, B: medians. B/A: ratio of geometric means, its interval by "
			     "Student's t on logarithms.\ndelta: Cliff's, 1 where every B is above "
			     "every A, -1 below. p of rows without a verdict is Holm's.\n");
	else
		fprintf(out,
			"/A: ratio of geometric means to A's, its interval by Student's t on "
			"logarithms.\ndelta: Cliff's, 1 where every value is above every one "
			"of A, -1 below. p is Holm's, over all\nsets; rows without a verdict are "
			"a family of their own.\n");
	if (pairs[0].terms.show_needed && row)
		fprintf(out,
			"runs for %g %%: on each side, to see that difference in %.0f of 100 tries, "
			"from the 80 %% upper limit\nof the spread of %zu pilot %s.\n",
			pairs[0].terms.difference * 100, STATS_POWER * 100,
			row->blocks ? row->blocks : row->a.nr + row->b.nr,
			row->blocks ? "blocks" : "runs");
}

/* --- for machines ---------------------------------------------------------------------------- */

static void add_row_json(struct json *j, const struct compare_pair *c,
			 const struct compare_row *row, const struct buf flags[2])
{
	bool has_interval = !isnan(row->ratio.low);

	json_begin(j, NULL, '{');
	json_add_text(j, "result", row->name);
	json_add_text(j, "unit", row->unit);
	json_add_text(j, "better", row->better);
	json_add_text(j, "method",
		      isnan(row->ratio.ratio) ? NULL
		      : row->blocks	      ? "paired"
					      : "welch");
	json_add_integer(j, "runs_a", (int64_t)row->a.nr);
	json_add_integer(j, "runs_b", (int64_t)row->b.nr);
	json_add_integer(j, "blocks", (int64_t)row->blocks);
	json_add_number(j, "median_a", row->median_a);
	json_add_number(j, "median_b", row->median_b);
	json_add_number(j, "ratio", row->ratio.ratio);
	json_add_number(j, "ratio_low", row->ratio.low);
	json_add_number(j, "ratio_high", row->ratio.high);
	json_add_number(j, "coverage", has_interval ? STATS_CONFIDENCE : NAN);
	json_add_number(j, "p", row->p);
	json_add_number(j, "cliffs_delta", row->cliffs_delta);
	json_add_number(j, "runs_needed", c->terms.show_needed ? row->runs_needed : NAN);
	json_add_integer(j, "interleaved", c->terms.interleaved);
	json_add_text(j, "verdict", row->verdict[0] ? row->verdict : NULL);
	json_add_text(j, "flags_a", flags[0].data);
	json_add_text(j, "flags_b", flags[1].data);
	json_add_integer(j, "left_out_a", (int64_t)c->sides[0]->nr_left_out);
	json_add_integer(j, "left_out_b", (int64_t)c->sides[1]->nr_left_out);
	json_add_text(j, "a", c->sides[0]->selector);
	json_add_text(j, "b", c->sides[1]->selector);
	json_add_text(j, "differ", c->differ.data);
	json_end(j, '}');
}

static const char *const columns[] = {
	"result",   "unit",	"better",	"method",      "runs_a",      "runs_b",
	"blocks",   "median_a", "median_b",	"ratio",       "ratio_low",   "ratio_high",
	"coverage", "p",	"cliffs_delta", "runs_needed", "interleaved", "verdict",
	"flags_a",  "flags_b",	"left_out_a",	"left_out_b",  "a",	      "b",
	"differ",   NULL,
};

static int add_pair_json(struct json *json, struct store *s, const struct compare_pair *c,
			 struct err *err)
{
	struct buf flags[2] = { BUF_INIT, BUF_INIT };
	int rc = 0;

	for (size_t i = 0; i < 2 && !rc; i++) {
		struct buf runs = BUF_INIT;

		compare_side_json(c->sides[i], &runs);
		rc = rows_add_flags(&flags[i], s, runs.data, err);
		buf_release(&runs);
	}
	for (size_t i = 0; i < c->nr_rows && !rc; i++)
		add_row_json(json, c, &c->rows[i], flags);
	buf_release(&flags[0]);
	buf_release(&flags[1]);
	return rc;
}

static int print_machine(struct store *s, const struct compare_pair *pairs, size_t nr,
			 enum export_format format, FILE *out, struct err *err)
{
	struct buf text = BUF_INIT;
	struct json json = { .text = &text };
	int rc = 0;

	json_begin(&json, NULL, '[');
	for (size_t i = 0; i < nr && !rc; i++)
		rc = add_pair_json(&json, s, &pairs[i], err);
	json_end(&json, ']');
	if (!rc)
		rc = rows_print_json(s, text.data, columns, format, out, err);
	buf_release(&text);
	return rc;
}

int compare_print(struct store *s, const struct compare_pair *pairs, size_t nr,
		  enum export_format format, FILE *out, FILE *notes, struct err *err)
{
	int rc;

	if (format == EXPORT_TABLE)
		notes = out;
	rc = print_side(s, &pairs[0], pairs[0].sides[0], notes, err);
	for (size_t i = 0; i < nr && !rc; i++)
		rc = print_side(s, &pairs[i], pairs[i].sides[1], notes, err);
	if (rc)
		return rc;
	print_left_out(pairs[0].sides[0], notes);
	for (size_t i = 0; i < nr; i++)
		print_left_out(pairs[i].sides[1], notes);
	rc = print_flags(s, pairs, nr, notes, err);
	if (rc)
		return rc;
	print_warnings(pairs, nr, notes);
	if (format != EXPORT_TABLE)
		return print_machine(s, pairs, nr, format, out, err);
	if (nr == 1)
		print_table(&pairs[0], out);
	else
		print_several(pairs, nr, out);
	print_notes(pairs, nr, out);
	return rows_flush(out, err);
}
