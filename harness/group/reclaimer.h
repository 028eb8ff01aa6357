/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offloaded reclaim on stock kernels (Linux >= 5.19): a thread pinned to the reclaim CPU keeps the
 * group at its target by writing to memory.reclaim, so that faulting threads seldom reclaim.
 * memory.high is raised by the head-room above the target: it stays as the back-stop for when the
 * reclaimer can't keep up.
 */
#ifndef HARNESS_RECLAIMER_H
#define HARNESS_RECLAIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "collectors/reclaimer.h"
#include "harness/group/cgroup.h"

struct reclaimer;

/* Has this kernel memory.reclaim? ERR_MISSING says why not. g may be the root group's name. */
int reclaimer_check(const struct group *g, struct err *err);
/* step_bytes: how much one write asks for. counters outlive the thread. */
int reclaimer_start(const struct group *g, uint64_t target_bytes, uint64_t step_bytes, int cpu,
		    struct reclaimer_counters *counters, struct reclaimer **ret, struct err *err);
/* Ends the thread. NULL is fine. */
void reclaimer_free(struct reclaimer *r);

#endif
