// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/extract.h"

#include <math.h>
#include <sys/stat.h>

#include "base/json.h"
#include "tests/unit/test.h"

/* What one metric finds in a text, as NAME,UNIT,BETTER; NaN: an error, whose message stays. */
static struct err last;

static double found(void **state, const char *metric, const char *out, const char *err)
{
	struct extract_from from = { scratch_path(state, "out"),
				     scratch_path(state, "err"),
				     { 0 } };
	struct extracts e = { 0 };
	struct results r;
	double value = NAN;

	memset(&last, 0, sizeof(last));
	results_init(&r);
	write_text(from.out, out);
	write_text(from.err, err);
	if (extracts_parse(&e, metric, &last) == 0 && extracts_read(&e, &from, &r, &last) == 0)
		value = r.rows[0].value;
	extracts_release(&e);
	results_release(&r);
	return value;
}

static void assert_refused(const char *metric, const char *why)
{
	struct extracts e = { 0 };
	struct err err = { 0 };

	assert_int_equal(extracts_parse_lines(&e, metric, &err), -EINVAL);
	if (!strstr(err.msg, why))
		fail_msg("'%s' is not about '%s'", err.msg, why);
	extracts_release(&e);
}

static void assert_parts(const char *text, const char *name, const char *unit, enum better better,
			 const char *file)
{
	struct extracts e = { 0 };
	struct err err = { 0 };

	if (extracts_parse(&e, text, &err) != 0)
		fail_msg("%s", err.msg);
	assert_string_equal(e.rows[0].name, name);
	assert_string_equal(e.rows[0].unit, unit);
	assert_int_equal(e.rows[0].better, better);
	if (file)
		assert_string_equal(e.rows[0].file, file);
	else
		assert_null(e.rows[0].file);
	extracts_release(&e);
}

static void test_parts(void **state)
{
	(void)state;
	assert_parts("probes/s=p: ([0-9.]+)", "probes", "per_s", BETTER_HIGHER, NULL);
	assert_parts("wait,us=w=([0-9]+)", "wait", "us", BETTER_LOWER, NULL);
	assert_parts("loss:lower@stderr=(.*)", "loss", "count", BETTER_LOWER, "stderr");
	assert_parts("t,s:higher@a/b,c:d.txt=(.*)", "t", "s", BETTER_HIGHER, "a/b,c:d.txt");
	assert_parts("ops=$.result.ops", "ops", "count", BETTER_HIGHER, NULL);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_refused("ops", "has no pattern");
	assert_refused("ops=", "no pattern after");
	assert_refused("a.b=(x)", "a name has letters");
	assert_refused("ops=[0-9]+", "has 0 groups");
	assert_refused("ops=(a)(b)", "has 2 groups");
	assert_refused("ops=([0-9]", "no regular expression");
	assert_refused("ops:best=(x)", "Not ':best'");
	assert_refused("ops:best=(x)", "metric ops");
	assert_refused("ops@=(x)", "no file");
	assert_refused("ops=$result", "JSON path");
	assert_refused("ops=(x)\nops=(y)", "twice");
}

static void test_regex(void **state)
{
	assert_true(found(state, "a=ops: ([0-9.]+)", "ops: 5\nops: 7.5 ops: 8\nend\n", "") == 8);
	assert_true(found(state, "a=^([0-9]+)$", "x 1\n22\ny 3\n", "") == 22);
	assert_true(found(state, "a=n ([0-9,]+)", "n 1,234,567", "") == 1234567);
	assert_true(found(state, "a=n (.*) z", "n -1.5e-3 z", "") == -1.5e-3);
	assert_true(found(state, "a@stderr=n ([0-9]+)", "n 1", "n 2") == 2);
	assert_true(isnan(found(state, "a=n (.*)", "n 12,34\n", "")));
	assert_non_null(strstr(last.msg, "found '12,34', which is no number"));
	assert_true(isnan(found(state, "a=ops ([0-9]+)", "one\ntwo\n", "")));
	assert_non_null(strstr(last.msg, "one | two"));
	assert_true(isnan(found(state, "a=ops ([0-9]+)", "", "ops 3\n")));
	assert_non_null(strstr(last.msg, "a@stderr="));
}

static void test_json(void **state)
{
	const char *text =
		"{\"result\": {\"ops\": 12.5, \"n\": \"7\", \"l\": [1, 2], \"b\": true}}\n";

	assert_true(found(state, "a=$.result.ops", text, "") == 12.5);
	assert_true(found(state, "a=$.result.n", text, "") == 7);
	assert_true(found(state, "a=$.result.l[1]", text, "") == 2);
	assert_true(found(state, "a=$.x", "words\n{\"x\": 3}\n\n", "") == 3);
	assert_true(isnan(found(state, "a=$.result.l", text, "")));
	assert_true(isnan(found(state, "a=$.result.b", text, "")));
	assert_true(isnan(found(state, "a=$.y", text, "")));
	assert_non_null(strstr(last.msg, "found nothing in the standard output"));
	assert_true(isnan(found(state, "a=$.y", "no json", "")));
}

/* A file of an earlier run is not taken for this one's. */
static void test_file(void **state)
{
	const char *path = scratch_path(state, "own.json");
	struct extract_from from = { "/dev/null", "/dev/null", { 0 } };
	struct extracts e = { 0 };
	struct buf metric = BUF_INIT;
	struct err err = { 0 };
	struct results r;

	results_init(&r);
	buf_addf(&metric, "a@%s=$.v", path);
	assert_int_equal(extracts_parse(&e, metric.data, &err), 0);
	assert_int_not_equal(extracts_read(&e, &from, &r, &err), 0);
	write_text(path, "{\"v\": 4}");
	assert_int_equal(extracts_read(&e, &from, &r, &err), 0);
	assert_true(results_find(&r, "a")->value == 4);
	clock_gettime(CLOCK_REALTIME, &from.since);
	from.since.tv_sec += 2;
	assert_int_not_equal(extracts_read(&e, &from, &r, &err), 0);
	assert_non_null(strstr(err.msg, "older than the run"));
	extracts_release(&e);
	results_release(&r);
	buf_release(&metric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_regex), cmocka_unit_test(test_json),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
