// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/xput.gp: faults per second over cores, from runs whose every number is known. */
#include "tests/unit/figure.h"

#define HEADER "\"series\"\t\"x\"\t\"median\"\t\"low\"\t\"high\"\t\"flagged\"\n"

static const char direct[] = "{\"offload-reclaim\":false}";
static const char offloaded[] = "{\"offload-reclaim\":true}";

static void add_throughput(struct store *s, const char *mode, int threads, double faults,
			   const char *run_params, const char *flag)
{
	char params[128];

	snprintf(params, sizeof(params),
		 "{\"pattern\":\"random\",\"access\":\"read\",\"threads\":%d,\"mode\":\"%s\"}",
		 threads, mode);
	make_run(s, (struct made){ .workload = "fault_throughput",
				   .params = params,
				   .run_params = run_params,
				   .results = { { "faults", faults }, { "threads", threads } },
				   .flag = flag,
				   .severity = SEVERITY_WARNING });
}

static struct store *xput_store(const char *name)
{
	struct store *s = synthetic_store(name);

	/* Three repeats of one cell: 50, 90, 70 thousand, the second one flagged. */
	add_throughput(s, "evict-clean", 1, 50000, direct, NULL);
	add_throughput(s, "evict-clean", 1, 90000, direct, "SHARED_CORES");
	add_throughput(s, "evict-clean", 1, 70000, direct, NULL);
	add_throughput(s, "evict-clean", 2, 100000, direct, NULL);
	add_throughput(s, "evict-clean", 1, 80500, offloaded, NULL);
	add_throughput(s, "noevict", 1, 100000, direct, NULL);
	add_throughput(s, "noevict", 2, 200000, direct, NULL);
	make_run(s, (struct made){ .workload = "uffd",
				   .backend = "none",
				   .params = "{\"threads\":1,\"handler\":\"poll\","
					     "\"access\":\"write\",\"mode\":\"noevict\"}",
				   .results = { { "faults", 30250 }, { "threads", 1 } } });
	return s;
}

#define SERIES                                                                                     \
	HEADER /* userfaultfd comes first by its name */                                           \
		"0\t1\t30.25\t30.25\t30.25\t0\n"                                                   \
		"1\t1\t70\t50\t90\t1\n" /* the middle one of 50, 70, 90 */                         \
		"1\t2\t100\t100\t100\t0\n"                                                         \
		"2\t1\t80.5\t80.5\t80.5\t0\n"                                                      \
		"3\t1\t100\t100\t100\t0\n"                                                         \
		"3\t2\t200\t200\t200\t0\n"

static void test_xput(void **state)
{
	struct store *s = xput_store("xput.db");

	(void)state;
	expect_data(s, "xput", 0, "xput", SERIES);
	expect_variable("xput", "nr_series = 4\n");
	expect_variable("xput", "labels = 'userfaultfd, poll, noevict, write\t"
				"zram, evict-clean, offload-reclaim=no\t"
				"zram, evict-clean, offload-reclaim=yes\tzram, noevict'\n");
	expect_variable("xput", "caption = '1 of 8 runs flagged (×): SHARED_CORES'\n");
	store_close(s);
}

static void test_published(void **state)
{
	struct store *s = xput_store("published.db");

	(void)state;
	expect_data(s, "xput-published", 0, "xput-published",
		    SERIES "\n\n\"cores\"\t\"noevict\"\t\"clean\"\t\"dirty\"\n"
			   "1\t164.758\t155.053\t107.307\n"
			   "2\t282.688\t256.277\t135.121\n"
			   "3\t405.042\t360.287\t173.749\n"
			   "4\t520.933\t431.502\t204.702\n"
			   "5\t627.663\t500.43\t236.109\n"
			   "6\t731.869\t551.33\tNaN\n"
			   "7\t807.657\t586.871\t292.586\n"
			   "8\t891.761\t622.134\t316.321\n"
			   "9\t977.496\t665.379\t330.768\n"
			   "10\t1044.668\t581.84\t281.331\n"
			   "11\t1138.515\t472.668\t255.724\n"
			   "12\t1192.601\t432.271\t247.422\n");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xput),
		cmocka_unit_test(test_published),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
