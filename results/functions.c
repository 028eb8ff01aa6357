// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/functions.h"

#include <stdint.h>
#include <stdlib.h>

#include <math.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/curve.h"
#include "base/fit.h"
#include "base/stats.h"

enum answer { MEDIAN, LOW, HIGH };

struct group {
	double *values;
	size_t nr;
};

static void step(sqlite3_context *context, int nr, sqlite3_value **values)
{
	struct group *g = sqlite3_aggregate_context(context, sizeof(*g));

	(void)nr;
	if (!g) {
		sqlite3_result_error_nomem(context);
		return;
	}
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	g->values = xreallocarray(g->values, g->nr + 1, sizeof(*g->values));
	g->values[g->nr++] = sqlite3_value_double(values[0]);
}

static void final(sqlite3_context *context)
{
	enum answer answer = (enum answer)(intptr_t)sqlite3_user_data(context);
	struct group *g = sqlite3_aggregate_context(context, 0);
	struct stats_interval interval;

	if (!g)
		return; /* no row: NULL */
	if (answer == MEDIAN && g->nr)
		sqlite3_result_double(context, stats_median(g->values, g->nr));
	else if (answer != MEDIAN && stats_median_interval(g->values, g->nr, &interval) == 0)
		sqlite3_result_double(context, answer == LOW ? interval.low : interval.high);
	free(g->values);
}

/* --- of points over the ratio --------------------------------------------------------------- */

struct points {
	struct fit_point *points;
	size_t nr;
	struct fit_bound bound;
};

static void add_point(sqlite3_context *context, int nr, sqlite3_value **values)
{
	struct points *p = sqlite3_aggregate_context(context, sizeof(*p));

	if (!p) {
		sqlite3_result_error_nomem(context);
		return;
	}
	if (nr > 2)
		p->bound = (struct fit_bound){ sqlite3_value_double(values[2]),
					       sqlite3_value_int(values[3]),
					       sqlite3_value_double(values[4]), 0.02 };
	if (sqlite3_value_type(values[1]) == SQLITE_NULL)
		return;
	p->points = xreallocarray(p->points, p->nr + 1, sizeof(*p->points));
	p->points[p->nr++] = (struct fit_point){ sqlite3_value_double(values[0]),
						 sqlite3_value_double(values[1]) };
}

static void add_number(struct buf *b, const char *before, double value)
{
	buf_adds(b, before);
	if (isnan(value))
		buf_adds(b, "null");
	else
		buf_addf(b, "%.17g", value);
}

static void final_curve(sqlite3_context *context)
{
	struct points *p = sqlite3_aggregate_context(context, 0);
	struct buf json = BUF_INIT;
	struct curve curve;

	if (!p)
		return;
	curve_fit(p->points, p->nr, &curve);
	for (size_t i = 0; i < curve.nr; i++) {
		add_number(&json, i ? ",[" : "[[", curve.points[i].ratio);
		add_number(&json, ",", curve.points[i].slowdown);
		add_number(&json, ",", curve.points[i].low);
		add_number(&json, ",", curve.points[i].high);
		buf_adds(&json, "]");
	}
	buf_adds(&json, "]");
	sqlite3_result_text(context, json.data, (int)json.len, SQLITE_TRANSIENT);
	buf_release(&json);
	curve_release(&curve);
	free(p->points);
}

static void final_fit(sqlite3_context *context)
{
	struct points *p = sqlite3_aggregate_context(context, 0);
	struct buf json = BUF_INIT;
	struct fit_answer answer;
	struct fit fit;

	if (!p)
		return;
	fit = fit_estimate(p->points, p->nr, &p->bound);
	answer = fit_answer(p->points, p->nr, &p->bound, &fit);
	if (fit.state == FIT_FOUND || answer.confirmed) {
		add_number(&json, "[", answer.ratio);
		add_number(&json, ",", answer.low);
		add_number(&json, ",", answer.ratio);
		buf_adds(&json, "]");
		sqlite3_result_text(context, json.data, (int)json.len, SQLITE_TRANSIENT);
	}
	buf_release(&json);
	free(p->points);
}

int functions_add(sqlite3 *db)
{
	static const char *const names[] = {
		[MEDIAN] = "median",
		[LOW] = "median_low",
		[HIGH] = "median_high",
	};
	int rc = SQLITE_OK;

	for (intptr_t i = MEDIAN; i <= HIGH && rc == SQLITE_OK; i++)
		rc = sqlite3_create_function(db, names[i], 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
					     (void *)i, NULL, step, final);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "curve", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
					     NULL, NULL, add_point, final_curve);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "fit", 5, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
					     NULL, add_point, final_fit);
	return rc;
}
