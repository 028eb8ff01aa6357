// SPDX-License-Identifier: GPL-2.0-or-later
/* base/steady on series that are made: what is unsteady is found, and steady noise is not. */
#include "tests/unit/test.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "base/clock.h"
#include "base/steady.h"

#define MS NSEC_PER_MSEC
#define T0 (1000 * NSEC_PER_SEC)

/* The rate at a share of the window, 1 where nothing happens. */
typedef double (*shape)(double at);

static double flat(double at)
{
	(void)at;
	return 1;
}

static double ramp(double at) /* 8 % a second over 10 s */
{
	return 1 + 0.8 * at;
}

static double slow_fall(double at)
{
	return 1.1 - 0.2 * at;
}

static double rise(double at) /* that noise of 10 % nearly hides */
{
	return 1 + 0.2 * at;
}

static double step(double at)
{
	return at < 0.5 ? 1 : 1.2;
}

static double late_step(double at)
{
	return at < 0.75 ? 1 : 0.6;
}

static double dip(double at)
{
	return at > 0.4 && at < 0.6 ? 0.5 : 1;
}

static double small_step(double at) /* below what counts */
{
	return at < 0.5 ? 1 : 1.02;
}

static gsl_rng *rng;
static struct steady_series s;

struct making {
	double seconds, tick_s;
	uint64_t per_s;
	double noise, lasts; /* of a tick's rate: coefficient of variation, lag-1 autocorrelation */
	double told_s;	     /* the counter is told of so often; 0: at each tick */
	double sd_of_tick;   /* by how many seconds a tick is early or late */
	bool news;	     /* only what is told is in the series, as of its instant */
};

static void make(shape rate, const struct making *m)
{
	double count = 1e9, told = count, told_at = 0.37 * m->told_s, last = 0;
	double deviation = gsl_ran_gaussian(rng, m->noise);

	steady_series_reset(&s);
	s.told = m->news;
	for (double t = 0; t <= m->seconds + 1e-9; t += m->tick_s) {
		double now =
			fmax(last + 0.01 * m->tick_s, t + gsl_ran_gaussian(rng, m->sd_of_tick));

		if (t > 0)
			count += (now - last) * (double)m->per_s *
				 fmax(0, rate(now / m->seconds) * (1 + deviation));
		last = now;
		deviation = m->lasts * deviation +
			    sqrt(1 - m->lasts * m->lasts) * gsl_ran_gaussian(rng, m->noise);
		if (now >= told_at) {
			told = count;
			told_at += m->told_s;
		} else if (m->news) {
			continue;
		}
		steady_series_add(&s, T0 + (uint64_t)(now * 1e9), (uint64_t)told);
	}
}

static struct steady judge_all(void)
{
	struct steady v;

	steady_judge(&s, 0, UINT64_MAX, &v);
	return v;
}

/* 10 s at 10 Hz with a noise of 3 %. */
static const struct making usual = { 10, 0.1, 50000, 0.03, 0, 0, 0.002, false };
/* The same, told once a second. */
static const struct making told = { 10, 0.1, 50000, 0.02, 0, 1, 0.002, false };

static void expect(shape rate, const struct making *m, enum steady_verdict verdict,
		   enum steady_sign sign)
{
	unsigned int as_expected = 0;
	struct steady v = { 0 };

	for (int i = 0; i < 100; i++) {
		make(rate, m);
		v = judge_all();
		as_expected += v.verdict == verdict && (verdict != STEADY_NO || v.sign == sign);
	}
	if (as_expected < 95)
		fail_msg("%u of 100; the last: verdict %d sign %d halves %g trend %g stretch %g s",
			 as_expected, v.verdict, v.sign, v.halves, v.trend, v.stretch_s);
}

static void test_shapes(void **state)
{
	(void)state;
	expect(flat, &usual, STEADY_YES, 0);
	expect(small_step, &usual, STEADY_YES, 0);
	expect(ramp, &usual, STEADY_NO, STEADY_BY_TREND);
	expect(slow_fall, &usual, STEADY_NO, STEADY_BY_TREND);
	expect(step, &usual, STEADY_NO, STEADY_BY_HALVES);
	expect(dip, &usual, STEADY_NO, STEADY_BY_STRETCH);
	expect(flat, &told, STEADY_YES, 0);
	expect(ramp, &told, STEADY_NO, STEADY_BY_TREND);
}

