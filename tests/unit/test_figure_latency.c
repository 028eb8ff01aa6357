// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/latency-cdf.gp: shares of faults over time, from histograms whose every sample is known. */
#include "tests/unit/figure.h"

#define HEADER "\"series\"\t\"us\"\t\"share\"\t\"tail\"\t\"flagged\"\n"

static int64_t add_latency(struct store *s, int repeat, uint64_t from, uint64_t to,
			   const char *status, const char *flag)
{
	return make_run(s, (struct made){ .workload = "fault_latency",
					  .params = "{\"pattern\":\"random\"}",
					  .repeat = repeat,
					  .hist = "major",
					  .hist_from = from,
					  .hist_to = to,
					  .status = status,
					  .flag = flag,
					  .severity = SEVERITY_WARNING });
}

/* Two runs of 8 samples, 101 … 108 ns and 105 … 112 ns, are 16 samples together. */
#define POOLED                                                                                     \
	HEADER "0\t0.101\t0.0625\t0.9375\t0\n" /* 1 / 16 */                                        \
	       "0\t0.102\t0.125\t0.875\t0\n"   /* 2 / 16 */                                        \
	       "0\t0.103\t0.1875\t0.8125\t0\n" /* 3 / 16 */                                        \
	       "0\t0.104\t0.25\t0.75\t0\n"     /* 4 / 16 */                                        \
	       "0\t0.105\t0.375\t0.625\t0\n" /* 6 / 16: two lie at 105. At 106 8 lie beyond, fewer than 10 */

static void test_repeats_are_pooled(void **state)
{
	struct store *s = synthetic_store("pooled.db");

	(void)state;
	add_latency(s, 1, 101, 108, NULL, NULL);
	add_latency(s, 2, 105, 112, NULL, NULL);
	/* What is not sound has no part in it. */
	add_latency(s, 3, 1, 200, "untrusted", NULL);
	add_latency(s, 4, 1, 200, "failed", NULL);
	expect_data(s, "latency-cdf", 0, "latency-pooled", POOLED);
	expect_variable("latency-pooled", "labels = 'zram, major'\n");
	expect_variable("latency-pooled", "caption = '1 failed, 1 untrusted left out'\n");
	free(draw_styled(s, "latency-cdf", 0, NULL, "tail", NULL, "latency-tail"));
	expect_variable("latency-tail", "y = 'tail'\n");
	store_close(s);
}

static void test_chosen_run_alone(void **state)
{
	struct store *s = synthetic_store("alone.db");
	int64_t run;

	(void)state;
	add_latency(s, 1, 101, 108, NULL, NULL);
	run = add_latency(s, 2, 201, 216, NULL, NULL);
	/* 16 samples: 10 lie beyond the sixth. */
	expect_data(s, "latency-cdf", run, "latency-alone",
		    HEADER "0\t0.201\t0.0625\t0.9375\t0\n"
			   "0\t0.202\t0.125\t0.875\t0\n"
			   "0\t0.203\t0.1875\t0.8125\t0\n"
			   "0\t0.204\t0.25\t0.75\t0\n"
			   "0\t0.205\t0.3125\t0.6875\t0\n"
			   "0\t0.206\t0.375\t0.625\t0\n");
	expect_variable("latency-alone", "caption = ''\n");
	store_close(s);
}

/* Series by name; the cross of a flagged run lies where half of its faults are done. */
static void test_flagged_and_uffd(void **state)
{
	struct store *s = synthetic_store("flagged.db");
	char *data, *mark;

	(void)state;
	make_run(s, (struct made){ .workload = "uffd",
				   .backend = "none",
				   .params = "{\"pattern\":\"zipf\",\"handler\":\"sigbus\"}",
				   .hist = "uffd",
				   .hist_from = 101,
				   .hist_to = 200 });
	/* 100 samples from 131 to 230 ns: the 50th is 180. */
	add_latency(s, 1, 131, 230, NULL, "SLOW");
	data = draw_data(s, "latency-cdf", 0, NULL, "latency-flagged");
	assert_non_null(strstr(data, "\n0\t0.19\t0.9\t0.1\t0\n1\t"));
	assert_non_null(strstr(data, "\n1\t0.18\t0.5\t0.5\t1\n"));
	mark = strstr(data, "\t1\n");
	assert_null(strstr(mark + 1, "\t1\n"));
	free(data);
	expect_variable("latency-flagged", "labels = 'userfaultfd, sigbus, zipf\tzram, major'\n");
	expect_variable("latency-flagged", "caption = '1 of 2 runs flagged (×): SLOW'\n");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeats_are_pooled),
		cmocka_unit_test(test_chosen_run_alone),
		cmocka_unit_test(test_flagged_and_uffd),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
