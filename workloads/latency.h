/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A latency histogram as the numbers that stand for it. */
#ifndef WORKLOADS_LATENCY_H
#define WORKLOADS_LATENCY_H

#include "base/hist.h"
#include "workloads/worker.h"

/* Rows of a metrics table for latency_report() under the same name. */
#define LATENCY_METRICS(name, what)                                                                \
	{ name "_p50", "us", BETTER_LOWER, what ", median" },                                      \
		{ name "_mean", "us", BETTER_LOWER, what ", mean" },                               \
		{ name "_p90", "us", BETTER_LOWER, what ", 90th percentile" },                     \
		{ name "_p99", "us", BETTER_LOWER, what ", 99th percentile" },                     \
		{ name "_p99_9", "us", BETTER_LOWER, what ", 99.9th percentile" },                 \
		{ name "_max", "us", BETTER_LOWER, what ", the slowest" },                         \
	{                                                                                          \
		name "_count", "count", BETTER_NEITHER, what ", how many were timed"               \
	}

/*
 * The histogram itself, and its rows; of an empty one the count only. A percentile with fewer than 10
 * values beyond it is left out.
 */
void latency_report(struct worker *w, const char *name, const struct hist *h);

#endif
