// SPDX-License-Identifier: GPL-2.0-or-later
/* harness/policy: what each policy answers, that answers can be given, and how the queue moves. */
#include "tests/unit/test.h"

#include <math.h>
#include <unistd.h>

#include "harness/plan/arrivals.h"
#include "harness/policy/policy.h"
#include "harness/policy/queue.h"

#define MIB (1024ull * 1024)

static struct err err;

#define assert_ok(call)                                                                            \
	do {                                                                                       \
		if ((call) != 0)                                                                   \
			fail_msg("%s: %s", #call, err.msg);                                        \
	} while (0)

static const struct policy_options options = { .pressure = 0.01,
					       .every_ns = 1000000000,
					       .timeout_ns = 500000000 };

/* Two jobs: one that may give much, and one that may not. */
static struct policy_job two[] = {
	{ .name = "large",
	  .peak_bytes = 800 * MIB,
	  .least_bytes = 80 * MIB,
	  .ratio = 0.25,
	  .pressure = NAN },
	{ .name = "small",
	  .peak_bytes = 200 * MIB,
	  .least_bytes = 150 * MIB,
	  .ratio = 0.9,
	  .pressure = NAN },
};

static struct policy_view view_of(uint64_t local_bytes)
{
	return (struct policy_view){ .local_bytes = local_bytes, .jobs = two, .nr = 2 };
}

static void expect(const struct policy *p, uint64_t local_bytes, uint64_t large, uint64_t small)
{
	struct policy_view v = view_of(local_bytes);
	uint64_t bytes[2];

	assert_ok(p->decide(NULL, &options, &v, bytes, &err));
	if (bytes[0] + MIB < large || bytes[0] > large + MIB || bytes[1] + MIB < small ||
	    bytes[1] > small + MIB)
		fail_msg("%s of %llu: %llu and %llu MiB", p->name,
			 (unsigned long long)(local_bytes / MIB),
			 (unsigned long long)(bytes[0] / MIB),
			 (unsigned long long)(bytes[1] / MIB));
}

static void test_shares(void **state)
{
	struct policy_view v = view_of(500 * MIB);
	uint64_t bytes[2];

	(void)state;
	expect(&policy_fixed, 500 * MIB, 200 * MIB, 180 * MIB);
	/* The small one keeps its least of 150; the ratio of the other is what is left. */
	expect(&policy_uniform, 500 * MIB, 350 * MIB, 150 * MIB);
	expect(&policy_uniform, 900 * MIB, 720 * MIB, 180 * MIB);
	expect(&policy_uniform, 2000 * MIB, 800 * MIB, 200 * MIB);
	/* 500 to give, of 720 and 50 that can be given. */
	expect(&policy_proportional, 500 * MIB, 332 * MIB, 168 * MIB);
	expect(&policy_proportional, 2000 * MIB, 800 * MIB, 200 * MIB);
	assert_ok(policy_none.decide(NULL, &options, &v, bytes, &err));
	assert_true(bytes[0] == POLICY_UNLIMITED && bytes[1] == POLICY_UNLIMITED);
	assert_true(policy_none.whole);
}

static void test_fit(void **state)
{
	struct policy_view v = view_of(500 * MIB);
	uint64_t much[] = { 10000 * MIB, 10000 * MIB }, little[] = { 0, 0 };
	uint64_t right[] = { 300 * MIB, 200 * MIB };

	(void)state;
	assert_true(policy_fit(&v, much));
	assert_true(much[0] + much[1] <= 500 * MIB && much[0] + much[1] > 499 * MIB);
	assert_true(much[0] >= 80 * MIB && much[1] >= 150 * MIB);
	assert_true(policy_fit(&v, little));
	assert_true(little[0] == 80 * MIB && little[1] == 150 * MIB);
	assert_false(policy_fit(&v, right));
	assert_true(right[0] == 300 * MIB && right[1] == 200 * MIB);
}

/* The large job's first half of memory is worth much, the rest nothing; the small one's is even. */
static void test_optimal(void **state)
{
	struct curve_point steep[] = { { .ratio = 0.1, .slowdown = 9 },
				       { .ratio = 0.5, .slowdown = 1 },
				       { .ratio = 1, .slowdown = 1 } };
	struct curve_point even[] = { { .ratio = 0.5, .slowdown = 1.5 },
				      { .ratio = 1, .slowdown = 1 } };
	struct curve a = { steep, 3 }, b = { even, 2 };
	struct policy_view v = view_of(600 * MIB);
	uint64_t bytes[2];

	(void)state;
	assert_int_equal(policy_optimal.decide(NULL, &options, &v, bytes, &err), -ENOENT);
	two[0].profile = &a;
	two[1].profile = &b;
	expect(&policy_optimal, 600 * MIB, 400 * MIB, 200 * MIB);
	expect(&policy_optimal, 400 * MIB, 250 * MIB, 150 * MIB);
	two[0].profile = two[1].profile = NULL;
}

/* A bump in a profile is no reason to stop on it: the hull goes below. */
static void test_hull(void **state)
{
	struct curve_point bump[] = { { .ratio = 0.2, .slowdown = 3 },
				      { .ratio = 0.4, .slowdown = 2.9 },
				      { .ratio = 0.6, .slowdown = 1.2 },
				      { .ratio = 1, .slowdown = 1 } };
	struct curve c = { bump, 4 };
	struct curve_point hull[4];

	(void)state;
	assert_int_equal(policy_hull(&c, hull), 3);
	assert_float_equal(hull[1].ratio, 0.6, 1e-9);
	assert_float_equal(policy_slowdown(&c, 0.5), 2.05, 1e-9);
	assert_float_equal(policy_slowdown(&c, 0.1), 3.05, 1e-9); /* the first slope goes on */
	assert_float_equal(policy_slowdown(&c, 1), 1, 1e-9);
}

/* Senpai: at most 1 % down, up to twice as much up, and nothing at the target's near side. */
static void test_pressure(void **state)
{
	(void)state;
	two[0].limit_bytes = two[0].local_bytes = 400 * MIB;
	two[1].limit_bytes = two[1].local_bytes = 160 * MIB;
	two[0].pressure = 0;
	two[1].pressure = 0.2; /* 20 times the target */
	expect(&policy_pressure, 2000 * MIB, 396 * MIB, 200 * MIB);
	two[0].pressure = 0.01;
	two[1].pressure = 0.01;
	expect(&policy_pressure, 2000 * MIB, 396 * MIB, 158 * MIB);
	two[0].limit_bytes = two[1].limit_bytes = 0;
	two[0].pressure = two[1].pressure = NAN;
	expect(&policy_pressure, 2000 * MIB, 800 * MIB, 200 * MIB);
}

static void test_schedule(void **state)
{
	static const char text[] = "0s:1 10s:0.5 ~20s:0.2 30s:1";
	static const char *const bad[] = { "",	      "10s:0.5",   "0s:1 0s:0.5", "0s:1 5s:0",
					   "0s:1 5s", "0s:1 5s:2", "0s:1 x:0.5" };

	(void)state;
	assert_ok(schedule_check(text, &err));
	assert_float_equal(schedule_at(text, 0), 1, 1e-9);
	assert_float_equal(schedule_at(text, 9.9), 1, 1e-9);
	assert_float_equal(schedule_at(text, 10), 0.5, 1e-9);
	assert_float_equal(schedule_at(text, 15), 0.35, 1e-9);
	assert_float_equal(schedule_at(text, 25), 0.2, 1e-9);
	assert_float_equal(schedule_at(text, 100), 1, 1e-9);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (schedule_check(bad[i], &err) != -EINVAL)
			fail_msg("taken: '%s'", bad[i]);
	}
}

