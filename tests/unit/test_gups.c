// SPDX-License-Identifier: GPL-2.0-or-later
/* How gups judges a move of its hot set, on rates made for it. */
#include "tests/unit/test.h"

#include "workloads/gups.c"

static uint64_t ns[64], updates[64], moves[8];
static struct gups g;

/* Bins of 100 ms with these rates. */
static void bins(const unsigned int *rates, size_t nr)
{
	g = (struct gups){
		.bin_ns = ns, .bin_updates = updates, .move_bins = moves, .nr_bins = nr
	};
	for (size_t i = 0; i < nr; i++) {
		ns[i] = (i ? ns[i - 1] : 1000) + BIN_NS;
		updates[i] = (i ? updates[i - 1] : 0) + rates[i];
	}
}

static void test_recovery(void **state)
{
	/* It falls to a fifth in the bin of the move, and is back for good at the sixth after it. */
	static const unsigned int rates[] = { 5,  90, 100, 101, 99, 100, 20,  30, 50,
					      95, 60, 70,  91,	92, 100, 100, 100 };
	double s, dip;

	(void)state;
	bins(rates, sizeof(rates) / sizeof(rates[0]));
	moves[0] = 6;
	g.nr_moves = 1;
	assert_true(recover(&g, 0, &s, &dip));
	assert_true(fabs(s - 0.6) < 1e-9);
	assert_true(fabs(dip - 0.2) < 1e-9);
}

static void test_no_dip(void **state)
{
	static const unsigned int rates[] = { 100, 100, 100, 100, 100, 100, 99, 100, 101, 100 };
	double s, dip;

	(void)state;
	bins(rates, sizeof(rates) / sizeof(rates[0]));
	moves[0] = 5;
	g.nr_moves = 1;
	assert_true(recover(&g, 0, &s, &dip));
	assert_true(fabs(s) < 1e-9);
	assert_true(dip > 0.98);
}

/* The second move comes before the first is over: that long it counts. */
static void test_never_back(void **state)
{
	static const unsigned int rates[] = { 100, 100, 100, 100, 100, 100, 30, 40, 50,
					      60,  70,	30,  40,  60,  68,  70, 70, 70 };
	double s, dip;

	(void)state;
	bins(rates, sizeof(rates) / sizeof(rates[0]));
	moves[0] = 6;
	moves[1] = 11;
	g.nr_moves = 2;
	assert_false(recover(&g, 0, &s, &dip));
	assert_true(fabs(s - 0.5) < 1e-9);
	assert_true(fabs(dip - 0.3) < 1e-9);
	/* The second is judged by what had been reached before it. */
	assert_true(recover(&g, 1, &s, &dip));
	assert_true(s > 0.1 && s < 0.4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_no_dip),
		cmocka_unit_test(test_never_back),
	};

	return cmocka_run_group_tests_name("gups", tests, NULL, NULL);
}
