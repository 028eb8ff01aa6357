// SPDX-License-Identifier: GPL-2.0-or-later
/* Which run at ratio 1 others are measured against, and that everybody asks the same rule. */
#include "tests/unit/synthetic.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>

#include "plots/figure.h"
#include "results/compare.h"
#include "results/report.h"

/* What a run of these tests is. */
struct made {
	const char *backend, *experiment, *status, *version, *workload_params, *run_params;
	const char *machine_fact, *machine_value, *fact, *value;
	double ratio, ops;
	int repeat, at_s; /* seconds after midnight */
};

static const struct made usual = { .backend = "zram",
				   .status = "ok",
				   .machine_fact = "kernel",
				   .machine_value = "6.1",
				   .fact = "thp",
				   .value = "madvise",
				   .ratio = 1,
				   .ops = 100,
				   .repeat = 1 };

static void exec(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static const char *database;

static struct store *new_store(const char *name)
{
	database = synthetic_path(name);
	return synthetic_store(name);
}

static int64_t machine_of(struct store *s, const struct made *m)
{
	struct facts facts;
	int64_t machine = 0;

	facts_init(&facts);
	facts_set(&facts, "host", "mill");
	facts_set(&facts, m->machine_fact, "%s", m->machine_value);
	assert_ok(store_machine(s, &facts, &machine, &err));
	facts_release(&facts);
	return machine;
}

static struct run_record record_of(const struct made *m)
{
	struct run_record r = synthetic_record("memaslap", m->backend, m->ratio, m->repeat);

	r.experiment = m->experiment;
	if (m->version)
		r.version = m->version;
	if (m->workload_params)
		r.jobs[0].workload_params = m->workload_params;
	if (m->run_params)
		r.run_params = m->run_params;
	return r;
}

static void facts_of(const struct made *m, struct facts *facts)
{
	facts_init(facts);
	facts_set(facts, "mglru", "0x0007");
	facts_set(facts, m->fact, "%s", m->value);
}

static int64_t make(struct store *s, struct made m)
{
	struct run_record r = record_of(&m);
	struct results results;
	struct facts facts;
	char sql[128];
	int64_t run = 0;

	assert_ok(store_run_begin(s, machine_of(s, &m), &r, &run, &err));
	facts_of(&m, &facts);
	assert_ok(store_run_facts(s, run, &facts, &err));
	facts_release(&facts);
	results_init(&results);
	results_add(&results, "ops", "per_s", BETTER_HIGHER, m.ops);
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, m.status, NULL, &err));
	snprintf(sql, sizeof(sql),
		 "UPDATE run SET started = strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ',"
		 " '2026-11-22', '+%d seconds') WHERE id = %d",
		 m.at_s, (int)run);
	exec(database, sql);
	return run;
}

#define MAKE(...)                                                                                  \
	({                                                                                         \
		struct made m_ = usual;                                                            \
                                                                                                   \
		(void)(__VA_ARGS__);                                                               \
		make(s, m_);                                                                       \
	})

/* 0: none fits. */
static int64_t baseline_of(struct store *s, int64_t run)
{
	struct store_baseline b = { 0 };
	int rc = store_baseline(s, run, 1, &b, &err);

	assert_true(rc == 0 || rc == -ENODATA);
	return rc ? 0 : b.run;
}

