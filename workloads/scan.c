// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sequential scan: each thread passes `passes` times over its slice of an array of 64-bit words, reading
 * (or adding 1 to) one word in every `stride` bytes: 8 reads all, 4096 one a page. Bandwidth counts the
 * memory passed over, which is what far memory must bring, whatever the stride.
 * Operations: words. Verified: each pass's sum is the one that filling foretold, and so is each word.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "workloads/compressible.h"
#include "workloads/compute.h"

#define BLOCK (1ull << 20) /* bytes between two words to progress */

struct params {
	struct compute_params common;
	uint64_t memory_bytes, stride_bytes, passes;
	bool write;
	double compressible;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 65536, 1ull << 46,
		 "size of the array"),
	OPT_SIZE("stride", struct params, stride_bytes, "8", 8, 65536,
		 "bytes from one word to the next; a power of two"),
	OPT_U64("passes", struct params, passes, "10", 1, 1e9, "over the array"),
	OPT_BOOL("write", struct params, write, "no", "add 1 to each word that is read"),
	OPT_COMPRESSIBLE(struct params, 0.875),
	COMPUTE_OPTS(struct params),
	OPT_END
};

enum { BANDWIDTH, WORDS };

static const struct metric metrics[] = {
	[BANDWIDTH] = { "bandwidth", "gb_per_s", BETTER_HIGHER,
			"memory passed over, in 10^9 bytes per second" },
	[WORDS] = { "words", "per_s", BETTER_HIGHER, "words read" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct scan {
	uint64_t *words, n, step;
	unsigned int rest; /* compressible.h */
	uint64_t *sums;	   /* of a thread's passes, all in one */
};

static int check(const void *params, char *const *argv, struct err *err)
{
	const struct params *p = params;

	(void)argv;
	if (p->stride_bytes & (p->stride_bytes - 1))
		return err_usage(err, "stride=%" PRIu64 " is no power of two", p->stride_bytes);
	if (p->memory_bytes / p->common.threads < p->stride_bytes)
		return err_usage(err, "memory=%" PRIu64 " is less than a stride for each thread",
				 p->memory_bytes);
	return 0;
}

static uint64_t first_value(const struct compute_run *r, uint64_t i)
{
	const struct scan *s = r->state;

	return compressible_word(mix64(i ^ r->seed), i, s->rest);
}

static void fill(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct scan *s = r->state;
	uint64_t begin, end;

	crew_share(&r->crew, thread, s->n / s->step, &begin, &end);
	for (uint64_t i = begin * s->step; i < end * s->step; i++)
		s->words[i] = first_value(r, i);
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct scan *s = r->state;

	s->rest = compressible_rest(p->compressible);
	s->step = p->stride_bytes / sizeof(uint64_t);
	s->n = p->memory_bytes / p->stride_bytes * s->step;
	s->words = compute_alloc(r, "array", s->n * sizeof(uint64_t),
				 p->write ? COMPUTE_WORK : COMPUTE_INPUT, err);
	if (!s->words)
		return -ENOMEM;
	s->sums = xcalloc(r->crew.nr * 16, sizeof(*s->sums));
	crew_run(&r->crew, fill, r);
	return 0;
}

/* Four sums at a time: additions must not wait for each other. */
static uint64_t read_block(const uint64_t *words, uint64_t n, uint64_t step)
{
	uint64_t sum[4] = { 0 }, i = 0;

	if (step == 1) {
		for (; i < n; i++)
			sum[0] += words[i];
		return sum[0];
	}
	for (; i + 4 * step <= n; i += 4 * step) {
		for (uint64_t k = 0; k < 4; k++)
			sum[k] += words[i + k * step];
	}
	for (; i < n; i += step)
		sum[0] += words[i];
	return sum[0] + sum[1] + sum[2] + sum[3];
}

static uint64_t write_block(uint64_t *words, uint64_t n, uint64_t step)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i += step)
		sum += words[i]++;
	return sum;
}

static void pass(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct params *p = r->params;
	struct scan *s = r->state;
	uint64_t begin, end, sum = 0, done = 0;

	crew_share(&r->crew, thread, s->n / s->step, &begin, &end);
	begin *= s->step, end *= s->step;
	for (uint64_t k = 0; k < p->passes; k++) {
		for (uint64_t i = begin; i < end; i += BLOCK / 8) {
			uint64_t n = end - i < BLOCK / 8 ? end - i : BLOCK / 8;

			sum += p->write ? write_block(s->words + i, n, s->step)
					: read_block(s->words + i, n, s->step);
			done += n / s->step;
			progress_set(r->progress, thread, done);
		}
	}
	s->sums[thread * 16] = sum;
}

static void measure(struct compute_run *r)
{
	crew_run(&r->crew, pass, r);
}

static void verify(struct compute_run *r)
{
	const struct params *p = r->params;
	const struct scan *s = r->state;
	uint64_t sum = 0, due = 0, words = s->n / s->step;

	for (unsigned int i = 0; i < r->crew.nr; i++)
		sum += s->sums[i * 16];
	for (uint64_t i = 0; i < s->n; i++) {
		bool read = i % s->step == 0;
		uint64_t first = first_value(r, i);

		due += read ? first * p->passes : 0;
		if (s->words[i] != first + (read && p->write ? p->passes : 0))
			compute_wrong(r, "word %" PRIu64 " of the array is wrong", i);
	}
	/* With writing, pass k finds k more in each word. */
	if (p->write)
		due += words * (p->passes * (p->passes - 1) / 2);
	if (sum != due)
		compute_wrong(r, "the sum of the passes is wrong by %" PRId64,
			      (int64_t)(sum - due));
	compute_answer(r, sum);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct params *p = r->params;
	const struct scan *s = r->state;
	double words = (double)(s->n * p->passes);

	results_add_metric(results, &metrics[BANDWIDTH], words * sizeof(uint64_t) / seconds / 1e9);
	results_add_metric(results, &metrics[WORDS], words / (double)s->step / seconds);
}

static void release(struct compute_run *r)
{
	free(((struct scan *)r->state)->sums);
}

static const struct compute scan = {
	.state_size = sizeof(struct scan),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_scan = {
	.name = "scan",
	.summary = "sequential passes over an array, reading or writing, with a stride",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	COMPUTE_HOOKS(scan),
};
