// SPDX-License-Identifier: GPL-2.0-or-later
/* base/curve.h on curves that are known, with noise; and results/profile.h, which finds them in a store. */
#include "tests/unit/synthetic.h"

#include <errno.h>
#include <math.h>

#include "base/curve.h"
#include "base/random.h"
#include "results/profile.h"

#define CURVES	1000
#define REPEATS 3

static const double ratios[] = { 0.9, 0.75, 0.6, 0.45, 0.3 };
#define NR_RATIOS 5

static double normal(uint64_t *seed)
{
	double u = (double)((random_next(seed) >> 11) + 1) * 0x1p-53;
	double v = (double)(random_next(seed) >> 11) * 0x1p-53;

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static double smooth(double r)
{
	return 1 + (1 - r) * (1 - r) / r;
}

/* Nothing happens until the working set no longer fits: the hardest to keep monotone. */
static double knee(double r)
{
	return r > 0.5 ? 1 : 1 + 8 * (0.5 - r);
}

/* Each repeat has one run at ratio 1, to which its others are relative. */
static void make_runs(struct fit_point *runs, double (*truth)(double), double sd, uint64_t *seed)
{
	for (int k = 0; k < REPEATS; k++) {
		double base = sd * normal(seed);

		for (int i = 0; i < NR_RATIOS; i++)
			runs[k * NR_RATIOS + i] = (struct fit_point){
				ratios[i], truth(ratios[i]) * exp(sd * normal(seed) - base)
			};
	}
}

static void covers(const char *name, double (*truth)(double), double sd)
{
	struct fit_point runs[REPEATS * NR_RATIOS];
	uint64_t seed = 3;
	int inside = 0;

	for (int n = 0; n < CURVES; n++) {
		struct curve c;
		bool all = true;

		make_runs(runs, truth, sd, &seed);
		curve_fit(runs, REPEATS * NR_RATIOS, &c);
		assert_int_equal(c.nr, NR_RATIOS + 1);
		for (size_t i = 0; i < c.nr; i++) {
			const struct curve_point *p = &c.points[i];

			all &= p->low <= truth(p->ratio) && truth(p->ratio) <= p->high;
			assert_true(p->low <= p->slowdown && p->slowdown <= p->high);
			assert_true(!i ||
				    (p->ratio > p[-1].ratio && p->slowdown <= p[-1].slowdown &&
				     p->low <= p[-1].low && p->high <= p[-1].high));
		}
		assert_true(c.points[NR_RATIOS].slowdown == 1 && c.points[NR_RATIOS].ratio == 1);
		inside += all;
		curve_release(&c);
	}
	printf("%s, noise %g %%: %d of %d bands hold the whole curve\n", name, 100 * sd, inside,
	       CURVES);
	assert_true(inside >= CURVES * 93 / 100);
}

static void the_band_holds_the_curve(void **state)
{
	(void)state;
	covers("smooth", smooth, 0.02);
	covers("smooth", smooth, 0.2);
	covers("knee", knee, 0.05);
}

static void what_rises_is_levelled(void **state)
{
	/* 1.5 at 0.6 is more than 1.3 at 0.4: both become their geometric mean; 0.9 becomes 1. */
	struct fit_point runs[] = {
		{ 0.4, 1.3 }, { 0.2, 4 }, { 0.6, 1.5 }, { 0.8, 0.9 }, { 1, 1 }
	};
	double level = sqrt(1.3 * 1.5);
	struct curve c;

	(void)state;
	curve_fit(runs, 5, &c);
	assert_int_equal(c.nr, 5);
	assert_true(c.points[0].ratio == 0.2 && fabs(c.points[0].slowdown - 4) < 1e-9);
	assert_true(fabs(c.points[1].slowdown - level) < 1e-9);
	assert_true(fabs(c.points[2].slowdown - level) < 1e-9);
	assert_true(c.points[3].slowdown == 1);
	/* One run a ratio: nobody knows how much they scatter. */
	assert_true(isnan(c.points[0].low) && isnan(c.points[0].high));
	assert_true(fabs(curve_at(&c, 0.3).slowdown - (4 + level) / 2) < 1e-9);
	assert_true(curve_at(&c, 1).slowdown == 1);
	assert_true(isnan(curve_at(&c, 0.1).slowdown));
	assert_true(fabs(curve_ratio(&c, (4 + level) / 2) - 0.3) < 1e-9);
	assert_true(curve_ratio(&c, 9) == 0.2);
	assert_true(fabs(curve_ratio(&c, 1) - 0.8) < 1e-9);
	curve_release(&c);
	curve_fit(NULL, 0, &c);
	assert_true(c.nr == 1 && curve_ratio(&c, 1.1) == 1);
	curve_release(&c);
}

/* --- in a store ----------------------------------------------------------------------------- */

static int64_t add(struct store *s, const char *workload, double ratio, int repeat, uint64_t seed,
		   double ops, const char *fit)
{
	struct run_record record = synthetic_record(workload, "zram", ratio, repeat);
	struct results results;
	struct facts facts;
	int64_t run = 0;

	record.experiment = "profile";
	record.seed = seed + (uint64_t)repeat - 1;
	assert_ok(store_run_begin(s, synthetic_machine(s, "6.1"), &record, &run, &err));
	facts_init(&facts);
	if (fit)
		facts_set(&facts, PROFILE_FACT, "%s", fit);
	assert_ok(store_run_facts(s, run, &facts, &err));
	facts_release(&facts);
	results_init(&results);
	results_add(&results, "ops", "per_s", BETTER_HIGHER, ops);
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	return run;
}

static void the_newest_is_found(void **state)
{
	struct store *s = synthetic_store("profile.db");
	struct profile_key key = { .workload = "memaslap",
				   .workload_params = "{\"memory\":536870912}" };
	struct profile p;
	int64_t last;

	(void)state;
	assert_int_equal(profile_find(s, &key, &p, &err), -ENODATA);
	/* An older profile, a run of no profile, another workload's. */
	add(s, "memaslap", 1, 1, 1, 1000, PROFILE_VALUE);
	add(s, "memaslap", 0.5, 1, 1, 100, PROFILE_VALUE);
	add(s, "memaslap", 1, 1, 7, 1000, PROFILE_VALUE);
	add(s, "memaslap", 0.5, 1, 7, 500, PROFILE_VALUE);
	/* A slower hour: relative to its own repeat it is the same. */
	add(s, "memaslap", 1, 2, 7, 100, PROFILE_VALUE);
	last = add(s, "memaslap", 0.5, 2, 7, 50, PROFILE_VALUE);
	/* Its repeat has no run at ratio 1. */
	add(s, "memaslap", 0.5, 3, 7, 1, PROFILE_VALUE);
	add(s, "memaslap", 0.5, 1, 7, 1, "slowdown:1.2");
	add(s, "other", 1, 1, 9, 1, PROFILE_VALUE);
	assert_ok(profile_find(s, &key, &p, &err));
	assert_int_equal(p.curve.nr, 2);
	assert_true(p.curve.points[0].ratio == 0.5);
	assert_true(fabs(p.curve.points[0].slowdown - 2) < 1e-9);
	assert_int_equal(p.curve.points[0].nr, 2);
	assert_int_equal(p.repeats, 2);
	assert_int_equal(p.run, last + 1);
	assert_true(p.peak_bytes == 512u << 20);
	assert_true(p.age_s >= 0 && p.age_s < 60);
	profile_release(&p);
	key.backend = "swapfile";
	assert_int_equal(profile_find(s, &key, &p, &err), -ENODATA);
	key = (struct profile_key){ .workload = "memaslap", .workload_params = "{\"memory\":1}" };
	assert_int_equal(profile_find(s, &key, &p, &err), -ENODATA);
	/* Ratio 1 alone is no profile. */
	key = (struct profile_key){ .workload = "other" };
	assert_int_equal(profile_find(s, &key, &p, &err), -ENODATA);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_band_holds_the_curve),
		cmocka_unit_test(what_rises_is_levelled),
		cmocka_unit_test(the_newest_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
