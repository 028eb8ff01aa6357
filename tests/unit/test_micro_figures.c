// SPDX-License-Identifier: GPL-2.0-or-later
/* The micro suite's figures: what their queries say of runs whose every number is known. */
#include "tests/unit/synthetic.h"

#include <sys/stat.h>

#include "base/buf.h"
#include "base/child.h"
#include "plots/figure.h"
#include "results/export.h"

struct value {
	const char *name;
	double value;
};

/* A run that ended with these results. */
static int64_t add_run(struct store *s, const char *workload, const char *backend,
		       const char *workload_params, const char *run_params, int repeat,
		       const struct value *values, size_t nr, const char *hist_name,
		       uint64_t hist_from)
{
	struct run_record record = synthetic_record(workload, backend, 1, repeat);
	struct results results;
	int64_t run;

	record.workload_params = workload_params;
	record.run_params = run_params;
	run = synthetic_begin(s, &record);
	results_init(&results);
	for (size_t i = 0; i < nr; i++)
		results_add(&results, values[i].name, "x", BETTER_HIGHER, values[i].value);
	if (hist_name) {
		struct hist *h = hist_new();

		for (uint64_t i = 0; i < 100; i++)
			hist_add(h, hist_from + i);
		results_add_hist(&results, hist_name, h);
	}
	assert_ok(store_results(s, run, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	return run;
}

static void add_throughput(struct store *s, const char *backend, const char *mode, int threads,
			   double faults, const char *run_params)
{
	struct value values[] = { { "faults", faults }, { "threads", threads } };
	char params[200];

	snprintf(params, sizeof(params),
		 "{\"pattern\":\"random\",\"access\":\"read\",\"threads\":%d,\"mode\":\"%s\"}",
		 threads, mode);
	add_run(s, "fault_throughput", backend, params, run_params, 1, values, 2, NULL, 0);
}

static char *query(struct store *s, const struct figure *f, int64_t run, size_t *ret_rows)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_ok(export_query_blocks(s, f->queries, run, NULL, out, ret_rows, &err));
	fclose(out);
	return text;
}

static void expect_in(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no '%s' in:\n%s", what, text);
}

static struct store *micro_store(const char *name)
{
	static const char direct[] = "{\"offload-reclaim\":false}";
	static const char offloaded[] = "{\"offload-reclaim\":true}";
	static const char sequential[] = "{\"pattern\":\"sequential\",\"duration\":1}";
	struct store *s = synthetic_store(name);

	for (int threads = 1; threads <= 3; threads++) {
		add_throughput(s, "zram", "noevict", threads, 100000 * threads, direct);
		add_throughput(s, "zram", "evict-clean", threads, 50000 * threads, direct);
		add_throughput(s, "zram", "evict-clean", threads, 80000 * threads, offloaded);
	}
	/* Two repeats more of one cell: 50, 70, 90 thousand. */
	add_throughput(s, "zram", "evict-clean", 1, 90000, direct);
	add_throughput(s, "zram", "evict-clean", 1, 70000, direct);

	for (int cluster = 0; cluster <= 3; cluster++) {
		struct value values[] = { { "pages", 1e5 * (cluster + 1) },
					  { "major_share", 1.0 / (1 << cluster) },
					  { "page_cluster", cluster } };
		char run_params[64];

		snprintf(run_params, sizeof(run_params), "{\"page-cluster\":%d,\"duration\":10}",
			 cluster);
		add_run(s, "readahead", "zram", sequential, run_params, 1, values, 3, NULL, 0);
	}
	add_run(s, "fault_latency", "zram", "{\"pattern\":\"random\"}", direct, 1, NULL, 0, "major",
		100);
	add_run(s, "fault_latency", "zram", "{\"pattern\":\"random\"}", direct, 2, NULL, 0, "major",
		150);
	add_run(s, "uffd", "none", "{\"pattern\":\"random\",\"handler\":\"sigbus\"}", direct, 1,
		NULL, 0, "uffd", 300);
	return s;
}

static void test_xput(void **state)
{
	struct store *s = micro_store("xput.db");
	const struct figure *f = figure_find("xput", &err);
	struct buf vars = BUF_INIT;
	size_t rows;
	char *text = query(s, f, 0, &rows);

	(void)state;
	/* Series by name: evict-clean twice (direct, offloaded), noevict; three cores each. */
	assert_int_equal(rows, 9);
	expect_in(text, "0\t1\t70\t50\t90\n");
	expect_in(text, "2\t3\t300\t300\t300\n");
	free(text);
	assert_ok(export_query_variables(s, f->variables, 0, NULL, &vars, &err));
	expect_in(vars.data, "nr_series = 3");
	expect_in(vars.data, "zram, noevict");
	expect_in(vars.data, "zram, evict-clean, offload-reclaim=no\tzram, evict-clean, "
			     "offload-reclaim=yes");
	buf_release(&vars);

	/* A chosen run: its cell at all numbers of cores. */
	text = query(s, f, 1, &rows);
	assert_int_equal(rows, 3);
	expect_in(text, "0\t2\t200\t200\t200\n");
	free(text);

	text = query(s, figure_find("xput-published", &err), 0, &rows);
	assert_int_equal(rows, 9);
	expect_in(text, "9\t977.496\t665.379\t330.768\n");
	free(text);
	store_close(s);
}

static void test_latency(void **state)
{
	struct store *s = micro_store("latency.db");
	size_t rows;
	char *text = query(s, figure_find("latency-cdf", &err), 0, &rows);

	(void)state;
	/* Two repeats of 100 pooled over 100 to 249 ns; half are done within 174 ns. */
	expect_in(text, "1\t0.1\t0.005\n");
	expect_in(text, "1\t0.174\t0.5\n");
	expect_in(text, "1\t0.249\t1\n");
	free(text);
	store_close(s);
}

static void test_readahead_and_reclaim(void **state)
{
	struct store *s = micro_store("readahead.db");
	struct buf vars = BUF_INIT;
	const struct figure *f = figure_find("reclaim", &err);
	size_t rows;
	char *text = query(s, figure_find("readahead", &err), 0, &rows);

	(void)state;
	assert_int_equal(rows, 4);
	expect_in(text, "0\t3\t400\t400\t400\n");
	expect_in(text, "0\t2\t0.25\t0.25\t0.25\n");
	free(text);
	/* A run's duration and its workload's are two parameters, no difference of curves. */
	assert_ok(export_query_variables(s, figure_find("readahead", &err)->variables, 0, NULL,
					 &vars, &err));
	expect_in(vars.data, "labels = 'zram, sequential'");
	buf_release(&vars);

	text = query(s, f, 0, &rows);
	assert_int_equal(rows, 6);
	free(text);
	assert_ok(export_query_variables(s, f->variables, 0, NULL, &vars, &err));
	expect_in(vars.data, "evict-clean, not offloaded\tzram, evict-clean, offloaded");
	buf_release(&vars);
	store_close(s);
}

static void test_draws(void **state)
{
	static const char *const figures[] = { "latency-cdf", "xput", "xput-published", "readahead",
					       "reclaim" };
	struct store *s = micro_store("draw.db");

	(void)state;
	if (!child_find_program("gnuplot", NULL, 0))
		skip();
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		const struct figure *f = figure_find(figures[i], &err);
		const char *out = synthetic_path("fig.pdf"), *data = synthetic_path("fig.dat");
		struct buf vars = BUF_INIT;
		struct stat st;
		size_t rows;
		FILE *file = fopen(data, "w");

		assert_non_null(f);
		assert_non_null(file);
		unlink(out);
		assert_ok(export_query_blocks(s, f->queries, 0, NULL, file, &rows, &err));
		fclose(file);
		assert_ok(export_query_variables(s, f->variables, 0, NULL, &vars, &err));
		assert_ok(figure_draw(f, data, vars.data, out, &err));
		assert_int_equal(stat(out, &st), 0);
		assert_true(st.st_size > 4000);
		buf_release(&vars);
	}
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xput),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_readahead_and_reclaim),
		cmocka_unit_test(test_draws),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
