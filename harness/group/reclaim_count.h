/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many pages one thread's writes to memory.reclaim freed. The kernel does not answer that: a
 * write returns its own length once at least as much was freed as it asked for, often more, and
 * until Linux 6.15 a group's memory.stat counts such pages as pgsteal_direct, among those that
 * faulting threads freed at the same time. The tracepoint vmscan:mm_vmscan_memcg_reclaim_end,
 * taken for this thread alone (perf_event_open(2)), tells of each reclaim how much it got. Since
 * 6.15 memory.stat's pgsteal_proactive is the same number.
 */
#ifndef HARNESS_RECLAIM_COUNT_H
#define HARNESS_RECLAIM_COUNT_H

#include <stdint.h>

#include "base/err.h"

struct reclaim_count;

/* Counts the calling thread's from here on. Not allowed, or no tracefs, no perf: *err says which. */
int reclaim_count_new(struct reclaim_count **ret, struct err *err);
/* Pages freed since the last call. -EOVERFLOW: some were lost count of. A write to memory.reclaim
 * adds some dozens of records at most, room is for a thousand. */
int reclaim_count_take(struct reclaim_count *c, uint64_t *ret_pages);
void reclaim_count_free(struct reclaim_count *c); /* NULL is fine */

#endif