/* A server that is stopped for two seconds in the middle, with seconds that begin anywhere. */
static double stalled_at;

static double stall(double at)
{
	return at >= stalled_at && at < stalled_at + 0.25 ? 0 : 1;
}

static void test_stopped_server(void **state)
{
	/* memaslap's shortest window but one, of the noise that a shared machine has. */
	struct making seconds = { 8, 0.05, 50000, 0.05, 0.8, 1, 0.002, .news = true };

	(void)state;
	for (stalled_at = 0.25; stalled_at < 0.5; stalled_at += 0.01)
		expect(stall, &seconds, STEADY_NO, STEADY_BY_STRETCH);
	seconds.noise = 0.2;
	stalled_at = 0.4;
	expect(stall, &seconds, STEADY_NO, STEADY_BY_STRETCH);
}

static void test_told_once_a_second(void **state)
{
	struct steady v;

	(void)state;
	make(flat, &told);
	v = judge_all();
	assert_in_range(v.parts, 8, 10); /* its own seconds, not a hundred ticks */
	assert_true(fabs(v.per_s / 50000 - 1) < 0.05);
}

static void test_figures(void **state)
{
	const struct making quiet = { 10, 0.1, 1000000, 0.01, 0, 0, 0, false };
	char text[160];
	struct steady v;

	(void)state;
	make(ramp, &quiet);
	v = judge_all();
	assert_true(fabs(v.trend - 0.8 / 1.4) < 0.02);
	assert_true(fabs(v.halves - 0.4 / 1.4) < 0.02);
	steady_describe(&v, text, sizeof(text));
	assert_non_null(strstr(text, "rose by 56 % (± 0 %) over the window, on a straight line"));

	make(dip, &quiet);
	v = judge_all();
	assert_true(fabs(v.stretch_s - 2) < 0.5 && fabs(v.stretch_off + 0.5) < 0.1);
	steady_describe(&v, text, sizeof(text));
	assert_non_null(strstr(text, "below the window's median"));

	/* A step late in the window; halves and trend see it, too. */
	make(late_step, &quiet);
	assert_int_equal(judge_all().verdict, STEADY_NO);
}

static void add(double at_s, uint64_t count)
{
	steady_series_add(&s, T0 + (uint64_t)(at_s * 1e9), count);
}

/* A counter that stands still changes at no reading: it is no quick counter for that. */
static void test_stall(void **state)
{
	struct steady v;

	(void)state;
	steady_series_reset(&s);
	for (int i = 0; i <= 100; i++)
		add(i * 0.1, i < 60 ? (uint64_t)i * 100 : 6000);
	v = judge_all();
	assert_int_equal(v.verdict, STEADY_NO);
	assert_true(v.per_s < 620);

	steady_series_reset(&s);
	for (int i = 0; i <= 100; i++)
		add(i * 0.1, i < 40 ? 0 : (uint64_t)(i - 40) * 100);
	assert_int_equal(judge_all().verdict, STEADY_NO);
}

static void test_too_little(void **state)
{
	struct steady v;

	(void)state;
	steady_series_reset(&s);
	assert_int_equal(steady_judge(&s, 0, UINT64_MAX, &v), -ENODATA);
	for (int i = 0; i <= 100; i++)
		add(i * 0.1, 7);
	assert_int_equal(steady_judge(&s, 0, UINT64_MAX, &v), -ENODATA);
	assert_int_equal(v.verdict, STEADY_UNKNOWN);

	/* Four seconds of a counter that is told once a second. */
	steady_series_reset(&s);
	for (int i = 0; i <= 45; i++)
		add(i * 0.1, (uint64_t)(i / 10) * (uint64_t)(i / 10) * 1000);
	assert_int_equal(steady_judge(&s, 0, UINT64_MAX, &v), -ENODATA);
}

