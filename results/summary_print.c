// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/summary_print.h"

#include <math.h>
#include <string.h>

#include "base/json_write.h"
#include "results/rows.h"
#include "results/text_table.h"

/* --- cells of the table --------------------------------------------------------------------- */

static void add_metric(struct table *t, const struct summary_cell *c)
{
	if (!c->result)
		table_add(t, NULL);
	else if (strcmp(c->unit, "per_s") == 0)
		table_addf(t, "%s/s", c->result);
	else
		table_addf(t, "%s (%s)", c->result, c->unit);
}

static void add_median(struct table *t, const struct summary_cell *c)
{
	char text[HUMAN_SIZE];

	table_add(t, isnan(c->median) ? NULL : human_number(text, c->median));
}

static void add_interval(struct table *t, const struct summary_cell *c)
{
	char low[HUMAN_SIZE], high[HUMAN_SIZE];

	if (isnan(c->interval.low))
		table_add(t, NULL);
	else
		table_addf(t, "%s to %s (%.0f %%)", human_number(low, c->interval.low),
			   human_number(high, c->interval.high), c->interval.coverage * 100);
}

static void add_times(struct table *t, const struct stats_ratio *r)
{
	if (isnan(r->ratio))
		table_add(t, NULL);
	else
		table_addf(t, "%.2fx", r->ratio);
}

static void add_times_interval(struct table *t, const struct stats_ratio *r)
{
	if (isnan(r->ratio) || isnan(r->low))
		table_add(t, NULL);
	else
		table_addf(t, "%.2f to %.2f", r->low, r->high);
}

/* Cells that are their own baseline have nothing to say. */
static const struct stats_ratio *slowdown_of(const struct summary_cell *c)
{
	static const struct stats_ratio none = { .ratio = NAN, .low = NAN };

	return c->base.nr_others ? &c->slowdown : &none;
}

static void add_ratio(struct table *t, double ratio)
{
	if (isnan(ratio))
		table_add(t, NULL);
	else
		table_addf(t, "%g", ratio);
}

/* --- the geometric mean ---------------------------------------------------------------------- */

struct mean {
	double logs;
	size_t nr;
};

static void mean_add(struct mean *m, double value)
{
	if (value > 0) {
		m->logs += log(value);
		m->nr++;
	}
}

static double mean_of(const struct mean *m)
{
	return m->nr ? exp(m->logs / (double)m->nr) : NAN;
}

static struct mean mean_slowdown(const struct summary *sum)
{
	struct mean m = { 0 };

	for (size_t i = 0; i < sum->cells.nr; i++)
		mean_add(&m, slowdown_of(&sum->cells.cells[i])->ratio);
	return m;
}

static struct mean mean_versus(const struct summary *sum, const char *column)
{
	struct mean m = { 0 };

	for (size_t i = 0; i < sum->cells.nr; i++) {
		if (strcmp(sum->cells.cells[i].column, column) == 0)
			mean_add(&m, sum->cells.cells[i].versus.ratio);
	}
	return m;
}

/* --- a row a cell ---------------------------------------------------------------------------- */

static void print_cells(const struct summary *sum, FILE *out)
{
	static const char *const head[] = { "workload", "backend",	 "ratio",  "with",
					    "runs",	"metric",	 "median", "interval",
					    "slowdown", "95 % interval", "flags" };
	struct table t = TABLE_INIT(sizeof(head) / sizeof(head[0]));

	for (size_t i = 0; i < t.nr_cols; i++)
		table_add(&t, head[i]);
	for (size_t i = 0; i < sum->cells.nr; i++) {
		const struct summary_cell *c = &sum->cells.cells[i];

		table_add(&t, c->workload);
		table_add(&t, c->backend);
		add_ratio(&t, c->ratio);
		table_add(&t, c->how);
		table_addf(&t, "%zu", c->nr_runs);
		add_metric(&t, c);
		add_median(&t, c);
		add_interval(&t, c);
		add_times(&t, slowdown_of(c));
		add_times_interval(&t, slowdown_of(c));
		table_add(&t, c->flags.len ? c->flags.data : NULL);
	}
	table_print(&t, "", out);
	table_release(&t);
}

/* --- a row for cells side by side ------------------------------------------------------------ */

