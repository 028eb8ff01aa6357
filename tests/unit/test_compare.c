// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/synthetic.h"

#include <math.h>

#include "results/compare.h"
#include "results/compare_row.h"

#define SIDES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define ASK(...)   (&(const struct compare_request){ .sides = SIDES(__VA_ARGS__) })

/* What a kernel brings with it differs between kernels, too. */
static int64_t machine_with(struct store *s, const char *kernel)
{
	struct facts facts;
	int64_t machine = 0;

	facts_init(&facts);
	facts_set(&facts, "kernel", "%s", kernel);
	facts_set(&facts, "kernel_build", "#1 of %s", kernel);
	facts_set(&facts, "memory_bytes", "%zu", strlen(kernel));
	assert_ok(store_machine(s, &facts, &machine, &err));
	facts_release(&facts);
	return machine;
}

/* A run that has results alone. */
static int64_t add_run(struct store *s, const struct run_record *record, const char *kernel,
		       double elapsed, const char *status)
{
	struct results results;
	int64_t run = 0;

	assert_ok(store_run_begin(s, machine_with(s, kernel), record, &run, &err));
	results_init(&results);
	results_add(&results, "elapsed", "s", BETTER_LOWER, elapsed);
	results_add(&results, "misses", "count", BETTER_NEITHER, 0);
	results_add(&results, "share.0", "share", BETTER_NEITHER, 1);
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, status, strcmp(status, "ok") ? "it said so" : NULL, &err));
	return run;
}

static const double quick[] = { 1.00, 1.01, 1.02, 0.99, 1.00, 1.01, 0.98 };
static const double slow[] = { 2.00, 2.02, 2.05, 1.98, 2.00, 2.02, 1.96 };
#define NR 7

/* Seven repeats, each of zram at 1 and at 0.5 and of a swap file at 0.5: runs 1, 2, 3; 4, 5, 6; … */
static struct store *three_cells(const char *name)
{
	struct store *s = synthetic_store(name);

	for (int i = 0; i < NR; i++) {
		struct run_record r = synthetic_record("quicksort", "zram", 1, i + 1);

		add_run(s, &r, "6.1", quick[i], "ok");
		r = synthetic_record("quicksort", "zram", 0.5, i + 1);
		add_run(s, &r, "6.1", slow[i], "ok");
		r = synthetic_record("quicksort", "swapfile", 0.5, i + 1);
		add_run(s, &r, "6.1", slow[NR - 1 - i], "ok");
	}
	return s;
}

