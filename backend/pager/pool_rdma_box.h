/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pool rdma, between the job's processes and its keeper. The verbs are all in the keeper: libibverbs has its
 * state in memory that malloc() gave, which in a process of the job is paged.
 *
 * A process has a lane: boxes in memory that all share, which the keeper's NIC reads and writes. Into a box
 * it puts a batch and rings; the keeper posts one READ or WRITE a run. So what a killed process left under
 * way is known to the keeper, and a fork copies nothing of the NIC's.
 */
#ifndef BACKEND_PAGER_POOL_RDMA_BOX_H
#define BACKEND_PAGER_POOL_RDMA_BOX_H

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "backend/pager/pool_server.h"
#include "base/clock.h"

#define RDMA_LANES 64u /* of processes at a time, the keeper among them */
#define RDMA_BOXES 4u
#define LOAD_BOX   0u /* the others are of stores */

/* A batch: written by its process while its state is neither REQUESTED nor UNDER_WAY. */
struct rdma_box {
	uint32_t kind; /* of enum rdma_kind */
	uint32_t nr_runs;
	struct pool_span runs[POOL_RUNS];
	_Alignas(4096) char pages[POOL_RUNS * POOL_PAGE];
};

enum rdma_kind { RDMA_REGISTER = 1, RDMA_READ, RDMA_WRITE };

/* A process makes a REQUESTED, the keeper of that UNDER_WAY and DONE; bury() may take a REQUESTED back. */
enum rdma_state { BOX_FREE, BOX_REQUESTED, BOX_UNDER_WAY, BOX_DONE };

struct rdma_keeper;

/* pool_ctx.shared */
struct rdma_shared {
	struct pool_server server;
	struct rdma_keeper *keeper; /* in the keeper */
	_Atomic uint64_t keeper_ns; /* when the keeper was last seen at work */
	_Atomic uint32_t bell;	    /* a futex: changes with each request */
	_Atomic uint32_t asleep;    /* whether the keeper waits for the bell */
	_Atomic uint32_t last_owner;
	_Atomic uint64_t lanes[RDMA_LANES];		 /* whose: pool_rdma.c; 0: free */
	_Atomic uint32_t states[RDMA_LANES][RDMA_BOXES]; /* futexes */
	struct pool_server_counts counts;
};

_Static_assert(sizeof(struct rdma_shared) <= POOL_SHARED_BYTES, "the pool's part of the board");

#define RDMA_LANE_BYTES (RDMA_BOXES * sizeof(struct rdma_box))
#define RDMA_BYTES	(RDMA_LANES * RDMA_LANE_BYTES)

static inline struct rdma_box *rdma_box(const struct pool_ctx *ctx, uint32_t lane, uint32_t box)
{
	return (struct rdma_box *)(void *)(ctx->memory + lane * RDMA_LANE_BYTES) + box;
}

/* Waits until *word is no longer value, is woken, or ns have passed. */
static inline void rdma_wait(_Atomic uint32_t *word, uint32_t value, uint64_t ns)
{
	struct timespec t = { (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &t, NULL, 0);
}

static inline void rdma_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static inline void rdma_ring(struct rdma_shared *s)
{
	s->bell++;
	if (s->asleep)
		rdma_wake(&s->bell);
}

#endif