static int ask_program(const char *line, uint64_t bytes[2])
{
	struct policy_options o = options;
	struct policy_view v = view_of(500 * MIB);
	void *p = NULL;
	int rc;

	two[0].limit_bytes = 100 * MIB;
	o.program = (char *)(uintptr_t)line;
	assert_ok(policy_program.start(&o, "/tmp", &p, &err));
	rc = policy_program.decide(p, &o, &v, bytes, &err);
	policy_program.stop(p);
	two[0].limit_bytes = 0;
	unlink("/tmp/policy.log");
	return rc;
}

static void test_program(void **state)
{
	uint64_t bytes[2];

	(void)state;
	assert_ok(ask_program("while read l; do echo '{\"limits\":{\"small\":188743680}}'; done",
			      bytes));
	assert_true(bytes[0] == 100 * MIB && bytes[1] == 180 * MIB);
	assert_ok(ask_program("read l; echo '{\"limits\":{\"small\":-5,\"large\":1e30}}'; sleep 1",
			      bytes));
	assert_true(bytes[1] == 0 && bytes[0] > 1000000 * MIB); /* policy_fit() tells */
	/* What is asked has what the program needs to know. */
	assert_ok(ask_program("read l; case $l in *'\"name\":\"small\",\"peak\":209715200'*) "
			      "echo '{\"limits\":{\"small\":1}}';; esac; sleep 1",
			      bytes));
	assert_int_not_equal(ask_program("sleep 10", bytes), 0);
	assert_non_null(strstr(err.msg, "no answer in 0.5 s"));
	assert_int_not_equal(ask_program("echo out of luck >&2; exit 3", bytes), 0);
	assert_non_null(strstr(err.msg, "out of luck"));
	assert_int_not_equal(ask_program("read l; echo hello; sleep 1", bytes), 0);
	assert_non_null(strstr(err.msg, "answered 'hello'"));
}

