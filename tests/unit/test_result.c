// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/test.h"

#include "base/result.h"

static void test_rows(void **state)
{
	static const struct metric ops = { "ops", "per_s", BETTER_HIGHER, "operations" };
	char name[] = "elapsed";
	struct results r;

	(void)state;
	results_init(&r);
	results_add(&r, name, "s", BETTER_LOWER, 1.5);
	memset(name, 'x', sizeof(name) - 1); /* it keeps a copy */
	results_add_metric(&r, &ops, 1000);
	assert_int_equal(r.nr, 2);
	assert_true(results_find(&r, "elapsed")->value == 1.5);
	assert_string_equal(results_find(&r, "ops")->unit, "per_s");
	assert_int_equal(results_find(&r, "ops")->better, BETTER_HIGHER);
	assert_null(results_find(&r, "op"));
	results_add_hist(&r, "latency", hist_new());
	assert_int_equal(r.nr_hists, 1);
	results_release(&r);
	assert_int_equal(r.nr, 0);
}

static void test_flags(void **state)
{
	struct results r;

	(void)state;
	results_init(&r);
	results_flag(&r, "SWAP_FULL", SEVERITY_WARNING, "%d %% used", 99);
	results_flag(&r, "OOM_KILL", SEVERITY_FATAL, "one");
	results_flag(&r, "SWAP_FULL", SEVERITY_FATAL, "full");
	results_flag(&r, "OOM_KILL", SEVERITY_NOTE, "two");
	assert_int_equal(r.nr_flags, 2);
	assert_string_equal(r.flags[0].code, "SWAP_FULL");
	assert_string_equal(r.flags[0].detail, "99 % used");
	assert_int_equal(r.flags[0].severity, SEVERITY_FATAL);
	assert_string_equal(r.flags[1].detail, "one");
	assert_int_equal(r.flags[1].severity, SEVERITY_FATAL);
	results_release(&r);
}

static void test_facts(void **state)
{
	struct facts f;

	(void)state;
	facts_init(&f);
	facts_set(&f, "kernel", "%s", "6.1.0");
	facts_set(&f, "nodes", "%d", 2);
	facts_set(&f, "kernel", "%s-rc1", facts_get(&f, "kernel"));
	assert_int_equal(f.nr, 2);
	assert_string_equal(f.rows[0].name, "kernel");
	assert_string_equal(facts_get(&f, "kernel"), "6.1.0-rc1");
	assert_string_equal(facts_get(&f, "nodes"), "2");
	assert_null(facts_get(&f, "node"));
	facts_release(&f);
	assert_null(facts_get(&f, "kernel"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
