// SPDX-License-Identifier: GPL-2.0-or-later
/* What is said of the rows of a comparison. */
#include "results/compare_row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

double compare_cliffs_delta(const double *a, size_t nr_a, const double *b, size_t nr_b)
{
	double above = 0;

	for (size_t i = 0; i < nr_a; i++) {
		for (size_t k = 0; k < nr_b; k++)
			above += (b[k] > a[i]) - (b[k] < a[i]);
	}
	return above / ((double)nr_a * (double)nr_b);
}

size_t compare_row_runs(const struct compare_row *row)
{
	if (row->blocks)
		return row->blocks;
	return row->a.nr < row->b.nr ? row->a.nr : row->b.nr;
}

static const char *direction(const struct compare_row *row)
{
	if (!(row->p < 1 - STATS_CONFIDENCE))
		return "no difference seen";
	return (row->ratio.ratio > 1) == (strcmp(row->better, "higher") == 0) ? "B is better"
									      : "B is worse";
}

static void say_too_few(struct compare_row *row, double difference)
{
	double have = (double)compare_row_runs(row);

	if (isnan(row->runs_needed))
		snprintf(row->verdict, sizeof(row->verdict),
			 "too few runs to tell: at least %.0f more a side", STATS_MIN_RUNS - have);
	else
		snprintf(row->verdict, sizeof(row->verdict),
			 "too few runs to tell: %.0f more a side for a difference of %g %%",
			 row->runs_needed - have, difference * 100);
}

static void say(struct compare_row *row, const struct compare_terms *terms)
{
	const char *verdict = direction(row);

	if (compare_row_runs(row) < STATS_MIN_RUNS) {
		say_too_few(row, terms->difference);
		return;
	}
	if (!terms->may_speak)
		verdict = "none: not measured beside each other";
	else if (isnan(row->ratio.ratio))
		verdict = "none: a value is not above 0";
	snprintf(row->verdict, sizeof(row->verdict), "%s", verdict);
}

static void judge_row(struct compare_row *row, double difference)
{
	row->median_a = stats_median(row->a.values, row->a.nr);
	row->median_b = stats_median(row->b.values, row->b.nr);
	row->cliffs_delta =
		compare_cliffs_delta(row->a.values, row->a.nr, row->b.values, row->b.nr);
	row->blocks = 0;
	if (sides_ratio(&row->a, &row->b, &row->ratio, &row->blocks))
		row->ratio = (struct stats_ratio){
			.ratio = NAN, .low = NAN, .high = NAN, .p = NAN, .sd = NAN
		};
	row->runs_needed = stats_runs_needed(&row->ratio, difference);
	row->p = compare_row_runs(row) < STATS_MIN_RUNS ? NAN : row->ratio.p;
	row->verdict[0] = '\0';
}

/* One row was chosen before the runs were made. A small p among many others is no surprise. */
static void correct_others(struct compare_row *rows, size_t nr)
{
	double *p = xreallocarray(NULL, nr, sizeof(*p));

	for (size_t i = 0; i < nr; i++)
		p[i] = rows[i].performance ? NAN : rows[i].p;
	stats_holm(p, nr);
	for (size_t i = 0; i < nr; i++) {
		if (!rows[i].performance)
			rows[i].p = p[i];
	}
	free(p);
}

void compare_judge(struct compare_row *rows, size_t nr, const struct compare_terms *terms)
{
	bool found = false;

	for (size_t i = 0; i < nr; i++) {
		judge_row(&rows[i], terms->difference);
		rows[i].performance = !found && rows[i].better;
		found |= rows[i].performance;
		/* Sides that must not be judged have no p either. */
		if (!terms->may_speak)
			rows[i].p = NAN;
		if (rows[i].performance)
			say(&rows[i], terms);
	}
	correct_others(rows, nr);
}
