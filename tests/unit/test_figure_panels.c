// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/panels.gp: readahead and reclaim, from runs whose every number is known. */
#include "tests/unit/figure.h"

#define HEADER "\"series\"\t\"x\"\t\"median\"\t\"low\"\t\"high\"\t\"flagged\"\n"

static void add_scan(struct store *s, int cluster, double pages, double major_share)
{
	char run_params[64];

	/* As it is stored; the first of them as older versions did. */
	snprintf(run_params, sizeof(run_params), "{\"%s\":\"%d\",\"duration\":10}",
		 cluster ? "set.vm.page-cluster" : "page-cluster", cluster);
	make_run(s, (struct made){ .workload = "readahead",
				   .params = "{\"pattern\":\"sequential\",\"duration\":1}",
				   .run_params = run_params,
				   .results = { { "pages", pages },
						{ "major_share", major_share },
						{ "page_cluster", cluster } } });
}

static void test_readahead(void **state)
{
	struct store *s = synthetic_store("readahead.db");

	(void)state;
	add_scan(s, 0, 100000, 1);
	/* Of an even number of repeats the middle two's mean: (180 + 260) / 2, (0.5 + 0.25) / 2. */
	add_scan(s, 3, 180000, 0.5);
	add_scan(s, 3, 260000, 0.25);
	expect_data(s, "readahead", 0, "readahead",
		    HEADER "0\t0\t100\t100\t100\t0\n"
			   "0\t3\t220\t180\t260\t0\n"
			   "\n\n" HEADER "0\t0\t1\t1\t1\t0\n"
			   "0\t3\t0.375\t0.25\t0.5\t0\n");
	/* A run's duration and its workload's are two parameters, no difference of curves. */
	expect_variable("readahead", "labels = 'zram, sequential'\n");
	expect_variable("readahead", "lower_title = 'touches that waited'\n");
	expect_variable("readahead", "caption = ''\n");
	store_close(s);
}

/* Pages by who took them; `reclaimed` is the reclaimer's own count of them. */
static void add_throughput(struct store *s, int threads, double faults, bool offload, double direct,
			   double kswapd, double proactive, double reclaimed)
{
	char params[64];

	snprintf(params, sizeof(params), "{\"threads\":%d,\"mode\":\"evict-clean\"}", threads);
	make_run(s, (struct made){ .workload = "fault_throughput",
				   .params = params,
				   .run_params = offload ? "{\"offload-reclaim\":true}"
							 : "{\"offload-reclaim\":false}",
				   .results = { { "faults", faults }, { "threads", threads } },
				   .counters = { { "memory_stat pgsteal_direct", direct },
						 { "memory_stat pgsteal_kswapd", kswapd },
						 { proactive < 0 ? "memory_stat other"
								 : "memory_stat pgsteal_proactive",
						   proactive < 0 ? 0 : proactive },
						 { "reclaimer reclaimed", reclaimed * 4096 } } });
}

static void test_reclaim(void **state)
{
	struct store *s = synthetic_store("reclaim.db");

	(void)state;
	/* Nobody else reclaimed: 500 / (500 + 0). */
	add_throughput(s, 1, 50000, false, 500, 0, -1, 0);
	/* kswapd took a quarter: 300 / (300 + 100). */
	add_throughput(s, 2, 90000, false, 300, 100, -1, 0);
	/*
	 * No pgsteal_proactive (before 6.15): the reclaimer's 540 pages count as direct reclaim, and
	 * (1000 - 540) / (1000 + 0) = 0.46 is the threads' own.
	 */
	add_throughput(s, 1, 70000, true, 1000, 0, -1, 540);
	/* With it nothing is taken off: 100 / (100 + 0 + 300). */
	add_throughput(s, 2, 140000, true, 100, 0, 300, 300);
	/* The reclaimer counted more than the kernel saw: no share is below 0. */
	add_throughput(s, 3, 150000, true, 400, 0, -1, 500);
	expect_data(s, "reclaim", 0, "reclaim",
		    HEADER "0\t1\t50\t50\t50\t0\n"
			   "0\t2\t90\t90\t90\t0\n"
			   "1\t1\t70\t70\t70\t0\n"
			   "1\t2\t140\t140\t140\t0\n"
			   "1\t3\t150\t150\t150\t0\n"
			   "\n\n" HEADER "0\t1\t1\t1\t1\t0\n"
			   "0\t2\t0.75\t0.75\t0.75\t0\n"
			   "1\t1\t0.46\t0.46\t0.46\t0\n"
			   "1\t2\t0.25\t0.25\t0.25\t0\n"
			   "1\t3\t0\t0\t0\t0\n");
	expect_variable("reclaim", "labels = 'zram, evict-clean, not offloaded\tzram, evict-clean, "
				   "offloaded'\n");
	store_close(s);
}

/* cgroup v1 does not say who reclaimed: the rates alone are drawn. */
static void test_reclaim_without_counters(void **state)
{
	struct store *s = synthetic_store("v1.db");

	(void)state;
	make_run(s, (struct made){ .workload = "fault_throughput",
				   .params = "{\"threads\":1,\"mode\":\"evict-clean\"}",
				   .results = { { "faults", 5000 }, { "threads", 1 } } });
	expect_data(s, "reclaim", 0, "reclaim-v1", HEADER "0\t1\t5\t5\t5\t0\n\n\n" HEADER);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readahead),
		cmocka_unit_test(test_reclaim),
		cmocka_unit_test(test_reclaim_without_counters),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
