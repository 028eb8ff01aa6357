// SPDX-License-Identifier: GPL-2.0-or-later
/* Experiment files: what they stand for, and what is said about those that stand for nothing. */
#include "tests/unit/test.h"

#include "backend/backend.h"
#include "harness/plan/experiment.h"
#include "base/inifile.h"
#include "harness/plan/plan.h"

#define HEAD "[experiment]\nname = e\n"

static const char *const ok_text = "; a comment\n"
				   "[experiment]\n"
				   "name = two-sections\n"
				   "question = How\n"
				   "\tlong?\n"
				   "repeat = 2\n"
				   "seed = 42\n"
				   "warmup = 1s\n"
				   "duration = 7s\n"
				   "\n"
				   "[run quicksort]\n"
				   "backend = zram, swapfile\n"
				   "ratio = 1 0.5\n"
				   "memory = 1M,2M\n"
				   "zram.algorithm = lz4 lzo-rle\n"
				   "[run null]\n"
				   "duration = 3s ; its own\n"
				   "cpus = \"0,1\" 2\n";

static const char *write_ini(void **state, const char *text)
{
	const char *path = scratch_path(state, "e.ini");

	write_text(path, text);
	return path;
}

static size_t count(const struct experiment *e, const char *workload, const char *backend,
		    double ratio, int repeat)
{
	size_t nr = 0;

	for (size_t i = 0; i < e->nr_cells; i++) {
		const struct cell *c = &e->cells[i];

		nr += strcmp(c->workload->name, workload) == 0 &&
		      strcmp(c->backend->name, backend) == 0 && c->ratio == ratio &&
		      c->repeat == repeat;
	}
	return nr;
}

static void test_cells(void **state)
{
	struct experiment e;
	struct err err = { 0 };

	assert_int_equal(experiment_read(write_ini(state, ok_text), NULL, &e, &err), 0);
	assert_string_equal(e.name, "two-sections");
	assert_string_equal(e.question, "How long?");
	assert_null(e.figure);
	assert_int_equal(e.seed, 42);
	/* Two sizes; two algorithms of zram only. */
	for (int repeat = 1; repeat <= 2; repeat++) {
		assert_int_equal(count(&e, "quicksort", "zram", 1, repeat), 4);
		assert_int_equal(count(&e, "quicksort", "zram", 0.5, repeat), 4);
		assert_int_equal(count(&e, "quicksort", "swapfile", 0.5, repeat), 2);
		assert_int_equal(count(&e, "null", "none", 1, repeat), 2);
	}
	assert_int_equal(e.nr_cells, 2 * (8 + 4 + 2));
	experiment_release(&e);
}

static void test_settings(void **state)
{
	struct experiment e;
	struct err err = { 0 };

	assert_int_equal(experiment_read(write_ini(state, ok_text), NULL, &e, &err), 0);
	for (size_t i = 0; i < e.nr_cells; i++) {
		const struct cell *c = &e.cells[i];
		bool null = strcmp(c->workload->name, "null") == 0;

		assert_string_equal(c->settings->experiment, "two-sections");
		assert_int_equal(c->settings->warmup_ns, 1000000000);
		assert_int_equal(c->settings->duration_ns, null ? 3000000000 : 7000000000);
		if (null)
			assert_true(strcmp(c->settings->cpus, "0,1") == 0 ||
				    strcmp(c->settings->cpus, "2") == 0);
		else
			assert_null(c->settings->cpus);
	}
	experiment_release(&e);
}

/* Cells that need the same peak share their parameters: one calibration serves them. */
static void test_equal_parameters_are_one(void **state)
{
	struct experiment e;
	struct err err = { 0 };
	const void *seen[8];
	size_t nr_seen = 0, j;

	assert_int_equal(experiment_read(write_ini(state, ok_text), NULL, &e, &err), 0);
	for (size_t i = 0; i < e.nr_cells; i++) {
		if (strcmp(e.cells[i].workload->name, "quicksort") != 0)
			continue;
		for (j = 0; j < nr_seen && seen[j] != e.cells[i].workload_params; j++)
			;
		assert_in_range(j, 0, 7);
		if (j == nr_seen)
			seen[nr_seen++] = e.cells[i].workload_params;
	}
	assert_int_equal(nr_seen, 2);
	experiment_release(&e);
}

