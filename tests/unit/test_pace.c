// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of a job's counts tell how fast it goes, when its warm-up is over, and what is flagged. */
#include "tests/unit/test.h"

#include "base/clock.h"
#include "harness/run/pace.h"

#define S  NSEC_PER_SEC
#define T0 (1000 * S)

static struct pace p;
static struct results results;

static int setup(void **state)
{
	(void)state;
	pace_reset(&p);
	results_init(&results);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	results_release(&results);
	return 0;
}

/* Ten readings a second for so long; the rate goes in a line from one to the other. */
static void add(struct steady_series *s, double seconds, double from_per_s, double to_per_s)
{
	double count = 0;

	for (int i = 0; i <= seconds * 10; i++) {
		count += 0.1 * (from_per_s + (to_per_s - from_per_s) * i / seconds / 10);
		steady_series_add(s, T0 + (uint64_t)i * S / 10, (uint64_t)count);
	}
}

static const char *judge(double seconds)
{
	enum steady_verdict v = pace_judge(&p, T0, T0 + (uint64_t)(seconds * (double)S), &results);

	assert_int_equal(v == STEADY_NO, results.nr_flags == 1);
	if (!results.nr_flags)
		return "";
	assert_string_equal(results.flags[0].code, "NOT_STEADY");
	assert_int_equal(results.flags[0].severity, SEVERITY_WARNING);
	return results.flags[0].detail;
}

static void operations_count_alone(void **state)
{
	(void)state;
	add(&p.operations, 10, 1000, 1000);
	add(&p.cpu, 10, 200000, 900000);
	add(&p.page_ins, 10, 100000, 0);
	assert_string_equal(judge(10), "");
}

static void a_ramp_of_operations(void **state)
{
	const char *detail;

	(void)state;
	add(&p.operations, 10, 1000, 1800);
	detail = judge(10);
	assert_non_null(strstr(detail, "operations per second rose by 56 %"));
}

static void else_page_ins_and_cpu_time(void **state)
{
	(void)state;
	add(&p.cpu, 10, 500000, 500000);
	add(&p.page_ins, 10, 20000, 10000);
	assert_non_null(strstr(judge(10), "far page-ins per second fell by 66 %"));
}

/* A few pages, or a group that hardly runs, say nothing about its pace. */
static void what_does_not_matter(void **state)
{
	(void)state;
	add(&p.cpu, 10, 20000, 40000);
	add(&p.page_ins, 10, 10, 90);
	assert_string_equal(judge(10), "");
	assert_int_equal(pace_lately(&p, T0, T0 + 10 * S), STEADY_UNKNOWN);
}

/* Too short to tell: nothing is said. */
static void a_short_window(void **state)
{
	(void)state;
	add(&p.operations, 0.4, 1000, 3000);
	assert_string_equal(judge(0.4), "");
}

static void warm_once_it_holds_still(void **state)
{
	uint64_t count = 0;

	(void)state;
	for (int i = 0; i < 120; i++) { /* rises for four seconds */
		uint64_t now = T0 + (uint64_t)i * S / 10;
		enum steady_verdict v;

		count += i < 40 ? (uint64_t)(100 + 25 * i) : 1100;
		steady_series_add(&p.operations, now, count);
		v = pace_lately(&p, T0, now);
		if (i < 50)
			assert_int_not_equal(v, STEADY_YES);
		if (i > 65)
			assert_int_equal(v, STEADY_YES);
	}
}

/* memaslap's seconds: it takes some of them, and those before the warm-up don't count. */
static void told_once_a_second(void **state)
{
	(void)state;
	p.operations.told = true;
	for (uint64_t second = 0; second < 20; second++) {
		uint64_t now = T0 + second * S;
		enum steady_verdict v;

		steady_series_add(&p.operations, now, second * 50000);
		v = pace_lately(&p, T0 + 3 * S, now + S / 2);
		assert_int_equal(v, second < 9 ? STEADY_NOISY : STEADY_YES);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(operations_count_alone),
		TEST(a_ramp_of_operations),
		TEST(else_page_ins_and_cpu_time),
		TEST(what_does_not_matter),
		TEST(a_short_window),
		TEST(warm_once_it_holds_still),
		TEST(told_once_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
