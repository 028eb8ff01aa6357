/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run says about itself: what was not counted, peaks, results, and the flags. */
#ifndef HARNESS_HARVEST_H
#define HARNESS_HARVEST_H

#include "harness/run/state.h"

/* While the sampler is there: tell a process that was killed for want of memory from one that died of
 * itself. */
void harvest_oom(struct run *r, struct err *err);
/* Likewise: record what was not counted, and why. */
int harvest_missing(struct run *r, struct err *err);

/* Once the processes are gone. rc: how the run went. Its results are taken where it went to its end, its flags in any case. */
int harvest(struct run *r, int rc, struct err *err);

#endif
