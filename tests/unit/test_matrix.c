// SPDX-License-Identifier: GPL-2.0-or-later
/* The runs of one command: their order, what this machine lacks, and what is left of them. */
#include "harness/plan/matrix.h"
#include "harness/plan/plan.h"
#include "harness/run/identity.h"
#include "tests/unit/synthetic.h"

/* --- units that say what they lack -------------------------------------------------------------- */

static int nr_checks;
static const char *lacking; /* what the workload misses */

static int check(const void *params, char *const *argv, struct err *error)
{
	(void)params;
	(void)argv;
	nr_checks++;
	return lacking ? err_missing(error, "%s is not installed", lacking) : 0;
}

static int check_badly(const void *params, char *const *argv, struct err *error)
{
	(void)params;
	(void)argv;
	return err_usage(error, "no such mix");
}

static int check_backend(const void *params, struct err *error)
{
	(void)params;
	return err_missing(error, "no area to swap to");
}

static const struct workload batch = {
	.name = "batch", .summary = "", .shape = WORKLOAD_BATCH, .check = check
};
static const struct workload other = {
	.name = "other", .summary = "", .shape = WORKLOAD_BATCH, .check = check
};
static const struct workload service = {
	.name = "service", .summary = "", .shape = WORKLOAD_SERVICE, .check = check
};
static const struct workload wrong = {
	.name = "wrong", .summary = "", .shape = WORKLOAD_BATCH, .check = check_badly
};
static const struct backend near = { .name = "near", .summary = "" };
static const struct backend without = {
	.name = "without", .summary = "", .caps = CAP_SWAP, .check = check_backend
};

static const struct run_settings settings = { .duration_ns = 10 * NSEC_PER_SEC,
					      .warmup_ns = 5 * NSEC_PER_SEC,
					      .reclaim_cpu = (char *)"auto" };

static struct matrix m;

static struct cell *add(const struct workload *w, const struct backend *b, double ratio, int repeat)
{
	const struct cell cell = { .workload = w, .backend = b, .ratio = ratio, .repeat = repeat };

	matrix_add(&m, &cell);
	return &m.cells[m.nr_cells - 1];
}

static int setup(void **state)
{
	(void)state;
	m = (struct matrix){ .line = "fmbench run", .settings = &settings, .seed = 42 };
	nr_checks = 0;
	lacking = NULL;
	memset(&err, 0, sizeof(err));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	matrix_release(&m);
	return 0;
}

/* --- order --------------------------------------------------------------------------------------- */

#define NR_CELLS  8 /* a round */
#define NR_ROUNDS 3

/* The places of all cells in their order, when shuffled by a seed. */
static void shuffled(uint64_t seed, size_t places[NR_ROUNDS * NR_CELLS])
{
	matrix_release(&m);
	m.seed = seed;
	for (int i = 0; i < NR_CELLS; i++) {
		for (int repeat = 1; repeat <= NR_ROUNDS; repeat++)
			add(&batch, &near, 1, repeat);
	}
	matrix_shuffle(&m);
	for (size_t i = 0; i < m.nr_cells; i++)
		places[i] = m.cells[i].place;
}

static void rounds_one_after_the_other(void **state)
{
	size_t places[NR_ROUNDS * NR_CELLS], nr_seen[NR_ROUNDS * NR_CELLS] = { 0 };

	(void)state;
	shuffled(1, places);
	for (size_t i = 0; i < m.nr_cells; i++) {
		assert_int_equal(m.cells[i].repeat, i / NR_CELLS + 1);
		nr_seen[places[i]]++;
	}
	for (size_t i = 0; i < m.nr_cells; i++)
		assert_int_equal(nr_seen[i], 1);
}

static void the_seed_decides(void **state)
{
	size_t first[NR_ROUNDS * NR_CELLS], again[NR_ROUNDS * NR_CELLS];

	(void)state;
	shuffled(1, first);
	/* Rounds differ from each other, and from the order in which cells were added. */
	for (size_t i = 0; i < NR_CELLS; i++)
		again[i] = first[NR_CELLS + i] - 1;
	assert_memory_not_equal(first, again, NR_CELLS * sizeof(*first));
	for (size_t i = 0; i < NR_CELLS; i++)
		again[i] = NR_ROUNDS * i;
	assert_memory_not_equal(first, again, NR_CELLS * sizeof(*first));

	shuffled(1, again);
	assert_memory_equal(first, again, sizeof(first));
	shuffled(2, again);
	assert_memory_not_equal(first, again, sizeof(first));
	shuffled(1 + (1 << 16), again);
	assert_memory_not_equal(first, again, sizeof(first));
}

