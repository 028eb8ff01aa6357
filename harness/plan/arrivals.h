/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When jobs come: "at 0s 30s 60s", "poisson 4/min" (also /s, /h), or "trace FILE" with lines TIME,NAME of
 * which those that have the job's name count. Times are seconds from a run's first instant.
 */
#ifndef HARNESS_ARRIVALS_H
#define HARNESS_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

int arrivals_check(const char *text, struct err *err);
/*
 * The times, ascending, on the heap. count 0: as many as `at` or the trace has, one of poisson. `at` with
 * more: they come together at the last time. Same seed and label, same times.
 */
int arrivals_draw(const char *text, const char *label, uint64_t count, uint64_t seed,
		  double **ret_times, size_t *ret_nr, struct err *err);

#endif
