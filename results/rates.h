/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters per second and levels, period by period: a row a period, a column a key. */
#ifndef RESULTS_RATES_H
#define RESULTS_RATES_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "results/format.h"
#include "results/store.h"

/*
 * runs: a JSON array of ids. Each phase is cut into periods of every_ns, the last one is what is
 * left. A period reaches from the last reading before it to its own last one (`seconds`), so that a
 * phase's rates times their seconds add up to its delta; one without a reading has no row. Counters
 * are per second, gauges as they stand at the period's end. A collector that counts succ_stores and
 * invalidates, and no curr_pages, gets that as their difference; curr_pages is followed by
 * curr_mib. collectors: names separated by commas, NULL: all. Columns are named by the key alone
 * where one collector is named, else COLLECTOR.KEY; those of a second job 2.COLLECTOR.KEY.
 */
int rates_print(struct store *s, const char *runs, const char *collectors, uint64_t every_ns,
		enum export_format format, FILE *out, struct err *err);

#endif
