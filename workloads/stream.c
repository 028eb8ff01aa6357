// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bandwidth by McCalpin's four kernels on three arrays of doubles, a third of the memory each:
 *	copy c = a, scale b = s c, add c = a + b, triad a = b + s c
 * one after the other, `passes` times. Counted are the bytes that a kernel names: 16 a step for copy and
 * scale, 24 for add and triad. As in STREAM the result is the best pass, but not the first; the median is
 * beside it. s = 3 / 7, so that values stay small for any number of passes. Stores go past the caches, where
 * the CPU can (SSE2): a line that is written whole need not be read first.
 * Operations: elements, of all kernels. Verified: all elements of an array are equal at all times, so that
 * each must be, bit by bit, what one element comes to by itself.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/alloc.h"
#include "base/clock.h"
#include "base/stats.h"
#include "workloads/compute.h"

#define SCALAR (3.0 / 7)
#define BLOCK  (1ull << 17)
#define PAIR   2

typedef double pair __attribute__((vector_size(PAIR * sizeof(double))));

struct params {
	struct compute_params common;
	uint64_t memory_bytes, passes;
};

static const struct opt opts[] = { OPT_SIZE("memory", struct params, memory_bytes, "256M", 65536,
					    1ull << 46, "of the three arrays"),
				   OPT_U64("passes", struct params, passes, "10", 2, 100000,
					   "over the arrays, by each kernel"),
				   COMPUTE_OPTS(struct params), OPT_END };

enum { COPY, SCALE, ADD, TRIAD, NR_KERNELS };

/* The field quotes triad. */
enum {
	M_TRIAD,
	M_COPY,
	M_SCALE,
	M_ADD,
	M_TRIAD_MEDIAN,
	M_COPY_MEDIAN,
	M_SCALE_MEDIAN,
	M_ADD_MEDIAN
};

