// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/query.h"
#include "tests/unit/synthetic.h"

#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void refused(const char *path, enum store_mode mode, int errnum, const char *says)
{
	struct store *s = NULL;

	err.msg[0] = '\0';
	assert_int_equal(store_open(path, mode, &s, &err), -errnum);
	assert_null(s);
	if (!strstr(err.msg, says) || !strstr(err.msg, path))
		fail_msg("\"%s\" names not both %s and \"%s\"", err.msg, path, says);
}

static void test_opens_what_it_made(void **state)
{
	struct store *s = synthetic_store("a.db");

	(void)state;
	store_close(s);
	assert_ok(store_open(synthetic_path("a.db"), STORE_READ, &s, &err));
	store_close(s);
	assert_ok(store_open(synthetic_path("a.db"), STORE_WRITE, &s, &err));
	store_close(s);
	assert_true(query(synthetic_path("a.db"),
			  "SELECT journal_mode = 'wal' FROM pragma_journal_mode") == 1);
	store_close(NULL);
}

static void test_refuses_what_is_not_ours(void **state)
{
	(void)state;
	write_file(synthetic_path("text.db"),
		   "this is some text, long enough to be no SQLite header\n");
	refused(synthetic_path("text.db"), STORE_WRITE, EINVAL, "not a database of fmbench");
	refused(synthetic_path("text.db"), STORE_READ, EINVAL, "not a database of fmbench");

	run_sql(synthetic_path("other.db"), "CREATE TABLE t (x)");
	refused(synthetic_path("other.db"), STORE_WRITE, EINVAL, "another program");
	/* And it was left as it was. */
	assert_true(query(synthetic_path("other.db"),
			  "SELECT journal_mode = 'delete' FROM pragma_journal_mode") == 1);

	store_close(synthetic_store("newer.db"));
	run_sql(synthetic_path("newer.db"), "PRAGMA user_version = 99");
	refused(synthetic_path("newer.db"), STORE_READ, EINVAL, "newer fmbench (format 99");
	refused(synthetic_path("newer.db"), STORE_WRITE, EINVAL, "newer fmbench (format 99");
}

static void test_refuses_what_is_not_there(void **state)
{
	(void)state;
	refused(synthetic_path("none.db"), STORE_READ, ENOENT, "fmbench run");
	assert_int_equal(err.kind, ERR_MISSING);
	assert_int_not_equal(access(synthetic_path("none.db"), F_OK), 0);
	write_file(synthetic_path("empty.db"), "");
	refused(synthetic_path("empty.db"), STORE_READ, ENOENT, "empty");
	refused(synthetic_path("no/such/dir.db"), STORE_WRITE, ENOENT, "directory");
	mkdir(synthetic_path("dir.db"), 0700);
	refused(synthetic_path("dir.db"), STORE_WRITE, EISDIR, "as a file");
}

static void test_waits_for_a_lock(void **state)
{
	struct store *a = synthetic_store("locked.db"), *b;
	uint64_t begin_ns;

	(void)state;
	assert_ok(store_open(synthetic_path("locked.db"), STORE_WRITE, &b, &err));
	assert_ok(store_begin(a, &err));
	begin_ns = clock_ns();
	assert_int_equal(store_begin(b, &err), -EBUSY);
	assert_true(clock_ns() - begin_ns > 4 * NSEC_PER_SEC);
	assert_non_null(strstr(err.msg, "locked by another process"));
	assert_non_null(strstr(err.msg, "locked.db"));
	assert_ok(store_commit(a, &err));
	assert_ok(store_begin(b, &err));
	assert_ok(store_commit(b, &err));
	store_close(a);
	store_close(b);
}

