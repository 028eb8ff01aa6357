/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fmbench fit --profile: a workload's slowdown at several ratios, for results/profile.h. */
#ifndef HARNESS_FIT_PROFILE_H
#define HARNESS_FIT_PROFILE_H

#include <stdint.h>

#include "harness/plan/matrix.h"
#include "harness/plan/ratios.h"

struct fit_profile {
	struct cell cell;	     /* workload and backend */
	struct ratios ratios;	     /* 1 among them: fit_profile_init() adds it */
	uint64_t repeats;	     /* rounds of all ratios */
	uint64_t budget_ns;	     /* no round begins that would end after this */
	uint64_t begin_ns, round_ns; /* when all, and the last round, began */
};

/* Adds the first round to the matrix, and what makes the others. p must outlive it. */
void fit_profile_init(struct fit_profile *p, struct matrix *m);
/* The curve that matrix_run() has made, to stdout. Returns the exit code, -errno with err filled. */
int fit_profile_print(const struct fit_profile *p, const struct matrix *m, struct err *err);

#endif
