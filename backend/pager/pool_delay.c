// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Far pages in this machine's own memory, each batch of them late: what a memory with such a latency and
 * bandwidth would cost.
 *
 * The model: a wire each way, for all of the job's processes together. A batch occupies its wire for
 * bytes / bandwidth, after those that came before it, and is there a latency later. All pages of a batch
 * share one latency. The copy's own time counts within.
 *
 * Waiting: asleep until shortly before the end, then looking at the clock. Sleep ends late by what the
 * kernel takes to wake a thread, some 5 us on an idle CPU; so waits shorter than SPIN_NS only look at the clock.
 * How late batches came beyond their time is counted and told.
 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <time.h>

#include "backend/pager/pool_memory.h"
#include "base/clock.h"

#define SPIN_NS 20000ull /* before the end */

struct delay_params {
	uint64_t latency_ns, bandwidth, prealloc_bytes;
};

struct delay_shared {
	uint64_t latency_ns, bandwidth, prealloc_bytes;
	_Atomic uint64_t load_free_ns, store_free_ns; /* when that wire is free again */
	_Atomic uint64_t batches, asked_ns, late_ns, latest_ns, slept_ns;
};

static const struct opt delay_opts[] = {
	OPT_DURATION("latency", struct delay_params, latency_ns, "10us", 0, 10e9,
		     "of each batch of pages"),
	OPT_SIZE("bandwidth", struct delay_params, bandwidth, "0", 0, 1ull << 50,
		 "bytes a second each way, all processes together; 0: no limit"),
	POOL_OPT_PREALLOC(struct delay_params, prealloc_bytes), OPT_END
};

static int delay_create(struct pool_ctx *ctx, const void *params, struct err *err)
{
	const struct delay_params *p = params;
	struct delay_shared *s = ctx->shared;

	s->latency_ns = p->latency_ns;
	s->bandwidth = p->bandwidth;
	s->prealloc_bytes = p->prealloc_bytes;
	return pool_memory_create(ctx, ctx->nr_slots * POOL_PAGE, p->prealloc_bytes, err);
}

static int delay_open(struct pool_ctx *ctx, struct err *err)
{
	return pool_memory_open(ctx, ctx->nr_slots * POOL_PAGE, err);
}

/* --- time ----------------------------------------------------------------------------------------------- */

/* Occupies the wire from begin_ns on for so long. Returns when it is free again. */
static uint64_t occupy(_Atomic uint64_t *free_ns, uint64_t begin_ns, uint64_t for_ns)
{
	uint64_t was = *free_ns, start;

	do
		start = was > begin_ns ? was : begin_ns;
	while (!atomic_compare_exchange_weak(free_ns, &was, start + for_ns));
	return start + for_ns;
}

static void sleep_until(uint64_t end_ns)
{
	struct timespec t = { (time_t)(end_ns / 1000000000ull), (long)(end_ns % 1000000000ull) };

	/* Of this thread, the handler's; the kernel would add 50 us. */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void note(struct delay_shared *s, uint64_t asked_ns, uint64_t late_ns)
{
	uint64_t latest = s->latest_ns;

	s->batches++;
	s->asked_ns += asked_ns;
	s->late_ns += late_ns;
	while (late_ns > latest && !atomic_compare_exchange_weak(&s->latest_ns, &latest, late_ns))
		;
}

static void wait_until(struct delay_shared *s, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t now = clock_ns();

	if (now + SPIN_NS < end_ns) {
		sleep_until(end_ns - SPIN_NS);
		s->slept_ns += clock_ns() - now;
	}
	do
		now = clock_ns();
	while (now < end_ns);
	note(s, end_ns - begin_ns, now - end_ns);
}

/* A batch that began then is there after this. */
static void travel(struct pool_ctx *ctx, _Atomic uint64_t *wire, uint64_t begin_ns,
		   const struct pool_run *runs, size_t nr_runs)
{
	struct delay_shared *s = ctx->shared;
	uint64_t pages = 0, for_ns = 0;

	for (size_t i = 0; i < nr_runs; i++)
		pages += runs[i].nr;
	if (s->bandwidth)
		for_ns = (uint64_t)((double)(pages * POOL_PAGE) * 1e9 / (double)s->bandwidth);
	wait_until(s, begin_ns, occupy(wire, begin_ns, for_ns) + s->latency_ns);
}

/* --- pages ---------------------------------------------------------------------------------------------- */

static int delay_store(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct delay_shared *s = ctx->shared;
	uint64_t begin_ns = clock_ns();
	int rc = pool_memory_store(ctx, runs, nr_runs);

	travel(ctx, &s->store_free_ns, begin_ns, runs, nr_runs);
	return rc;
}

static int delay_load(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs)
{
	struct delay_shared *s = ctx->shared;
	uint64_t begin_ns = clock_ns();
	int rc = pool_memory_load(ctx, runs, nr_runs);

	travel(ctx, &s->load_free_ns, begin_ns, runs, nr_runs);
	return rc;
}

static void delay_drop(struct pool_ctx *ctx, uint32_t slot, uint32_t nr)
{
	const struct delay_shared *s = ctx->shared;

	pool_memory_free(ctx, slot * POOL_PAGE, nr * POOL_PAGE, s->prealloc_bytes);
}

static size_t delay_facts(const struct pool_ctx *ctx, struct pool_fact facts[POOL_FACTS])
{
	const struct delay_shared *s = ctx->shared;
	double batches = (double)s->batches;

	facts[0] = (struct pool_fact){ "batches", batches, "of pages that were stored or loaded" };
	facts[1] = (struct pool_fact){ "batch_ns", batches > 0 ? (double)s->asked_ns / batches : 0,
				       "mean time of a batch as it should be" };
	facts[2] = (struct pool_fact){ "late_ns", batches > 0 ? (double)s->late_ns / batches : 0,
				       "mean time that a batch came later than that" };
	facts[3] = (struct pool_fact){ "latest_ns", (double)s->latest_ns, "the most of these" };
	facts[4] = (struct pool_fact){ "slept_ns", (double)s->slept_ns,
				       "of the waiting, without using a CPU" };
	return 5;
}

static void delay_close(struct pool_ctx *ctx)
{
	pool_memory_close(ctx, ctx->nr_slots * POOL_PAGE);
}

const struct pool pool_delay = {
	.name = "delay",
	.summary = "shared memory of this machine behind a latency and a bandwidth",
	.opts = delay_opts,
	.params_size = sizeof(struct delay_params),
	.create = delay_create,
	.open = delay_open,
	.store = delay_store,
	.load = delay_load,
	.drop = delay_drop,
	.facts = delay_facts,
	.close = delay_close,
};