/* The cell that finds a peak moves to before those of its round that need it. */
static void peaks_are_found_first(void **state)
{
	(void)state;
	add(&batch, &near, 0.5, 1);
	add(&other, &near, 0.5, 1);
	add(&batch, &near, 1, 1);
	add(&batch, &near, 0.25, 1);
	add(&other, &near, 1, 2); /* of another round: too late */
	plan_order(&m);
	assert_int_equal(m.cells[0].place, 2);
	assert_int_equal(m.cells[1].place, 0);
	assert_int_equal(m.cells[2].place, 1);
	for (size_t i = 0; i < m.nr_cells; i++)
		assert_int_equal(m.cells[i].peak_first, i == 2);

	/* It is known, or found by a run that is made already. */
	matrix_release(&m);
	add(&batch, &near, 0.5, 1)->peak_bytes = 100;
	add(&batch, &near, 1, 1);
	plan_order(&m);
	assert_int_equal(m.cells[0].place, 0);
	assert_false(m.cells[0].peak_first);
	m.cells[0].peak_bytes = 0;
	m.peak_bytes = 100;
	plan_order(&m);
	assert_int_equal(m.cells[0].place, 0);
}

/* --- what a cell asks for --------------------------------------------------------------------- */

static void the_run_of_a_cell(void **state)
{
	static const struct run_settings own = { .duration_ns = 1 };
	struct cell *cell = add(&batch, &near, 0.5, 3);
	struct run_spec spec;
	struct job_spec job;

	(void)state;
	cell->peak_bytes = 100;
	spec = matrix_spec(&m, cell, &job);
	assert_ptr_equal(spec.jobs, &job);
	assert_int_equal(spec.nr_jobs, 1);
	assert_ptr_equal(spec.settings, &settings);
	assert_ptr_equal(spec.backend, &near);
	assert_ptr_equal(job.workload, &batch);
	assert_true(job.ratio == 0.5);
	assert_int_equal(spec.repeat, 3);
	/* Each round has a seed of its own. */
	assert_int_equal(spec.seed, 44);
	assert_int_equal(job.seed, 44);
	assert_int_equal(job.peak_bytes, 100);

	m.peak_bytes = 200; /* stated */
	cell->settings = &own;
	spec = matrix_spec(&m, cell, &job);
	assert_int_equal(job.peak_bytes, 200);
	assert_ptr_equal(spec.settings, &own);
}

/* --- what this machine lacks ------------------------------------------------------------------ */

static void nothing_is_missing(void **state)
{
	(void)state;
	for (int repeat = 1; repeat <= 3; repeat++)
		add(&batch, &near, 1, repeat);
	assert_ok(matrix_check(&m, &err));
	for (size_t i = 0; i < m.nr_cells; i++)
		assert_null(m.cells[i].missing);
	assert_int_equal(nr_checks, 1); /* the same cell again has the same needs */
}

static void reasons_by_cell(void **state)
{
	(void)state;
	add(&batch, &near, 1, 1);
	add(&batch, &without, 1, 1);
	add(&other, &without, 1, 1);
	add(&service, &near, 1, 1);
	assert_ok(matrix_check(&m, &err));
	assert_null(m.cells[0].missing);
	assert_string_equal(m.cells[1].missing, "no area to swap to");
	assert_ptr_equal(m.cells[1].missing, m.cells[2].missing); /* kept once */
	assert_null(m.cells[3].missing);
	assert_int_equal(m.nr_missing, 1);

	lacking = "memaslap";
	assert_ok(matrix_check(&m, &err));
	for (size_t i = 0; i < m.nr_cells; i++)
		assert_string_equal(m.cells[i].missing, "memaslap is not installed");
	lacking = NULL;
	assert_ok(matrix_check(&m, &err)); /* it was installed meanwhile */
	assert_null(m.cells[0].missing);
}

static void what_is_no_lack_is_an_error(void **state)
{
	(void)state;
	add(&batch, &near, 1, 1);
	add(&wrong, &near, 1, 1);
	assert_int_equal(matrix_check(&m, &err), -EINVAL);
	assert_string_equal(err.msg, "no such mix");

	/* Each of these cells has needs of its own, however alike they look. */
	matrix_release(&m);
	add(&batch, &near, 1, 1);
	add(&batch, &near, 0.5, 1);
	assert_int_equal(matrix_check(&m, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "backend near takes no pages"));
}

/* --- what is left, and how long it takes ---------------------------------------------------------- */

static void left_by_what_is_asked(void **state)
{
	struct plan_left left;
	char text[PLAN_TIME_SIZE];

	(void)state;
	add(&service, &near, 1, 1);
	add(&service, &near, 1, 2)->missing = "something";
	add(&service, &near, 1, 3)->run = 17;
	assert_ok(plan_fill(&m, NULL, &err));
	assert_true(m.cells[0].expected_s == 15);
	left = plan_left(&m);
	assert_int_equal(left.nr_cells, 3);
	assert_int_equal(left.nr_done, 1);
	assert_int_equal(left.nr_missing, 1);
	assert_int_equal(left.nr_left, 1);
	assert_int_equal(left.nr_unknown, 0);
	assert_int_equal(left.nr_least, 1); /* nobody knows how long it loads */
	assert_true(left.expected_s == 15);
	assert_string_equal(plan_time(text, &left), "at least 15.0 s");

	add(&batch, &near, 1, 1); /* nobody knows when it ends */
	assert_ok(plan_fill(&m, NULL, &err));
	left = plan_left(&m);
	assert_int_equal(left.nr_unknown, 1);
	assert_true(left.expected_s == 15);
	assert_string_equal(plan_time(text, &left), "at least 15.0 s");
	m.cells[0].run = 18;
	left = plan_left(&m);
	assert_string_equal(plan_time(text, &left), "a time unknown");
}

