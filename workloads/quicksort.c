// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sorts one large array of random numbers in place: two fronts that move towards each other
 * through ever smaller ranges, so page-ins are sequential at first and local in the end. The
 * array's order and checksum are verified, which makes it a content check of the backend too.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/random.h"
#include "workloads/compressible.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"
#include "workloads/workload.h"

/* Shorter ranges are sorted by insertion. */
#define SMALL 24

struct params {
	uint64_t memory_bytes;
	uint64_t seed;
	double compressible;
};

static const struct opt opts[] = { OPT_SIZE("memory", struct params, memory_bytes, "256M", 4096,
					    1ull << 46, "size of the array of 64-bit numbers"),
				   OPT_U64("seed", struct params, seed, "0", 0, (double)UINT64_MAX,
					   "of the numbers; 0: the run's seed"),
				   OPT_COMPRESSIBLE(struct params, 0.875), OPT_END };

enum { ELAPSED, SORT, ELEMENTS };

static const struct metric metrics[] = {
	[ELAPSED] = { "elapsed", "s", BETTER_LOWER,
		      "from its start to its end: fill, sort, verify" },
	[SORT] = { "sort", "s", BETTER_LOWER, "the sorting alone" },
	[ELEMENTS] = { "elements", "per_s", BETTER_HIGHER, "numbers sorted per second of sorting" },
	{ .name = NULL },
};

/* Of a multiset: equal before and after, whatever the order. */
struct checksum {
	uint64_t sum, xor;
};

static bool checksum_equal(struct checksum a, struct checksum b)
{
	return a.sum == b.sum && a.xor == b.xor ;
}

static void swap(uint64_t *a, uint64_t *b)
{
	uint64_t t = *a;

	*a = *b;
	*b = t;
}

static void insertion_sort(uint64_t *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t v = a[i];
		size_t j = i;

		for (; j > 0 && a[j - 1] > v; j--)
			a[j] = a[j - 1];
		a[j] = v;
	}
}

static void sift_down(uint64_t *a, size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		if (child + 1 < n && a[child + 1] > a[child])
			child++;
		if (a[root] >= a[child])
			return;
		swap(&a[root], &a[child]);
	}
}

static void heap_sort(uint64_t *a, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(a, i, n);
	while (n > 1) {
		swap(&a[0], &a[--n]);
		sift_down(a, 0, n);
	}
}

/* Median of first, middle and last, left in order: they stop both fronts of the partition. */
static uint64_t choose_pivot(uint64_t *a, size_t n)
{
	uint64_t *first = a, *middle = a + n / 2, *last = a + n - 1;

	if (*middle < *first)
		swap(middle, first);
	if (*last < *middle)
		swap(last, middle);
	if (*middle < *first)
		swap(middle, first);
	return *middle;
}

/* Hoare's partition. Returns how many elements are in the left part: 1 to n - 1. */
static size_t partition(uint64_t *a, size_t n)
{
	uint64_t pivot = choose_pivot(a, n);
	size_t i = 0, j = n - 1;

	for (;;) {
		do
			i++;
		while (a[i] < pivot);
		do
			j--;
		while (a[j] > pivot);
		if (i >= j)
			return j + 1;
		swap(&a[i], &a[j]);
	}
}

/*
 * Recurses into the smaller part only, so that the stack stays below log2(n) frames. Past `depth`
 * bad pivots in a row it gives the range to heapsort, which cannot go quadratic (Musser:
 * Introspective sorting and selection algorithms, 1997).
 */
static void quicksort(uint64_t *a, size_t n, unsigned int depth)
{
	while (n > SMALL) {
		if (!depth--) {
			heap_sort(a, n);
			return;
		}

		size_t left = partition(a, n);

		if (left < n - left) {
			quicksort(a, left, depth);
			a += left;
			n -= left;
		} else {
			quicksort(a + left, n - left, depth);
			n = left;
		}
	}
	insertion_sort(a, n);
}

static struct checksum fill(uint64_t *a, size_t n, uint64_t seed, double compressible)
{
	struct checksum c = { 0, 0 };
	unsigned int rest = compressible_rest(compressible);

	for (size_t i = 0; i < n; i++) {
		a[i] = compressible_number(random_next(&seed), rest);
		c.sum += a[i];
		c.xor ^= a[i];
	}
	return c;
}

/* Returns whether a is in order. */
static bool verify(const uint64_t *a, size_t n, struct checksum *ret)
{
	struct checksum c = { 0, 0 };
	bool ordered = true;

	for (size_t i = 0; i < n; i++) {
		c.sum += a[i];
		c.xor ^= a[i];
		ordered &= !i || a[i - 1] <= a[i];
	}
	*ret = c;
	return ordered;
}

static int quicksort_main(const void *arg, struct worker *worker)
{
	const struct params *p = arg;
	size_t n = p->memory_bytes / sizeof(uint64_t);
	uint64_t *a = mmap(NULL, n * sizeof(*a), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (a == MAP_FAILED)
		return worker_error(worker,
				    "quicksort: no room for %" PRIu64 " bytes; lower -o memory",
				    p->memory_bytes);

	struct checksum before = fill(a, n, p->seed ? p->seed : worker_seed(worker),
				      p->compressible),
			after;
	unsigned int depth = 2 * (64 - (unsigned int)__builtin_clzll(n));
	uint64_t begin_ns = clock_ns();

	quicksort(a, n, depth);

	double sort_s = (double)(clock_ns() - begin_ns) / 1e9;
	bool ordered = verify(a, n, &after);

	if (!ordered || !checksum_equal(before, after))
		worker_flag(worker, "PAGE_CORRUPTED", SEVERITY_FATAL,
			    "quicksort: the sorted array %s",
			    ordered ? "has not the checksum of the unsorted" : "is out of order");
	worker_result(worker, metrics[SORT].name, sort_s);
	worker_result(worker, metrics[ELEMENTS].name, (double)n / sort_s);
	return EXIT_SUCCESS;
}

const struct workload workload_quicksort = {
	.name = "quicksort",
	.summary = "sorts random 64-bit numbers in place, verified",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.main = quicksort_main,
	WORKER_HOOKS,
};