static void test_table(void **state)
{
	size_t nr = 0;

	(void)state;
	for (; policy_table[nr]; nr++) {
		assert_non_null(policy_table[nr]->decide);
		assert_non_null(policy_table[nr]->summary);
		assert_ptr_equal(policy_find(policy_table[nr]->name, &err), policy_table[nr]);
	}
	assert_int_equal(nr, 8);
	assert_null(policy_find("unifrom", &err));
	assert_non_null(strstr(err.msg, "did you mean"));
}

/* --- the queue -------------------------------------------------------------------------------- */

static void test_queue(void **state)
{
	struct queue_job jobs[] = {
		{ .arrival_s = 0, .peak_bytes = 100, .least_bytes = 40 },
		{ .arrival_s = 0, .peak_bytes = 100, .least_bytes = 70 },
		{ .arrival_s = 5, .peak_bytes = 100, .least_bytes = 10 },
	};
	struct queue q = { .local_bytes = 100, .cores = 2, .jobs = jobs, .nr = 3 };
	uint64_t bytes;

	(void)state;
	assert_int_equal(queue_arrive(&q, 0), 2);
	assert_ptr_equal(queue_admit(&q), &jobs[0]);
	assert_null(queue_admit(&q)); /* 40 + 70 do not fit */
	jobs[0].target_bytes = 100;
	assert_true(queue_has_room(&q, &jobs[0], &bytes));
	assert_int_equal(bytes, 100);
	jobs[0].state = JOB_RUNS;
	jobs[0].limit_bytes = bytes;
	/* The third would fit, but the second was there before. */
	assert_int_equal(queue_arrive(&q, 6), 1);
	assert_null(queue_admit(&q));
	jobs[1].state = JOB_ENDED;
	assert_ptr_equal(queue_admit(&q), &jobs[2]);
	/* It can start once the first has made room for its least. */
	jobs[0].target_bytes = 60;
	jobs[2].target_bytes = 40;
	assert_false(queue_has_room(&q, &jobs[2], &bytes));
	assert_int_equal(queue_next_limit(&q, &jobs[0], 15), 85);
	jobs[0].limit_bytes = 85;
	assert_true(queue_has_room(&q, &jobs[2], &bytes));
	assert_int_equal(bytes, 15);
	jobs[2].state = JOB_RUNS;
	jobs[2].limit_bytes = 15;
	/* Nothing is free for it to grow into, until the first has sunk further. */
	assert_int_equal(queue_next_limit(&q, &jobs[2], 30), 15);
	jobs[0].limit_bytes = queue_next_limit(&q, &jobs[0], 30);
	assert_int_equal(jobs[0].limit_bytes, 60);
	assert_int_equal(queue_next_limit(&q, &jobs[2], 30), 40);
}

