// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs of the user's: their own numbers, a load phase, what is said when they fail. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <unistd.h>

#include "base/clock.h"
#include "workloads/workload.h"

static const struct workload *const w = &workload_command;
static struct place place = { .mem_node = -1 };
static void *params;
static struct workload_ctx ctx;
static struct results results;
static struct err err;
static unsigned int shrink_us; /* memory shrinks, and the program is held */
static char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, NULL, NULL };

static int setup(void **state)
{
	params = calloc(1, w->params_size);
	opt_defaults(w->opts, params);
	results_init(&results);
	shrink_us = 300000;
	memset(&err, 0, sizeof(err));
	unlink(scratch_path(state, "command.out"));
	unlink(scratch_path(state, "command.err"));
	ctx = (struct workload_ctx){ .workload = w,
				     .params = params,
				     .argv = argv,
				     .inside = &place,
				     .outside = &place,
				     .dir = *state };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (ctx.state) {
		w->stop(&ctx);
		w->release(&ctx);
	}
	opt_release(w->opts, params);
	free(params);
	results_release(&results);
	return 0;
}

static void set(const char *key, const char *value)
{
	if (opt_set(w->opts, params, key, value, "command", &err) != 0)
		fail_msg("%s", err.msg);
}

/* To its end, as run.c does. */
static int run(const char *script)
{
	int rc;

	argv[2] = (char *)script;
	rc = w->check(params, argv, &err);
	if (!rc)
		rc = w->start(&ctx, &err);
	if (!rc && w->loads(params) != LOADS_NOT) {
		rc = w->load(&ctx, &err);
		if (!rc) {
			usleep(shrink_us);
			rc = w->go(&ctx, &err);
		}
	}
	while (!rc)
		rc = w->poll(&ctx, 100, &err);
	if (rc < 0)
		return rc;
	w->stop(&ctx);
	return w->parse(&ctx, 0, 0, &results, &err);
}

static void run_well(const char *script)
{
	if (run(script) != 0)
		fail_msg("%s", err.msg);
}

static double value(const char *name)
{
	const struct result *r = results_find(&results, name);

	assert_non_null(r);
	return r->value;
}

static double seconds_since(uint64_t begin_ns)
{
	return (double)(clock_ns() - begin_ns) / NSEC_PER_SEC;
}

static void assert_says(const char *text)
{
	if (!strstr(err.msg, text))
		fail_msg("'%s' is not about '%s'", err.msg, text);
}

static void test_metrics_come_first(void **state)
{
	(void)state;
	set("metric", "ops/s=ops: ([0-9]+)");
	set("metric", "wait,us@stderr=wait ([0-9]+)");
	run_well("echo ops: 42; echo wait 7 >&2");
	assert_string_equal(results.rows[0].name, "ops");
	assert_string_equal(results.rows[0].unit, "per_s");
	assert_true(results.rows[0].value == 42);
	assert_true(value("wait") == 7);
	assert_true(value("elapsed") > 0);
}

static void test_metric_missing(void **state)
{
	(void)state;
	set("metric", "ops=ops: ([0-9]+)");
	assert_true(run("echo nothing of that; echo at all") < 0);
	assert_says("found nothing in the standard output");
	assert_says("nothing of that | at all");
}

static void test_refused(void **state)
{
	(void)state;
	set("metric", "elapsed=([0-9]+)");
	assert_int_equal(run("true"), -EINVAL);
	assert_says("every command has that one");
	opt_release(w->opts, params);
	opt_defaults(w->opts, params);
	set("limit-at", "ready");
	assert_int_equal(run("true"), -EINVAL);
	assert_says("Add --ready");
	set("ready", "(");
	assert_int_equal(run("true"), -EINVAL);
	assert_says("--ready: '('");
}

/* The program buffers its output, unless a terminal takes it; loading and being held do not count. */
static void test_ready_line(void **state)
{
	uint64_t begin = clock_ns();

	(void)state;
	set("ready", "^ready");
	set("metric", "ops=ops: ([0-9]+)");
	assert_int_equal(w->loads(params), LOADS_LIMITED);
	run_well("awk 'BEGIN { system(\"sleep 0.3\"); print \"ready\"; system(\"sleep 0.6\");"
		 " print \"ops: 3\" }'");
	assert_true(value("elapsed") > 0.15);
	assert_true(value("elapsed") < seconds_since(begin) - 0.55);
	assert_true(value("ops") == 3);
	assert_int_equal(results.nr_flags, 1); /* its clock went on */
	assert_string_equal(results.flags[0].code, "HELD");
	assert_int_equal(results.flags[0].severity, SEVERITY_FATAL);
}

/* A small share of a long window spoils no verdict. */
static void test_held_briefly(void **state)
{
	(void)state;
	set("ready", "^ready");
	set("metric", "ops=ops: ([0-9]+)");
	shrink_us = 100000;
	run_well("echo ready; sleep 2; echo ops: 3");
	assert_int_equal(results.nr_flags, 1);
	assert_string_equal(results.flags[0].code, "HELD");
	assert_int_equal(results.flags[0].severity, SEVERITY_WARNING);
}

static void test_load_is_not_counted(void **state)
{
	(void)state;
	set("ready", "ready");
	set("limit-at", "ready");
	assert_int_equal(w->loads(params), LOADS_FREELY);
	run_well("i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; echo ready >&2; sleep 0.2");
	assert_true(value("user") + value("system") < 0.1);
}

/* What it waits for after it has said that it is ready comes with go(). */
static void test_ready_fd(void **state)
{
	uint64_t begin = clock_ns();

	(void)state;
	set("ready", "fd");
	set("metric", "n=([0-9])");
	run_well("[ \"$FMBENCH_READY_FD\" = 3 ] && echo ready >&3 && read -r word <&3 && "
		 "[ \"$word\" = go ] && echo 1");
	assert_int_equal(results.nr_flags, 0);
	assert_true(value("elapsed") < seconds_since(begin) - 0.28);
}

static void test_never_ready(void **state)
{
	(void)state;
	set("ready", "ready");
	assert_true(run("echo almost") < 0);
	assert_says("ended in its load phase (--ready 'ready'); its last output: almost");
}

/* More than a terminal holds. */
static void test_much_output(void **state)
{
	(void)state;
	set("ready", "^1$");
	set("metric", "n=^([0-9]+)$");
	run_well("seq 200000");
	assert_true(value("n") == 200000);
}

static void test_failure(void **state)
{
	(void)state;
	assert_true(run("echo out; echo why >&2; exit 4") < 0);
	assert_says("exited with status 4; its last output: why");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_metrics_come_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metric_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ready_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held_briefly, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_is_not_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ready_fd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_ready, setup, teardown),
		cmocka_unit_test_setup_teardown(test_much_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure, setup, teardown),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
