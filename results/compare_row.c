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

static void say_direction(struct compare_row *row, const char *name)
{
	if (!(row->p < 1 - STATS_CONFIDENCE))
		snprintf(row->verdict, sizeof(row->verdict), "no difference seen");
	else
		snprintf(row->verdict, sizeof(row->verdict), "%s is %s", name,
			 (row->ratio.ratio > 1) == (strcmp(row->better, "higher") == 0) ? "better"
											: "worse");
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
	if (compare_row_runs(row) < STATS_MIN_RUNS)
		say_too_few(row, terms->difference);
	else if (!terms->may_speak)
		snprintf(row->verdict, sizeof(row->verdict),
			 "none: not measured beside each other");
	else if (isnan(row->ratio.ratio))
		snprintf(row->verdict, sizeof(row->verdict), "none: a value is not above 0");
	else
		say_direction(row, terms->name);
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

static void judge_rows(struct compare_pair *pair)
{
	bool found = false;

	for (size_t i = 0; i < pair->nr_rows; i++) {
		struct compare_row *row = &pair->rows[i];

		judge_row(row, pair->terms.difference);
		row->performance = !found && row->better;
		found |= row->performance;
		/* Sides that must not be judged have no p either. */
		if (!pair->terms.may_speak)
			row->p = NAN;
	}
}

/*
 * Of the performances, or of all others: one row was chosen before the runs were made. A small p among
 * many others is no surprise.
 */
static void correct(struct compare_pair *pairs, size_t nr, bool performance)
{
	double *p = NULL;
	size_t nr_p = 0, at = 0;

	for (size_t i = 0; i < nr; i++)
		nr_p += pairs[i].nr_rows;
	p = xreallocarray(NULL, nr_p, sizeof(*p));
	for (size_t i = 0; i < nr; i++) {
		for (size_t k = 0; k < pairs[i].nr_rows; k++) {
			const struct compare_row *row = &pairs[i].rows[k];

			p[at++] = row->performance == performance ? row->p : NAN;
		}
	}
	stats_holm(p, nr_p);
	at = 0;
	for (size_t i = 0; i < nr; i++) {
		for (size_t k = 0; k < pairs[i].nr_rows; k++, at++) {
			if (pairs[i].rows[k].performance == performance)
				pairs[i].rows[k].p = p[at];
		}
	}
	free(p);
}

void compare_judge_pairs(struct compare_pair *pairs, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		judge_rows(&pairs[i]);
	correct(pairs, nr, true);
	correct(pairs, nr, false);
	for (size_t i = 0; i < nr; i++) {
		for (size_t k = 0; k < pairs[i].nr_rows; k++) {
			if (pairs[i].rows[k].performance)
				say(&pairs[i].rows[k], &pairs[i].terms);
		}
	}
}

void compare_judge(struct compare_row *rows, size_t nr, const struct compare_terms *terms)
{
	struct compare_pair pair = { .terms = *terms, .rows = rows, .nr_rows = nr };

	if (!pair.terms.name)
		pair.terms.name = "B";
	compare_judge_pairs(&pair, 1);
}
