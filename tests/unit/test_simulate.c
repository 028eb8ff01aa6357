// SPDX-License-Identifier: GPL-2.0-or-later
/* harness/plan/simulate.c, by mixes that can be reckoned by hand; and that it is fast enough. */
#include "tests/unit/test.h"

#include <math.h>

#include "base/clock.h"
#include "base/random.h"
#include "harness/plan/simulate.h"

static struct err err;

/* Twice as slow with half of its memory. */
static struct curve_point points[] = { { .ratio = 0.5, .slowdown = 2 },
				       { .ratio = 1, .slowdown = 1 } };
static const struct curve half = { points, 2 };

static struct sim_yield play(const struct policy *policy, size_t machines, uint64_t local,
			     const struct sim_kind *kind, struct sim_job *jobs, size_t nr)
{
	struct sim s = { .policy = policy,
			 .machines = machines,
			 .local_bytes = local,
			 .kinds = kind,
			 .jobs = jobs,
			 .nr_jobs = nr };
	struct sim_yield y = { 0 };

	if (simulate(&s, &y, &err) != 0)
		fail_msg("%s", err.msg);
	return y;
}

static const struct sim_kind kind = { .name = "a",
				      .peak_bytes = 1 << 20,
				      .least_ratio = 0.5,
				      .ratio = 0.5,
				      .work_s = 10,
				      .profile = &half };

static void test_queue(void **state)
{
	struct sim_job jobs[2] = { { .arrival_s = 0 }, { .arrival_s = 4 } };
	struct sim_yield y;

	(void)state;
	/* Whole: the second waits for six seconds. */
	y = play(&policy_none, 1, 1 << 20, &kind, jobs, 2);
	assert_float_equal(y.makespan_s, 20, 1e-6);
	assert_float_equal(y.mean_queueing_s, 3, 1e-6);
	assert_float_equal(y.mean_slowdown, 1, 1e-6);
	/* Halves: 4 s alone, 12 s at half speed for the first; then the second has 4 s left at full. */
	y = play(&policy_uniform, 1, 1 << 20, &kind, jobs, 2);
	assert_float_equal(jobs[0].end_s, 16, 1e-6);
	assert_float_equal(jobs[1].end_s, 20, 1e-6);
	assert_float_equal(y.mean_queueing_s, 0, 1e-6);
	assert_float_equal(y.mean_slowdown, 1.6, 1e-6);
	/* A machine each. */
	y = play(&policy_none, 2, 1 << 20, &kind, jobs, 2);
	assert_float_equal(y.makespan_s, 14, 1e-6);
}

static void test_fixed_time_and_cores(void **state)
{
	struct sim_kind service = kind, sorts = kind;
	struct sim_job jobs[2] = { { .arrival_s = 0 }, { .arrival_s = 0 } };
	struct sim s = { .policy = &policy_none,
			 .machines = 1,
			 .local_bytes = 1 << 21,
			 .cores = 1,
			 .kinds = &sorts,
			 .jobs = jobs,
			 .nr_jobs = 2 };
	struct sim_yield y;

	(void)state;
	service.fixed_s = 3;
	service.work_s = 0;
	y = play(&policy_uniform, 1, 1 << 20, &service, jobs, 2);
	assert_float_equal(y.makespan_s, 3, 1e-6); /* half the memory, the same window */
	/* Two on one core: each half as fast; or one after the other where each claims it. */
	assert_int_equal(simulate(&s, &y, &err), 0);
	assert_float_equal(y.makespan_s, 20, 1e-6);
	assert_float_equal(y.mean_slowdown, 2, 1e-6);
	sorts.cores = 1;
	assert_int_equal(simulate(&s, &y, &err), 0);
	assert_float_equal(y.makespan_s, 20, 1e-6);
	assert_float_equal(y.mean_queueing_s, 5, 1e-6);
	sorts.cores = 2;
	assert_int_equal(simulate(&s, &y, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "would wait for ever"));
	assert_int_equal(simulate_check(&policy_pressure, &err), -EINVAL);
}

/* 1,000 machines, 100,000 jobs, ten seconds; a fifth of that would be slow already. */
static void test_large(void **state)
{
	const size_t nr = 100000;
	struct sim_kind k = kind;
	struct sim_job *jobs = calloc(nr, sizeof(*jobs));
	uint64_t seed = 1, begin_ns = clock_process_ns();
	struct sim_yield y;
	double at_s = 0, took_s;

	(void)state;
	for (size_t i = 0; i < nr; i++) {
		at_s -= log1p(-random_unit(random_next(&seed))) / 250;
		jobs[i] = (struct sim_job){ .arrival_s = at_s };
	}
	y = play(&policy_uniform, 1000, 3 << 20, &k, jobs, nr);
	took_s = (double)(clock_process_ns() - begin_ns) / NSEC_PER_SEC;
	assert_true(took_s < 10);
	assert_true(y.makespan_s > at_s);
	for (size_t i = 0; i < nr; i++)
		assert_true(jobs[i].start_s >= jobs[i].arrival_s &&
			    jobs[i].end_s >= jobs[i].start_s + 10 - 1e-6);
	free(jobs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_fixed_time_and_cores),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