static const struct metric metrics[] = {
	[M_TRIAD] = { "triad", "gb_per_s", BETTER_HIGHER, "a = b + s c, best pass" },
	[M_COPY] = { "copy", "gb_per_s", BETTER_HIGHER, "c = a, best pass" },
	[M_SCALE] = { "scale", "gb_per_s", BETTER_HIGHER, "b = s c, best pass" },
	[M_ADD] = { "add", "gb_per_s", BETTER_HIGHER, "c = a + b, best pass" },
	[M_TRIAD_MEDIAN] = { "triad_median", "gb_per_s", BETTER_HIGHER, "median pass" },
	[M_COPY_MEDIAN] = { "copy_median", "gb_per_s", BETTER_HIGHER, "median pass" },
	[M_SCALE_MEDIAN] = { "scale_median", "gb_per_s", BETTER_HIGHER, "median pass" },
	[M_ADD_MEDIAN] = { "add_median", "gb_per_s", BETTER_HIGHER, "median pass" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

static const struct {
	int best, median;
	double bytes; /* a step */
} kernels[NR_KERNELS] = {
	[COPY] = { M_COPY, M_COPY_MEDIAN, 16 },
	[SCALE] = { M_SCALE, M_SCALE_MEDIAN, 16 },
	[ADD] = { M_ADD, M_ADD_MEDIAN, 24 },
	[TRIAD] = { M_TRIAD, M_TRIAD_MEDIAN, 24 },
};

struct stream {
	pair *a, *b, *c;
	uint64_t n;		  /* pairs of each */
	uint64_t *ns[NR_KERNELS]; /* of each pass */
};

static void fill(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct stream *s = r->state;
	uint64_t begin, end;

	crew_share(&r->crew, thread, s->n, &begin, &end);
	for (uint64_t i = begin; i < end; i++) {
		s->a[i] = (pair){ 1, 1 };
		s->b[i] = (pair){ 2, 2 };
		s->c[i] = (pair){ 0, 0 };
	}
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct stream *s = r->state;
	size_t bytes = p->memory_bytes / 3 / 4096 * 4096;

	s->n = bytes / sizeof(pair);
	s->a = compute_alloc(r, "array a", bytes, COMPUTE_WORK, err);
	s->b = s->a ? compute_alloc(r, "array b", bytes, COMPUTE_WORK, err) : NULL;
	s->c = s->b ? compute_alloc(r, "array c", bytes, COMPUTE_WORK, err) : NULL;
	if (!s->c)
		return -ENOMEM;
	for (int k = 0; k < NR_KERNELS; k++)
		s->ns[k] = xcalloc(p->passes, sizeof(*s->ns[k]));
	crew_run(&r->crew, fill, r);
	return 0;
}

static inline void put(pair *at, pair value)
{
#ifdef __SSE2__
	_mm_stream_pd((double *)at, (__m128d)value);
#else
	*at = value;
#endif
}

static void step(int kernel, pair *restrict a, pair *restrict b, pair *restrict c, uint64_t n)
{
	switch (kernel) {
	case COPY:
		for (uint64_t i = 0; i < n; i++)
			put(&c[i], a[i]);
		break;
	case SCALE:
		for (uint64_t i = 0; i < n; i++)
			put(&b[i], SCALAR * c[i]);
		break;
	case ADD:
		for (uint64_t i = 0; i < n; i++)
			put(&c[i], a[i] + b[i]);
		break;
	default:
		for (uint64_t i = 0; i < n; i++)
			put(&a[i], b[i] + SCALAR * c[i]);
	}
#ifdef __SSE2__
	_mm_sfence();
#endif
}

static void one_kernel(struct compute_run *r, unsigned int thread, int kernel)
{
	struct stream *s = r->state;
	uint64_t begin, end;

	crew_share(&r->crew, thread, s->n, &begin, &end);
	for (uint64_t i = begin; i < end; i += BLOCK) {
		uint64_t n = end - i < BLOCK ? end - i : BLOCK;

		step(kernel, s->a + i, s->b + i, s->c + i, n);
		progress_add(r->progress, thread, n * PAIR);
	}
}

/*
 * The first thread takes the time: before it lets the others begin, or a thread that the CPU is not free for
 * would find their work done, and until all are done.
 */
static void work(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct params *p = r->params;
	struct stream *s = r->state;

	for (uint64_t pass = 0; pass < p->passes; pass++) {
		for (int kernel = 0; kernel < NR_KERNELS; kernel++) {
			uint64_t begin_ns = clock_ns();

			crew_meet(&r->crew);
			one_kernel(r, thread, kernel);
			crew_meet(&r->crew);
			if (!thread)
				s->ns[kernel][pass] = clock_ns() - begin_ns;
		}
	}
}

static void measure(struct compute_run *r)
{
	crew_run(&r->crew, work, r);
}

static void check_array(struct compute_run *r, const char *name, const pair *array, pair due)
{
	const struct stream *s = r->state;

	for (uint64_t i = 0; i < s->n; i++) {
		if (memcmp(&array[i], &due, sizeof(due)) != 0)
			compute_wrong(r,
				      "%s[%" PRIu64 "] and the next are %.17g and %.17g, not %.17g",
				      name, i * PAIR, array[i][0], array[i][1], due[0]);
	}
	compute_answer(r, (uint64_t)(due[0] * 1e15));
}

static void verify(struct compute_run *r)
{
	const struct params *p = r->params;
	const struct stream *s = r->state;
	pair a = { 1, 1 }, b = { 2, 2 }, c = { 0, 0 };

	for (uint64_t pass = 0; pass < p->passes; pass++) {
		for (int k = 0; k < NR_KERNELS; k++)
			step(k, &a, &b, &c, 1);
	}
	check_array(r, "a", s->a, a);
	check_array(r, "b", s->b, b);
	check_array(r, "c", s->c, c);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct params *p = r->params;
	const struct stream *s = r->state;
	double *rates = xcalloc(p->passes, sizeof(*rates)), doubles = (double)s->n * PAIR;

	(void)seconds;
	for (int m = M_TRIAD; m <= M_ADD_MEDIAN; m++) {
		for (int k = 0; k < NR_KERNELS; k++) {
			double best = 0;

			for (uint64_t i = 0; i < p->passes; i++) {
				rates[i] = doubles * kernels[k].bytes / (double)s->ns[k][i];
				best = i ? fmax(best, rates[i]) : 0;
			}
			if (kernels[k].best == m)
				results_add_metric(results, &metrics[m], best);
			if (kernels[k].median == m)
				results_add_metric(results, &metrics[m],
						   stats_median(rates, p->passes));
		}
	}
	free(rates);
}

static void release(struct compute_run *r)
{
	for (int k = 0; k < NR_KERNELS; k++)
		free(((struct stream *)r->state)->ns[k]);
}

static const struct compute stream = {
	.state_size = sizeof(struct stream),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_stream = {
	.name = "stream",
	.summary = "memory bandwidth: copy, scale, add, triad",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(stream),
};
