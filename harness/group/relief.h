/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Relief for cgroup v1's hard limit. There the kernel now and then gives up reclaim for a single
 * charge although swap has room (seen on 6.18 with zram: every inactive list empty, 1 run in 10 at
 * a limit of 24 MiB), and kills the workload. While relief is on, the group's OOM killer is off: a
 * task that can't be charged sleeps, the kernel tells this thread, which raises the limit by a
 * little, by as much again while tasks still wait, and lowers it when the kernel lets it. Each raise
 * is counted and flagged. Where swap is really full, or half as much again was not enough, the
 * killer is let loose.
 *
 * v2's memory.high never kills; nothing of this is needed there.
 * (Documentation/admin-guide/cgroup-v1/memory.rst, sections 9 and 10)
 */
#ifndef HARNESS_RELIEF_H
#define HARNESS_RELIEF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "harness/group/cgroup.h"

struct relief;

/* limit_bytes: what stands now, and is put back after each event. */
int relief_start(const struct group *g, uint64_t limit_bytes, struct relief **ret, struct err *err);
/* Another limit stands from now on. */
void relief_move(struct relief *r, uint64_t limit_bytes);
struct relief_count {
	uint64_t events; /* how often the kernel gave up and the limit was raised */
	bool in_vain;	 /* the last time that did not help: the killer was let loose */
	bool swap_full;	 /* … since there was no room to reclaim into */
};
/* Ends the thread. NULL is fine: *ret is all zero. */
void relief_free(struct relief *r, struct relief_count *ret);

#endif
