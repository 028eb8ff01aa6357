/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --in-lab, the host's half: the same command line in the lab guest. The guest works on a copy of the
 * database and saves each run (harness/run/saving.h); the host merges what was saved into the user's
 * database.
 */
#ifndef HARNESS_INLAB_H
#define HARNESS_INLAB_H

#include "harness/cli/command.h"

/* Runs lab/fmlab with this program; returns its exit code. */
int inlab_run(const struct cli *cli);

#endif