/* The comparison's text, or its error as the result. */
static int compare(struct store *s, const struct compare_request *q, enum export_format format,
		   char **text)
{
	size_t size;
	FILE *out = open_memstream(text, &size);
	int rc;

	memset(&err, 0, sizeof(err));
	rc = compare_runs(s, q, format, out, out, &err);
	fclose(out);
	return rc;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void assert_refused(struct store *s, const struct compare_request *q, enum err_kind kind,
			   const char *part)
{
	char *text;

	assert_int_not_equal(compare(s, q, EXPORT_TABLE, &text), 0);
	assert_int_equal(err.kind, kind);
	assert_has(err.msg, part);
	assert_null(strchr(err.msg, '\n'));
	assert_string_equal(text, "");
	free(text);
}

static void assert_compares(struct store *s, const struct compare_request *q, const char *part)
{
	char *text;

	assert_ok(compare(s, q, EXPORT_TABLE, &text));
	assert_has(text, part);
	free(text);
}

static double number(const char *json, const char *key)
{
	char pattern[64];
	const char *found;

	snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	found = strstr(json, pattern);
	if (!found)
		fail_msg("no %s in %s", key, json);
	return strtod(found + strlen(pattern), NULL);
}

static void test_ratio(void **state)
{
	struct store *s = three_cells("ratio.db");
	char *text;

	(void)state;
	assert_ok(compare(s, ASK("backend=zram,ratio=1", "backend=zram,ratio=0.5"), EXPORT_JSON,
			  &text));
	/* Each pair's ratio is all but 2, whatever the repeats scatter. */
	assert_true(fabs(number(text, "ratio") - 2.001) < 1e-3);
	assert_in_range((int)(1000 * number(text, "ratio_low")), 1995, 2001);
	assert_in_range((int)(1000 * number(text, "ratio_high")), 2001, 2007);
	assert_true(number(text, "cliffs_delta") == 1);
	assert_true(number(text, "runs_a") == NR && number(text, "runs_b") == NR);
	assert_true(number(text, "blocks") == NR && number(text, "coverage") == 0.95);
	assert_true(number(text, "interleaved") == 1 && number(text, "left_out_a") == 0);
	assert_has(text, "\"method\":\"paired\"");
	assert_has(text, "\"better\":\"lower\"");
	assert_has(text, "\"verdict\":\"B is worse\"");
	assert_has(text, "\"runs_needed\":null");
	free(text);
	/* The other way round it is better; misses, all 0, have no ratio. */
	assert_ok(compare(s, ASK("ratio=0.5,backend=zram", "ratio=1,backend=zram"), EXPORT_CSV,
			  &text));
	assert_has(text, "B is better");
	assert_has(text, "misses,count,,,7,7,0,0,0,,,,,,0,,1,,,,0,0,");
	assert_null(strstr(text, "share.0")); /* a thread's */
	free(text);
	assert_compares(s, ASK("backend=zram,ratio=0.5", "backend=swapfile,ratio=0.5"),
			"no difference seen");
	store_close(s);
}

static void test_selectors(void **state)
{
	struct store *s = three_cells("selectors.db");
	struct run_record r = synthetic_record("quicksort", "zram", 0.5, 1);

	(void)state;
	/* Values as typed elsewhere, several values of a key, bare runs. */
	assert_compares(s, ASK("memory=512M,ratio=1.0", "memory=512M,ratio=.5,backend=zram"),
			"A  memory=512M,ratio=1.0: 7 runs (1 4 7 10 13 16 19)");
	assert_compares(s, ASK("1,4,13,ratio=1", "run=2,8,5,14,ratio=0.5,backend=zram"),
			"4 runs (2 5 8 14)");
	assert_compares(s, ASK("ratio=1,kernel=6.1", "ratio=0.5,measure=10,backend=zram"), "B/A");

	/* A backend's parameter, with or without its name; an alias; '-' and '_' are the same. */
	r.backend_params = "{\"algorithm\":\"lz4\"}";
	r.run_params = "{\"measure\":10,\"offload-reclaim\":true,\"sample_hz\":10}";
	add_run(s, &r, "6.1", 1, "ok");
	r = synthetic_record("quicksort", "zram", 0.5, 1);
	r.backend_params = "{\"algorithm\":null}";
	r.run_params = "{\"measure\":10,\"offload-reclaim\":false,\"sample_hz\":10}";
	add_run(s, &r, "6.1", 1, "ok");
	assert_compares(s,
			ASK("zram.algorithm=lz4,offload=yes,sample-hz=10",
			    "algorithm=null,offload=no,sample-hz=10"),
			"too few runs to tell: at least 3 more a side");

	assert_refused(s, ASK("", "ratio=1"), ERR_USAGE, "A is empty");
	assert_refused(s, ASK("ratio=1", "backend="), ERR_USAGE, "key=value");
	assert_refused(s, ASK("backnd=zram", "ratio=1"), ERR_USAGE, "did you mean 'backend'?");
	assert_refused(s, ASK("ratio=1", "ratio=0.7"), ERR_USAGE, "B: no run has ratio=0.7");
	assert_refused(s, ASK("backend=swapfile,ratio=1", "ratio=1"), ERR_USAGE, "all of");
	assert_refused(s, ASK("999", "1"), ERR_USAGE, "no run 999");
	store_close(s);
}

static void test_like_with_like(void **state)
{
	struct store *s = three_cells("like.db");
	struct run_record r = synthetic_record("quicksort", "zram", 0.5, 1);

	(void)state;
	/* What is not named must not differ; what is named must be named on both sides. */
	assert_refused(s, ASK("backend=zram,ratio=1", "backend=swapfile"), ERR_USAGE,
		       "differ in ratio (A: 1.0; B: 0.5)");
	assert_compares(s, ASK("1", "2"),
			"A and B were chosen by run numbers, and differ in "
			"ratio (A: 1.0; B: 0.5).\n");
	/* A side of two kinds has no median, named or not. */
	assert_refused(s, ASK("backend=zram", "backend=swapfile"), ERR_USAGE, "A: 0.5, 1.0");
	assert_refused(s, ASK("ratio=0.5,1,backend=zram", "ratio=0.5,backend=swapfile"), ERR_USAGE,
		       "differ in ratio");
	assert_refused(s, ASK("ratio=0.5", "ratio=0.5"), ERR_USAGE, "run 2 is on both sides");

	/* Another kernel; a parameter; a setting of the machine. Each is fine once it is named. */
	add_run(s, &r, "6.12", 1, "ok"); /* 22 */
	assert_compares(s, ASK("run=2,5", "run=22"), "differ in kernel (A: 6.1; B: 6.12).\n");
	assert_refused(s, ASK("run=2,5,ratio=0.5", "run=22"), ERR_USAGE,
		       "differ in kernel (A: 6.1; B: 6.12): ");
	assert_compares(s, ASK("run=2,5,kernel=6.1", "run=22,kernel=6.12"), "B/A");
	r = synthetic_record("quicksort", "zram", 0.5, 1);
	r.jobs[0].workload_params = "{\"memory\":1048576,\"threads\":4}";
	add_run(s, &r, "6.1", 1, "ok"); /* 23 */
	assert_compares(s, ASK("run=2", "run=23"),
			"memory (A: 536870912; B: 1048576); threads (A: none; B: 4)");
	for (int i = 0; i < 2; i++) {
		struct facts facts;
		int64_t run;

		r = synthetic_record("quicksort", "zram", 0.5, 1);
		facts_init(&facts);
		facts_set(&facts, "thp", i ? "always" : "madvise");
		facts_set(&facts, "swap_size_bytes", "%d", i);
		run = add_run(s, &r, "6.1", 1, "ok"); /* 24, 25 */
		assert_ok(store_run_facts(s, run, &facts, &err));
		facts_release(&facts);
	}
	assert_refused(s, ASK("24,ratio=0.5", "25"), ERR_USAGE,
		       "differ in thp (A: madvise; B: always): ");
	assert_compares(s, ASK("24,thp=madvise", "25,thp=always"), "B/A");
	/* The same share of another peak is another limit; one measured anew hardly is. */
	for (int i = 0; i < 3; i++) {
		r = synthetic_record("quicksort", i ? "swapfile" : "zram", 0.25, 1);
		r.jobs[0].limit_bytes = (uint64_t[]){ 100 << 20, 101 << 20, 120 << 20 }[i];
		add_run(s, &r, "6.1", 1, "ok"); /* 26, 27, 28 */
	}
	assert_compares(s, ASK("26,backend=zram", "27,backend=swapfile"), "B/A");
	assert_refused(s, ASK("26,backend=zram", "28,backend=swapfile"), ERR_USAGE,
		       "differ in limit (A: 104857600; B: 125829120): ");
	assert_refused(s, ASK("27,ratio=0.25", "28"), ERR_USAGE, "differ in limit");
	assert_compares(s, ASK("27,limit=101M", "28,limit=120M"), "B/A");
	assert_compares(s, ASK("2", "26"), "differ in ratio (A: 0.5; B: 0.25).\n");
	/* Another workload has parameters of its own: they follow from it. */
	r = synthetic_record("kmeans", "zram", 0.5, 1);
	r.jobs[0].workload_params = "{\"points\":5}";
	add_run(s, &r, "6.1", 1, "ok"); /* 29 */
	assert_compares(s, ASK("2", "29"), "differ in workload (A: quicksort; B: kmeans).\n");
	/* A side of two kinds has no median, by numbers either. */
	assert_refused(s, ASK("1,2", "5"), ERR_USAGE, "differ in ratio (A: 0.5, 1.0; B: 0.5): ");
	assert_compares(s, ASK("2,workload=quicksort", "29,workload=kmeans"), "B/A");
	store_close(s);
}

static void test_left_out(void **state)
{
	struct store *s = three_cells("left-out.db");
	struct compare_request q = { .sides = SIDES("backend=zram,ratio=0.5",
						    "backend=swapfile,ratio=0.5") };
	struct run_record r = synthetic_record("quicksort", "swapfile", 0.5, 8);
	char *text;

	(void)state;
	add_run(s, &r, "6.1", 100, "untrusted"); /* 22 */
	r = synthetic_record("quicksort", "swapfile", 0.5, 9);
	add_run(s, &r, "6.1", 100, "failed"); /* 23 */

	assert_ok(compare(s, &q, EXPORT_TABLE, &text));
	assert_has(text, "7 runs (3 6 9 12 15 18 21), 2 left out\n");
	assert_has(text, "left out: run 22 of B: untrusted (it said so)\n");
	assert_has(text, "left out: run 23 of B: failed (it said so)\n");
	free(text);
	q.untrusted = true;
	assert_ok(compare(s, &q, EXPORT_TABLE, &text));
	assert_has(text, "8 runs (3 6 9 12 15 18 21-22), 1 left out\n");
	assert_null(strstr(text, "run 22 of B"));
	free(text);
	assert_refused(s, ASK("run=2", "run=22"), ERR_MISSING, "run 22 of B: untrusted");
	store_close(s);
}

static void test_cliffs_delta(void **state)
{
	const double a[] = { 1, 2, 3 }, b[] = { 3, 4 };

	(void)state;
	/* Of six pairs five are above, none below, one is even. */
	assert_true(fabs(compare_cliffs_delta(a, 3, b, 2) - 5.0 / 6) < 1e-12);
	assert_true(fabs(compare_cliffs_delta(b, 2, a, 3) + 5.0 / 6) < 1e-12);
	assert_true(compare_cliffs_delta(a, 3, a, 3) == 0);
}

static void test_power(void **state)
{
	static const char *const bad[] = { "", "%", "2", "-1%", "0%", "2%%", "x%", "1e9%" };
	struct store *s = three_cells("power.db");
	struct compare_request q = { .sides = SIDES("ratio=1", "ratio=0.5,backend=zram"),
				     .power = 0.02 };
	double share = 0;
	char *text;

	(void)state;
	assert_ok(compare_parse_power("2.5%", &share, &err));
	assert_true(fabs(share - 0.025) < 1e-12);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(compare_parse_power(bad[i], &share, &err), -EINVAL);
	assert_ok(compare(s, &q, EXPORT_TABLE, &text));
	assert_has(text, "runs for 2 %");
	assert_has(text, "from the 80 % upper limit\nof the spread of 7 pilot blocks.\n");
	free(text);
	store_close(s);
}

/* Runs of a side, one after the other; repeats from 1 on, or all of block 0. */
static void add_side(struct store *s, const char *backend, const double *values, int nr, int repeat)
{
	for (int i = 0; i < nr; i++) {
		struct run_record r = synthetic_record("quicksort", backend, 0.5, repeat + i);

		add_run(s, &r, "6.1", values[i], "ok");
	}
}

static const char *const formats_without[] = { "B is better", "B is worse" };

/* In no format do a few runs get a verdict, however far apart they are. */
static void test_too_few(void **state)
{
	struct compare_request q = { .sides = SIDES("backend=zram", "backend=swapfile") };

	(void)state;
	for (int nr = 1; nr < 4; nr++) {
		struct store *s = synthetic_store("few.db");

		for (int i = 0; i < nr; i++) {
			add_side(s, "zram", &quick[i], 1, i + 1);
			add_side(s, "swapfile", &slow[i], 1, i + 1);
		}
		for (int f = EXPORT_TABLE; f <= EXPORT_JSON; f++) {
			char *text;

			assert_ok(compare(s, &q, (enum export_format)f, &text));
			assert_has(text, "too few runs to tell: ");
			assert_has(text, "No verdict: a side has fewer than 4 runs.");
			assert_has(text, nr == 1 ? "at least 3 more a side"
						 : " more a side for a difference of 5 %");
			for (int i = 0; i < 2; i++)
				assert_null(strstr(text, formats_without[i]));
			free(text);
		}
		store_close(s);
	}
}

/* A side that was measured after the other gets a verdict only where one is asked for. */
static void test_not_interleaved(void **state)
{
	struct compare_request q = { .sides = SIDES("backend=zram", "backend=swapfile") };
	struct store *s = synthetic_store("apart.db");
	char *text;

	(void)state;
	add_side(s, "zram", quick, 5, 1);
	add_side(s, "swapfile", slow, 5, 1);
	for (int f = EXPORT_TABLE; f <= EXPORT_JSON; f++) {
		assert_ok(compare(s, &q, (enum export_format)f, &text));
		assert_has(text, "none: not measured beside each other");
		assert_has(text, "Not measured beside each other: A from 20");
		assert_has(text, "--not-interleaved gives a verdict");
		assert_null(strstr(text, "B is worse"));
		free(text);
	}
	q.not_interleaved = true;
	assert_ok(compare(s, &q, EXPORT_TABLE, &text));
	assert_has(text, "B is worse");
	assert_has(text, "Not measured beside each other: A from 20");
	free(text);
	assert_ok(compare(s, &q, EXPORT_JSON, &text));
	assert_has(text, "\"interleaved\":0");
	free(text);
	store_close(s);
}

/* Where the sides share no repeats, or too few, all runs count. */
static void test_without_blocks(void **state)
{
	struct compare_request q = { .sides = SIDES("backend=zram", "backend=swapfile") };
	struct store *s = synthetic_store("no-blocks.db");
	char *text;

	(void)state;
	for (int i = 0; i < 5; i++) {
		add_side(s, "zram", &quick[i], 1, i + 1);
		add_side(s, "swapfile", &slow[i], 1, i + 3);
	}
	/* Blocks 3, 4 and 5 are on both sides. */
	assert_ok(compare(s, &q, EXPORT_TABLE, &text));
	assert_has(text, "elapsed is compared without blocks (Welch), 5 and 5 runs");
	assert_has(text, "B is worse");
	free(text);
	/* A fourth makes pairs, and leaves the others out. */
	add_side(s, "zram", &quick[5], 1, 6);
	assert_ok(compare(s, &q, EXPORT_TABLE, &text));
	assert_has(text, "elapsed is paired by repeat: 4 blocks of 6 and 5 runs");
	free(text);
	store_close(s);
}

/* Two experiments' first repeats have nothing to do with each other. */
static void test_blocks_of_experiments(void **state)
{
	struct store *s = synthetic_store("experiments.db");
	char *text;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct run_record r = synthetic_record("quicksort", "zram", 0.5, i + 1);

		r.experiment = "one";
		add_run(s, &r, "6.1", quick[i], "ok");
		r = synthetic_record("quicksort", "swapfile", 0.5, i + 1);
		r.experiment = "two";
		add_run(s, &r, "6.1", slow[i], "ok");
	}
	assert_ok(compare(s, ASK("backend=zram", "backend=swapfile"), EXPORT_TABLE, &text));
	assert_has(text, "without blocks (Welch), 5 and 5 runs");
	free(text);
	store_close(s);
}

