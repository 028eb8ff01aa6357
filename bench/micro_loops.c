// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the micro suite's loops add to what they measure, on memory that is resident: the
 * throughput loop per touch against a bare loop over the same pages, the latency loop against the
 * clock pair alone. Exit status 1 where it is more than 5 ns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "micro/loop.h"

#define GOAL_NS 5.0
#define PAGES	8 /* so few that their first words all fit in the first cache */
#define TOUCHES 4000000
#define TIMED	200000
#define ROUNDS	15 /* the quickest counts: what else runs here only ever adds */

static atomic_bool go_on, recording = true;

static double bare(const struct region *r)
{
	uint64_t begin_ns = clock_ns();

	for (uint64_t n = 0, page = 0; n < TOUCHES; n++) {
		(void)*(volatile uint64_t *)region_page(r, page);
		page = page + 1 < PAGES ? page + 1 : 0;
	}
	return (double)(clock_ns() - begin_ns) / TOUCHES;
}

static struct walk walk_of(struct region *r, enum order_kind kind, enum access access,
			   const struct zipf *z, uint64_t most)
{
	struct walk w = { .region = r, .access = access, .most = most, .stop = &go_on };

	order_init(&w.order, kind, 0, PAGES, 3, z, 1);
	return w;
}

/* With its looks into pagemap. */
static double counted(struct region *r, enum order_kind kind, const struct zipf *z, int pagemap_fd)
{
	struct walk w = walk_of(r, kind, ACCESS_READ, z, TOUCHES);
	_Atomic uint64_t touched = 0;
	uint64_t begin_ns;

	w.pagemap_fd = pagemap_fd;
	w.until_look = LOOK_EVERY;
	begin_ns = clock_ns();
	loop_count(&w, &touched);
	return (double)(clock_ns() - begin_ns) / TOUCHES;
}

/* Mean of what is not an interrupt: below the 95th percentile. */
static double low_mean(const struct hist *h)
{
	uint64_t top = hist_quantile(h, 0.95);
	double sum = 0, count = 0;

	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		uint64_t low, high;

		hist_bounds(i, &low, &high);
		if (low > top)
			break;
		sum += (double)h->bucket[i] * ((double)low + (double)high) / 2;
		count += (double)h->bucket[i];
	}
	return sum / count;
}

static double timed(struct region *r, const struct ticks *ticks, enum access access)
{
	struct walk w = walk_of(r, ORDER_SEQUENTIAL, access, NULL, TIMED);
	struct timing t = { .ticks = ticks, .recording = &recording };
	_Atomic uint64_t touched = 0;
	double ns;

	for (size_t k = 0; k < NR_FAULT_KINDS; k++)
		t.hist[k] = hist_new();
	loop_time(&w, &t, &touched);
	ns = low_mean(t.hist[FAULT_NONE]);
	for (size_t k = 0; k < NR_FAULT_KINDS; k++)
		hist_free(t.hist[k]);
	return ns;
}

/* The clock pair alone, summed up as the loop's results are. */
static double clock_pair(const struct ticks *t)
{
	struct hist *h = hist_new();
	double ns;

	for (uint64_t i = 0; i < TIMED; i++) {
		uint64_t begin = ticks_now(t), end = ticks_now(t);

		hist_add(h, ticks_to_ns(t, end - begin));
	}
	ns = low_mean(h);
	hist_free(h);
	return ns;
}

static void keep_least(double *least, double ns)
{
	if (*least == 0 || ns < *least)
		*least = ns;
}

static bool print(const char *name, double base_ns, double ns)
{
	bool ok = ns - base_ns <= GOAL_NS;

	printf("%-28s %6.2f %6.2f %+6.2f %s\n", name, base_ns, ns, ns - base_ns,
	       ok ? "" : "beyond its bound: 5 ns");
	return ok;
}

int main(void)
{
	static const char *const orders[] = { "sequential", "random", "stride", "zipf" };
	static const char *const accesses[] = { "read", "write", "read-then-write" };
	struct micro_common common = { .region_bytes = PAGES * PAGE_BYTES, .compressible = 0.5 };
	double least_bare = 0, least_pair = 0, count[4] = { 0 }, time[3] = { 0 };
	struct zipf *zipf = calloc(1, sizeof(*zipf));
	struct region region;
	struct ticks ticks;
	struct err err;
	bool ok = true;
	int fd = region_open_pagemap(&err);

	if (!zipf || fd < 0 || region_init(&region, &common, 1, &err)) {
		fprintf(stderr, "micro_loops: %s\n", zipf ? err.msg : "no memory");
		return 1;
	}
	zipf_init(zipf, PAGES, 0.99);
	ticks_init(&ticks);
	for (int round = 0; round < ROUNDS; round++) {
		keep_least(&least_bare, bare(&region));
		keep_least(&least_pair, clock_pair(&ticks));
		for (size_t i = 0; i < 4; i++)
			keep_least(&count[i], counted(&region, order_kind(orders[i]), zipf, fd));
		for (size_t i = 0; i < 3; i++)
			keep_least(&time[i], timed(&region, &ticks, access_kind(accesses[i])));
	}

	printf("%-28s %6s %6s %6s\n", "ns per touch", "base", "loop", "adds");
	for (size_t i = 0; i < 4; i++) {
		char name[64];

		snprintf(name, sizeof(name), "throughput, %s", orders[i]);
		ok &= print(name, least_bare, count[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		char name[64];

		snprintf(name, sizeof(name), "latency, %s", accesses[i]);
		ok &= print(name, least_pair, time[i]);
	}
	region_release(&region);
	close(fd);
	free(zipf);
	return !ok;
}
