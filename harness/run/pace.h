/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast a job goes: what it counts, tick by tick, and whether that holds still. Its operations
 * where the program tells them (base/progress.h), else the CPU time of its group and its far
 * page-ins. One rule (base/steady.h) says when the warm-up is over and whether the window was steady.
 */
#ifndef HARNESS_PACE_H
#define HARNESS_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/progress.h"
#include "base/result.h"
#include "base/steady.h"
#include "harness/run/sampler.h"

struct pace {
	struct steady_series operations, page_ins, cpu;
};

void pace_reset(struct pace *p);
/* Add what is known now: ten times a second, and at the ends of a phase. */
void pace_feed(struct pace *p, struct sampler *s, int job, const struct progress *progress,
	       const struct backend_usage *usage);

/* Since its warm-up began at go_ns. STEADY_YES: it has held still lately. STEADY_UNKNOWN: nothing is
 * counted that could tell. */
enum steady_verdict pace_lately(const struct pace *p, uint64_t go_ns, uint64_t now_ns);

/* Judge a window, and flag NOT_STEADY with the figure that decided. */
enum steady_verdict pace_judge(const struct pace *p, uint64_t begin_ns, uint64_t end_ns,
			       struct results *results);

#endif
