/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs cost: one result of each, as a number that is larger where the run was worse. */
#ifndef RESULTS_COSTS_H
#define RESULTS_COSTS_H

#include <stdbool.h>

#include "results/store.h"

struct cost {
	bool sound; /* the run is, and has such a result; else the rest is not there */
	double ratio, cost;
	uint64_t peak_bytes; /* 0: not known */
};

/*
 * Of a run with one job. result NULL: its performance, of which more is better or less; a rate costs its
 * inverse.
 */
int store_cost(struct store *s, int64_t run, const char *result, struct cost *ret, struct err *err);

#endif