/* The flags of a side's runs travel with the comparison. */
static void test_flags(void **state)
{
	struct store *s = three_cells("flags.db");
	struct results flags;
	char *text;

	(void)state;
	results_init(&flags);
	results_flag(&flags, "SHARED_CORES", SEVERITY_WARNING, "they share");
	for (int64_t run = 1; run <= 7; run += 3)
		assert_ok(store_results(s, run, 1, &flags, &err));
	results_flag(&flags, "NOTE", SEVERITY_NOTE, "good to know");
	assert_ok(store_results(s, 10, 1, &flags, &err));
	results_release(&flags);
	assert_ok(compare(s, ASK("ratio=1", "ratio=0.5,backend=zram"), EXPORT_TABLE, &text));
	assert_has(text, "SHARED_CORES on 4 of 7 runs of A, 0 of 7 of B: they share\n");
	free(text);
	assert_ok(compare(s, ASK("ratio=1", "ratio=0.5,backend=zram"), EXPORT_JSON, &text));
	assert_has(text, "\"flags_a\":\"SHARED_CORES 4, NOTE 1\",\"flags_b\":null");
	free(text);
	store_close(s);
}

/* A side of runs that were made alike but for what nobody named is none. */
static void test_never_pooled(void **state)
{
	static const char *const algorithms[] = { "lz4", "lzo-rle" };
	struct store *s = synthetic_store("pooled.db");

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct run_record r = synthetic_record("quicksort", "zram", 0.5, i / 2 + 1);
		struct facts facts;
		int64_t run;

		/* The parameter, and what the kernel did. */
		r.backend_params = i % 2 ? "{\"algorithm\":null}" : "{\"algorithm\":\"lz4\"}";
		run = add_run(s, &r, "6.1", quick[i % NR], "ok");
		facts_init(&facts);
		facts_set(&facts, "zram_algorithm", "%s", algorithms[i % 2]);
		assert_ok(store_run_facts(s, run, &facts, &err));
		facts_release(&facts);
		r = synthetic_record("quicksort", "swapfile", 0.5, i / 2 + 1);
		add_run(s, &r, "6.1", quick[i % NR], "ok");
	}
	assert_refused(s, ASK("backend=zram", "backend=swapfile"), ERR_USAGE,
		       "zram.algorithm (A: lz4, null; B: none)");
	assert_compares(s, ASK("backend=zram,algorithm=lz4", "backend=swapfile"), "B/A");
	/* The kernel's own choice alone: the parameter says nothing of it. */
	for (int i = 0; i < 2; i++) {
		struct run_record r = synthetic_record("kmeans", i ? "zram" : "swapfile", 0.5, 1);

		add_run(s, &r, "6.1", 1, "ok"); /* 17, 18 */
	}
	for (int i = 0; i < 2; i++) {
		struct run_record r = synthetic_record("kmeans", "zram", 0.5, 2 + i);
		struct facts facts;
		int64_t run = add_run(s, &r, "6.1", 1, "ok"); /* 19, 20 */

		facts_init(&facts);
		facts_set(&facts, "zram_algorithm", "%s", algorithms[i]);
		assert_ok(store_run_facts(s, run, &facts, &err));
		facts_release(&facts);
	}
	assert_refused(s, ASK("backend=zram,workload=kmeans", "backend=swapfile,workload=kmeans"),
		       ERR_USAGE, "zram_algorithm (A: lz4, lzo-rle; B: none)");

	/* Either spelling, on either side; what the kernel chose counts as the parameter does. */
	assert_compares(s,
			ASK("algorithm=lz4,workload=quicksort",
			    "zram.algorithm=lzo-rle,workload=quicksort"),
			"4 blocks of 4 and 4 runs");
	assert_compares(
		s,
		ASK("zram_algorithm=lz4,workload=quicksort", "algorithm=null,workload=quicksort"),
		"4 blocks of 4 and 4 runs");
	store_close(s);
}

