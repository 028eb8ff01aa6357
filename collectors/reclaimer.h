/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reclaimer thread (harness/group/reclaimer.h) counts for collector `reclaimer`. */
#ifndef COLLECTORS_RECLAIMER_H
#define COLLECTORS_RECLAIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Written by the reclaimer alone, read by the sampler; each value is whole, not the set. */
struct reclaimer_counters {
	_Atomic uint64_t cpu_ns;      /* its own CPU time */
	_Atomic uint64_t calls;	      /* writes to memory.reclaim */
	_Atomic uint64_t short_calls; /* those that freed less than they asked for (-EAGAIN) */
	_Atomic uint64_t bytes;	      /* freed by these calls */
	_Atomic bool uncounted;	      /* bytes is not known; why says why not */
	char why[256];		      /* set before the reclaimer's start returns */
};

#endif
