/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --in-lab: the same command line in the lab guest. The guest works on a copy of the database; after
 * each run it saves that run where the host sees it, and the host takes it into its own database.
 */
#ifndef HARNESS_INLAB_H
#define HARNESS_INLAB_H

#include <stdint.h>

#include "harness/cli/command.h"

/* Runs lab/fmlab with this program; returns its exit code. */
int inlab_run(const struct cli *cli);

/* In the guest, where lab/in-lab has set FMBENCH_SAVE_TO: save there what was made up to this run and
 * is not saved yet, with its artifacts, which go from beside the database. Elsewhere nothing. */
int inlab_save(const char *db_path, int64_t run, struct err *err);

#endif