/* The cell of this row in a column. Where two share a place, the second has a row of its own. */
static const struct summary_cell *cell_at(const struct summary *sum, const struct summary_cell *of,
					  const char *column)
{
	for (size_t i = 0; i < sum->cells.nr; i++) {
		const struct summary_cell *c = &sum->cells.cells[i];

		if (strcmp(c->row, of->row) == 0 && strcmp(c->column, column) == 0)
			return c;
	}
	return NULL;
}

static bool is_first_of_row(const struct summary *sum, const struct summary_cell *of)
{
	for (const struct summary_cell *c = sum->cells.cells; c < of; c++) {
		if (strcmp(c->row, of->row) == 0)
			return false;
	}
	return true;
}

static void add_runs(struct table *t, const struct summary *sum, const struct summary_cell *of)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < sum->nr_columns; i++) {
		const struct summary_cell *c = cell_at(sum, of, sum->columns[i]);

		buf_addf(&text, "%s%zu", i ? "/" : "", c ? c->nr_runs : 0);
	}
	table_add(t, text.data);
	buf_release(&text);
}

static void add_flags(struct table *t, const struct summary *sum, const struct summary_cell *of)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < sum->nr_columns; i++) {
		const struct summary_cell *c = cell_at(sum, of, sum->columns[i]);

		if (c && c->flags.len)
			buf_addf(&text, "%s%s: %s", text.len ? "; " : "", c->column, c->flags.data);
	}
	table_add(t, text.data);
	buf_release(&text);
}

static bool key_is(const struct summary *sum, const char *name)
{
	return strcmp(sum->key, name) == 0;
}

static void add_row(struct table *t, const struct summary *sum, const struct summary_cell *of)
{
	table_add(t, key_is(sum, "workload") ? NULL : of->workload);
	table_add(t, key_is(sum, "backend") ? NULL : of->backend);
	add_ratio(t, key_is(sum, "ratio") ? NAN : of->ratio);
	table_add(t, of->how);
	add_runs(t, sum, of);
	add_metric(t, of);
	for (size_t i = 0; i < sum->nr_columns; i++) {
		static const struct summary_cell none = { .median = NAN,
							  .interval = { .low = NAN },
							  .versus = { .ratio = NAN } };
		const struct summary_cell *c = cell_at(sum, of, sum->columns[i]);

		add_median(t, c ? c : &none);
		add_interval(t, c ? c : &none);
		if (!i)
			continue;
		add_times(t, c ? &c->versus : &none.versus);
		add_times_interval(t, c ? &c->versus : &none.versus);
	}
	add_flags(t, sum, of);
}

static void add_means(struct table *t, const struct summary *sum)
{
	table_add(t, "geomean");
	for (int i = 0; i < 5; i++)
		table_add(t, NULL);
	for (size_t i = 0; i < sum->nr_columns; i++) {
		struct mean m = mean_versus(sum, sum->columns[i]);

		table_add(t, NULL);
		table_add(t, NULL);
		if (!i)
			continue;
		add_times(t, &(struct stats_ratio){ .ratio = mean_of(&m) });
		table_addf(t, "of %zu", m.nr);
	}
	table_add(t, NULL);
}

static void print_columns(const struct summary *sum, FILE *out)
{
	static const char *const head[] = {
		"workload", "backend", "ratio", "with", "runs", "metric"
	};
	struct table t = TABLE_INIT(6 + 4 * sum->nr_columns - 2 + 1);

	for (size_t i = 0; i < 6; i++)
		table_add(&t, head[i]);
	for (size_t i = 0; i < sum->nr_columns; i++) {
		table_add(&t, sum->columns[i]);
		table_add(&t, "interval");
		if (!i)
			continue;
		table_add(&t, "slower");
		table_add(&t, "95 % interval");
	}
	table_add(&t, "flags");
	for (size_t i = 0; i < sum->cells.nr; i++) {
		if (is_first_of_row(sum, &sum->cells.cells[i]))
			add_row(&t, sum, &sum->cells.cells[i]);
	}
	if (sum->geomean)
		add_means(&t, sum);
	table_print(&t, "", out);
	table_release(&t);
}

/* --- what the numbers rest on ---------------------------------------------------------------- */

static void print_baselines(const struct summary *sum, FILE *out)
{
	double age_s = 0;
	char age[HUMAN_SIZE];
	size_t nr = 0;

	for (size_t i = 0; i < sum->cells.nr; i++) {
		nr += sum->cells.cells[i].base.nr_others;
		age_s = fmax(age_s, sum->cells.cells[i].base.age_s);
	}
	if (nr)
		fprintf(out,
			"slowdown: times worse than the runs at ratio 1 of the same kind, up to %s "
			"away.\n",
			human_age(age, age_s));
}

