/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a matrix is done already, and how long the rest will take: by what the store holds, by
 * the durations that were asked for, and by the runs of this command.
 */
#ifndef HARNESS_PLAN_H
#define HARNESS_PLAN_H

#include "harness/plan/matrix.h"
#include "results/store.h"

/* What is left to make. */
struct plan_left {
	size_t nr_cells, nr_done, nr_missing, nr_left;
	size_t nr_unknown; /* of nr_left: nobody knows how long they take */
	size_t nr_least;   /* of nr_left: they take longer, by their load and shrink phases */
	double expected_s; /* of the others */
};

/*
 * Fill cell->expected_s, cell->peak_bytes where an earlier run found it, and with m->resume cell->run and cell->peak_bytes of what an earlier
 * command has made: the same experiment, parameters, ratio, repeat and seed, not failed. store may
 * be NULL: none was made.
 */
int plan_fill(struct matrix *m, struct store *store, struct err *err);
/*
 * After matrix_shuffle() and plan_fill(): where a peak is not known, a cell of the same round that
 * finds it moves to before the first that needs it; where there is none, cell->peak_first.
 */
void plan_order(struct matrix *m);
/* A run was made: cells like it take as long, and need no other peak. */
void plan_learn(struct matrix *m, const struct cell *made, double seconds, uint64_t peak_bytes);
struct plan_left plan_left(const struct matrix *m);

/* "about 12 m 30 s", "at least 12 m 30 s" or "a time unknown", in a buffer that is returned. */
#define PLAN_TIME_SIZE 64
char *plan_time(char *dst, const struct plan_left *left);

#endif
