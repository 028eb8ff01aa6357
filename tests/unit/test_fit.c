// SPDX-License-Identifier: GPL-2.0-or-later
/* base/fit.h on workloads whose slowdown over the ratio is known, with noise. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdbool.h>

#include "base/fit.h"
#include "base/random.h"

#define MOST_RUNS 60
#define SEARCHES  100
#define TOLD_AT	  12

/* Slowdown over the ratio. */
static double curve_smooth(double r)
{
	return 1 + (1 - r) * (1 - r) / r;
}

static double curve_straight(double r)
{
	return 1 + 1.5 * (1 - r);
}

/* Nothing happens until the working set no longer fits. */
static double curve_knee(double r)
{
	return r > 0.45 ? 1 : 1 + 8 * (0.45 - r);
}

/* The first page that leaves costs most, as with a sort on zram. */
static double curve_jump(double r)
{
	return r > 0.985 ? 1 + 4 * (1 - r) : 1.33 + 0.7 * (0.985 - r);
}

static double crossing(double (*curve)(double), double bound)
{
	double low = 0.05, high = 1;

	while (high - low > 1e-6)
		*(curve((low + high) / 2) > bound ? &low : &high) = (low + high) / 2;
	return high;
}

static double normal(uint64_t *seed)
{
	double u = (double)((random_next(seed) >> 11) + 1) * 0x1p-53;
	double v = (double)(random_next(seed) >> 11) * 0x1p-53;

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

struct search {
	struct fit_point points[MOST_RUNS];
	size_t nr;
	struct fit fit;
	struct fit_answer answer;
	double left; /* as it was told after TOLD_AT runs */
};

/* As `fmbench fit` goes on until the interval is narrow and confirmed. */
static void run_search(struct search *s, double (*curve)(double), double sd, double seconds,
		       const struct fit_bound *bound, uint64_t *seed)
{
	s->nr = 0;
	s->answer = (struct fit_answer){ .next = 1 };
	do {
		double ratio = s->answer.next;

		assert_true(ratio >= bound->least_ratio - 1e-9 && ratio <= 1 + 1e-9);
		s->points[s->nr++] = (struct fit_point){ ratio, seconds * curve(ratio) *
									exp(sd * normal(seed)) };
		s->fit = fit_estimate(s->points, s->nr, bound);
		if (s->fit.state == FIT_HOLDS || s->fit.state == FIT_FAILS)
			return;
		s->answer = fit_answer(s->points, s->nr, bound, &s->fit);
		assert_int_equal(s->answer.confirmed, s->answer.left == 0);
		if (s->nr == TOLD_AT)
			s->left = s->answer.left;
	} while (s->nr < MOST_RUNS && !s->answer.confirmed);
}

static void finds(const char *name, double (*curve)(double), double slowdown, double sd,
		  bool relative)
{
	struct fit_bound bound = { relative ? slowdown : 7 * slowdown, relative, 0.1, 0.02 };
	double truth = crossing(curve, slowdown);
	uint64_t seed = 1;
	int near = 0, covered = 0, stated = 0, ends = 0;
	double width = 0, left = 0;
	size_t runs = 0;

	for (int i = 0; i < SEARCHES; i++) {
		struct search s;

		run_search(&s, curve, sd, 7, &bound, &seed);
		near += s.fit.state == FIT_FOUND && fabs(s.fit.ratio - truth) <= 0.03;
		covered += s.fit.low <= truth && truth <= s.fit.high;
		stated += s.answer.low <= truth && truth <= s.answer.ratio;
		width += s.answer.ratio - s.answer.low;
		ends += s.answer.confirmed;
		left += s.left;
		runs += s.nr;
	}
	printf("%s, %g times, noise %g %%: the truth is %.3f; %d of %d within 0.03, %d intervals hold it, "
	       "%d of those stated, %.3f wide; %d end, %.1f runs each (after %d runs %.1f more were told)\n",
	       name, slowdown, 100 * sd, truth, near, SEARCHES, covered, stated, width / SEARCHES,
	       ends, (double)runs / SEARCHES, TOLD_AT, left / SEARCHES);
	assert_true(near >= 95);
	assert_true(covered >= 90);
	assert_true(stated >= 95);
	left /= (double)runs - TOLD_AT * SEARCHES;
	assert_true(left > 0.5 && left < 2);
}

static void the_crossing_is_found(void **state)
{
	(void)state;
	finds("smooth", curve_smooth, 1.2, 0.02, true);
	finds("smooth", curve_smooth, 1.5, 0.03, true);
	finds("straight", curve_straight, 1.2, 0.02, true);
	finds("straight", curve_straight, 1.5, 0.03, false);
	finds("knee", curve_knee, 1.5, 0.03, true);
}

static void finds_jump(double sd)
{
	struct fit_bound bound = { 1.2, true, 0.1, 0.02 };
	uint64_t seed = 3;
	int missed = 0, answers = 0, wrong = 0, stated = 0;
	size_t runs = 0;

	for (int i = 0; i < SEARCHES; i++) {
		struct search s;

		run_search(&s, curve_jump, sd, 1, &bound, &seed);
		runs += s.nr;
		if (!s.answer.confirmed)
			continue;
		answers++;
		missed += s.fit.high < 0.985 || s.fit.low > 0.985;
		wrong += curve_jump(s.answer.ratio) > 1.2;
		stated += s.answer.low <= 0.985 && 0.985 <= s.answer.ratio;
	}
	printf("jump, noise %g %%: %d answers, %d lines miss it, %d answers miss the bound, %d intervals "
	       "hold it, %.1f runs each\n",
	       100 * sd, answers, missed, wrong, stated, (double)runs / SEARCHES);
	assert_true(answers >= 90);
	assert_true(wrong <= 2 && stated >= answers - 2);
}

/* The line misses the jump; what is stated holds it. */
static void a_jump_is_not_overlooked(void **state)
{
	(void)state;
	finds_jump(0.02);
	finds_jump(0.08);
}

static void what_never_crosses_is_told(void **state)
{
	struct fit_bound bound = { 1.2, true, 0.5, 0.02 };
	struct search s;
	uint64_t seed = 5;

	(void)state;
	run_search(&s, curve_knee, 0.01, 1, &bound, &seed);
	assert_int_equal(s.fit.state, FIT_HOLDS);
	bound = (struct fit_bound){ 0.5, false, 0.1, 0.02 };
	run_search(&s, curve_smooth, 0.01, 1, &bound, &seed);
	assert_int_equal(s.fit.state, FIT_FAILS);
}

/* A slope of 0.2 under a noise of 40 %: no interval that ends. */
static double curve_flat(double r)
{
	return 1 + 0.2 * (1 - r);
}

static void noise_is_told(void **state)
{
	struct fit_bound bound = { 1.1, true, 0.1, 0.02 };
	uint64_t seed = 9;
	int silly = 0;

	(void)state;
	for (int i = 0; i < SEARCHES; i++) {
		struct search s;

		run_search(&s, curve_flat, 0.4, 1, &bound, &seed);
		silly += s.answer.confirmed;
	}
	assert_true(silly <= 2);
}

static void few_runs_say_nothing(void **state)
{
	struct fit_bound bound = { 1.2, true, 0.1, 0.02 };
	struct fit_point points[] = { { 1, 1 }, { 1, 1.01 }, { 0.5, 1.3 }, { 0.6, 1.1 } };
	struct fit f;

	(void)state;
	assert_int_equal(fit_estimate(points, 0, &bound).state, FIT_TOO_FEW);
	assert_int_equal(fit_estimate(points, 4, &bound).state, FIT_TOO_FEW);
	f = fit_estimate(points, 0, &bound);
	assert_true(fit_answer(points, 0, &bound, &f).next == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_crossing_is_found),
		cmocka_unit_test(a_jump_is_not_overlooked),
		cmocka_unit_test(what_never_crosses_is_told),
		cmocka_unit_test(noise_is_told),
		cmocka_unit_test(few_runs_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
