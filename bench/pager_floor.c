// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel takes for one random fault by userfaultfd and the eviction of another page, before any
 * pager: no policy, no prefetcher, no bookkeeping, clean pages that nobody stores. Reads 64 MiB in random
 * order, of which half is local, first in, first out, in batches of 64. CPU of the whole process, a page:
 *	calls	UFFDIO_COPY, UFFDIO_MOVE and a 64th of madvise(MADV_DONTNEED) by the thread that reads
 *	same	and a thread that is told of each fault, and makes these calls, on the reader's CPU
 *	other	the same on another CPU
 * Prints a line each: name, microseconds. Medians of ROUNDS.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/pager/uffd.h"
#include "base/clock.h"
#include "base/scatter.h"
#include "base/stats.h"

#define PAGE	 4096ull
#define PAGES	 16384u
#define LOCAL	 (PAGES / 2)
#define BATCH	 64u
#define ROUNDS	 3
#define UNTIMED	 PAGES /* accesses, until the local half is full and all is warm */
#define ACCESSES PAGES

static char *area, *store, *staging;
static int uffd;
static uint64_t ring[LOCAL], first, end; /* what is local, in the order in which it came */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static char *map(uint64_t bytes, int flags)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

static void evict(void)
{
	int why;

	for (uint64_t i = 0; i < BATCH; i++, first++) {
		uint64_t from = (uint64_t)area + ring[first % LOCAL] * PAGE;

		if (uffd_move(uffd, (uint64_t)staging + i * PAGE, from, 1, &why) != 1)
			die("UFFDIO_MOVE");
	}
	madvise(staging, BATCH * PAGE, MADV_DONTNEED);
}

static void bring(uint64_t page)
{
	int why;

	if (end - first == LOCAL)
		evict();
	if (uffd_copy(uffd, (uint64_t)area + page * PAGE, store + page * PAGE, 1, true, &why) != 1)
		die("UFFDIO_COPY");
	ring[end++ % LOCAL] = page;
}

static void *serve(void *arg)
{
	struct uffd_msg m;

	(void)arg;
	while (read(uffd, &m, sizeof(m)) == sizeof(m))
		bring((m.arg.pagefault.address - (uint64_t)area) / PAGE);
	die("userfaultfd");
	return NULL;
}

/* Microseconds an access; each is a fault, as the order repeats only when all pages had their turn. */
static double round_us(bool by_fault)
{
	struct scatter order;
	uint64_t begin_ns = 0;

	scatter_init(&order, PAGES, 1);
	for (uint64_t i = 0; i < UNTIMED + ACCESSES; i++) {
		uint64_t page = scatter(&order, i % PAGES);

		if (i == UNTIMED)
			begin_ns = clock_process_ns();
		if (!by_fault)
			bring(page);
		(void)*(volatile char *)(area + page * PAGE);
	}
	return (double)(clock_process_ns() - begin_ns) / NSEC_PER_USEC / ACCESSES;
}

static void measure(const char *name, bool by_fault)
{
	double us[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		us[i] = round_us(by_fault);
		while (first < end)
			evict();
	}
	printf("%s %.2f\n", name, stats_median(us, ROUNDS));
}

static void pin(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(thread, sizeof(set), &set) != 0)
		die("pthread_setaffinity_np");
}

/* The first two CPUs that this process may use; false: there is one. */
static bool two_cpus(int cpu[2])
{
	cpu_set_t set;
	int nr = 0;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		die("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE && nr < 2; i++) {
		if (CPU_ISSET(i, &set))
			cpu[nr++] = i;
	}
	return nr == 2;
}

static void set_up(void)
{
	struct err err;

	if (!uffd_can_move()) {
		fprintf(stderr, "pager_floor: this takes UFFDIO_MOVE: Linux 6.8 and root\n");
		exit(3);
	}
	uffd = uffd_open(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_MOVE, &err);
	if (uffd < 0) {
		fprintf(stderr, "pager_floor: %s\n", err.msg);
		exit(3);
	}
	fcntl(uffd, F_SETFL, 0); /* read() waits */
	area = map(PAGES * PAGE, MAP_PRIVATE);
	staging = map(BATCH * PAGE, MAP_PRIVATE);
	store = map(PAGES * PAGE, MAP_SHARED | MAP_POPULATE);
	if (uffd_register(uffd, (uint64_t)area, PAGES * PAGE) != 0 ||
	    uffd_register(uffd, (uint64_t)staging, BATCH * PAGE) != 0)
		die("UFFDIO_REGISTER");
}

int main(void)
{
	pthread_t handler;
	int cpu[2];
	bool two = two_cpus(cpu);

	set_up();
	pin(pthread_self(), cpu[0]);
	measure("calls", false);
	if (pthread_create(&handler, NULL, serve, NULL) != 0)
		die("pthread_create");
	measure("same", true); /* a thread inherits its maker's CPU */
	if (two) {
		pin(handler, cpu[1]);
		measure("other", true);
	}
	return 0;
}