static void test_nearest(void **state)
{
	struct store *s = new_store("nearest.db");
	struct store_baseline b;
	int64_t early, late, far, alone;

	(void)state;
	alone = MAKE(m_.ratio = 0.5, m_.at_s = 50);
	assert_int_equal(baseline_of(s, alone), 0);
	early = MAKE(m_.at_s = 0, m_.repeat = 1);
	late = MAKE(m_.at_s = 1000, m_.repeat = 2);
	far = MAKE(m_.ratio = 0.5, m_.at_s = 900, m_.repeat = 3);
	assert_ok(store_baseline(s, far, 1, &b, &err));
	assert_int_equal(b.run, late);
	assert_true(b.age_s == 100 && b.peak_bytes == 512u << 20);
	assert_int_equal(baseline_of(s, alone), early);
	/* A run at ratio 1 is its own. One that is not trusted is not. */
	assert_int_equal(baseline_of(s, late), late);
	assert_int_equal(
		baseline_of(s, MAKE(m_.status = "untrusted", m_.at_s = 1100, m_.repeat = 7)), late);
	/* Not far in time, but of the same block, or of the same backend. */
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.at_s = 900, m_.repeat = 1)), early);
	MAKE(m_.at_s = 905, m_.backend = "none", m_.repeat = 9);
	assert_int_equal(baseline_of(s, far), late);
	store_close(s);
}

static void test_experiment(void **state)
{
	struct store *s = new_store("experiment.db");
	int64_t own, near;

	(void)state;
	near = MAKE(m_.at_s = 500);
	own = MAKE(m_.at_s = 0, m_.experiment = "scan");
	assert_int_equal(
		baseline_of(s, MAKE(m_.ratio = 0.5, m_.at_s = 510, m_.experiment = "scan")), own);
	assert_int_equal(
		baseline_of(s, MAKE(m_.ratio = 0.5, m_.at_s = 510, m_.experiment = "other")), near);
	store_close(s);
}

/* What a changed fact, setting or version makes of another's baseline. */
static void test_fits(void **state)
{
	struct store *s = new_store("fits.db");
	int64_t base = MAKE(m_.at_s = 0);

	(void)state;
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5)), base);
	/* Without a limit nothing is far: these do not matter. */
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.backend = "swapfile")), base);
	assert_int_equal(
		baseline_of(s,
			    MAKE(m_.ratio = 0.5,
				 m_.run_params = "{\"measure\":10,\"set.vm.page-cluster\":\"0\"}")),
		base);
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.fact = "thp", m_.value = "always")),
			 0);
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.fact = "mglru", m_.value = "0")),
			 0);
	assert_int_equal(
		baseline_of(s, MAKE(m_.ratio = 0.5, m_.fact = "swappiness", m_.value = "1")), 0);
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.machine_value = "6.12")), 0);
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.machine_fact = "cpus",
					     m_.machine_value = "4")),
			 0);
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.version = "v1")), 0);
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.run_params = "{\"measure\":9}")),
			 0);
	assert_int_equal(
		baseline_of(s, MAKE(m_.ratio = 0.5, m_.workload_params = "{\"memory\":1}")), 0);
	store_close(s);
}

/* Of the workload's programs; others' versions don't count. */
static void test_program_version(void **state)
{
	struct store *s = new_store("program.db");
	int64_t base = MAKE(m_.fact = "memaslap.memcached_version", m_.value = "1.6.18");

	(void)state;
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.fact = "memaslap.memcached_version",
					     m_.value = "1.6.18")),
			 base);
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.fact = "memaslap.memcached_version",
					     m_.value = "1.6.31")),
			 0);
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5)), 0);
	base = MAKE(m_.fact = "other.server_version", m_.value = "1");
	assert_int_equal(baseline_of(s, MAKE(m_.ratio = 0.5, m_.fact = "other.server_version",
					     m_.value = "2")),
			 base);
	store_close(s);
}

static int find_peak(struct store *s, struct made m, struct store_baseline *b)
{
	struct run_record r = record_of(&m);
	struct facts facts;
	int rc;

	facts_of(&m, &facts);
	rc = store_find_peak(s, machine_of(s, &m), &r, &facts, b, &err);
	facts_release(&facts);
	return rc;
}

