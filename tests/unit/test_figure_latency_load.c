// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/latency-load.gp, from runs whose every number is known. */
#include "tests/unit/figure.h"

#define HEADER "\"series\"\t\"load\"\t\"p50\"\t\"p99\"\t\"low\"\t\"high\"\t\"p99_9\"\t\"flagged\"\n"

#define CAPACITY "\n\n\"series\"\t\"load\"\t\"top\"\n"

static void add(struct store *s, double ratio, const char *rate, double ops, double offered,
		double p50, double p99, double p99_9, const char *flag)
{
	char params[128];
	struct made run = { .workload = "kv",
			    .params = params,
			    .ratio = ratio,
			    .flag = flag,
			    .severity = SEVERITY_WARNING,
			    .results = { { "ops", ops },
					 { "latency_p50", p50 },
					 { "latency_p99", p99 },
					 { p99_9 > 0 ? "latency_p99_9" : "other", p99_9 },
					 { "offered", offered } } };

	snprintf(params, sizeof(params), "{\"server\":\"memcached\",\"rate\":\"%s\"}", rate);
	make_run(s, run);
}

static void a_rate_is_a_point(void **state)
{
	struct store *s = synthetic_store("load.db");

	(void)state;
	add(s, 1, "20k", 20000, 20100, 50, 100, 300, NULL);
	/* Of two repeats the middle is the mean: (48000 + 50000) / 2, and the 99th from 200 to 400. */
	add(s, 1, "50k", 48000, 50000, 60, 200, 800, NULL);
	add(s, 1, "50k", 50000, 50000, 80, 400, 1000, "PACED_BEHIND");
	/* Too few answers for a 99.9th percentile. */
	add(s, 0.5, "20k", 19000, 19000, 70, 900, 0, NULL);
	/* No load was asked for. */
	add(s, 0.5, "closed", 90000, 0, 70, 900, 0, NULL);
	expect_data(s, "latency-load", 0, "load",
		    HEADER "0\t19\t70\t900\t900\t900\tNaN\t0\n"
			   "1\t20\t50\t100\t100\t100\t300\t0\n"
			   "1\t49\t70\t300\t200\t400\t900\t1\n"
		    /* It did not keep up with 50k; at half the memory nobody asked for more. */
		    CAPACITY "1\t20\t1000\n");
	expect_variable("load",
			"labels = 'memcached, zram, ratio 0.5\tmemcached, zram, ratio 1'\n");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_a_point),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
