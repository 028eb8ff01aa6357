/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What co-runs yielded: a row a policy, and a row a job; or each workload beside each. */
#ifndef RESULTS_CORUN_H
#define RESULTS_CORUN_H

#include <stdio.h>

#include "base/err.h"
#include "results/format.h"
#include "results/store.h"

/* When a job of a run came, in seconds from its beginning. -ENODATA (err untouched): there is none of
 * that name, or it did not end. */
int corun_arrival(struct store *s, int64_t run, const char *job, double *ret, struct err *err);

/*
 * The closing table: medians over the repeats, and how many times the first policy's throughput each has,
 * repeat by repeat, with its interval and whether the difference is real (Holm over the policies). csv and
 * json: a row a job.
 */
int corun_print(struct store *s, const int64_t *runs, size_t nr, enum export_format format,
		FILE *out, struct err *err);

/* The median makespan of the stored co-runs of a mix under a policy, of nearly that local memory, and how many
 * they are. -ENODATA: none. */
int corun_measured(struct store *s, const char *mix, const char *policy, uint64_t local_bytes,
		   double *ret_s, int64_t *ret_nr, struct err *err);

/* Of `--matrix`: the slowdown of each (row) beside each (column), against itself alone at that ratio. */
int corun_print_matrix(struct store *s, const int64_t *runs, size_t nr, enum export_format format,
		       FILE *out, struct err *err);

#endif
