// SPDX-License-Identifier: GPL-2.0-or-later
/* base/fit.h on workloads whose slowdown over the ratio is known, with noise. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdbool.h>

#include "base/fit.h"
#include "base/random.h"

#define MOST_RUNS 60
#define SEARCHES  100

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
};

/* As `fmbench fit` goes on until the interval is narrow. */
static void run_search(struct search *s, double (*curve)(double), double sd, double seconds,
		       const struct fit_bound *bound, uint64_t *seed)
{
	s->nr = 0;
	do {
		double ratio = fit_next(s->points, s->nr, bound);

		assert_true(ratio >= bound->least_ratio - 1e-9 && ratio <= 1 + 1e-9);
		s->points[s->nr++] = (struct fit_point){ ratio, seconds * curve(ratio) *
									exp(sd * normal(seed)) };
		s->fit = fit_estimate(s->points, s->nr, bound);
		if (s->fit.state == FIT_HOLDS || s->fit.state == FIT_FAILS)
			return;
	} while (s->nr < MOST_RUNS &&
		 !(s->fit.state == FIT_FOUND && s->fit.high - s->fit.low <= 0.04));
}

static void finds(const char *name, double (*curve)(double), double slowdown, double sd,
		  bool relative)
{
	struct fit_bound bound = { relative ? slowdown : 7 * slowdown, relative, 0.1 };
	double truth = crossing(curve, slowdown);
	uint64_t seed = 1;
	int near = 0, covered = 0;
	size_t runs = 0;

	for (int i = 0; i < SEARCHES; i++) {
		struct search s;

		run_search(&s, curve, sd, 7, &bound, &seed);
		near += s.fit.state == FIT_FOUND && fabs(s.fit.ratio - truth) <= 0.03;
		covered += s.fit.low <= truth && truth <= s.fit.high;
		runs += s.nr;
	}
	printf("%s, %g times, noise %g %%: the truth is %.3f; %d of %d within 0.03, %d intervals hold it, "
	       "%.1f runs each\n",
	       name, slowdown, 100 * sd, truth, near, SEARCHES, covered, (double)runs / SEARCHES);
	assert_true(near >= 95);
	assert_true(covered >= 90);
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

/* Of what is confirmed nothing misses the bound by more than noise; without it every answer does. */
static void a_jump_is_not_overlooked(void **state)
{
	struct fit_bound bound = { 1.2, true, 0.1 };
	uint64_t seed = 3;
	int plain = 0, confirmed = 0, answers = 0;

	(void)state;
	for (int i = 0; i < SEARCHES; i++) {
		struct search s;
		bool hold;

		run_search(&s, curve_jump, 0.02, 1, &bound, &seed);
		if (s.fit.state != FIT_FOUND || s.fit.high - s.fit.low > 0.04)
			continue;
		answers++;
		plain += curve_jump(fit_answer(&s.fit)) > 1.2;
		while (s.nr < MOST_RUNS &&
		       fit_confirming(s.points, s.nr, &bound, &s.fit, &hold) < FIT_CONFIRMING) {
			double ratio = fit_answer(&s.fit);

			s.points[s.nr++] =
				(struct fit_point){ ratio,
						    curve_jump(ratio) * exp(0.02 * normal(&seed)) };
			s.fit = fit_estimate(s.points, s.nr, &bound);
		}
		if (fit_confirming(s.points, s.nr, &bound, &s.fit, &hold) >= FIT_CONFIRMING && hold)
			confirmed += curve_jump(fit_answer(&s.fit)) > 1.2;
	}
	printf("jump: %d answers, %d wrong without confirming, %d with it\n", answers, plain,
	       confirmed);
	assert_true(answers > SEARCHES / 2 && plain > answers / 2);
	assert_int_equal(confirmed, 0);
}

static void runs_at_the_answer_speak(void **state)
{
	struct fit_bound bound = { 1.2, true, 0.1 };
	struct fit_point points[] = { { 1, 2 },	     { 0.98, 2.5 }, { 0.98, 2.3 },
				      { 0.98, 2.4 }, { 0.98, 2.3 }, { 0.9, 9 } };
	struct fit f = { .state = FIT_FOUND, .high = 0.9704 };
	bool hold;

	(void)state;
	assert_true(fabs(fit_answer(&f) - 0.98) < 1e-9);
	assert_int_equal(fit_confirming(points, 6, &bound, &f, &hold), 4);
	assert_true(hold); /* 2.374 of 2.4 */
	points[5].ratio = 0.98;
	assert_int_equal(fit_confirming(points, 6, &bound, &f, &hold), 5);
	assert_false(hold);
	f.high = 1;
	assert_int_equal(fit_confirming(points, 6, &bound, &f, &hold), FIT_CONFIRMING);
	assert_true(hold);
}

static void what_never_crosses_is_told(void **state)
{
	struct fit_bound bound = { 1.2, true, 0.5 };
	struct search s;
	uint64_t seed = 5;

	(void)state;
	run_search(&s, curve_knee, 0.01, 1, &bound, &seed);
	assert_int_equal(s.fit.state, FIT_HOLDS);
	bound = (struct fit_bound){ 0.5, false, 0.1 };
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
	struct fit_bound bound = { 1.1, true, 0.1 };
	uint64_t seed = 9;
	int silly = 0;

	(void)state;
	for (int i = 0; i < SEARCHES; i++) {
		struct search s;

		run_search(&s, curve_flat, 0.4, 1, &bound, &seed);
		silly += s.fit.state == FIT_FOUND && s.fit.high - s.fit.low < 0.1;
	}
	assert_true(silly <= 2);
}

static void few_runs_say_nothing(void **state)
{
	struct fit_bound bound = { 1.2, true, 0.1 };
	struct fit_point points[] = { { 1, 1 }, { 1, 1.01 }, { 0.5, 1.3 }, { 0.6, 1.1 } };

	(void)state;
	assert_int_equal(fit_estimate(points, 0, &bound).state, FIT_TOO_FEW);
	assert_int_equal(fit_estimate(points, 4, &bound).state, FIT_TOO_FEW);
	assert_true(fit_next(points, 0, &bound) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_crossing_is_found),
		cmocka_unit_test(a_jump_is_not_overlooked),
		cmocka_unit_test(runs_at_the_answer_speak),
		cmocka_unit_test(what_never_crosses_is_told),
		cmocka_unit_test(noise_is_told),
		cmocka_unit_test(few_runs_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
