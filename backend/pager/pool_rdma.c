// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Far pages in a memserver's memory, by one-sided READ and WRITE: pool_rdma_box.h says who does what.
 *
 * Stores are written behind: store() returns when the batch is in a box, and what a load asks for that may
 * still be under way is waited for first. settle() waits for all.
 *
 * The server is lost when it disconnects, a transfer ends with an error, or none ends for `timeout`. Then no
 * process of the job reads a page any more.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/memserver/grant.h"
#include "backend/pager/pool_memory.h"
#include "backend/pager/pool_rdma_box.h"
#include "backend/pager/pool_rdma_keeper.h"
#include "base/clock.h"
#include "base/process.h"

#define LOOK_NS (100 * NSEC_PER_MSEC)
#define MORE_NS (400 * NSEC_PER_MSEC) /* the keeper finds a lost server out first */
#define LANE_NS                                                                                    \
	(2 * NSEC_PER_SEC) /* the keeper frees the lanes of ended processes 10 times a second */

struct rdma_state_of_process {
	uint32_t lane, next; /* next: the store box whose turn it is */
};

static const struct opt rdma_opts[] = {
	OPT_STRING(
		"target", struct pool_server_params, target, NULL,
		"HOST[:PORT] of a memserver --listen, through an RDMA device; PORT: " MEMSERVER_PORT),
	POOL_SERVER_OPTS, OPT_END
};

/* --- boxes ------------------------------------------------------------------------------------------- */

static bool is_busy(uint32_t state)
{
	return state == BOX_REQUESTED || state == BOX_UNDER_WAY;
}

static int lost(struct pool_ctx *ctx)
{
	const struct rdma_shared *s = ctx->shared;

	snprintf(ctx->why, sizeof(ctx->why), "%s", s->server.why);
	return -EIO;
}

static int wait_for_box(struct pool_ctx *ctx, uint32_t lane, uint32_t box)
{
	struct rdma_shared *s = ctx->shared;
	_Atomic uint32_t *state = &s->states[lane][box];

	for (;;) {
		uint32_t now = *state;

		if (s->server.lost)
			return lost(ctx);
		if (!is_busy(now))
			return 0;
		if (clock_ns() >= s->keeper_ns + s->server.timeout_ns + MORE_NS)
			return pool_server_lose(&s->server, ctx,
						"fmpager no longer serves this pool");
		rdma_wait(state, now, LOOK_NS);
	}
}

static void request(struct pool_ctx *ctx, uint32_t lane, uint32_t box, enum rdma_kind kind)
{
	struct rdma_shared *s = ctx->shared;

	rdma_box(ctx, lane, box)->kind = kind;
	s->states[lane][box] = BOX_REQUESTED;
	rdma_ring(s);
}

/* Returns how many pages. */
static uint32_t fill_box(struct rdma_box *b, const struct pool_run *runs, size_t nr_runs)
{
	b->nr_runs = (uint32_t)nr_runs;
	return pool_spans_note(b->runs, runs, nr_runs);
}

static void copy_pages(struct rdma_box *b, const struct pool_run *runs, size_t nr_runs, bool in)
{
	char *at = b->pages;

	for (size_t i = 0; i < nr_runs; i++) {
		size_t bytes = runs[i].nr * POOL_PAGE;

		if (in)
			memcpy(at, runs[i].pages, bytes);
		else
			memcpy(runs[i].pages, at, bytes);
		at += bytes;
	}
}

/* --- a process comes, and goes ------------------------------------------------------------------------ */

/*
 * Whose a lane is, in one word, so that it is taken with all of it: the process's pid, and the owner. The board
 * learns of an owner only after open(): the lane of a process that was killed before is found by its pid.
 */
static uint64_t lane_of(pid_t pid, uint32_t owner)
{
	return (uint64_t)(uint32_t)pid << 32 | owner;
}

static uint32_t owner_of(uint64_t lane)
{
	return (uint32_t)lane;
}

