/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An experiment as a Slurm array job. */
#ifndef HARNESS_SLURM_H
#define HARNESS_SLURM_H

#include <stdio.h>

#include "base/err.h"
#include "harness/plan/experiment.h"
#include "harness/plan/plan.h"

/*
 * Print the script: one task a block, which is one round, in a database of its own; a job after
 * them that merges these into db. left: of the whole experiment.
 */
int slurm_print(const struct experiment *e, const char *ini, const char *db,
		const struct plan_left *left, FILE *out, struct err *err);

#endif
