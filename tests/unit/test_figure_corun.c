// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/gantt, makespan and interference: co-runs of two jobs whose every number is known. */
#include "tests/unit/figure.h"

struct pair {
	const char *policy, *mix;
	uint64_t local_mib;
	double first, second; /* elapsed */
	double slowdown;      /* of the first; the second has twice as much */
	bool alone;
	const char *first_params; /* NULL: as all others */
};

static void add_result(struct results *r, const char *name, double value)
{
	results_add(r, name, "s", BETTER_LOWER, value);
}

static void add_job(struct store *s, int64_t run, int job, double elapsed, double slowdown)
{
	struct results r;

	results_init(&r);
	add_result(&r, "elapsed", elapsed);
	add_result(&r, "arrival", job - 1);
	add_result(&r, "queueing", 0.5);
	add_result(&r, "completion", 0.5 + elapsed);
	if (slowdown > 0)
		add_result(&r, "slowdown", slowdown);
	if (job == 1)
		results_add(&r, "throughput", "jobs_per_h", BETTER_HIGHER, slowdown * 100);
	assert_ok(store_results(s, run, job, &r, &err));
	results_release(&r);
}

static int64_t add_pair(struct store *s, const struct pair *p)
{
	struct run_record record = synthetic_record("quicksort", "zram", 0.5, 1);
	struct job_record jobs[2];
	char params[256];
	int64_t run = 0;

	jobs[0] = jobs[1] = record.jobs[0];
	if (p->first_params)
		jobs[0].workload_params = p->first_params;
	jobs[0].name = "quicksort";
	jobs[1].name = "pagerank";
	jobs[1].workload = "pagerank";
	jobs[0].peak_bytes = jobs[1].peak_bytes = 100 << 20;
	record.jobs = jobs;
	record.nr_jobs = p->alone ? 1 : 2;
	snprintf(params, sizeof(params), "{\"policy\":\"%s\",\"local\":%llu,\"mix\":\"%s\"}",
		 p->policy, (unsigned long long)p->local_mib << 20, p->mix);
	record.run_params = params;
	assert_ok(store_run_begin(s, made_machine(s, NULL), &record, &run, &err));
	add_job(s, run, 1, p->first, p->slowdown);
	if (!p->alone)
		add_job(s, run, 2, p->second, p->slowdown * 2);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	return run;
}

static void test_gantt(void **state)
{
	const struct pair p = { "uniform", "quicksort, pagerank", 100, 4, 6, 1.5, false, NULL };
	struct store *s = synthetic_store("gantt.db");
	char *text;

	(void)state;
	add_pair(s, &p);
	text = draw_data(s, "gantt", 0, NULL, "gantt");
	/* Without samples of its limit a job has its whole peak. */
	assert_non_null(
		strstr(text, "0\t\"quicksort\"\t0\t0.5\t4.5\n1\t\"pagerank\"\t1\t1.5\t7.5\n"));
	assert_non_null(strstr(text, "0\t0.5\t4.5\t1\t100\n1\t1.5\t7.5\t1\t100\n"));
	free(text);
	expect_variable("gantt", "nr_jobs = 2\n");
	expect_variable("gantt", "policy = 'policy uniform'\n");
	store_close(s);
}

static void test_makespan(void **state)
{
	const struct pair pairs[] = {
		{ "none", "quicksort, pagerank", 100, 4, 6, 1, false, NULL },
		{ "uniform", "quicksort, pagerank", 100, 4, 6, 2, false, NULL },
		/* Which job comes first is the seed's doing. */
		{ "uniform", "quicksort, pagerank", 100, 4, 6, 4, false, "{\"memory\":1}" },
		{ "uniform", "quicksort, pagerank", 150, 4, 6, 5, false, NULL },
		{ "uniform", "another mix", 150, 4, 6, 9, false, NULL },
	};
	struct store *s = synthetic_store("makespan.db");

	(void)state;
	add_pair(s, &pairs[4]); /* an earlier one's mix is left out */
	for (size_t i = 0; i < 4; i++)
		add_pair(s, &pairs[i]);
	expect_data(s, "makespan", 0, "makespan",
		    "\"series\"\t\"x\"\t\"median\"\t\"low\"\t\"high\"\t\"runs\"\t\"flagged\"\n"
		    "0\t100\t100\t100\t100\t1\t0\n"
		    "1\t100\t300\t200\t400\t2\t0\n"
		    "1\t150\t500\t500\t500\t1\t0\n");
	expect_variable("makespan", "labels = 'none\tuniform'\n");
	store_close(s);
}

static void test_interference(void **state)
{
	const struct pair pairs[] = {
		{ "fixed", "quicksort alone", 100, 4, 0, 0, true, NULL },
		{ "fixed", "pagerank alone", 100, 5, 0, 0, true, NULL },
		{ "fixed", "quicksort beside pagerank", 200, 8, 5.5, 0, false, NULL },
		{ "fixed", "quicksort beside quicksort", 200, 6, 10, 0, false, NULL },
	};
	struct store *s = synthetic_store("interference.db");
	char *text;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		add_pair(s, &pairs[i]);
	text = draw_data(s, "interference", 0, NULL, "interference");
	/* pagerank beside quicksort 5.5 / 5; quicksort beside pagerank 8 / 4, beside itself 6 / 4 and 10 / 4. */
	assert_non_null(strstr(
		text, "0\t1\t1.1\tNaN\tNaN\t1\n1\t0\t2\tNaN\tNaN\t1\n1\t1\t2\t1.5\t2.5\t2\n"));
	free(text);
	store_close(s);
}

/* Without a matrix: a column a policy. */
static void test_policies(void **state)
{
	const struct pair pairs[] = {
		{ "none", "quicksort, pagerank", 100, 4, 6, 1, false, NULL },
		{ "uniform", "quicksort, pagerank", 100, 4, 6, 3, false, NULL },
	};
	struct store *s = synthetic_store("policies.db");
	char *text;

	(void)state;
	add_pair(s, &pairs[0]);
	add_pair(s, &pairs[1]);
	text = draw_data(s, "interference", 0, NULL, "policies");
	assert_non_null(strstr(text,
			       "0\t0\t2\tNaN\tNaN\t1\n0\t1\t6\tNaN\tNaN\t1\n1\t0\t1\tNaN\tNaN\t1\n"
			       "1\t1\t3\tNaN\tNaN\t1\n"));
	free(text);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gantt),
		cmocka_unit_test(test_makespan),
		cmocka_unit_test(test_interference),
		cmocka_unit_test(test_policies),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
