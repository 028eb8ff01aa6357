// SPDX-License-Identifier: GPL-2.0-or-later
/* A row a cell: which runs are one, and that the numbers are those of stats.h. */
#include "tests/unit/synthetic.h"

#include <math.h>

#include "base/stats.h"
#include "results/summary.h"

static int64_t add_record(struct store *s, const struct run_record *record, double elapsed,
			  const char *status)
{
	int64_t run = synthetic_begin(s, record);
	struct results results;

	results_init(&results);
	results_add(&results, "elapsed", "s", BETTER_LOWER, elapsed);
	results_add(&results, "rate", "per_s", BETTER_HIGHER, 1 / elapsed);
	results_flag(&results, "SHARED_CORES", SEVERITY_WARNING, "for the test");
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, status, strcmp(status, "ok") ? "by hand" : NULL, &err));
	return run;
}

static int64_t add(struct store *s, const char *workload, const char *backend, double ratio,
		   int repeat, double elapsed)
{
	struct run_record r = synthetic_record(workload, backend, ratio, repeat);

	return add_record(s, &r, elapsed, "ok");
}

static int summarise(struct store *s, const struct summary_request *q, enum export_format format,
		     char **text)
{
	size_t size;
	FILE *out = open_memstream(text, &size);
	int rc;

	memset(&err, 0, sizeof(err));
	rc = summary_print(s, q, format, out, out, &err);
	fclose(out);
	return rc;
}

