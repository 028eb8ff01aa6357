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
/* Ten seconds of one core, twice that with half; and the same behind a load of 2 s, 8 s with half. */
static struct life_point work[] = { { 0.5, 0, 0, 20, 20 }, { 1, 0, 0, 10, 10 } };
static struct life_point filled[] = { { 0.5, 8, 8, 20, 20 }, { 1, 2, 2, 10, 10 } };
static const struct life worked = { work, 2, 0 }, loaded = { filled, 2, 0 };

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
				      .life = &worked,
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

/* Half the memory: a load of 8 s, then 20 s of work; or 20 s and then 4 at full speed beside nobody. */
static void test_load(void **state)
{
	struct sim_job jobs[2] = { { .arrival_s = 0 }, { .arrival_s = 0 } };
	struct sim_kind k = kind;
	struct sim_yield y;

	(void)state;
	k.life = &loaded;
	y = play(&policy_none, 1, 1 << 20, &k, jobs, 1);
	assert_float_equal(y.makespan_s, 12, 1e-6);
	y = play(&policy_fixed, 1, 1 << 20, &k, jobs, 2);
	assert_float_equal(y.makespan_s, 28, 1e-6);
	assert_float_equal(y.mean_slowdown, 28.0 / 12, 1e-6);
	/* From 4 s on half of a load is left, at half speed. */
	jobs[1].arrival_s = 1;
	y = play(&policy_uniform, 1, 1 << 20, &k, jobs, 2);
	assert_float_equal(jobs[0].end_s, 1 + 4 + 20, 1e-6);
	/* The second is filled at 9 s, and has a fifth of its work left when it is alone. */
	assert_float_equal(jobs[1].end_s, 25 + 2, 1e-6);
}

static struct sim simulation(const struct sim_kind *k, struct sim_job *jobs, size_t nr)
{
	return (struct sim){ .policy = &policy_none,
			     .machines = 1,
			     .local_bytes = 1 << 22,
			     .cores = 1,
			     .kinds = k,
			     .jobs = jobs,
			     .nr_jobs = nr };
}

/* A window takes its time whatever memory there is; services are filled one after the other. */
static void test_services(void **state)
{
	struct sim_job jobs[2] = { { .arrival_s = 0 }, { .arrival_s = 0 } };
	struct sim_kind service = kind;
	struct sim s = simulation(&service, jobs, 2);
	struct sim_yield y;

	(void)state;
	service.life = &loaded;
	service.window_s = 3;
	y = play(&policy_none, 1, 1 << 20, &service, jobs, 1);
	assert_float_equal(y.makespan_s, 2 + 3, 1e-6);
	y = play(&policy_fixed, 1, 1 << 20, &service, jobs, 2);
	assert_float_equal(y.makespan_s, 8 + 8 + 3, 1e-6);
	/* The first one's window wants the one core that the second is filled on: 1 s, then half as fast. */
	assert_int_equal(simulate(&s, &y, &err), 0);
	assert_float_equal(jobs[0].end_s, 2 + 3, 1e-6);
	assert_float_equal(jobs[1].end_s, 2 + 3 + 0.5 + 3, 1e-6);
}

static void test_cores(void **state)
{
	static struct life_point lazy[] = { { 1, 0, 0, 10, 2 } };
	static const struct life lazily = { lazy, 1, 0 };
	struct sim_kind kinds[2] = { kind, kind };
	struct sim_job jobs[3] = { { .kind = 0 }, { .kind = 0 }, { .kind = 1 } };
	struct sim s = simulation(kinds, jobs, 2);
	struct sim_yield y;

	(void)state;
	/* Two on one core: each half as fast; or one after the other where each claims it. */
	assert_int_equal(simulate(&s, &y, &err), 0);
	assert_float_equal(y.makespan_s, 20, 1e-6);
	assert_float_equal(y.mean_slowdown, 2, 1e-6);
	kinds[0].cores = 1;
	assert_int_equal(simulate(&s, &y, &err), 0);
	assert_float_equal(y.makespan_s, 20, 1e-6);
	assert_float_equal(y.mean_queueing_s, 5, 1e-6);
	kinds[0].cores = 2;
	assert_int_equal(simulate(&s, &y, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "would wait for ever"));
	/* One that wants a fifth of a core gets it; the other two have 0.4 each until it has ended. */
	kinds[0].cores = 0;
	kinds[1].life = &lazily;
	s.nr_jobs = 3;
	assert_int_equal(simulate(&s, &y, &err), 0);
	assert_float_equal(jobs[2].end_s, 10, 1e-6);
	assert_float_equal(jobs[0].end_s, 10 + (10 - 4) * 2, 1e-6);
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
		cmocka_unit_test(test_queue),	 cmocka_unit_test(test_load),
		cmocka_unit_test(test_services), cmocka_unit_test(test_cores),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
