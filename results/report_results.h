/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report's tables of medians. */
#ifndef RESULTS_REPORT_RESULTS_H
#define RESULTS_REPORT_RESULTS_H

#include "base/buf.h"
#include "results/db.h"

/*
 * For each workload with its parameters a table of trusted runs: a row for each backend and ratio,
 * with medians and intervals, the slowdown against ratio 1 (results/baseline.sql), and flags. runs: a JSON array of ids.
 */
int report_results(struct buf *page, struct store *s, const char *runs, struct err *err);

#endif
