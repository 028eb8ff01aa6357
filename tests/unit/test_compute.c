// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every computation at a tiny size: right with one and two threads, the same answer for the same seed, and
 * wrong when a word of its memory was damaged.
 */
#include "tests/unit/test.h"

#include <inttypes.h>
#include <math.h>

#include "base/progress.h"
#include "base/random.h"
#include "workloads/compute.h"
#include "workloads/workload.h"

static const struct tiny {
	const char *name;
	const char *options[5]; /* compressible last */
	bool by_thread;		/* the answer depends on the threads */
	bool seedless;		/* ... and not on the seed */
} tinies[] = {
	{ "bfs", { "scale=9", "sources=8" }, false, false },
	{ "btree", { "memory=300K", "lookups=20000", "range-share=0.1" }, false, false },
	{ "chase", { "memory=256K", "passes=3" }, false, true },
	{ "groupby", { "memory=300K", "passes=2" }, false, false },
	{ "gups", { "memory=256K", "updates=100000" }, true, false },
	{ "gups", { "memory=256K", "updates=100000", "compressible=0.5" }, true, false },
	{ "hashjoin", { "memory=300K", "hit=0.5" }, false, false },
	{ "kmeans", { "memory=300K", "iterations=5" }, false, false },
	{ "kmeans", { "memory=300K", "iterations=5", "compressible=0.5" }, false, false },
	{ "kmeans", { "memory=300K", "iterations=5", "compressible=0.625" }, false, false },
	{ "kvmap", { "memory=1M", "operations=20480", "get-share=0.7" }, false, false },
	{ "kvmap",
	  { "memory=1M", "operations=20480", "get-share=0.7", "compressible=0.5" },
	  false,
	  false },
	{ "pagerank", { "scale=9", "tolerance=0" }, false, false },
	{ "scan", { "memory=256K", "passes=3", "write=yes", "stride=16" }, false, false },
	{ "scan", { "memory=256K", "passes=3" }, false, false },
	{ "scan", { "memory=256K", "passes=3", "compressible=0.5" }, false, false },
	{ "stream", { "memory=300K", "passes=3" }, false, true },
	{ "xslookup", { "memory=1M", "lookups=20480" }, false, false },
};
#define NR_TINIES (sizeof(tinies) / sizeof(tinies[0]))

static struct progress progress;

struct job {
	const struct workload *workload;
	void *params;
	struct compute_run run;
};

static void job_init(struct job *j, const struct tiny *tiny, const char *threads, uint64_t seed)
{
	struct err err = { 0 };

	memset(j, 0, sizeof(*j));
	j->workload = workload_find(tiny->name, NULL);
	assert_non_null(j->workload);
	j->params = calloc(1, j->workload->params_size);
	assert_non_null(j->params);
	opt_defaults(j->workload->opts, j->params);
	for (size_t i = 0; i < 5 && tiny->options[i]; i++)
		assert_int_equal(
			opt_set_pair(j->workload->opts, j->params, tiny->options[i], "test", NULL),
			0);
	assert_int_equal(opt_set(j->workload->opts, j->params, "threads", threads, "test", NULL),
			 0);
	if (j->workload->check && j->workload->check(j->params, NULL, &err))
		fail_msg("%s", err.msg);
	j->run.params = j->params;
	j->run.seed = seed;
	memset(&progress, 0, sizeof(progress));
	progress_begin(&progress, 2);
	j->run.progress = &progress;
	if (compute_load(&j->run, j->workload->compute, &err))
		fail_msg("%s", err.msg);
}

static void job_end(struct job *j)
{
	compute_release(&j->run, j->workload->compute);
	opt_release(j->workload->opts, j->params);
	free(j->params);
}

static uint64_t answer_of(const struct tiny *tiny, const char *threads, uint64_t seed)
{
	uint64_t answer;
	struct job j;

	job_init(&j, tiny, threads, seed);
	j.workload->compute->measure(&j.run);
	assert_true(progress_sum(&progress) > 0);
	compute_verify(&j.run, j.workload->compute);
	if (j.run.wrong[0])
		fail_msg("%s, threads %s: %s", tiny->name, threads, j.run.wrong);
	answer = j.run.answer;
	job_end(&j);
	return answer;
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_TINIES; i++) {
		const struct tiny *t = &tinies[i];
		uint64_t one = answer_of(t, "1", 1), two = answer_of(t, "2", 1);

		assert_int_equal(answer_of(t, "1", 1), one);
		assert_int_equal(answer_of(t, "2", 1), two);
		if (!t->by_thread && one != two)
			fail_msg("%s: the answer depends on the threads", t->name);
		if (!t->seedless) {
			if (answer_of(t, "1", 2) == one)
				fail_msg("%s: two seeds, one answer", t->name);
		}
	}
}