static void test_label(void **state)
{
	struct experiment e;
	struct err err = { 0 };

	assert_int_equal(experiment_read(write_ini(state, ok_text), NULL, &e, &err), 0);
	assert_string_equal(e.cells[0].label, "memory=1M zram.algorithm=lz4");
	experiment_release(&e);
}

/* What stands as KEY@SCALE goes before KEY at that scale, wherever it stands, and nowhere else. */
static void test_scale(void **state)
{
	static const char text[] = "[experiment]\nname = e\nrepeat@tiny = 1\nrepeat = 3\n"
				   "[run quicksort]\nmemory = 2M\nmemory@full = 8G\n"
				   "seed@tiny = 7\nmemory@tiny = 1M\n";
	static const struct {
		const char *scale;
		uint64_t repeat;
		const char *memory, *seed;
	} rows[] = {
		{ "tiny", 1, "\"memory\":1048576", "\"seed\":7" },
		{ "small", 3, "\"memory\":2097152", "\"seed\":0" },
		{ "full", 3, "\"memory\":8589934592", "\"seed\":0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct experiment e;
		struct err err = { 0 };

		assert_int_equal(experiment_read(write_ini(state, text), rows[i].scale, &e, &err),
				 0);
		assert_int_equal(e.repeat, rows[i].repeat);
		assert_int_equal(e.nr_cells, rows[i].repeat);
		assert_non_null(strstr(e.sets[0].json, rows[i].memory));
		assert_non_null(strstr(e.sets[0].json, rows[i].seed));
		experiment_release(&e);
	}
}

static void test_micro_cores(void **state)
{
	struct experiment e;
	struct err err = { 0 };

	assert_int_equal(experiment_read(write_ini(state, HEAD "[micro fault_throughput]\n"
							       "backend = zram\n"
							       "cores = 1-3 2 8\n"),
					 NULL, &e, &err),
			 0);
	assert_int_equal(e.nr_cells, 4);
	assert_non_null(strstr(e.sets[0].json, "\"threads\":1"));
	experiment_release(&e);
}

static void test_command(void **state)
{
	struct experiment e;
	struct err err = { 0 };

	assert_int_equal(experiment_read(write_ini(state, HEAD "[run command]\n"
							       "command = \"echo a,\n"
							       "\tb\" true\n"),
					 NULL, &e, &err),
			 0);
	assert_int_equal(e.nr_cells, 2);
	assert_string_equal(e.cells[0].argv[1], "-c");
	assert_string_equal(e.cells[0].argv[2], "echo a, b");
	assert_string_equal(e.cells[1].argv[2], "true");
	assert_null(e.cells[1].argv[3]);
	experiment_release(&e);
}

/* Several metrics are of one program, not of one each. */
static void test_metrics(void **state)
{
	struct experiment e;
	struct err err = { 0 };

	assert_int_equal(
		experiment_read(write_ini(state, HEAD "prepare = \"sync, twice\"\n"
						      "[run command]\n"
						      "command = './a \"x\"' ./b\n"
						      "metric = \"ops=ops: (.*)\" n=$.n\n"),
				NULL, &e, &err),
		0);
	assert_int_equal(e.nr_cells, 2);
	assert_string_equal(e.cells[0].settings->prepare, "sync, twice");
	assert_string_equal(e.cells[0].label, "command=./a \"x\"");
	assert_ptr_equal(e.cells[0].workload_params, e.cells[1].workload_params);
	assert_non_null(strstr(e.sets[0].json, "\"metric\":\"ops=ops: (.*)\\nn=$.n\""));
	experiment_release(&e);
}

/* Rounds in order, each with every cell once, and not in the order of the file. */
static void test_shuffle(void **state)
{
	struct experiment e;
	struct matrix m = { .seed = 1 }, again = { .seed = 1 };
	struct err err = { 0 };
	size_t half, moved = 0;

	assert_int_equal(experiment_read(write_ini(state, ok_text), NULL, &e, &err), 0);
	for (size_t i = 0; i < e.nr_cells; i++) {
		matrix_add(&m, &e.cells[i]);
		matrix_add(&again, &e.cells[i]);
	}
	matrix_shuffle(&m);
	matrix_shuffle(&again);
	half = m.nr_cells / 2;
	for (size_t i = 0; i < m.nr_cells; i++) {
		assert_int_equal(m.cells[i].repeat, i < half ? 1 : 2);
		assert_int_equal(m.cells[i].place, again.cells[i].place);
		moved += i && m.cells[i].place < m.cells[i - 1].place;
	}
	assert_in_range(moved, 3, m.nr_cells);
	matrix_release(&m);
	matrix_release(&again);
	experiment_release(&e);
}

static void test_plan(void **state)
{
	struct experiment e;
	struct matrix m = { .resume = true };
	struct err err = { 0 };
	struct plan_left left;
	char text[PLAN_TIME_SIZE];

	assert_int_equal(experiment_read(write_ini(state, HEAD "repeat = 2\n"
							       "duration = 20s\n"
							       "warmup = 5s\n"
							       "[run memaslap]\n"
							       "[run null]\n"),
					 NULL, &e, &err),
			 0);
	for (size_t i = 0; i < e.nr_cells; i++)
		matrix_add(&m, &e.cells[i]);
	assert_int_equal(plan_fill(&m, NULL, &err), 0);
	left = plan_left(&m);
	assert_int_equal(left.nr_left, 4);
	assert_int_equal(left.nr_unknown, 2); /* null says not how long it takes */
	assert_string_equal(plan_time(text, &left), "at least 50.0 s");

	m.cells[2].run = 7;
	plan_learn(&m, &m.cells[2], 3, 4096);
	left = plan_left(&m);
	assert_int_equal(left.nr_done, 1);
	assert_int_equal(left.nr_left, 3);
	assert_string_equal(plan_time(text, &left), "at least 53.0 s");
	assert_int_equal(m.cells[3].peak_bytes, 4096);
	assert_int_equal(m.cells[0].peak_bytes, 0);
	matrix_release(&m);
	experiment_release(&e);
}

static const struct bad {
	const char *text, *says;
} bad[] = {
	{ "", "e.ini:1: an experiment begins with [experiment]" },
	{ "name = e\n", "e.ini:1: a section comes first" },
	{ "[run null]\n", "e.ini:1: an experiment begins with [experiment]" },
	{ "[experiment]\nrepeat = 1\n[run null]\n", "e.ini:1: [experiment] has no name" },
	{ HEAD, "e.ini:1: there is nothing to run" },
	{ "[experiment]\nname = a b\n[run null]\n", "e.ini:2: name 'a b' is no name" },
	{ "[experiment]\nname = ../x\n[run null]\n", "e.ini:2: name '../x' is no name" },
	{ HEAD "figure = slowdwn\n[run null]\n", "e.ini:3: no figure 'slowdwn'; did you" },
	{ HEAD "repeat = 0\n[run null]\n", "e.ini:3: " },
	{ HEAD "repeat = many\n[run null]\n", "e.ini:3: " },
	{ HEAD "reapet = 2\n[run null]\n", "did you mean 'repeat'?" },
	{ HEAD "experiment = x\n[run null]\n", "e.ini:3: [experiment] has no 'experiment'" },
	{ HEAD "duration = soon\n[run null]\n", "e.ini:3: " },
	{ HEAD "[run nul]\n", "e.ini:3: " },
	{ HEAD "[micro fault_latencz]\n", "did you mean 'fault_latency'?" },
	{ HEAD "[rum null]\n", "e.ini:3: [rum null] is no section" },
	{ HEAD "[run null\n", "e.ini:3: a section ends with ']'" },
	{ HEAD " [run null]\n", "e.ini:3: a section begins at the beginning of its line" },
	{ HEAD "[run null]\nmemory\n", "e.ini:4: neither [section] nor key = value" },
	{ HEAD "[run null]\nmemroy = 1M\n", "e.ini:4: [run null] has no 'memroy'; did you" },
	{ HEAD "[run null]\nmemory =\n", "e.ini:4: memory has no value" },
	{ HEAD "[run null]\nmemory = 1M 5Q\n", "e.ini:4: " },
	{ HEAD "[run null]\nmemory = 1M 1M\n", "e.ini:4: memory has '1M' twice" },
	{ HEAD "[run null]\nratio = 1, 0.5,\n", "beside a comma" },
	{ HEAD "[run null]\nratio = 1,, 0.5\n", "beside a comma" },
	{ HEAD "[run null]\nmemory = 1M\nmemory = 2M\n", "e.ini:5: this key was there before" },
	{ HEAD "[run null]\ncpus = \"0,1\n", "e.ini:4: cpus: a quote is open" },
	{ HEAD "[run null]\nratio = 1 2\n", "e.ini:4: ratio '2' is not in (0, 1]" },
	{ HEAD "[run null]\nratio = 0.5\n", "e.ini:3: [run null] takes memory away" },
	{ HEAD "[run null]\nbackend = zarm\n", "e.ini:4: " },
	{ HEAD "[run null]\nbackend = none\nzram.size = 1M\n", "e.ini:5: 'zram.size': no such" },
	{ HEAD "[run null]\nbackend = zram\nzram.sise = 1M\n", "e.ini:5: backend zram has no" },
	{ HEAD "[micro fault_latency]\nbackend = zram\nratio = 0.5\n", "leave out ratio" },
	{ HEAD "[micro fault_latency]\nbackend = zram\ncores = 0\n", "e.ini:5: cores: '0'" },
	{ HEAD "[micro fault_latency]\nbackend = zram\ncores = 4-2\n", "e.ini:5: cores: '4-2'" },
	{ HEAD "[run null]\nmemory@smal = 1M\n", "e.ini:4: 'memory@smal' is at no scale; did you" },
	{ HEAD "[run null]\nmemroy@small = 1M\n", "e.ini:4: [run null] has no 'memroy'; did" },
	{ HEAD "[run command]\n", "e.ini:3: which command?" },
	{ HEAD "repeat = 10000\n[run null]\nmemory = 1 2 3 4 5 6 7 8 9 10 11\n",
	  "e.ini:4: more than 100000 runs" },
};

static void test_bad(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct experiment e;
		struct err err = { 0 };

		assert_true(experiment_read(write_ini(state, bad[i].text), NULL, &e, &err) < 0);
		if (!strstr(err.msg, bad[i].says))
			fail_msg("'%s' says \"%s\", not \"%s\"", bad[i].text, err.msg, bad[i].says);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_null(strchr(err.msg, '\n'));
		experiment_release(&e);
	}
}

static void test_no_file(void **state)
{
	struct experiment e;
	struct err err = { 0 };

	assert_true(experiment_read(scratch_path(state, "absent.ini"), NULL, &e, &err) < 0);
	assert_non_null(strstr(err.msg, "absent.ini"));
	assert_int_equal(err.kind, ERR_USAGE);
	experiment_release(&e);
	memset(&err, 0, sizeof(err));
	assert_true(experiment_read(*state, NULL, &e, &err) < 0); /* a directory */
	assert_non_null(strstr(err.msg, "is it a file?"));
	experiment_release(&e);
}

static void test_long_line(void **state)
{
	struct buf text = BUF_INIT;
	struct experiment e;
	struct err err = { 0 };

	buf_adds(&text, HEAD "question = ");
	for (int i = 0; i < 300; i++)
		buf_adds(&text, "x");
	buf_adds(&text, "\n[run null]\n");
	assert_true(experiment_read(write_ini(state, text.data), NULL, &e, &err) < 0);
	assert_non_null(strstr(err.msg, "e.ini:3: the line is too long"));
	experiment_release(&e);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_equal_parameters_are_one),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_micro_cores),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_shuffle),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