static void test_cores(void **state)
{
	struct queue_job jobs[] = {
		{ .peak_bytes = 10, .least_bytes = 1, .cores = 2, .state = JOB_WAITS },
		{ .peak_bytes = 10, .least_bytes = 1, .cores = 1, .state = JOB_WAITS },
		{ .peak_bytes = 10, .least_bytes = 1, .cores = 0, .state = JOB_WAITS },
	};
	struct queue q = { .local_bytes = 100, .cores = 2, .jobs = jobs, .nr = 3 };
	bool cores;

	(void)state;
	assert_null(queue_impossible(&q, &cores));
	assert_ptr_equal(queue_admit(&q), &jobs[0]);
	assert_null(queue_admit(&q));
	jobs[0].state = JOB_ENDED;
	assert_ptr_equal(queue_admit(&q), &jobs[1]);
	assert_ptr_equal(queue_admit(&q), &jobs[2]); /* claims none */
	jobs[1].cores = 3;
	assert_ptr_equal(queue_impossible(&q, &cores), &jobs[1]);
	assert_true(cores);
	jobs[1].cores = 1;
	jobs[2].least_bytes = 101;
	assert_ptr_equal(queue_impossible(&q, &cores), &jobs[2]);
	assert_false(cores);
}

/* --- arrivals --------------------------------------------------------------------------------- */

static size_t draw(const char *text, const char *label, uint64_t count, uint64_t seed,
		   double **times)
{
	size_t nr = 0;

	assert_ok(arrivals_draw(text, label, count, seed, times, &nr, &err));
	return nr;
}

static void test_arrivals(void **state)
{
	double *a, *b, *c, sum;
	size_t nr;

	(void)state;
	nr = draw("poisson 60/min", "x", 4000, 1, &a);
	assert_int_equal(nr, 4000);
	sum = a[nr - 1];
	assert_true(sum > 3800 && sum < 4200); /* one a second, with a deviation of 63 */
	draw("poisson 60/min", "x", 4000, 1, &b);
	draw("poisson 60/min", "x", 4000, 2, &c);
	assert_memory_equal(a, b, nr * sizeof(*a));
	assert_true(memcmp(a, c, nr * sizeof(*a)) != 0);
	free(a), free(b), free(c);
	nr = draw("at 0s 30s 1m", "x", 0, 1, &a);
	assert_int_equal(nr, 3);
	assert_float_equal(a[2], 60, 1e-9);
	free(a);
	assert_int_equal(arrivals_check("poisson 4", &err), -EINVAL);
	assert_int_equal(arrivals_check("at 5s 3s", &err), -EINVAL);
	assert_int_equal(arrivals_check("soon", &err), -EINVAL);
}

static void test_trace(void **state)
{
	const char *path = scratch_path(state, "trace.csv");
	struct buf text = BUF_INIT;
	FILE *f = fopen(path, "w");
	double *a;
	size_t nr = 0;

	fputs("# time,job\n0s,x\n1.5s,y\n2s,x\n", f);
	fclose(f);
	buf_addf(&text, "trace %s", path);
	assert_int_equal(draw(text.data, "x", 0, 1, &a), 2);
	assert_float_equal(a[1], 2, 1e-9);
	free(a);
	f = fopen(path, "a");
	fputs("later,x\n", f);
	fclose(f);
	assert_int_equal(arrivals_draw(text.data, "x", 0, 1, &a, &nr, &err), -EINVAL);
	assert_non_null(strstr(err.msg, ":5: a line is TIME,JOB"));
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),	 cmocka_unit_test(test_fit),
		cmocka_unit_test(test_optimal),	 cmocka_unit_test(test_hull),
		cmocka_unit_test(test_pressure), cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_program),	 cmocka_unit_test(test_table),
		cmocka_unit_test(test_queue),	 cmocka_unit_test(test_cores),
		cmocka_unit_test(test_arrivals), cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests_name("policy", tests, scratch_setup, scratch_teardown);
}
