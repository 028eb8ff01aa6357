// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/functions.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
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
	return rc;
}
