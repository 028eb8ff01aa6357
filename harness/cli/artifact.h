/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An artifact: what a paper's numbers rest on, in one directory or archive that another machine can
 * repeat. Its files:
 *
 *	ARTIFACT         what this is, and its format; the first in an archive
 *	README.md        for people: how to repeat, what is claimed
 *	repeat.sh        makes the runs anew, into repeated.db, and judges the claims
 *	results.db       the runs
 *	machines.json    facts and versions of where they were made
 *	experiments/     the files of sweeps
 *	units/           the user's own units, where there are any
 *	figures/         all that have data, each with its data and script
 */
#ifndef HARNESS_ARTIFACT_H
#define HARNESS_ARTIFACT_H

#include "base/err.h"
#include "results/claims.h"

#define ARTIFACT_MARK	  "ARTIFACT"
#define ARTIFACT_STORED	  "results.db"
#define ARTIFACT_REPEATED "repeated.db"

/* Write one into dir, which exists. db: where the runs are; experiment: of that label alone, or NULL.
 * *ret_claims is how many claims it makes. */
int artifact_write(const char *dir, const char *db, const char *experiment, size_t *ret_claims,
		   struct err *err);
/* "fmbench artifact 1" in dir/ARTIFACT, else ERR_USAGE. */
int artifact_recognise(const char *dir, struct err *err);

#endif