static void runs_teach(void **state)
{
	(void)state;
	add(&batch, &near, 1, 1);
	add(&batch, &near, 1, 2);
	add(&batch, &near, 0.5, 1);
	add(&batch, &without, 0.5, 1)->expected_s = 9;
	add(&other, &near, 1, 1);
	m.cells[0].run = 1;
	plan_learn(&m, &m.cells[0], 4, 1000);
	assert_true(m.cells[0].expected_s == 0); /* it is made */
	assert_true(m.cells[1].expected_s == 4);
	assert_true(m.cells[2].expected_s == 4); /* better than nothing */
	assert_true(m.cells[3].expected_s == 9);
	assert_true(m.cells[4].expected_s == 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(m.cells[i].peak_bytes, 1000);
	assert_int_equal(m.cells[4].peak_bytes, 0);

	m.cells[2].run = 2;
	plan_learn(&m, &m.cells[2], 7, 2000); /* under a limit: its peak is none */
	assert_true(m.cells[1].expected_s == 4);
	assert_int_equal(m.cells[1].peak_bytes, 1000);
}

/* A run of that cell, by an earlier command. */
static int64_t made_before(struct store *s, const struct cell *cell, const char *status)
{
	struct job_spec job;
	struct run_spec spec = matrix_spec(&m, cell, &job);
	struct run_record names = synthetic_record("", "", 1, 1);
	struct run_identity id;
	int64_t run;

	run_identity_init(&id, &spec);
	id.record.uuid = names.uuid;
	id.record.command = names.command;
	id.record.version = names.version;
	id.record.pid = names.pid;
	id.jobs[0].peak_bytes = 1234567;
	run = synthetic_begin(s, &id.record);
	assert_ok(store_run_end(s, run, status, NULL, &err));
	run_identity_release(&id);
	return run;
}

static void resumes_what_was_made(void **state)
{
	struct store *s = synthetic_store("plan.db");
	int64_t run;

	(void)state;
	for (int repeat = 1; repeat <= 3; repeat++) {
		add(&batch, &near, 1, repeat);
		add(&batch, &without, 0.5, repeat);
	}
	run = made_before(s, &m.cells[0], "ok");
	made_before(s, &m.cells[2], "failed");

	assert_ok(plan_fill(&m, s, &err));
	assert_int_equal(plan_left(&m).nr_done, 0); /* without --resume all are made anew */
	assert_true(m.cells[2].expected_s > 0);	    /* as the first took */

	m.resume = true;
	assert_ok(plan_fill(&m, s, &err));
	assert_int_equal(m.cells[0].run, run);
	assert_int_equal(m.cells[2].run, 0); /* it failed */
	assert_int_equal(m.cells[4].run, 0);
	assert_int_equal(plan_left(&m).nr_done, 1);
	assert_int_equal(plan_left(&m).nr_left, 5);
	for (size_t i = 0; i < m.nr_cells; i++)
		assert_int_equal(m.cells[i].peak_bytes, 1234567);

	m.cells[0].run = 0;
	m.seed = 43; /* another experiment */
	assert_ok(plan_fill(&m, s, &err));
	assert_int_equal(m.cells[0].run, 0);
	store_close(s);
}

/* How long a service loads and shrinks is in the time, once a run with another window has shown it. */
static void load_and_shrink_count(void **state)
{
	struct store *s = synthetic_store("rest.db");
	struct run_settings longer = settings, shorter = settings;
	struct cell *cell;

	(void)state;
	shorter.duration_ns = 1;
	m.settings = &shorter;
	made_before(s, add(&service, &near, 1, 1), "ok");
	m.settings = &longer;
	longer.duration_ns = 20 * NSEC_PER_SEC;
	cell = &m.cells[0];
	assert_ok(plan_fill(&m, s, &err));
	assert_false(cell->at_least);
	assert_true(cell->expected_s > 20 + (double)longer.warmup_ns / NSEC_PER_SEC);
	longer.warmup_runs = 2;
	assert_true(plan_left(&m).expected_s == 3 * cell->expected_s);
	m.settings = &settings;
	store_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rounds_one_after_the_other),
		TEST(the_seed_decides),
		TEST(peaks_are_found_first),
		TEST(the_run_of_a_cell),
		TEST(nothing_is_missing),
		TEST(reasons_by_cell),
		TEST(what_is_no_lack_is_an_error),
		TEST(left_by_what_is_asked),
		TEST(runs_teach),
		TEST(resumes_what_was_made),
		TEST(load_and_shrink_count),
	};

	return cmocka_run_group_tests_name("matrix", tests, NULL, synthetic_clean);
}