/* A round of a policy: two programs in one run, whose own results are 1 and 100. */
static void add_corun(struct store *s, const char *policy, double ratio, double jobs_per_h,
		      int repeat)
{
	struct run_record r = synthetic_record("quicksort", "zram", ratio, repeat);
	struct job_record jobs[2] = { r.jobs[0], r.jobs[0] };
	char params[96];
	int64_t run = 0;

	jobs[1].name = jobs[1].workload = "kmeans";
	jobs[0].limit_bytes = jobs[1].limit_bytes = 0; /* they move */
	r.jobs = jobs;
	r.nr_jobs = 2;
	/* Peaks that were measured anew differ by some pages. */
	snprintf(params, sizeof(params), "{\"policy\":\"%s\",\"mix\":\"both\",\"local\":%d}",
		 policy, 100000000 + 4096 * repeat);
	r.run_params = params;
	assert_ok(store_run_begin(s, machine_with(s, "6.1"), &r, &run, &err));
	for (int job = 1; job <= 2; job++) {
		struct results results;

		results_init(&results);
		results_add(&results, "elapsed", "s", BETTER_LOWER, job == 1 ? 1 : 100);
		results_add(&results, "completion", "s", BETTER_LOWER, 50);
		if (job == 1) {
			results_add(&results, "makespan", "s", BETTER_LOWER, 7200 / jobs_per_h);
			results_add(&results, "throughput", "jobs_per_h", BETTER_HIGHER,
				    jobs_per_h);
			results_add(&results, "jain", "share", BETTER_HIGHER, 0.9);
		}
		assert_ok(store_results(s, run, job, &results, &err));
		results_release(&results);
	}
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
}

