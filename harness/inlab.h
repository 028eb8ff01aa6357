/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --in-lab: the same command line in the lab guest. The guest works on a copy of the database; after
 * each run it saves that where the host sees it, and the host merges what is new into its own.
 */
#ifndef HARNESS_INLAB_H
#define HARNESS_INLAB_H

#include "harness/command.h"
#include "results/store.h"

/* Runs lab/fmlab with this program; returns its exit code. */
int inlab_run(const struct cli *cli);

/* In the guest, where lab/in-lab has set FMBENCH_SAVE_TO: save the database and the artifacts beside
 * it there. Elsewhere nothing. */
int inlab_save(struct store *store, const char *db_path, struct err *err);

#endif
