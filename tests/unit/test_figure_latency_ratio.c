// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/latency-ratio.gp, from runs whose every number is known. */
#include "tests/unit/figure.h"

#define HEADER                                                                                     \
	"\"series\"\t\"ratio\"\t\"p50\"\t\"p99\"\t\"low\"\t\"high\"\t\"p99_9\"\t\"flagged\"\n"

static void add(struct store *s, const char *params, double ratio, double p50, double p99,
		double p99_9, const char *flag)
{
	make_run(s,
		 (struct made){ .workload = strstr(params, "server") ? "kv" : "kvmap",
				.params = params,
				.ratio = ratio,
				.flag = flag,
				.severity = SEVERITY_WARNING,
				.results = { { "ops", 1000 },
					     { "latency_p50", p50 },
					     { "latency_p99", p99 },
					     { p99_9 > 0 ? "latency_p99_9" : "other", p99_9 } } });
}

static void a_ratio_is_a_point(void **state)
{
	static const char at_20k[] = "{\"server\":\"redis\",\"rate\":\"20k\"}";
	struct store *s = synthetic_store("ratio.db");

	(void)state;
	add(s, at_20k, 1, 50, 100, 300, NULL);
	add(s, at_20k, 0.5, 60, 200, 800, NULL);
	add(s, at_20k, 0.5, 80, 400, 1000, "PACED_BEHIND");
	/* In a closed loop nobody knows; another workload has no rate. */
	add(s, "{\"server\":\"redis\",\"rate\":\"closed\"}", 1, 1, 1, 1, NULL);
	add(s, "{}", 0.25, 7, 70, 0, NULL);
	expect_data(s, "latency-ratio", 0, "ratio",
		    HEADER "0\t0.25\t7\t70\t70\t70\tNaN\t0\n"
			   "1\t0.5\t70\t300\t200\t400\t900\t1\n"
			   "1\t1\t50\t100\t100\t100\t300\t0\n");
	expect_variable("ratio", "labels = 'kvmap, zram\tredis, zram, 20k/s'\n");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ratio_is_a_point),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
