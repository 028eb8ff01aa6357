/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a job's program has got, told while it runs: a count of operations for each of its threads,
 * in memory that the program and the harness share. Telling is one relaxed store, reading is a sum; none
 * makes a system call. Collector `progress` reads it at each tick.
 *
 * The harness makes one for each job (progress_new) and locks it in its own memory, so that no store
 * faults and nothing is charged to the job's group. A worker finds it by worker_progress(); code that
 * runs in the harness by struct workload_ctx.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "err.h"

/* Threads beyond these share slots (progress_add() only). */
#define PROGRESS_SLOTS 256

struct progress {
	_Atomic uint32_t slots;	   /* in use; 0: the program tells nothing */
	_Atomic uint64_t as_of_ns; /* the instant of the last count; 0: counts are always of now */
	struct progress_slot {
		/* Two cache lines: processors fetch them in pairs. */
		alignas(128) _Atomic uint64_t operations;
	} slot[PROGRESS_SLOTS];
};

/* Zeroed; *ret_fd is what another process maps. The caller owns both. */
int progress_new(struct progress **ret, int *ret_fd, struct err *err);
/* Map another process's. NULL: fd is none. */
struct progress *progress_map(int fd);
void progress_unmap(struct progress *p); /* NULL is fine */

/* From now on `threads` threads tell. */
void progress_begin(struct progress *p, unsigned int threads);
/* All slots' sum. 0 before the first operation; see `slots` for whether there will be one. */
uint64_t progress_sum(const struct progress *p);

/* For who learns of a count later: so many operations in all had been done at as_of_ns. One slot. */
static inline void progress_tell(struct progress *p, uint64_t operations, uint64_t as_of_ns)
{
	atomic_store_explicit(&p->slot[0].operations, operations, memory_order_relaxed);
	atomic_store_explicit(&p->as_of_ns, as_of_ns, memory_order_release);
}

/* A thread's own count so far; one thread a slot. Call it each few thousand operations. */
static inline void progress_set(struct progress *p, unsigned int thread, uint64_t operations)
{
	atomic_store_explicit(&p->slot[thread % PROGRESS_SLOTS].operations, operations,
			      memory_order_relaxed);
}

/* The same by what was added, from any number of threads. */
static inline void progress_add(struct progress *p, unsigned int thread, uint64_t operations)
{
	atomic_fetch_add_explicit(&p->slot[thread % PROGRESS_SLOTS].operations, operations,
				  memory_order_relaxed);
}

#endif