/* Runs fn in a child that sees a 1 MiB file system of its own at dir. 77: can't be made here. */
static int on_small_disk(int (*fn)(const char *dir))
{
	const char *dir = synthetic_path("mount");
	pid_t pid;
	int status;

	mkdir(dir, 0700);
	pid = fork();
	if (!pid) {
		if ((unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("none", dir, "tmpfs", 0, "size=1m"))
			_exit(77);
		_exit(fn(dir));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int fill_disk(const char *dir)
{
	struct run_record record = synthetic_record("null", "none", 1, 1);
	char path[256];
	struct store *s;
	int64_t run, machine;
	struct facts facts = { 0 };
	int rc = 0;

	snprintf(path, sizeof(path), "%s/full.db", dir);
	if (store_open(path, STORE_WRITE, &s, &err) || store_machine(s, &facts, &machine, &err) ||
	    store_run_begin(s, machine, &record, &run, &err))
		return 1;
	for (int i = 0; !rc && i < 100000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		rc = store_artifact(s, run, name, "a path that takes up some of the disk", &err);
	}
	if (rc != -ENOSPC || !strstr(err.msg, "no space left") || !strstr(err.msg, path))
		return 2;
	store_close(s);
	/* What was committed is still there, and a full disk is no reason not to read it. */
	if (store_open(path, STORE_READ, &s, &err) || store_find_run(s, NULL, &run, &err))
		return 3;
	store_close(s);
	return 0;
}

static void test_full_disk(void **state)
{
	int status = on_small_disk(fill_disk);

	(void)state;
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static int read_only(const char *dir)
{
	struct run_record record = synthetic_record("null", "none", 1, 1);
	struct facts facts = { 0 };
	char path[256];
	struct store *s;
	int64_t run, machine;

	snprintf(path, sizeof(path), "%s/ro.db", dir);
	if (store_open(path, STORE_WRITE, &s, &err) || store_machine(s, &facts, &machine, &err) ||
	    store_run_begin(s, machine, &record, &run, &err))
		return 1;
	store_close(s);
	if (mount("none", dir, NULL, MS_REMOUNT | MS_RDONLY, NULL))
		return 77;
	if (store_open(path, STORE_WRITE, &s, &err) != -EROFS || !strstr(err.msg, path) ||
	    !strstr(err.msg, "read-only"))
		return 2;
	if (store_open(path, STORE_READ, &s, &err) || store_find_run(s, NULL, &run, &err))
		return 3;
	store_close(s);
	snprintf(path, sizeof(path), "%s/new.db", dir);
	if (store_open(path, STORE_WRITE, &s, &err) != -EROFS || !strstr(err.msg, path))
		return 4;
	return 0;
}

static void test_read_only_disk(void **state)
{
	int status = on_small_disk(read_only);

	(void)state;
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static void test_same_facts_same_machine(void **state)
{
	struct store *s = synthetic_store("machine.db");
	struct facts a = { 0 }, b = { 0 };
	int64_t id_a, id_b, id_c;

	(void)state;
	facts_set(&a, "kernel", "6.1");
	facts_set(&a, "cpu", "a \"quoted\" one");
	facts_set(&b, "cpu", "a \"quoted\" one");
	facts_set(&b, "kernel", "6.1");
	assert_ok(store_machine(s, &a, &id_a, &err));
	assert_ok(store_machine(s, &b, &id_b, &err));
	facts_set(&b, "kernel", "6.12");
	assert_ok(store_machine(s, &b, &id_c, &err));
	assert_int_equal(id_a, id_b);
	assert_int_not_equal(id_a, id_c);
	facts_release(&a);
	facts_release(&b);
	store_close(s);
}

static int64_t metric(struct store *s, int job, const char *unit)
{
	int64_t id = 0;

	assert_ok(store_metric(s, job, "collector", "key", unit, true, &id, &err));
	return id;
}

/* What is asked several times is one statement, and gives back what each call asked. */
static void test_metrics_keep_their_ids(void **state)
{
	struct store *s = synthetic_store("metric.db");
	int64_t first = metric(s, 1, "pages"), other = metric(s, 2, "pages");

	(void)state;
	assert_int_not_equal(first, other);
	assert_int_equal(metric(s, 1, "pages"), first);
	assert_int_equal(metric(s, 1, "bytes"), first);
	assert_int_equal(metric(s, 2, "pages"), other);
	store_close(s);
	assert_true(query(synthetic_path("metric.db"),
			  "SELECT sum(unit = 'bytes') = 1 AND count(*) = 2 FROM metric") == 1);
}

/* SQLite leaves the file of its log behind when a connection closes before its statements. */
static void test_close_ends_statements(void **state)
{
	struct store *s = synthetic_store("closed.db");

	(void)state;
	metric(s, 1, "pages");
	assert_int_equal(access(synthetic_path("closed.db-wal"), F_OK), 0);
	store_close(s);
	assert_int_equal(access(synthetic_path("closed.db-wal"), F_OK), -1);
}

/* Of test_phase_values(): e = 20..30 has readings at its two ends alone. */
static void gauge_readings(struct store *s, int64_t run)
{
	struct store_gauge g;
	uint64_t most = 0;
	double mean;

	assert_ok(store_phase(s, run, "e", 20 * NSEC_PER_SEC, 30 * NSEC_PER_SEC, &err));
	assert_ok(store_phase_gauge(s, run, 1, "b", "m", "gauge", &g, &err));
	assert_true(g.begin == 40 && g.end == 100 && g.min == 40 && g.max == 100);
	assert_ok(store_phase_gauge(s, run, 1, "e", "m", "gauge", &g, &err));
	assert_true(g.begin == 40 && g.end == 40 && g.min == 40 && g.max == 40);
	assert_int_equal(store_phase_value(s, run, 1, "e", "m", "gauge", &mean, &err), -ENODATA);
	assert_ok(store_phase_value(s, run, 1, "e", "m", "counter", &mean, &err));
	assert_true(mean == 7);
	assert_ok(store_phase_gauge(s, run, 1, "d", "m", "gauge", &g, &err));
	assert_true(isnan(g.begin) && g.end == 40);
	assert_int_equal(store_phase_gauge(s, run, 1, "c", "m", "gauge", &g, &err), -ENODATA);
	assert_int_equal(store_phase_gauge(s, run, 1, "b", "m", "never", &g, &err), -ENODATA);
	assert_ok(store_run_max(s, run, 1, "m", "gauge", &most, &err));
	assert_int_equal(most, 100);
	assert_int_equal(store_run_max(s, run, 1, "m", "never", &most, &err), -ENODATA);
	/* At a time: not the sum of two maxima. */
	assert_ok(store_run_max_sum(s, run, 1, "m", "gauge", "second", &most, &err));
	assert_int_equal(most, 105);
	assert_ok(store_run_max_sum(s, run, 1, "m", "second", "never", &most, &err));
	assert_int_equal(most, 50);
	assert_int_equal(store_run_max_sum(s, run, 2, "m", "gauge", "second", &most, &err),
			 -ENODATA);
}

/*
 * Ticks at 10, 20 … 60 (in units of 1 s); phases a = 10..30, b = 30..60, c = 60..65 (no tick
 * within), d = 5..20 (nothing before it).
 */
static void test_phase_values(void **state)
{
	struct store *s = synthetic_store("phase.db");
	struct run_record record = synthetic_record("null", "zram", 0.5, 1);
	int64_t run = synthetic_begin(s, &record), counter, flat, late, gauge, other, second;
	double value;

	(void)state;
	assert_ok(store_metric(s, 1, "m", "counter", "events", true, &counter, &err));
	assert_ok(store_metric(s, 1, "m", "flat", "events", true, &flat, &err));
	assert_ok(store_metric(s, 1, "m", "late", "events", true, &late, &err));
	assert_ok(store_metric(s, 1, "m", "gauge", "bytes", false, &gauge, &err));
	assert_ok(store_metric(s, 1, "m", "never", "bytes", false, &other, &err));
	assert_ok(store_metric(s, 1, "m", "second", "bytes", false, &second, &err));
	assert_ok(store_metric(s, 1, "m", "counter", "events", true, &other, &err));
	assert_int_equal(other, counter);
	for (uint64_t tick = 1; tick <= 6; tick++)
		synthetic_tick(s, run, tick, tick * 10 * NSEC_PER_SEC);
	assert_ok(store_sample(s, run, 1, counter, 100, &err));
	assert_ok(store_sample(s, run, 3, counter, 107, &err));
	assert_ok(store_sample(s, run, 4, counter, 120, &err));
	assert_ok(store_sample(s, run, 1, flat, 5, &err));
	assert_ok(store_sample(s, run, 3, late, 1000, &err));
	assert_ok(store_sample(s, run, 5, late, 1001, &err));
	assert_ok(store_sample(s, run, 1, gauge, 10, &err));
	assert_ok(store_sample(s, run, 2, gauge, 40, &err));
	assert_ok(store_sample(s, run, 5, gauge, 100, &err));
	assert_ok(store_sample(s, run, 1, second, 50, &err));
	assert_ok(store_sample(s, run, 3, second, 5, &err));
	assert_ok(store_phase(s, run, "a", 10 * NSEC_PER_SEC, 30 * NSEC_PER_SEC, &err));
	assert_ok(store_phase(s, run, "b", 30 * NSEC_PER_SEC, 60 * NSEC_PER_SEC, &err));
	assert_ok(store_phase(s, run, "c", 60 * NSEC_PER_SEC, 65 * NSEC_PER_SEC, &err));
	assert_ok(store_phase(s, run, "d", 5 * NSEC_PER_SEC, 20 * NSEC_PER_SEC, &err));
	assert_int_not_equal(store_phase(s, run, "d", 5, 20, &err), 0);

	static const struct {
		const char *phase, *key;
		double value; /* NaN: none */
	} expected[] = {
		{ "a", "counter", 7 },	 { "b", "counter", 13 },  { "c", "counter", NAN },
		{ "d", "counter", NAN }, { "a", "flat", 0 },	  { "b", "flat", 0 },
		{ "a", "late", NAN },	 { "b", "late", 1 },	  { "a", "gauge", 25 },
		{ "b", "gauge", 60 },	 { "c", "gauge", NAN },	  { "d", "gauge", 10 },
		{ "a", "never", NAN },	 { "x", "counter", NAN },
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		int rc = store_phase_value(s, run, 1, expected[i].phase, "m", expected[i].key,
					   &value, &err);

		if (isnan(expected[i].value) ? rc != -ENODATA : rc || value != expected[i].value)
			fail_msg("phase %s, %s: %d, %g, not %g", expected[i].phase, expected[i].key,
				 rc, value, expected[i].value);
	}
	gauge_readings(s, run);
	store_close(s);

	const char *path = synthetic_path("phase.db");

	assert_true(query(path,
			  "SELECT min FROM phase_delta WHERE phase = 'b' AND key = 'gauge'") == 40);
	assert_true(
		query(path, "SELECT max FROM phase_delta WHERE phase = 'b' AND key = 'gauge'") ==
		100);
	/* Rates: filled forward, 0 where nothing changed. */
	assert_true(fabs(query(path, "SELECT per_s FROM rate WHERE tick = 4 AND key = 'counter'") -
			 1.3) < 1e-9);
	assert_true(query(path, "SELECT per_s FROM rate WHERE tick = 6 AND key = 'counter'") == 0);
	assert_true(isnan(query(path, "SELECT per_s FROM rate WHERE tick = 2 AND key = 'late'")));
	assert_true(query(path, "SELECT count(*) FROM rate WHERE key = 'gauge'") == 0);
}

static void test_values_beyond_63_bits(void **state)
{
	struct store *s = synthetic_store("big.db");
	struct run_record record = synthetic_record("null", "none", 1, 1);
	int64_t run = synthetic_begin(s, &record), metric;

	(void)state;
	assert_ok(store_metric(s, 1, "m", "max", "bytes", false, &metric, &err));
	synthetic_tick(s, run, 1, NSEC_PER_SEC);
	assert_ok(store_sample(s, run, 1, metric, UINT64_MAX, &err));
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	store_close(s);
	assert_true(query(synthetic_path("big.db"), "SELECT value FROM sample") == 0x1p64);
	assert_true(query(synthetic_path("big.db"),
			  "SELECT seed = '18446744073709551615' FROM run") == 1);
}

static void test_ratio_may_be_none(void **state)
{
	struct store *s = synthetic_store("ratio.db");
	struct run_record record = synthetic_record("fault_latency", "zram", NAN, 1);

	(void)state;
	synthetic_begin(s, &record);
	store_close(s);
	assert_true(query(synthetic_path("ratio.db"), "SELECT ratio IS NULL FROM job") == 1);
}

static void test_results_are_whole(void **state)
{
	struct store *s = synthetic_store("whole.db");
	struct run_record record = synthetic_record("null", "none", 1, 1);
	int64_t run = synthetic_begin(s, &record);
	struct results results;

	(void)state;
	results_init(&results);
	results_add(&results, "ops", "per_s", BETTER_HIGHER, NAN);
	results_add(&results, "ops", "per_s", BETTER_HIGHER, 1);
	assert_int_not_equal(store_results(s, run, 1, &results, &err), 0);
	assert_true(query(synthetic_path("whole.db"), "SELECT count(*) FROM result") == 0);
	results_release(&results);
	/* No number is NULL, not 0. */
	results_init(&results);
	results_add(&results, "ops", "per_s", BETTER_HIGHER, NAN);
	assert_ok(store_results(s, run, 1, &results, &err));
	assert_true(query(synthetic_path("whole.db"),
			  "SELECT count(*) FROM result WHERE value IS NULL") == 1);
	results_release(&results);
	store_close(s);
}

static void test_find_run(void **state)
{
	struct store *s = synthetic_store("find.db");
	int64_t run, first, second;

	(void)state;
	assert_int_equal(store_find_run(s, NULL, &run, &err), -ENOENT);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, "fmbench run"));

	struct run_record record = synthetic_record("null", "none", 1, 1);

	record.uuid = "abc10000-x";
	first = synthetic_begin(s, &record);
	record.uuid = "abc20000-x";
	second = synthetic_begin(s, &record);
	assert_ok(store_find_run(s, NULL, &run, &err));
	assert_int_equal(run, second);
	assert_ok(store_find_run(s, "latest", &run, &err));
	assert_int_equal(run, second);
	assert_ok(store_find_run(s, "1", &run, &err));
	assert_int_equal(run, first);
	assert_ok(store_find_run(s, "ABC1", &run, &err));
	assert_int_equal(run, first);
	assert_int_equal(store_find_run(s, "abc", &run, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "give more"));
	assert_int_equal(store_find_run(s, "7", &run, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "from 1 to 2"));
	assert_int_equal(store_find_run(s, "", &run, &err), -ENOENT);
	assert_int_equal(store_find_run(s, "%", &run, &err), -ENOENT);
	store_close(s);
}

static uint64_t own_start(void)
{
	FILE *f = fopen("/proc/self/stat", "r");
	unsigned long long start = 0;

	assert_non_null(f);
	assert_int_equal(
		fscanf(f,
		       "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d"
		       " %*d %*d %*d %*d %*d %llu",
		       &start),
		1);
	fclose(f);
	return start;
}

static void test_mark_dead(void **state)
{
	struct store *s = synthetic_store("dead.db");
	struct run_record record = synthetic_record("null", "none", 1, 1);
	int64_t gone, metric;
	int nr = -1;

	(void)state;
	record.pid = getpid();
	record.pid_start = own_start();
	synthetic_begin(s, &record); /* alive */
	record.uuid = "recycled";
	record.pid_start++;
	synthetic_begin(s, &record);
	record.uuid = "gone";
	record.pid = 0x7ffffff0;
	gone = synthetic_begin(s, &record);
	assert_ok(store_metric(s, 1, "m", "key", "bytes", false, &metric, &err));
	synthetic_tick(s, gone, 1, NSEC_PER_SEC);
	assert_ok(store_sample(s, gone, 1, metric, 42, &err));
	assert_ok(store_mark_dead(s, &nr, &err));
	assert_int_equal(nr, 2);
	assert_ok(store_mark_dead(s, &nr, &err));
	assert_int_equal(nr, 0);
	store_close(s);
	assert_true(query(synthetic_path("dead.db"),
			  "SELECT sum(id) FROM run WHERE status = 'failed'") == 5);
	/* What it had sampled is not lost. */
	assert_true(query(synthetic_path("dead.db"), "SELECT value FROM sample WHERE run = 3") ==
		    42);
}

/* The views must reach their rows by keys when asked about one run. */
static void test_views_seek(void **state)
{
	static const char *const queries[] = {
		"SELECT * FROM phase_delta WHERE run = 1",
		("SELECT delta, mean FROM phase_delta WHERE run = 1 AND phase = 'measure'"
		 " AND collector = 'memory_stat' AND key = 'pgmajfault'"),
		"SELECT * FROM run_summary WHERE run = 1",
		"SELECT * FROM rate WHERE run = 1 AND collector = 'm' AND key = 'k'",
		"SELECT * FROM performance WHERE run = 1",
	};
	sqlite3 *db;

	(void)state;
	store_close(synthetic_store("plan.db"));
	assert_int_equal(sqlite3_open(synthetic_path("plan.db"), &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", queries[i]);
		sqlite3_stmt *stmt;

		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(stmt, 3);

			/* A scan of all metrics (some hundred) is meant; subqueries are co-routines. */
			if (strncmp(step, "SCAN", 4) == 0 && strcmp(step, "SCAN m") &&
			    step[5] != '(')
				fail_msg("%s: %s", queries[i], step);
			assert_null(strstr(step, "AUTOMATIC"));
		}
		sqlite3_finalize(stmt);
		sqlite3_free(sql);
	}
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_what_it_made),
		cmocka_unit_test(test_refuses_what_is_not_ours),
		cmocka_unit_test(test_refuses_what_is_not_there),
		cmocka_unit_test(test_waits_for_a_lock),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_read_only_disk),
		cmocka_unit_test(test_same_facts_same_machine),
		cmocka_unit_test(test_metrics_keep_their_ids),
		cmocka_unit_test(test_close_ends_statements),
		cmocka_unit_test(test_phase_values),
		cmocka_unit_test(test_values_beyond_63_bits),
		cmocka_unit_test(test_ratio_may_be_none),
		cmocka_unit_test(test_results_are_whole),
		cmocka_unit_test(test_find_run),
		cmocka_unit_test(test_mark_dead),
		cmocka_unit_test(test_views_seek),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
