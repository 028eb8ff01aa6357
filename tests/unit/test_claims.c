// SPDX-License-Identifier: GPL-2.0-or-later
/* What a database claims, and what another one says to it. */
#include "tests/unit/synthetic.h"

#include <math.h>

#include "results/claims.h"
#include "results/origin.h"

static void add(struct store *s, const char *backend, double ratio, int repeat, double elapsed)
{
	struct run_record r = synthetic_record("quicksort", backend, ratio, repeat);
	int64_t run;
	struct results results;

	r.experiment = "scan";
	run = synthetic_begin(s, &r);
	results_init(&results);
	results_add(&results, "elapsed", "s", BETTER_LOWER, elapsed);
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
}

/* Four repeats of ratio 1 and 0.5 on two backends; times slower than at ratio 1. Their spread is 1 %. */
static struct store *measured(const char *name, double on_swapfile, double on_zram)
{
	struct store *s = synthetic_store(name);

	for (int repeat = 1; repeat <= 4; repeat++) {
		double spread = 1 + 0.01 * (repeat % 2);

		add(s, "swapfile", 1, repeat, 1);
		add(s, "zram", 1, repeat, 1);
		add(s, "swapfile", 0.5, repeat, on_swapfile * spread);
		add(s, "zram", 0.5, repeat, on_zram / spread);
	}
	return s;
}

static struct claims claims_of(struct store *s)
{
	struct claims c = { 0 };

	assert_ok(claims_load(s, &c, &err));
	store_close(s);
	return c;
}

static double claimed(const struct claims *c, const char *text)
{
	for (size_t i = 0; i < c->nr; i++) {
		if (strcmp(c->claims[i].text, text) == 0)
			return c->claims[i].ratio.ratio;
	}
	fail_msg("no claim '%s'", text);
	return NAN;
}

static void against_ratio_1_and_between_backends(void **state)
{
	struct claims c = claims_of(measured("a.db", 4, 2));

	(void)state;
	assert_true(fabs(claimed(&c, "quicksort on zram at 0.5: elapsed against ratio 1") - 2) <
		    0.02);
	assert_true(fabs(claimed(&c, "quicksort on swapfile at 0.5: elapsed against ratio 1") - 4) <
		    0.04);
	assert_true(fabs(claimed(&c, "quicksort at 0.5: elapsed of zram against swapfile") - 0.5) <
		    0.01);
	claims_release(&c);
}

/* Bounds of two intervals, and what the second says of the first. */
static void intervals_judge(void **state)
{
	static const struct {
		double claimed[2], here[2];
		enum claim_verdict verdict;
	} cases[] = {
		{ { 1.5, 2.0 }, { 1.6, 1.9 }, CLAIM_HOLDS },
		{ { 1.5, 2.0 }, { 3.0, 4.0 }, CLAIM_HOLDS },	 /* its size is the machine's */
		{ { 0.5, 0.8 }, { 0.2, 0.9 }, CLAIM_HOLDS },	 /* faster here, too */
		{ { 0.9, 1.1 }, { 0.95, 1.2 }, CLAIM_HOLDS },	 /* no difference, either */
		{ { 1.5, 2.0 }, { 0.5, 0.9 }, CLAIM_FAILS },	 /* the opposite */
		{ { 1.5, 2.0 }, { 0.9, 1.2 }, CLAIM_FAILS },	 /* none, and none so large */
		{ { 0.9, 1.1 }, { 1.5, 2.0 }, CLAIM_FAILS },	 /* one where none was */
		{ { 1.5, 2.0 }, { 0.8, 2.5 }, CLAIM_UNDECIDED }, /* too wide */
		{ { 0.9, 1.3 }, { 1.1, 1.5 }, CLAIM_UNDECIDED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stats_ratio a = { .low = cases[i].claimed[0], .high = cases[i].claimed[1] };
		struct stats_ratio b = { .low = cases[i].here[0], .high = cases[i].here[1] };

		if (claim_judge(&a, &b) != cases[i].verdict)
			fail_msg("case %zu: %d", i, claim_judge(&a, &b));
	}
}

static void a_table_and_its_counts(void **state)
{
	struct claims a = claims_of(measured("a.db", 4, 2)), b = claims_of(measured("b.db", 2, 4));
	size_t nr[NR_CLAIM_VERDICTS], size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	claims_print(&a, &b, nr, out);
	fclose(out);
	/* Slower than at ratio 1, both; and alike at ratio 1. */
	assert_int_equal(nr[CLAIM_HOLDS], 3);
	assert_int_equal(nr[CLAIM_FAILS], 1); /* which is the faster backend */
	assert_non_null(strstr(text, "holds, larger here"));
	assert_non_null(strstr(text, "holds, smaller here"));
	free(text);

	claims_release(&b);
	out = open_memstream(&text, &size);
	claims_print(&a, &b, nr, out);
	fclose(out);
	assert_int_equal(nr[CLAIM_NOT_MADE], 4);
	free(text);
	claims_release(&a);
}

/* A cell is the same one although other cells beside it have another name for it. */
static void beside_other_cells(void **state)
{
	struct claims a = claims_of(measured("a.db", 4, 2)), b;
	struct store *s = measured("b.db", 4, 2);
	struct run_record r = synthetic_record("quicksort", "zram", 1, 9);
	size_t nr[NR_CLAIM_VERDICTS], size;
	struct results results;
	char *text;
	FILE *out;
	int64_t run;

	(void)state;
	r.run_params = "{\"measure\":20}";
	run = synthetic_begin(s, &r);
	results_init(&results);
	results_add(&results, "elapsed", "s", BETTER_LOWER, 3);
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	b = claims_of(s);

	out = open_memstream(&text, &size);
	claims_print(&a, &b, nr, out);
	fclose(out);
	assert_string_not_equal(a.claims[0].text, b.claims[0].text);
	assert_int_equal(nr[CLAIM_HOLDS], 4);
	free(text);
	claims_release(&a);
	claims_release(&b);
}

static int note(void *arg, const char *command, bool in_lab, struct err *unused)
{
	(void)unused;
	buf_addf(arg, "%s%s;", in_lab ? "lab " : "", command);
	return 0;
}

static void origins(void **state)
{
	struct store *s = measured("a.db", 4, 2);
	struct buf commands = BUF_INIT, machines = BUF_INIT;

	(void)state;
	assert_ok(origin_commands(s, note, &commands, &err));
	assert_string_equal(commands.data, "fmbench run memaslap --ratio 1,0.5;");
	assert_ok(origin_machines(s, &machines, &err));
	assert_string_equal(
		machines.data,
		"[{\"facts\":{\"kernel\":\"6.1\"},\"versions\":[\"v0\"],\"runs\":16}]\n");
	assert_int_equal(origin_keep(s, "another", &err), -ENOENT);
	assert_ok(origin_keep(s, "scan", &err));
	buf_release(&commands);
	buf_release(&machines);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_ratio_1_and_between_backends),
		cmocka_unit_test(intervals_judge),
		cmocka_unit_test(a_table_and_its_counts),
		cmocka_unit_test(beside_other_cells),
		cmocka_unit_test(origins),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
