/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads of a computation: one pinned to each CPU that the process was given (cores first, then
 * their siblings, then a second round), doing step after step together.
 */
#ifndef WORKLOADS_CREW_H
#define WORKLOADS_CREW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct crew {
	unsigned int nr, running;
	pthread_barrier_t gate;	    /* the threads and their caller */
	pthread_barrier_t together; /* the threads: crew_meet() */
	struct crew_member {
		struct crew *crew;
		pthread_t thread;
		unsigned int index;
	} * members;
	void (*step)(void *arg, unsigned int thread); /* NULL: the end */
	void *arg;
};

int crew_init(struct crew *c, unsigned int threads, struct err *err);
void crew_release(struct crew *c);

/* step(arg, 0) to step(arg, nr - 1), each on its thread; returns when all have. In nanoseconds. */
uint64_t crew_run(struct crew *c, void (*step)(void *arg, unsigned int thread), void *arg);
/* The same, but return at once; crew_wait() comes before the next. */
void crew_begin(struct crew *c, void (*step)(void *arg, unsigned int thread), void *arg);
void crew_wait(struct crew *c);
/* In a step: wait until all threads are here. */
void crew_meet(struct crew *c);

/* A thread's own share of n: ret_begin to ret_end - 1. */
static inline void crew_share(const struct crew *c, unsigned int thread, uint64_t n,
			      uint64_t *ret_begin, uint64_t *ret_end)
{
	*ret_begin = n / c->nr * thread + (thread < n % c->nr ? thread : n % c->nr);
	*ret_end = *ret_begin + n / c->nr + (thread < n % c->nr);
}

/* Shares as they are wanted: the next `chunk` of n. False: none is left. */
static inline bool crew_take(_Atomic uint64_t *next, uint64_t n, uint64_t chunk,
			     uint64_t *ret_begin, uint64_t *ret_end)
{
	uint64_t begin = atomic_fetch_add_explicit(next, chunk, memory_order_relaxed);

	*ret_begin = begin;
	*ret_end = begin + chunk < n ? begin + chunk : n;
	return begin < n;
}

#endif
