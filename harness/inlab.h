/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --in-lab: the same command line in the lab guest, the database on the host afterwards. */
#ifndef HARNESS_INLAB_H
#define HARNESS_INLAB_H

#include "harness/command.h"

/* Runs lab/fmlab with this program; returns its exit code. */
int inlab_run(const struct cli *cli);

#endif
