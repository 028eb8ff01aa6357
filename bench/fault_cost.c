// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one major fault costs: fills pages, pushes them all out, and times touching each of them
 * once, in order. Prints one line per repeat: pages, major faults, time of the CPU in between.
 * Under `fmlab run --exact` a nanosecond is an instruction.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "push_out.h"

#define PAGE	4096UL
#define PM_SWAP (1ULL << 62) /* Documentation/admin-guide/mm/pagemap.rst */

static void die(const char *what)
{
	fprintf(stderr, "fault_cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static long major_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_majflt;
}

/* Half of a page differs from word to word: zram compresses it about as well as real data. */
static void fill(unsigned char *pages, size_t n, uint64_t repeat)
{
	for (size_t page = 0; page < n; page++) {
		uint64_t *word = (uint64_t *)(pages + page * PAGE);
		uint64_t x = (page + 1) * 0x9e3779b97f4a7c15ULL + repeat;

		for (size_t i = 0; i < PAGE / sizeof(*word); i++) {
			word[i] = x;
			if (i % 2)
				x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		}
	}
}

static size_t swapped_out(const unsigned char *pages, size_t n)
{
	uint64_t *entries = calloc(n, sizeof(*entries));
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t out = 0;
	ssize_t got;

	if (fd < 0 || !entries)
		die("/proc/self/pagemap");
	got = pread(fd, entries, n * sizeof(*entries), (uintptr_t)pages / PAGE * sizeof(*entries));
	if (got != (ssize_t)(n * sizeof(*entries)))
		die("/proc/self/pagemap");
	for (size_t i = 0; i < n; i++)
		out += !!(entries[i] & PM_SWAP);
	close(fd);
	free(entries);
	return out;
}

int main(int argc, char **argv)
{
	size_t n, repeats;
	bool write;
	volatile unsigned char *pages;

	if (argc != 4 || (strcmp(argv[1], "read") != 0 && strcmp(argv[1], "write") != 0)) {
		fputs("usage: fault_cost read|write PAGES REPEATS\n", stderr);
		return 2;
	}
	write = strcmp(argv[1], "write") == 0;
	n = strtoul(argv[2], NULL, 10);
	repeats = strtoul(argv[3], NULL, 10);
	/* memory.reclaim takes from the whole group: of this program nothing but the pages below. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
	pages = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || munlock((void *)pages, n * PAGE))
		die("mmap");
	madvise((void *)pages, n * PAGE, MADV_NOHUGEPAGE);
	for (size_t repeat = 0; repeat < repeats; repeat++) {
		long faults;
		uint64_t ns;

		fill((void *)pages, n, repeat);
		if (push_out((void *)pages, n * PAGE))
			die("MADV_PAGEOUT");
		if (swapped_out((void *)pages, n) < n - n / 100) {
			fputs("fault_cost: too few pages went out: is swap on and large enough?\n",
			      stderr);
			return 1;
		}
		faults = major_faults();
		ns = now_ns();
		for (size_t page = 0; page < n; page++) {
			if (write)
				pages[page * PAGE] = 1;
			else
				(void)pages[page * PAGE];
		}
		ns = now_ns() - ns;
		printf("%zu %ld %llu\n", n, major_faults() - faults, (unsigned long long)ns);
	}
	return 0;
}
