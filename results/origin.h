/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where stored runs come from: what was typed, on which machines. */
#ifndef RESULTS_ORIGIN_H
#define RESULTS_ORIGIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "results/store.h"

/* The commands that made the runs which did not fail, as typed, each once, in the order of their first
 * run; and whether that was in the lab guest. Stops at what `each` returns but 0. */
int origin_commands(struct store *s,
		    int (*each)(void *arg, const char *command, bool in_lab, struct err *err),
		    void *arg, struct err *err);
/* A JSON array: facts of each machine, versions of fmbench that ran there, number of runs. */
int origin_machines(struct store *s, struct buf *ret, struct err *err);
/* Remove all runs but those with this label. ERR_MISSING: there are none. */
int origin_keep(struct store *s, const char *experiment, struct err *err);

#endif
