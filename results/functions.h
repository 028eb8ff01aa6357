/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQL functions of a connection: what base/stats.h knows, for statements that ask for it. */
#ifndef RESULTS_FUNCTIONS_H
#define RESULTS_FUNCTIONS_H

#include <sqlite3.h>

/*
 * median(x), and median_low(x), median_high(x): its interval as stats_median_interval() has it, NULL with
 * fewer than two values. NULL values don't count.
 *
 * curve(ratio, slowdown): base/curve.h's, as JSON [[ratio, slowdown, low, high], …].
 * fit(ratio, cost, bound, relative, least): base/fit.h's, as JSON [ratio, low, high]; NULL where it is not
 * FIT_FOUND. Returns an SQLite error code.
 */
int functions_add(sqlite3 *db);

#endif