static void test_peak(void **state)
{
	struct store *s = new_store("peak.db");
	struct store_baseline b;
	struct made m = usual;
	int64_t base;

	(void)state;
	m.ratio = 0.5;
	assert_int_equal(find_peak(s, m, &b), -ENODATA);
	base = MAKE(m_.at_s = 0);
	assert_ok(find_peak(s, m, &b));
	assert_int_equal(b.run, base);
	assert_int_equal(b.peak_bytes, 512u << 20);
	assert_true(b.age_s > 0);
	/* Asked again, and after another question: no question is left. */
	m.value = "always";
	assert_int_equal(find_peak(s, m, &b), -ENODATA);
	m.value = "madvise";
	assert_ok(find_peak(s, m, &b));
	m.machine_value = "6.12";
	assert_int_equal(find_peak(s, m, &b), -ENODATA);
	store_close(s);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static char *shown(struct store *s, int64_t run)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_ok(show_run(s, run, false, out, &err));
	fclose(out);
	return text;
}

/* The run that is nearest in time is 10 % slower than the other one at ratio 1. */
static void test_everybody_asks(void **state)
{
	struct store *s = new_store("everybody.db");
	struct report_request report = { .command = "fmbench report", .version = "v0" };
	struct buf page = BUF_INIT, vars = BUF_INIT;
	size_t size, rows;
	char *text;
	FILE *out;

	(void)state;
	MAKE(m_.at_s = 0, m_.ops = 110);				   /* 1 */
	MAKE(m_.at_s = 1000, m_.ops = 100, m_.repeat = 2);		   /* 2 */
	MAKE(m_.at_s = 1060, m_.ops = 50, m_.ratio = 0.5, m_.repeat = 3);  /* 3 */
	MAKE(m_.at_s = 1120, m_.ops = 25, m_.ratio = 0.25, m_.repeat = 3); /* 4 */

	text = shown(s, 3);
	assert_has(text, "baseline      run 2 at ratio 1, 60 s away\n");
	assert_has(text, "2.00x");
	free(text);

	assert_ok(report_page(s, &report, &page, &err));
	assert_has(page.data, "2.00×<span class=\"interval\">of run 2, up to 60 s away");
	assert_has(page.data, "4.00×<span class=\"interval\">of run 2, up to 2 min away");
	buf_release(&page);

	out = open_memstream(&text, &size);
	assert_ok(export_figure(s, figure_find("slowdown", &err)->sql, &(struct figure_choice){ 0 },
				out, &vars, &rows, &err));
	fclose(out);
	assert_has(text, "\t3\t2\n");
	assert_has(vars.data, "relative to runs 1 2 at ratio 1, up to 2 min away");
	buf_release(&vars);
	free(text);

	out = open_memstream(&text, &size);
	assert_ok(compare_runs(
		s,
		&(struct compare_request){
			.sides = (const char *const[]){ "3,ratio=0.5", "4,ratio=0.25", NULL } },
		EXPORT_TABLE, out, out, &err));
	fclose(out);
	assert_has(text, "at ratio 1: run 2, 60 s away; slowdown 2.00x\n");
	assert_has(text, "at ratio 1: run 2, 2 min away; slowdown 4.00x\n");
	free(text);

	/* And where nothing fits each says so, or shows none. */
	exec(database, "UPDATE run SET version = 'v1' WHERE id > 2");
	text = shown(s, 3);
	assert_has(text, "baseline      none: no trusted run at ratio 1 is of the same kind");
	assert_null(strstr(text, "2.00x"));
	free(text);
	assert_ok(report_page(s, &report, &page, &err));
	assert_null(strstr(page.data, "2.00×"));
	buf_release(&page);
	out = open_memstream(&text, &size);
	assert_ok(compare_runs(
		s,
		&(struct compare_request){
			.sides = (const char *const[]){ "3,ratio=0.5", "4,ratio=0.25", NULL } },
		EXPORT_TABLE, out, out, &err));
	fclose(out);
	assert_has(text, "at ratio 1: no trusted run is of the same kind\n");
	free(text);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest), cmocka_unit_test(test_experiment),
		cmocka_unit_test(test_fits),	cmocka_unit_test(test_program_version),
		cmocka_unit_test(test_peak),	cmocka_unit_test(test_everybody_asks),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