static bool has_intervals(const struct summary *sum)
{
	for (size_t i = 0; i < sum->cells.nr; i++) {
		if (!isnan(sum->cells.cells[i].interval.low))
			return true;
	}
	return false;
}

void summary_print_table(const struct summary *sum, FILE *out)
{
	struct mean m = mean_slowdown(sum);

	if (sum->key)
		print_columns(sum, out);
	else
		print_cells(sum, out);
	fputc('\n', out);
	if (sum->geomean && !sum->key && m.nr)
		fprintf(out, "geomean of %zu slowdowns: %.2fx\n", m.nr, mean_of(&m));
	if (sum->key && sum->nr_columns > 1)
		fprintf(out,
			"slower: times worse than %s, repeat by repeat where both have them.\n",
			sum->columns[0]);
	if (!sum->key)
		print_baselines(sum, out);
	if (has_intervals(sum))
		fprintf(out,
			"interval: of the median, with the share of such intervals that hold the true "
			"one.\n");
}

/* --- for machines ---------------------------------------------------------------------------- */

static void add_cell_json(struct json *j, const struct summary *sum, const struct summary_cell *c)
{
	struct buf base = BUF_INIT;

	rows_add_ranges(&base, c->base.runs, c->base.nr);
	json_begin(j, NULL, '{');
	json_add_text(j, "workload", c->workload);
	json_add_text(j, "backend", c->backend);
	json_add_number(j, "ratio", c->ratio);
	json_add_text(j, "with", c->how);
	json_add_text(j, "column", sum->key ? c->column : NULL);
	json_add_integer(j, "job", c->job);
	json_add_integer(j, "runs", (int64_t)c->nr_runs);
	json_add_text(j, "result", c->result);
	json_add_text(j, "unit", c->unit);
	json_add_text(j, "better", c->better);
	json_add_number(j, "median", c->median);
	json_add_number(j, "low", c->interval.low);
	json_add_number(j, "high", c->interval.high);
	json_add_number(j, "coverage", c->interval.coverage);
	json_add_number(j, "slowdown", c->slowdown.ratio);
	json_add_number(j, "slowdown_low", c->slowdown.low);
	json_add_number(j, "slowdown_high", c->slowdown.high);
	json_add_text(j, "baseline_runs", base.data);
	json_add_number(j, "slower", c->versus.ratio);
	json_add_number(j, "slower_low", c->versus.low);
	json_add_number(j, "slower_high", c->versus.high);
	json_add_text(j, "flags", c->flags.data);
	json_end(j, '}');
	buf_release(&base);
}

static void add_mean_json(struct json *j, const char *column, const char *key, struct mean m)
{
	json_begin(j, NULL, '{');
	json_add_text(j, "workload", "geomean");
	json_add_text(j, "column", column);
	json_add_integer(j, "runs", (int64_t)m.nr);
	json_add_number(j, key, mean_of(&m));
	json_end(j, '}');
}

static const char *const columns[] = {
	"workload",	 "backend",	  "ratio",    "with",
	"column",	 "job",		  "runs",     "result",
	"unit",		 "better",	  "median",   "low",
	"high",		 "coverage",	  "slowdown", "slowdown_low",
	"slowdown_high", "baseline_runs", "slower",   "slower_low",
	"slower_high",	 "flags",	  NULL,
};

int summary_print_rows(struct store *s, const struct summary *sum, enum export_format format,
		       FILE *out, struct err *err)
{
	struct buf text = BUF_INIT;
	struct json j = { .text = &text };
	int rc;

	json_begin(&j, NULL, '[');
	for (size_t i = 0; i < sum->cells.nr; i++)
		add_cell_json(&j, sum, &sum->cells.cells[i]);
	if (sum->geomean && !sum->key)
		add_mean_json(&j, NULL, "slowdown", mean_slowdown(sum));
	for (size_t i = 1; sum->geomean && i < sum->nr_columns; i++)
		add_mean_json(&j, sum->columns[i], "slower", mean_versus(sum, sum->columns[i]));
	json_end(&j, ']');
	rc = rows_print_json(s, text.data, columns, format, out, err);
	buf_release(&text);
	return rc;
}