/* False, too, when another process has its pid by now: the lane then waits for that. */
static bool has_ended(uint64_t lane)
{
	uint64_t ticks;

	return process_start((pid_t)(lane >> 32), &ticks) != 0;
}

static bool take_lane(struct pool_ctx *ctx, uint64_t lane, uint32_t *ret)
{
	struct rdma_shared *s = ctx->shared;

	for (uint32_t i = 0; i < RDMA_LANES; i++) {
		uint64_t nobody = 0;

		if (atomic_compare_exchange_strong(&s->lanes[i], &nobody, lane)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static int enter(struct pool_ctx *ctx, uint32_t *ret_lane, struct err *err)
{
	struct rdma_shared *s = ctx->shared;
	uint64_t end_ns = clock_ns() + LANE_NS;
	uint32_t owner = ++s->last_owner;
	uint64_t lane = lane_of(process_self(), owner);

	while (!take_lane(ctx, lane, ret_lane)) {
		if (clock_ns() >= end_ns)
			return err_failed(err, 0, "pool rdma: more than %u processes at a time",
					  RDMA_LANES - 1);
		usleep(1000);
	}
	ctx->owner = owner;
	request(ctx, *ret_lane, LOAD_BOX, RDMA_REGISTER);
	if (wait_for_box(ctx, *ret_lane, LOAD_BOX) == 0)
		return 0;
	return err_failed(err, 0, "pool rdma: %s", s->server.why);
}

static int rdma_open(struct pool_ctx *ctx, struct err *err)
{
	struct rdma_state_of_process *st;
	int rc = pool_memory_open(ctx, RDMA_BYTES, err);

	if (rc)
		return rc;
	st = pool_scratch(sizeof(*st));
	if (!st)
		return err_failed(err, ENOMEM, "pool rdma");
	st->next = LOAD_BOX + 1;
	rc = enter(ctx, &st->lane, err);
	if (rc) {
		pool_scratch_free(st, sizeof(*st));
		return rc;
	}
	ctx->state = st;
	return 0;
}

/* What it asked for and nobody has begun is not begun any more; what is under way is waited for. */
static int empty_box(struct pool_ctx *ctx, uint32_t lane, uint32_t box)
{
	struct rdma_shared *s = ctx->shared;
	uint32_t state = BOX_REQUESTED;
	int rc;

	if (atomic_compare_exchange_strong(&s->states[lane][box], &state, BOX_FREE))
		return 0;
	rc = wait_for_box(ctx, lane, box);
	if (!rc)
		s->states[lane][box] = BOX_FREE;
	return rc;
}

static void free_lane(struct pool_ctx *ctx, uint32_t lane)
{
	struct rdma_shared *s = ctx->shared;
	int rc = 0;

	for (uint32_t i = 0; i < RDMA_BOXES && !rc; i++)
		rc = empty_box(ctx, lane, i);
	if (!rc)
		s->lanes[lane] = 0;
}

static void rdma_bury(struct pool_ctx *ctx, uint32_t owner)
{
	struct rdma_shared *s = ctx->shared;

	for (uint32_t i = 0; i < RDMA_LANES; i++) {
		uint64_t lane = s->lanes[i];

		if (lane && (owner_of(lane) == owner || has_ended(lane)))
			free_lane(ctx, i);
	}
}

/* --- in the keeper -------------------------------------------------------------------------------------- */

static int rdma_create(struct pool_ctx *ctx, const void *params, struct err *err)
{
	const struct pool_server_params *p = params;
	struct rdma_shared *s = ctx->shared;
	int rc = pool_server_find(&s->server, ctx->pool, p, "--listen", MEMSERVER_PORT, err);

	if (!rc)
		rc = pool_memory_create(ctx, RDMA_BYTES, 0, err);
	if (!rc)
		rc = pool_memory_open(ctx, RDMA_BYTES, err);
	return rc ? rc : rdma_keeper_start(ctx, p, err);
}

static const char *rdma_lost(struct pool_ctx *ctx)
{
	const struct rdma_shared *s = ctx->shared;

	return s->server.lost ? s->server.why : NULL;
}

static void rdma_close(struct pool_ctx *ctx)
{
	rdma_keeper_stop(ctx);
	pool_scratch_free(ctx->state, sizeof(struct rdma_state_of_process));
	ctx->state = NULL;
	pool_memory_close(ctx, RDMA_BYTES);
}

/* --- stores and loads ------------------------------------------------------------------------------------ */

static int rdma_store(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct rdma_shared *s = ctx->shared;
	struct rdma_state_of_process *st = ctx->state;
	uint64_t begin = clock_ns();
	int rc = wait_for_box(ctx, st->lane, st->next);
	struct rdma_box *b = rdma_box(ctx, st->lane, st->next);
	uint32_t pages;

	if (rc)
		return rc;
	pages = fill_box(b, runs, nr_runs);
	copy_pages(b, runs, nr_runs, true);
	request(ctx, st->lane, st->next, RDMA_WRITE);
	st->next = st->next + 1 < RDMA_BOXES ? st->next + 1 : LOAD_BOX + 1;
	pool_tally_add(&s->counts.stores, 1, pages, begin);
	return 0;
}

static int rdma_settle(struct pool_ctx *ctx)
{
	const struct rdma_state_of_process *st = ctx->state;
	int rc = 0;

	for (uint32_t i = LOAD_BOX + 1; i < RDMA_BOXES && !rc; i++)
		rc = wait_for_box(ctx, st->lane, i);
	return rc;
}

static int wait_for_stores_of(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct rdma_shared *s = ctx->shared;
	const struct rdma_state_of_process *st = ctx->state;
	int rc = 0;

	for (uint32_t i = LOAD_BOX + 1; i < RDMA_BOXES && !rc; i++) {
		const struct rdma_box *b = rdma_box(ctx, st->lane, i);

		if (!is_busy(s->states[st->lane][i]) ||
		    !pool_spans_meet(b->runs, b->nr_runs, runs, nr_runs))
			continue;
		s->counts.waits++;
		rc = wait_for_box(ctx, st->lane, i);
	}
	return rc;
}

static int rdma_load(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct rdma_shared *s = ctx->shared;
	const struct rdma_state_of_process *st = ctx->state;
	struct rdma_box *b = rdma_box(ctx, st->lane, LOAD_BOX);
	uint64_t begin = clock_ns();
	uint32_t pages;
	int rc = wait_for_stores_of(ctx, runs, nr_runs);

	if (rc)
		return rc;
	pages = fill_box(b, runs, nr_runs);
	request(ctx, st->lane, LOAD_BOX, RDMA_READ);
	rc = wait_for_box(ctx, st->lane, LOAD_BOX);
	if (!rc)
		copy_pages(b, runs, nr_runs, false);
	pool_tally_add(&s->counts.loads, 1, pages, begin);
	return rc;
}

/* --- facts -------------------------------------------------------------------------------------------------- */

static size_t rdma_facts(const struct pool_ctx *ctx, struct pool_fact facts[POOL_FACTS])
{
	const struct rdma_shared *s = ctx->shared;

	return pool_server_facts(&s->server, &s->counts,
				 "batches, all READs of one under way at once",
				 "batches, written behind", "until they are in a box", facts);
}

const struct pool pool_rdma = {
	.name = "rdma",
	.summary = "a memserver's memory, by one-sided RDMA",
	.opts = rdma_opts,
	.params_size = sizeof(struct pool_server_params),
	.create = rdma_create,
	.open = rdma_open,
	.store = rdma_store,
	.load = rdma_load,
	.settle = rdma_settle,
	.bury = rdma_bury,
	.facts = rdma_facts,
	.lost = rdma_lost,
	.close = rdma_close,
};