/* Only what lies within is judged. */
static void test_window(void **state)
{
	struct steady v;

	(void)state;
	steady_series_reset(&s);
	for (int i = 0; i <= 200; i++)
		add(i * 0.1, i < 100 ? (uint64_t)(i * i) : (uint64_t)(10000 + (i - 100) * 200));
	assert_int_equal(steady_judge(&s, 0, UINT64_MAX, &v), 0);
	assert_int_equal(v.verdict, STEADY_NO);
	assert_int_equal(steady_judge(&s, T0 + 10 * NSEC_PER_SEC, UINT64_MAX, &v), 0);
	assert_int_equal(v.verdict, STEADY_YES);
	assert_int_equal(steady_judge(&s, 0, T0 + 10 * NSEC_PER_SEC, &v), 0);
	assert_int_equal(v.verdict, STEADY_NO);
}

/* An hour fits, and keeps its first and its newest point. */
static void test_long_series(void **state)
{
	(void)state;
	steady_series_reset(&s);
	for (int i = 0; i <= 36000; i++)
		add(i * 0.1, (uint64_t)i * 10);
	assert_in_range(s.nr, STEADY_POINTS / 4, STEADY_POINTS);
	assert_int_equal(s.points[0].count, 0);
	assert_int_equal(s.points[s.nr - 1].count, 360000);
	for (size_t i = 1; i < s.nr; i++)
		assert_true(s.points[i].ns > s.points[i - 1].ns);
	assert_int_equal(judge_all().verdict, STEADY_YES);
}

/* Of so many windows, how many are called unsteady. */
static double unsteady_share(shape rate, const struct making *m)
{
	enum { TRIES = 2000 };
	unsigned int unsteady = 0;

	for (int i = 0; i < TRIES; i++) {
		make(rate, m);
		unsteady += judge_all().verdict == STEADY_NO;
	}
	return (double)unsteady / TRIES;
}

static void test_ramp_in_noise(void **state)
{
	static const struct making noisy[] = {
		{ 10, 0.1, 50000, 0.1, 0, 0, 0.002, false },
		{ 30, 0.1, 50000, 0.1, 0, 1, 0.002, .news = true },
		{ 60, 0.1, 50000, 0.1, 0.5, 0, 0.01, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(noisy) / sizeof(noisy[0]); i++) {
		double share = unsteady_share(rise, &noisy[i]);

		if (share <= 0.9)
			fail_msg("a rise by 20 %% is found in %.1f %% of windows of %g s",
				 100 * share, noisy[i].seconds);
	}
}

static void test_false_positives(void **state)
{
	static const double noises[] = { 0.02, 0.1, 0.3 }, lasting[] = { 0, 0.5, 0.8 };
	static const struct making windows[] = {
		{ 10, 0.1, 50000, 0, 0, 0, 0.002, false },  /* the usual one */
		{ 0.8, 0.1, 50000, 0, 0, 0, 0.002, false }, /* eight ticks */
		{ 60, 0.1, 50000, 0, 0, 0, 0.01, false },
		{ 6, 0.1, 50000, 0, 0, 1, 0.002, false }, /* five seconds of memaslap */
		{ 10, 0.1, 50000, 0, 0, 1, 0.002, false },
		{ 60, 0.1, 50000, 0, 0, 1, 0.01, false },
		{ 8, 0.1, 50000, 0, 0, 1, 0.002, .news = true }, /* memaslap's own account */
		{ 10, 0.1, 50000, 0, 0, 1, 0.002, .news = true },
	};

	(void)state;
	for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
		for (size_t i = 0; i < 9; i++) {
			struct making m = windows[w];
			double share;

			m.noise = noises[i / 3];
			m.lasts = lasting[i % 3];
			share = unsteady_share(flat, &m);
			if (share >= 0.02)
				fail_msg("window %zu, noise %g lasting %g: %.2f %% called unsteady",
					 w, m.noise, m.lasts, 100 * share);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),	       cmocka_unit_test(test_told_once_a_second),
		cmocka_unit_test(test_stopped_server), cmocka_unit_test(test_figures),
		cmocka_unit_test(test_stall),	       cmocka_unit_test(test_too_little),
		cmocka_unit_test(test_window),	       cmocka_unit_test(test_long_series),
		cmocka_unit_test(test_ramp_in_noise),  cmocka_unit_test(test_false_positives),
	};
	int failed;

	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, 20261128);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	gsl_rng_free(rng);
	return failed;
}
