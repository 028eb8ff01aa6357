// SPDX-License-Identifier: GPL-2.0-or-later
/* Pools of the user-space pager: what is stored is loaded, by whoever; bad options are refused. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/pager/pools.h"
#include "base/clock.h"

#define NR_SLOTS 2048u
#define FIRST	 512u /* slots are numbered from there: the board's first extent is none */
#define NR	 300u

enum content { RANDOM, ZEROS, SAME, TEXT, NR_CONTENTS };

/* Pools that need no server and no disk. */
static const char *const texts[] = {
	"dram",	      "dram:prealloc=1M",	"delay:latency=2us,bandwidth=8G",
	"compressed", "compressed:prealloc=1M", "file:path=."
};

static struct pool_ctx make(const char *text)
{
	struct err err = { 0 };
	struct pool_ctx ctx = { .nr_slots = NR_SLOTS };

	ctx.shared = mmap(NULL, POOL_SHARED_BYTES, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pool_make(&ctx, text, &err) != 0)
		fail_msg("%s: %s", text, err.msg);
	return ctx;
}

static void release(struct pool_ctx *ctx)
{
	pool_close(ctx);
	munmap(ctx->shared, POOL_SHARED_BYTES);
}

static void *pages_new(size_t nr)
{
	void *at = mmap(NULL, nr * POOL_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	assert_true(at != MAP_FAILED);
	return at;
}

static uint64_t word(uint32_t slot, unsigned int round, size_t i)
{
	uint64_t x = ((uint64_t)slot << 32 | round << 16 | i) * 0x9e3779b97f4a7c15ull;

	x ^= x >> 31;
	switch ((slot + round) % NR_CONTENTS) {
	case RANDOM:
		return x * 0xd6e8feb86659fd93ull;
	case ZEROS:
		return 0;
	case SAME:
		return 0x0101010101010101ull * (slot % 255);
	default:
		return (i + 1) % (4 + slot % 300) == 0 ? x : slot * 0x100000001ull;
	}
}

static void fill(uint64_t *page, uint32_t slot, unsigned int round)
{
	for (size_t i = 0; i < POOL_PAGE / 8; i++)
		page[i] = word(slot, round, i);
}

static void check(const uint64_t *page, uint32_t slot, unsigned int round)
{
	for (size_t i = 0; i < POOL_PAGE / 8; i++) {
		if (page[i] != word(slot, round, i))
			fail_msg("slot %u, round %u, word %zu: %#lx", slot, round, i,
				 (unsigned long)page[i]);
	}
}

/* Slots FIRST to FIRST + NR, in runs of 1 to 7 pages, at most 64 pages a call. */
static void transfer(struct pool_ctx *ctx, char *pages,
		     int (*fn)(struct pool_ctx *, const struct pool_run *, size_t))
{
	struct pool_run runs[64];
	size_t nr_runs = 0, sum = 0;

	for (uint32_t at = 0; at < NR;) {
		uint32_t nr = 1 + at % 7;

		if (nr > NR - at)
			nr = NR - at;
		runs[nr_runs++] = (struct pool_run){ FIRST + at, nr, pages + at * POOL_PAGE };
		at += nr;
		sum += nr;
		if (sum + 7 > 64 || at == NR) {
			assert_int_equal(fn(ctx, runs, nr_runs), 0);
			nr_runs = sum = 0;
		}
	}
}

static void store_all(struct pool_ctx *ctx, unsigned int round)
{
	char *pages = pages_new(NR);

	for (uint32_t i = 0; i < NR; i++)
		fill((uint64_t *)(void *)(pages + i * POOL_PAGE), FIRST + i, round);
	transfer(ctx, pages, ctx->pool->store);
	munmap(pages, NR * POOL_PAGE);
}

static void check_all(struct pool_ctx *ctx, unsigned int round)
{
	char *pages = pages_new(NR);

	transfer(ctx, pages, ctx->pool->load);
	for (uint32_t i = 0; i < NR; i++)
		check((uint64_t *)(void *)(pages + i * POOL_PAGE), FIRST + i, round);
	munmap(pages, NR * POOL_PAGE);
}

static void reserve(struct pool_ctx *ctx)
{
	if (ctx->pool->reserve)
		assert_int_equal(ctx->pool->reserve(ctx, FIRST, 512), 0);
}

static void in_child(struct pool_ctx *ctx)
{
	struct err err = { 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ctx->state = NULL;
		if (ctx->pool->open && ctx->pool->open(ctx, &err) != 0)
			_exit(2);
		check_all(ctx, 1);
		store_all(ctx, 2);
		_exit(ctx->pool->settle && ctx->pool->settle(ctx) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void expect_runs(struct pool_ctx *ctx, const struct pool_run *runs, size_t nr_runs,
			unsigned int round)
{
	assert_int_equal(ctx->pool->load(ctx, runs, nr_runs), 0);
	for (size_t r = 0; r < nr_runs; r++) {
		for (uint32_t i = 0; i < runs[r].nr; i++)
			check((uint64_t *)(void *)((char *)runs[r].pages + i * POOL_PAGE),
			      runs[r].slot + i, round);
	}
}

/* Whether what was foreseen is loaded or not, whole or in part, or is stored meanwhile. */
static void check_preload(struct pool_ctx *ctx)
{
	char *pages = pages_new(64);
	struct pool_run runs[] = { { FIRST, 40, pages },
				   { FIRST + 70, 3, pages + 40 * POOL_PAGE } };
	struct pool_run other = { FIRST + 60, 20, pages };

	store_all(ctx, 4);
	ctx->pool->preload(ctx, runs, 2);
	expect_runs(ctx, runs, 2, 4);
	ctx->pool->preload(ctx, runs, 2);
	ctx->pool->preload(ctx, &other, 1);
	expect_runs(ctx, &other, 1, 4);
	expect_runs(ctx, runs, 2, 4);
	ctx->pool->preload(ctx, runs, 2);
	expect_runs(ctx, runs, 1, 4);
	/* As many runs, and even as many pages. */
	ctx->pool->preload(ctx, runs, 1);
	expect_runs(ctx, &other, 1, 4);
	other.slot++;
	ctx->pool->preload(ctx, &other, 1);
	other.slot--;
	expect_runs(ctx, &other, 1, 4);
	ctx->pool->preload(ctx, runs, 2);
	store_all(ctx, 5);
	expect_runs(ctx, runs, 2, 5);
	/* Stored, and not there yet. */
	store_all(ctx, 6);
	ctx->pool->preload(ctx, runs, 2);
	expect_runs(ctx, runs, 2, 6);
	ctx->pool->preload(ctx, &other, 1);
	munmap(pages, 64 * POOL_PAGE);
}

static void check_pool(const char *text)
{
	struct pool_ctx ctx = make(text);

	reserve(&ctx);
	for (unsigned int round = 0; round < 2; round++) {
		store_all(&ctx, round);
		check_all(&ctx, round);
		check_all(&ctx, round);
	}
	in_child(&ctx);
	check_all(&ctx, 2);
	if (ctx.pool->drop)
		ctx.pool->drop(&ctx, FIRST, 512);
	reserve(&ctx);
	store_all(&ctx, 3);
	check_all(&ctx, 3);
	if (ctx.pool->preload)
		check_preload(&ctx);
	release(&ctx);
}

static void test_stored_is_loaded(void **state)
{
	const char *more =
		getenv("TEST_POOL"); /* of tests/cli/pager-tcp.sh, which has a server for it */

	(void)state;
	for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++)
		check_pool(texts[t]);
	if (more)
		check_pool(more);
}

/* How long so many pages take to be stored, in one batch. */
static uint64_t store_ns(const char *text, uint32_t nr)
{
	struct pool_ctx ctx = make(text);
	char *pages = pages_new(nr);
	struct pool_run run = { FIRST, nr, pages };
	uint64_t begin = clock_ns();

	assert_int_equal(ctx.pool->store(&ctx, &run, 1), 0);
	begin = clock_ns() - begin;
	munmap(pages, nr * POOL_PAGE);
	release(&ctx);
	return begin;
}

static void test_delay_takes_its_time(void **state)
{
	(void)state;
	assert_true(store_ns("delay:latency=10ms", 64) >= 10 * NSEC_PER_MSEC);
	/* 256 KiB at 16 MiB/s */
	assert_true(store_ns("delay:latency=0,bandwidth=16M", 64) >= 15 * NSEC_PER_MSEC);
	assert_true(store_ns("delay:latency=5ms,bandwidth=16M", 64) >= 20 * NSEC_PER_MSEC);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; pager_pools[i]; i++) {
		const struct pool *p = pager_pools[i];

		assert_ptr_equal(pool_find(p->name), p);
		assert_true(p->summary && p->create && p->store && p->load);
		assert_true(p->params_size <= POOL_PARAMS_BYTES);
	}
	assert_null(pool_find("dra"));
	assert_null(pool_find("drams:x"));
}

static void refused(const char *text, const char *names)
{
	struct err err = { 0 };

	assert_int_not_equal(pool_check(text, &err), 0);
	if (!strstr(err.msg, names))
		fail_msg("'%s' is refused with '%s'", text, err.msg);
}

static void test_bad_options(void **state)
{
	struct err err = { 0 };

	(void)state;
	refused("nosuch", "nosuch");
	refused("dram:size=1", "size");
	refused("tcp:token=sesame", "token-file");
	refused("tcp:timeout=-1", "timeout=-1");
	refused("dram:prealloc=1M,prealloc=x", "prealloc=x");
	assert_int_equal(pool_check("dram", &err), 0);
	assert_int_equal(pool_check("dram:prealloc=1M", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_stored_is_loaded),
		cmocka_unit_test(test_delay_takes_its_time),
		cmocka_unit_test(test_bad_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
