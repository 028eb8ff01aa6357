// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/latency-sensitivity and latency-map: slowdown over the latency of far memory, from runs that are known. */
#include "tests/unit/figure.h"

static void add_run(struct store *s, const char *backend, const char *params, double ratio,
		    double ops)
{
	make_run(s, (struct made){ .workload = "memaslap",
				   .backend = backend,
				   .backend_params = params,
				   .ratio = ratio,
				   .experiment = "e",
				   .results = { { "ops", ops } } });
}

static void test_over_latency(void **state)
{
	struct store *s = synthetic_store("latency.db");

	(void)state;
	add_run(s, "none", "{}", 1, 1000);
	add_run(s, "delay", "{\"latency\":0}", 0.5, 500);
	add_run(s, "delay", "{\"latency\":0.0001}", 0.5, 100);
	add_run(s, "delay", "{\"latency\":0.0001}", 0.5, 50);
	/* No latency that was asked for: not drawn. */
	add_run(s, "zram", "{}", 0.5, 400);
	expect_data(s, "latency-sensitivity", 0, "latency-sensitivity",
		    "\"series\"\t\"x\"\t\"y\"\t\"flagged\"\t\"run\"\t\"baseline_run\"\n"
		    "0\t1\t2\t0\t2\t1\n"
		    "0\t100\t10\t0\t3\t1\n"
		    "0\t100\t20\t0\t4\t1\n"
		    "\n\n\"series\"\t\"x\"\t\"y\"\n"
		    "0\t1\t2\n"
		    "0\t100\t15\n");
	expect_variable("latency-sensitivity", "labels = 'memaslap, ratio 0.5'\n");
	expect_variable("latency-sensitivity", "y_label = 'slowdown of ops (times ratio 1)'\n");
	store_close(s);
}

/* A pool's latency is in its text; what suffers most is on top; raw numbers have no place. */
static void test_map(void **state)
{
	struct store *s = synthetic_store("map.db");

	(void)state;
	add_run(s, "none", "{}", 1, 1000);
	add_run(s, "delay", "{\"latency\":0}", 0.5, 500);
	add_run(s, "delay", "{\"latency\":0.001}", 0.5, 100);
	add_run(s, "pager", "{\"pool\":\"delay\"}", 0.5, 250);
	add_run(s, "pager", "{\"pool\":\"delay:bandwidth=1G,latency=1ms,prealloc=1M\"}", 0.5, 50);
	add_run(s, "pager", "{\"pool\":\"dram\"}", 0.5, 900);
	make_run(s, (struct made){ .workload = "scan",
				   .backend = "delay",
				   .backend_params = "{\"latency\":0}",
				   .ratio = 0.5,
				   .experiment = "e",
				   .results = { { "ops", 1 } } });
	expect_data(s, "latency-map", 0, "latency-map",
		    "\"row\"\t\"col\"\t\"slowdown\"\t\"low\"\t\"high\"\t\"nr\"\n"
		    "0\t1\t4\tNaN\tNaN\t1\n"
		    "0\t2\t20\tNaN\tNaN\t1\n"
		    "1\t0\t2\tNaN\tNaN\t1\n"
		    "1\t2\t10\tNaN\tNaN\t1\n"
		    "\n\n\"row\"\t\"label\"\n"
		    "0\t\"memaslap, ratio 0.5, pager\"\n"
		    "1\t\"memaslap, ratio 0.5, delay\"\n"
		    "\n\n\"col\"\t\"label\"\n"
		    "0\t\"0\"\n1\t\"10 µs\"\n2\t\"1 ms\"\n");
	expect_variable("latency-map", "nr_rows = 2\n");
	expect_variable("latency-map", "most = 20\n");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_over_latency),
					    cmocka_unit_test(test_map) };

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