static char *summary(struct store *s, const struct summary_request *q, enum export_format format)
{
	char *text;

	assert_ok(summarise(s, q, format, &text));
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static size_t nr_lines(const char *text)
{
	size_t nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

/* The nth object's number, from 0. */
static double number(const char *json, int n, const char *key)
{
	char pattern[64];

	snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	for (; n >= 0; n--) {
		json = strstr(json, pattern);
		if (!json)
			fail_msg("no %s", key);
		json += strlen(pattern);
	}
	return strncmp(json, "null", 4) == 0 ? NAN : strtod(json, NULL);
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fabs(b);
}

static const double quick[] = { 1.00, 1.01, 1.02, 0.99, 1.03, 1.04, 0.98 };
static const double slow[] = { 2.10, 1.92, 2.05, 1.98, 2.00, 2.02, 1.96 };
#define NR 7

static struct store *three_cells(const char *name)
{
	struct store *s = synthetic_store(name);

	for (int i = 0; i < NR; i++) {
		add(s, "quicksort", "zram", 1, i + 1, quick[i]);
		add(s, "quicksort", "zram", 0.5, i + 1, slow[i]);
		add(s, "quicksort", "swapfile", 0.5, i + 1, 2 * slow[i]);
	}
	return s;
}

static void test_cells(void **state)
{
	struct store *s = three_cells("cells.db");
	struct summary_request q = { .geomean = true };
	struct stats_interval interval;
	struct stats_ratio ratio;
	char *text = summary(s, &q, EXPORT_JSON);

	(void)state;
	/* By backend, the greater ratio first: swapfile at 0.5, zram at 1, zram at 0.5. */
	assert_ok(stats_median_interval(slow, NR, &interval));
	assert_ok(stats_ratio_paired(quick, slow, NR, &ratio));
	assert_true(near(number(text, 2, "median"), 2.00));
	assert_true(near(number(text, 2, "low"), interval.low));
	assert_true(near(number(text, 2, "high"), interval.high));
	assert_true(near(number(text, 2, "coverage"), interval.coverage));
	assert_true(near(number(text, 2, "slowdown"), ratio.ratio));
	assert_true(near(number(text, 2, "slowdown_low"), ratio.low));
	assert_true(near(number(text, 2, "slowdown_high"), ratio.high));
	assert_true(number(text, 2, "runs") == NR);
	/* A baseline of another backend: without a limit nothing is far. */
	assert_true(near(number(text, 0, "slowdown"), 2 * ratio.ratio));
	assert_true(near(number(text, 1, "slowdown"), 1));
	/* The mean leaves the baseline itself out. */
	assert_true(near(number(text, 3, "slowdown"), ratio.ratio * sqrt(2)));
	assert_has(text, "\"baseline_runs\":\"1 4 7 10 13 16 19\"");
	assert_has(text, "\"flags\":\"SHARED_CORES 7\"");
	free(text);

	text = summary(s, &q, EXPORT_TABLE);
	assert_has(text, "quicksort  zram        0.5     7  elapsed (s)       2");
	assert_has(text, "SHARED_CORES 7");
	assert_has(text, "geomean of 2 slowdowns: ");
	assert_null(strstr(text, "  with  "));
	free(text);
	q = (struct summary_request){ .terms = "backend=zram,ratio=0.5", .metric = "rate" };
	text = summary(s, &q, EXPORT_JSON);
	assert_true(near(number(text, 0, "median"), 0.5));
	/* A rate of a half is as much slower as twice the time. */
	assert_true(near(number(text, 0, "slowdown"), ratio.ratio));
	free(text);
	store_close(s);
}

static void test_columns(void **state)
{
	struct store *s = three_cells("columns.db");
	struct summary_request q = { .columns = "backend", .terms = "ratio=0.5", .geomean = true };
	char *text;

	(void)state;
	for (int i = 0; i < NR; i++) {
		add(s, "kmeans", "swapfile", 0.5, i + 1, slow[i]);
		add(s, "kmeans", "zram", 0.5, i + 1, 3 * slow[i]);
	}
	/* kmeans: zram is three times worse than the swap file; quicksort: half. */
	text = summary(s, &q, EXPORT_JSON);
	assert_true(near(number(text, 1, "slower"), 3));
	assert_true(near(number(text, 3, "slower"), 0.5));
	assert_true(near(number(text, 4, "slower"), sqrt(1.5)));
	free(text);
	text = summary(s, &q, EXPORT_TABLE);
	assert_has(text,
		   "workload   ratio  runs  metric       swapfile             interval  zram  ");
	assert_has(text, "3.00x  3.00 to 3.00");
	assert_has(text, "1.22x  of 2");
	assert_has(text, "slower: times worse than swapfile");
	free(text);
	q.base = "zram";
	text = summary(s, &q, EXPORT_TABLE);
	assert_has(text, "0.33x");
	assert_has(text, "slower: times worse than zram");
	free(text);
	q = (struct summary_request){ .columns = "ratio",
				      .terms = "backend=zram,workload=quicksort" };
	text = summary(s, &q, EXPORT_TABLE);
	/* The limit follows from the ratio: one row. */
	assert_has(text, "slower: times worse than 0.5");
	assert_has(text, "quicksort  zram      7/7  ");
	free(text);
	store_close(s);
}

/* Runs that differ in anything are never taken together, and what differs is shown. */
static void test_unlike(void **state)
{
	static const char *const params[] = { "{\"algorithm\":\"lz4\"}",
					      "{\"algorithm\":\"zstd\"}" };
	struct store *s = synthetic_store("unlike.db");
	struct summary_request q = { .terms = "backend=zram" };
	struct facts facts;
	char *text;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct run_record r = synthetic_record("quicksort", "zram", 0.5, i / 2 + 1);

		r.backend_params = params[i % 2];
		add_record(s, &r, 1 + i, "ok");
	}
	text = summary(s, &q, EXPORT_CSV);
	assert_has(text, "quicksort,zram,0.5,algorithm=lz4,,1,2,elapsed,s,lower,2,1,3,");
	assert_has(text, "quicksort,zram,0.5,algorithm=zstd,,1,2,elapsed,s,lower,3,2,4,");
	assert_int_equal(nr_lines(text), 3);
	free(text);

	/* Side by side as columns of their own, by either spelling. */
	for (int i = 0; i < 3; i++) {
		q.columns = (const char *[]){ "algorithm", "zram.algorithm", "backend" }[i];
		text = summary(s, &q, EXPORT_TABLE);
		assert_has(text,
			   i < 2 ? "  lz4       interval  zstd  "
				 : "  zram algorithm=lz4       interval  zram algorithm=zstd");
		assert_has(text, "2/2");
		free(text);
	}

	/* A fact that parameters don't tell: the algorithm that the kernel chose. */
	q = (struct summary_request){ .terms = "workload=kmeans" };
	for (int i = 0; i < 4; i++) {
		int64_t run = add(s, "kmeans", "zram", 0.5, i / 2 + 1, 1 + i);

		facts_init(&facts);
		facts_set(&facts, "zram_algorithm", i % 2 ? "lzo-rle" : "lz4");
		assert_ok(store_run_facts(s, run, &facts, &err));
		facts_release(&facts);
	}
	text = summary(s, &q, EXPORT_CSV);
	assert_has(text, "kmeans,zram,0.5,zram_algorithm=lz4,,1,2,elapsed,s,lower,2,1,3,");
	assert_has(text, "kmeans,zram,0.5,zram_algorithm=lzo-rle,,1,2,");
	free(text);

	/* Another limit of the same ratio; one whose peak was measured anew is the same. */
	q.terms = "workload=pr";
	for (int i = 0; i < 3; i++) {
		struct run_record r = synthetic_record("pr", "zram", 0.5, i + 1);

		r.jobs[0].limit_bytes = (uint64_t[]){ 100 << 20, 101 << 20, 120 << 20 }[i];
		add_record(s, &r, 1 + i, "ok");
	}
	text = summary(s, &q, EXPORT_CSV);
	assert_has(text, ",1,2,elapsed,s,lower,1.5,");
	assert_has(text, ",1,1,elapsed,s,lower,3,,");
	free(text);
	store_close(s);
}

static void test_left_out(void **state)
{
	struct store *s = three_cells("left-out.db");
	struct summary_request q = { .terms = "workload=other" };
	struct run_record r = synthetic_record("other", "zram", 0.5, 1);
	int64_t runs[2];
	char *text;
	size_t size;
	FILE *out;

	(void)state;
	runs[0] = add_record(s, &r, 5, "untrusted");
	assert_int_not_equal(summarise(s, &q, EXPORT_TABLE, &text), 0);
	assert_int_equal(err.kind, ERR_MISSING);
	free(text);
	/* The closing table has nothing to say of runs that are not sound. */
	out = open_memstream(&text, &size);
	assert_int_equal(summary_runs(s, runs, 1, out, &err), -ENODATA);
	runs[1] = add(s, "other", "zram", 0.5, 2, 7);
	assert_ok(summary_runs(s, runs, 2, out, &err));
	fclose(out);
	assert_has(text, "1 of 2 runs are left out");
	assert_has(text, "other     zram       0.5     1  elapsed (s)       7");
	free(text);
	text = summary(s, &q, EXPORT_TABLE);
	assert_has(text, "run 22: untrusted (by hand)");
	free(text);
	q.untrusted = true;
	text = summary(s, &q, EXPORT_CSV);
	assert_has(text, ",1,2,elapsed,s,lower,6,5,7,");
	free(text);

	q = (struct summary_request){ .columns = "bakend" };
	assert_int_not_equal(summarise(s, &q, EXPORT_TABLE, &text), 0);
	assert_has(err.msg, "did you mean 'backend'?");
	free(text);
	q = (struct summary_request){ .columns = "backend", .base = "rdma" };
	assert_int_not_equal(summarise(s, &q, EXPORT_TABLE, &text), 0);
	assert_has(err.msg, "the columns are swapfile, zram");
	free(text);
	q = (struct summary_request){ .metric = "speed" };
	assert_int_not_equal(summarise(s, &q, EXPORT_TABLE, &text), 0);
	assert_has(err.msg, "there are elapsed, rate");
	free(text);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_unlike),
		cmocka_unit_test(test_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