/* Policies are compared by what the whole gets done, whatever programs its jobs are. */
static void test_coruns(void **state)
{
	const struct compare_request *q = ASK("policy=uniform", "policy=none");
	struct store *s = synthetic_store("coruns.db");
	char *text = NULL;

	(void)state;
	for (int i = 0; i < NR; i++) {
		add_corun(s, "uniform", 0.5 + i * 1e-6, 100 * quick[i], i + 1);
		add_corun(s, "none", 1, 50 * quick[i], i + 1);
	}
	assert_int_equal(compare(s, q, EXPORT_CSV, &text), 0);
	assert_has(text, "throughput");
	assert_has(text, "makespan");
	assert_has(text, "jain");
	assert_has(text, "B is worse");
	assert_null(strstr(text, "elapsed"));
	free(text);
	store_close(s);
}

/* More than one set against the base: each has its rows, and the verdicts are a family. */
static void test_several(void **state)
{
	struct store *s = three_cells("several.db");
	double alone[2], p[2];
	char *text, *second;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_ok(compare(s,
				  ASK("ratio=1,backend=zram",
				      i ? "ratio=0.5,backend=swapfile" : "ratio=0.5,backend=zram"),
				  EXPORT_JSON, &text));
		alone[i] = number(text, "p");
		free(text);
	}
	assert_ok(compare(
		s,
		ASK("ratio=1,backend=zram", "ratio=0.5,backend=zram", "ratio=0.5,backend=swapfile"),
		EXPORT_JSON, &text));
	p[0] = number(text, "p");
	second = strstr(text, "\"b\":\"ratio=0.5,backend=zram\"");
	assert_non_null(second);
	second = strstr(second, "\"result\":\"elapsed\"");
	assert_non_null(second);
	p[1] = number(second, "p");
	assert_has(second, "\"b\":\"ratio=0.5,backend=swapfile\"");
	/* Holm: the smaller is doubled, the greater stays, unless the smaller's is greater still. */
	for (int i = 0; i < 2; i++)
		assert_true(fabs(p[i] / (alone[i] <= alone[!i] ? 2 * alone[i]
							       : fmax(alone[i], 2 * alone[!i])) -
				 1) < 1e-9);
	free(text);
	assert_ok(compare(
		s,
		ASK("ratio=1,backend=zram", "ratio=0.5,backend=zram", "ratio=0.5,backend=swapfile"),
		EXPORT_TABLE, &text));
	assert_has(text, "C  ratio=0.5,backend=swapfile: 7 runs (3 6 9 12 15 18 21)\n");
	assert_has(text, "elapsed  s      lower   A         1      -");
	assert_has(text, "                        C         2  2.0");
	assert_has(text, "C is worse\n");
	assert_has(text, "elapsed of C is paired by repeat: 7 blocks of 7 and 7 runs");
	free(text);
	assert_refused(s, ASK("ratio=1", "ratio=0.5,backend=zram", "ratio=0.5,backend=rdma"),
		       ERR_USAGE, "C: no run has backend=rdma");
	assert_refused(s, ASK("ratio=1"), ERR_USAGE, "compare ratio=1 with what?");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ratio),	       cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_like_with_like), cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_cliffs_delta),   cmocka_unit_test(test_power),
		cmocka_unit_test(test_too_few),	       cmocka_unit_test(test_not_interleaved),
		cmocka_unit_test(test_without_blocks), cmocka_unit_test(test_blocks_of_experiments),
		cmocka_unit_test(test_flags),	       cmocka_unit_test(test_never_pooled),
		cmocka_unit_test(test_several),	       cmocka_unit_test(test_coruns),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