/* Every row of the table that computes is tested here, and reports all its metrics. */
static void test_reports(void **state)
{
	(void)state;
	for (const struct workload *const *row = workload_table; *row; row++) {
		const struct tiny *t = tinies;
		struct results results;
		struct job j;

		if (!(*row)->compute)
			continue;
		while (t < tinies + NR_TINIES && strcmp(t->name, (*row)->name) != 0)
			t++;
		assert_true(t < tinies + NR_TINIES);
		job_init(&j, t, "1", 1);
		j.workload->compute->measure(&j.run);
		compute_verify(&j.run, j.workload->compute);
		results_init(&results);
		j.workload->compute->report(&j.run, 2, &results);
		assert_string_equal(results.rows[0].name, (*row)->metrics[0].name);
		for (size_t i = 0; i < results.nr; i++)
			assert_true(isfinite(results.rows[i].value) && results.rows[i].value >= 0);
		results_release(&results);
		job_end(&j);
	}
}

/* compressible=0.5: half of the largest range is zeros, after measure(), too. */
static void test_compressible(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_TINIES; i++) {
		const char *last = "";
		const struct compute_range *range;
		uint64_t zeros = 0, words;
		struct job j;

		for (size_t k = 0; k < 5 && tinies[i].options[k]; k++)
			last = tinies[i].options[k];
		if (strcmp(last, "compressible=0.5") != 0)
			continue;
		job_init(&j, &tinies[i], "1", 1);
		j.workload->compute->measure(&j.run);
		range = &j.run.ranges[0];
		for (unsigned int k = 1; k < j.run.nr_ranges; k++)
			range = j.run.ranges[k].bytes > range->bytes ? &j.run.ranges[k] : range;
		words = range->bytes / 8;
		for (uint64_t k = 0; k < words; k++)
			zeros += ((const uint64_t *)range->base)[k] == 0;
		if (zeros < words * 45 / 100 || zeros > words * 55 / 100)
			fail_msg("%s: %" PRIu64 " of %" PRIu64 " words are zeros", tinies[i].name,
				 zeros, words);
		job_end(&j);
	}
}

enum damage { BIT, NOISE, NR_DAMAGES };

/* One bit, or 4096 bytes of noise as if another page had come. */
static void damage(struct compute_range *range, enum damage kind, uint64_t random)
{
	uint8_t *bytes = range->base;
	size_t at = random % range->bytes;

	if (kind == BIT) {
		bytes[at] ^= (uint8_t)(1u << (random >> 32 & 7));
		return;
	}
	at = at / 4096 * 4096;
	for (size_t i = at; i < range->bytes && i < at + 4096; i++)
		bytes[i] = (uint8_t)random_next(&random);
}

static void check_damage(const struct tiny *tiny, const char *threads, unsigned int nr,
			 enum damage kind, uint64_t random)
{
	struct job j;
	enum compute_memory memory;

	job_init(&j, tiny, threads, 1);
	memory = j.run.ranges[nr].kind;
	if (memory == COMPUTE_INPUT)
		damage(&j.run.ranges[nr], kind, random);
	j.workload->compute->measure(&j.run);
	if (memory == COMPUTE_WORK)
		damage(&j.run.ranges[nr], kind, random);
	compute_verify(&j.run, j.workload->compute);
	if (memory != COMPUTE_SCRATCH && !j.run.wrong[0])
		fail_msg("%s, threads %s: damage of kind %d to its %s went unseen (random %#" PRIx64
			 ")",
			 tiny->name, threads, kind, j.run.ranges[nr].name, random);
	job_end(&j);
}

static void test_damage(void **state)
{
	uint64_t random = 99;

	(void)state;
	for (size_t i = 0; i < NR_TINIES; i++) {
		struct job j;
		unsigned int nr;

		job_init(&j, &tinies[i], "1", 1);
		nr = j.run.nr_ranges;
		job_end(&j);
		assert_true(nr > 0);
		for (unsigned int range = 0; range < nr; range++) {
			for (unsigned int k = 0; k < 8; k++)
				check_damage(&tinies[i], k % 2 ? "1" : "2", range, k / 4,
					     random_next(&random));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_compressible),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests_name("compute", tests, NULL, NULL);
}
