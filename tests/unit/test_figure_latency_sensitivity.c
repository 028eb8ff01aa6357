// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/latency-sensitivity.gp: slowdown over the latency of far memory, from runs that are known. */
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_over_latency) };

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
