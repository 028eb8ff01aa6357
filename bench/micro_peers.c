// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The throughput loop against its peers, in one process group on one swap area, taking turns:
 *
 *	plain		a loop that writes the pages of a shuffled list, a clock read on either side:
 *			against ours in random order
 *	stress-ng	stress-ng --vm 1 --vm-method write64, where it is installed: against ours in
 *			sequence
 *
 * Major faults per second by rusage, medians over rounds with 95 % intervals. Exit status 1 where
 * a peer takes more faults than the loop, beyond what the intervals leave open. Run it by
 * bench/micro_peers.sh, which limits its memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/find_program.h"
#include "base/opt.h"
#include "base/stats.h"
#include "micro/loop.h"

#define CHUNK	   4096 /* touches between two looks at the clock */
#define MAX_ROUNDS 100

struct setting {
	struct region region;
	uint64_t *shuffled;
	uint64_t turn_ns;
};

/* Each takes one turn and returns its major faults per second, or a negative number: not here. */
static double faults_per_s(int who, long before, uint64_t begin_ns)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_majflt - before) * 1e9 / (double)(clock_ns() - begin_ns);
}

static long majors(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return u.ru_majflt;
}

static double turn_loop(struct setting *s, enum order_kind order)
{
	atomic_bool stop = false;
	_Atomic uint64_t touched = 0;
	struct walk w = {
		.region = &s->region, .access = ACCESS_WRITE, .most = CHUNK, .stop = &stop
	};
	long before = majors(RUSAGE_SELF);
	uint64_t begin_ns = clock_ns();

	order_init(&w.order, order, 0, s->region.pages, 1, NULL, 1);
	while (clock_ns() - begin_ns < s->turn_ns)
		loop_count(&w, &touched);
	return faults_per_s(RUSAGE_SELF, before, begin_ns);
}

static double turn_random(struct setting *s)
{
	return turn_loop(s, ORDER_RANDOM);
}

static double turn_sequential(struct setting *s)
{
	return turn_loop(s, ORDER_SEQUENTIAL);
}

static double turn_plain(struct setting *s)
{
	long before = majors(RUSAGE_SELF);
	uint64_t begin_ns = clock_ns(), total_ns = 0, now_ns = begin_ns;

	for (uint64_t i = 0; now_ns - begin_ns < s->turn_ns;
	     i = i + 1 < s->region.pages ? i + 1 : 0) {
		uint64_t touch_ns = clock_ns();

		*(volatile uint64_t *)region_page(&s->region, s->shuffled[i]) =
			region_stamp(&s->region, s->shuffled[i]);
		now_ns = clock_ns();
		total_ns += now_ns - touch_ns;
	}
	(void)total_ns;
	return faults_per_s(RUSAGE_SELF, before, begin_ns);
}

static double turn_stress_ng(struct setting *s)
{
	static char program[] = "stress-ng", quiet[] = "--quiet", vm[] = "--vm", one[] = "1",
		    keep[] = "--vm-keep", method[] = "--vm-method", write64[] = "write64",
		    bytes_opt[] = "--vm-bytes", timeout[] = "--timeout";
	char bytes[32], seconds[32];
	char *argv[] = { program, quiet,     vm,    one,     keep,    method,
			 write64, bytes_opt, bytes, timeout, seconds, NULL };
	struct child child = CHILD_INIT;
	long before = majors(RUSAGE_CHILDREN);
	uint64_t begin_ns = clock_ns();
	struct err err;

	if (!find_program(program, NULL, 0))
		return -1;
	snprintf(bytes, sizeof(bytes), "%" PRIu64, s->region.pages * PAGE_BYTES);
	snprintf(seconds, sizeof(seconds), "%llu", s->turn_ns / NSEC_PER_SEC);
	if (child_spawn(&child, argv, NULL, CHILD_LOG, "/dev/null", &err) ||
	    child_wait(&child, -1, &err) < 0) {
		fprintf(stderr, "micro_peers: %s\n", err.msg);
		exit(1);
	}
	child_release(&child);
	return faults_per_s(RUSAGE_CHILDREN, before, begin_ns);
}

static const struct peer {
	const char *name;
	double (*turn)(struct setting *);
	size_t ours; /* the row it is held against */
} peers[] = {
	{ "ours, random", turn_random, 0 },
	{ "plain, random", turn_plain, 0 },
	{ "ours, sequential", turn_sequential, 2 },
	{ "stress-ng, sequential", turn_stress_ng, 2 },
};
#define NR_PEERS (sizeof(peers) / sizeof(peers[0]))

static void shuffle(struct setting *s)
{
	uint64_t n = s->region.pages, seed = 1;

	s->shuffled = malloc(n * sizeof(*s->shuffled));
	if (!s->shuffled)
		abort();
	for (uint64_t i = 0; i < n; i++) {
		uint64_t j = random_next(&seed) % (i + 1);

		s->shuffled[i] = s->shuffled[j];
		s->shuffled[j] = i;
	}
}

/* Its pages hold one word all over, which zram keeps without compressing it: so do ours. */
static void fill_as_stress_ng(const struct region *r)
{
	for (uint64_t i = 0; i < r->pages; i++) {
		uint64_t *page = region_page(r, i);

		for (size_t word = 0; word < PAGE_WORDS; word++)
			page[word] = region_stamp(r, i);
	}
}

/* Returns whether the loop holds its own. */
static bool print(const double rates[NR_PEERS][MAX_ROUNDS], size_t rounds)
{
	bool ok = true;

	printf("%-22s %12s %12s %20s\n", "", "faults/s", "ours / its", "95 %");
	for (size_t i = 0; i < NR_PEERS; i++) {
		const double *ours = rates[peers[i].ours];
		double its = stats_median(rates[i], rounds);
		struct stats_ratio r;

		if (rates[i][0] < 0) {
			printf("%-22s not installed\n", peers[i].name);
			continue;
		}
		printf("%-22s %12.0f", peers[i].name, its);
		/* A round is a block: every peer and loop of it ran beside the others. */
		if (peers[i].ours != i && !stats_ratio_paired(rates[i], ours, rounds, &r)) {
			printf(" %12.2f %11.2f to %.2f%s", r.ratio, r.low, r.high,
			       r.high < 1 ? "  beyond its bound: at least 1" : "");
			ok &= !(r.high < 1);
		}
		printf("\n");
	}
	return ok;
}

int main(int argc, char **argv)
{
	static double rates[NR_PEERS][MAX_ROUNDS];
	struct micro_common common = { .region_bytes = 512 << 20, .compressible = 0.5 };
	struct setting s = { .turn_ns = 3 * NSEC_PER_SEC };
	uint64_t rounds = 5;
	struct err err;

	if ((argc > 1 && parse_size(argv[1], &common.region_bytes)) ||
	    (argc > 2 && parse_duration(argv[2], &s.turn_ns)) ||
	    (argc > 3 && (parse_u64(argv[3], &rounds) || rounds < 2 || rounds > MAX_ROUNDS))) {
		fprintf(stderr, "usage: micro_peers [REGION [SECONDS [ROUNDS]]]\n");
		return 2;
	}
	if (region_init(&s.region, &common, 1, &err)) {
		fprintf(stderr, "micro_peers: %s\n", err.msg);
		return 1;
	}
	fill_as_stress_ng(&s.region);
	shuffle(&s);
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < NR_PEERS; i++)
			rates[i][round] = peers[i].turn(&s);
	}
	return !print(rates, rounds);
}
