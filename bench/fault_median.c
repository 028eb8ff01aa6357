// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program waits for at each page that comes back: fills pages, pushes them all out, and
 * times touching each of them once, in order. Prints one line per repeat: the median touch that
 * was a major fault, the mean over all pages, and how many faults there were.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/clock.h"

#define PAGE 4096UL

static void die(const char *what)
{
	fprintf(stderr, "fault_median: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long major_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_majflt;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* No two pages equal, none of one repeated word: such pages are not stored by some kernels. */
static void fill(volatile uint64_t *words, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n * PAGE / sizeof(*words); i++)
		words[i] = (i + seed) * 0x9e3779b97f4a7c15ULL;
}

static void scan(volatile uint64_t *words, size_t n, uint64_t *fault_ns)
{
	uint64_t begin_ns = clock_ns(), at_ns = begin_ns, now_ns;
	long faults = 0, before;

	for (size_t page = 0; page < n; page++) {
		before = major_faults();
		at_ns = clock_ns();
		(void)words[page * PAGE / sizeof(*words)];
		now_ns = clock_ns();
		if (major_faults() > before)
			fault_ns[faults++] = now_ns - at_ns;
	}
	now_ns = clock_ns();
	if (!faults) {
		fputs("fault_median: no page came back: is swap on and large enough?\n", stderr);
		exit(1);
	}
	qsort(fault_ns, faults, sizeof(*fault_ns), compare);
	printf("%llu %llu %ld\n", (unsigned long long)fault_ns[faults / 2],
	       (unsigned long long)((now_ns - begin_ns) / n), faults);
}

int main(int argc, char **argv)
{
	volatile uint64_t *words;
	uint64_t *fault_ns;
	size_t n, repeats;

	if (argc != 3 || !(n = strtoul(argv[1], NULL, 10))) {
		fputs("usage: fault_median PAGES REPEATS\n", stderr);
		return 2;
	}
	repeats = strtoul(argv[2], NULL, 10);
	words = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fault_ns = calloc(n, sizeof(*fault_ns));
	if (words == MAP_FAILED || !fault_ns)
		die("mmap");
	madvise((void *)words, n * PAGE, MADV_NOHUGEPAGE);
	for (size_t repeat = 0; repeat < repeats; repeat++) {
		fill(words, n, repeat);
		if (madvise((void *)words, n * PAGE, MADV_PAGEOUT))
			die("MADV_PAGEOUT");
		scan(words, n, fault_ns);
	}
	free(fault_ns);
	return 0;
}
