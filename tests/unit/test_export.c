// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/synthetic.h"

#include <sqlite3.h>

#include "results/compare.h"
#include "results/export.h"
#include "results/summary.h"

/* A stream whose text is captured: capture(), write to .file, captured(). */
struct capture {
	FILE *file;
	char *text;
	size_t size;
};

static FILE *capture(struct capture *c)
{
	c->file = open_memstream(&c->text, &c->size);
	assert_non_null(c->file);
	return c->file;
}

static const char *captured(struct capture *c)
{
	fclose(c->file);
	return c->text;
}

static char *export(struct store *s, const char *kind, const struct export_filter *filter,
		    enum export_format format)
{
	struct capture c;
	int rc = export_rows(s, kind, filter, format, capture(&c), &err);

	captured(&c);
	assert_ok(rc);
	return c.text;
}

static char *read_text(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("no file %s: run from the top of the tree", path);
	assert_ok(buf_read_fd(&b, fileno(f)));
	fclose(f);
	return buf_steal(&b);
}

static void assert_text(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static double json(const char *text, const char *expression)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	char *sql = sqlite3_mprintf("SELECT %s FROM (SELECT ?1 AS j)", expression);
	double value;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_ROW)
		fail_msg("%s: %s in:\n%s", expression, sqlite3_errmsg(db), text);
	value = sqlite3_column_double(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	sqlite3_free(sql);
	return value;
}

static const struct export_filter all;

/* Ticks at run start + 1 s, 2 s, 3 s; `late` first seen at the second; phase p = (1 s, 2 s]. */
static struct store *small_store(const char *name, int64_t *ret_run)
{
	struct store *s = synthetic_store(name);
	struct run_record record = synthetic_record("null", "zram", 0.5, 1);
	int64_t run = synthetic_begin(s, &record), early, late;
	char sql[128];
	sqlite3 *db;

	/* The clock is not ours to set: the run's begin is. */
	assert_int_equal(sqlite3_open(synthetic_path(name), &db), SQLITE_OK);
	snprintf(sql, sizeof(sql), "UPDATE run SET begin_ns = 7000000000, started = 'then'");
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_ok(store_metric(s, 1, "m", "early", "events", true, &early, &err));
	assert_ok(store_metric(s, 1, "m", "late,\"x\"", "bytes", false, &late, &err));
	for (uint64_t tick = 1; tick <= 3; tick++)
		synthetic_tick(s, run, tick, 7 * NSEC_PER_SEC + tick * NSEC_PER_SEC);
	assert_ok(store_sample(s, run, 1, early, 5, &err));
	assert_ok(store_sample(s, run, 3, early, 6, &err));
	assert_ok(store_sample(s, run, 2, late, 9, &err));
	assert_ok(store_phase(s, run, "p", 8 * NSEC_PER_SEC, 9 * NSEC_PER_SEC, &err));
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	*ret_run = run;
	return s;
}

static void test_samples_are_filled_forward(void **state)
{
	int64_t run;
	struct store *s = small_store("samples.db", &run);
	struct export_filter wide = { .shape = EXPORT_WIDE };

	(void)state;
	assert_text(export(s, "samples", &all, EXPORT_CSV),
		    "run,t_s,t_ns,phase,job,collector,key,unit,value\n"
		    "1,1,8000000000,,1,m,early,events,5\n"
		    "1,2,9000000000,p,1,m,early,events,5\n"
		    "1,2,9000000000,p,1,m,\"late,\"\"x\"\"\",bytes,9\n"
		    "1,3,10000000000,,1,m,early,events,6\n"
		    "1,3,10000000000,,1,m,\"late,\"\"x\"\"\",bytes,9\n");
	assert_text(export(s, "samples", &wide, EXPORT_CSV),
		    "run,t_s,t_ns,phase,m.early_events,\"m.late,\"\"x\"\"_bytes\"\n"
		    "1,1,8000000000,,5,\n"
		    "1,2,9000000000,p,5,9\n"
		    "1,3,10000000000,,6,9\n");

	char *text = export(s, "samples", &wide, EXPORT_JSON);

	assert_true(json(text, "json_array_length(j)") == 3);
	assert_true(json(text, "json_extract(j, '$[0].phase') IS NULL") == 1);
	assert_true(json(text, "(SELECT value FROM json_each(j, '$[1]')"
			       " WHERE key = 'm.late,\"x\"_bytes')") == 9);
	free(text);
	text = export(s, "samples", &all, EXPORT_JSON);
	assert_true(json(text, "json_array_length(j)") == 5);
	assert_true(json(text, "json_extract(j, '$[4].value')") == 9);
	free(text);
	store_close(s);
}

/*
 * Readings at run start + 1, 1.5, 2, 3, 3.5 and 4.5 s; phases a = (1 s, 2 s] and b = (2 s, 4.5 s].
 * Worked out by hand: in b's second of its three periods of 1 s nothing was read but at 3.5 s.
 */
static void test_rates(void **state)
{
	static const struct {
		double t_s;
		uint64_t stores, invalidates, level;
	} ticks[] = { { 1, 1000, 200, 7 },  { 1.5, 1100, 200, 8 },  { 2, 1300, 250, 9 },
		      { 3, 1400, 250, 10 }, { 3.5, 1600, 300, 11 }, { 4.5, 1600, 400, 12 } };
	struct store *s = synthetic_store("rates.db");
	struct run_record record = synthetic_record("null", "zram", 0.5, 1);
	struct export_filter filter = { .collectors = "frontswap", .every_ns = NSEC_PER_SEC };
	int64_t run = synthetic_begin(s, &record), stores, invalidates, level;
	struct facts facts;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(synthetic_path("rates.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE run SET begin_ns = 0", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_ok(store_metric(s, 0, "frontswap", "succ_stores", "pages", true, &stores, &err));
	assert_ok(
		store_metric(s, 0, "frontswap", "invalidates", "pages", true, &invalidates, &err));
	assert_ok(store_metric(s, 0, "fastswap", "curr_pages", "pages", false, &level, &err));
	for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		synthetic_tick(s, run, i, (uint64_t)(ticks[i].t_s * NSEC_PER_SEC));
		assert_ok(store_sample(s, run, i, stores, ticks[i].stores, &err));
		assert_ok(store_sample(s, run, i, invalidates, ticks[i].invalidates, &err));
		assert_ok(store_sample(s, run, i, level, ticks[i].level, &err));
	}
	assert_ok(store_phase(s, run, "a", NSEC_PER_SEC, 2 * NSEC_PER_SEC, &err));
	assert_ok(store_phase(s, run, "b", 2 * NSEC_PER_SEC, 9 * NSEC_PER_SEC / 2, &err));
	facts_init(&facts);
	facts_set(&facts, "missing.rdma", "no RDMA device");
	assert_ok(store_run_facts(s, run, &facts, &err));
	facts_release(&facts);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));

	assert_text(export(s, "rates", &filter, EXPORT_CSV),
		    "run,t_s,phase,seconds,invalidates,succ_stores,curr_pages,curr_mib\n"
		    "1,2,a,1,50,300,1050,4.1015625\n"
		    "1,3,b,1,0,100,1150,4.4921875\n"
		    "1,3.5,b,0.5,100,400,1300,5.078125\n"
		    "1,4.5,b,1,100,0,1200,4.6875\n");
	/* Without a reading of its own a period has no row, and what it held is in the next. */
	filter.every_ns = NSEC_PER_SEC / 4;
	assert_text(export(s, "rates", &filter, EXPORT_CSV),
		    "run,t_s,phase,seconds,invalidates,succ_stores,curr_pages,curr_mib\n"
		    "1,1.5,a,0.5,0,200,900,3.515625\n"
		    "1,2,a,0.5,100,400,1050,4.1015625\n"
		    "1,3,b,1,0,100,1150,4.4921875\n"
		    "1,3.5,b,0.5,100,400,1300,5.078125\n"
		    "1,4.5,b,1,100,0,1200,4.6875\n");
	filter = (struct export_filter){ .collectors = "fastswap,frontswap",
					 .every_ns = 10 * NSEC_PER_SEC };
	assert_text(export(s, "rates", &filter, EXPORT_CSV),
		    "run,t_s,phase,seconds,fastswap.curr_pages,fastswap.curr_mib,"
		    "frontswap.invalidates,frontswap.succ_stores,frontswap.curr_pages,"
		    "frontswap.curr_mib\n"
		    "1,2,a,1,9,0.03515625,50,300,1050,4.1015625\n"
		    "1,4.5,b,2.5,12,0.046875,60,120,1200,4.6875\n");
	filter.collectors = "swap"; /* part of a name */
	assert_int_equal(export_rows(s, "rates", &filter, EXPORT_CSV, stdout, &err), -EINVAL);
	filter.collectors = "rdma";
	assert_int_equal(export_rows(s, "rates", &filter, EXPORT_CSV, stdout, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "no RDMA device"));

	for (int verbose = 0; verbose < 2; verbose++) {
		struct capture c;

		assert_ok(show_run(s, run, verbose, capture(&c), &err));
		captured(&c);
		assert_int_equal(strstr(c.text, "no RDMA device") != NULL, verbose);
		free(c.text);
	}
	store_close(s);
}

static void test_deltas_and_phases(void **state)
{
	int64_t run;
	struct store *s = small_store("deltas.db", &run);

	(void)state;
	assert_text(export(s, "deltas", &all, EXPORT_CSV),
		    "run,phase,job,collector,key,unit,delta,mean,min,max\n"
		    "1,p,1,m,early,events,0,,,\n"
		    "1,p,1,m,\"late,\"\"x\"\"\",bytes,,,9,9\n");
	assert_text(export(s, "phases", &all, EXPORT_CSV),
		    "run,phase,begin_s,end_s,begin_ns,end_ns\n"
		    "1,p,1,2,8000000000,9000000000\n");
	store_close(s);
}

static void test_runs_have_a_column_per_result(void **state)
{
	struct store *s = synthetic_store("runs.db");
	struct run_record record = synthetic_record("memaslap", "zram", 0.5, 1);
	int64_t run = synthetic_run(s, &record, 1000), null_run;
	struct results results;

	(void)state;
	record = synthetic_record("null", "none", 1, 1);
	record.experiment = "e,1";
	null_run = synthetic_begin(s, &record);
	results_init(&results);
	results_add(&results, "elapsed", "s", BETTER_LOWER, 0.1);
	/* A result that is called like a column of ours must not be taken for it. */
	results_add(&results, "measure", "s", BETTER_LOWER, 7);
	assert_ok(store_results(s, null_run, 1, &results, &err));
	results_release(&results);

	char *text = export(s, "runs", &all, EXPORT_CSV);

	assert_non_null(
		strstr(text,
		       "run,uuid,started,experiment,job,workload,backend,ratio,repeat,status,"
		       "peak_bytes,limit_bytes,local_bytes,far_bytes,measure_s,major_faults,"
		       "major_faults_per_s,page_ins,page_ins_per_s,flags,host,kernel,version,command,"
		       "p_memory,p_run_measure,elapsed_s,get_misses_count,latency_avg_us,"
		       "result_measure_s,ops_per_s\n") == text
			? text
			: NULL);
	free(text);

	text = export(s, "runs", &all, EXPORT_JSON);
	assert_true(json(text, "json_array_length(j)") == 2);
	assert_true(json(text, "json_extract(j, '$[0].ops_per_s')") == 1000);
	assert_true(json(text, "json_extract(j, '$[0].elapsed_s') IS NULL") == 1);
	assert_true(json(text, "json_extract(j, '$[0].local_bytes')") == 256 * MIB);
	assert_true(json(text, "json_extract(j, '$[0].far_bytes')") == 256 * MIB);
	assert_true(json(text, "json_extract(j, '$[0].measure_s')") == 20);
	assert_true(json(text, "json_extract(j, '$[0].flags') = 'SHARED_CORES'") == 1);
	assert_true(json(text, "json_extract(j, '$[1].elapsed_s')") == 0.1);
	assert_true(json(text, "json_extract(j, '$[1].result_measure_s')") == 7);
	assert_true(json(text, "json_extract(j, '$[1].measure_s') IS NULL") == 1);
	assert_true(json(text, "json_extract(j, '$[1].limit_bytes') IS NULL") == 1);
	assert_true(json(text, "json_extract(j, '$[1].major_faults') IS NULL") == 1);
	free(text);

	struct export_filter of_experiment = { .experiment = "e,1" }, one = { .run = null_run };

	text = export(s, "runs", &of_experiment, EXPORT_CSV);
	assert_non_null(strstr(text, ",\"e,1\",1,null,none,1,1,started,"));
	assert_null(strstr(text, "\n1,"));
	free(text);
	text = export(s, "runs", &one, EXPORT_JSON);
	assert_true(json(text, "json_array_length(j)") == 1);
	free(text);

	/* The page-ins of a run are its group's own delta. */
	double faults;

	assert_ok(store_phase_value(s, run, 1, "measure", "memory_stat", "pgmajfault", &faults,
				    &err));
	text = export(s, "runs", &all, EXPORT_JSON);
	assert_true(json(text, "json_extract(j, '$[0].major_faults')") == faults);
	assert_true(faults > 0);
	free(text);
	store_close(s);
}

static void test_other_kinds(void **state)
{
	struct store *s = synthetic_store("kinds.db");
	struct run_record record = synthetic_record("memaslap", "zram", 0.5, 1);
	char *text;

	(void)state;
	/* Nothing there: still a header, still an array. */
	assert_text(export(s, "flags", &all, EXPORT_CSV), "run,job,code,severity,detail\n");
	assert_text(export(s, "flags", &all, EXPORT_JSON), "[\n]\n");
	assert_text(export(s, "samples", &all, EXPORT_JSON), "[\n]\n");
	synthetic_run(s, &record, 12.8);
	assert_text(export(s, "results", &all, EXPORT_CSV),
		    "run,job,name,value,unit,better,thread,status,flags\n"
		    "1,1,ops,12.8,per_s,higher,,ok,SHARED_CORES\n"
		    "1,1,latency_avg,1250000,us,lower,,ok,SHARED_CORES\n"
		    "1,1,get_misses,0,count,,,ok,SHARED_CORES\n"
		    "1,1,thread_share,0.75,share,,0,ok,SHARED_CORES\n"
		    "1,1,thread_share,1.25,share,,10,ok,SHARED_CORES\n");
	assert_text(
		export(s, "flags", &all, EXPORT_CSV),
		"run,job,code,severity,detail\n1,1,SHARED_CORES,warning,"
		"\"2 cores for 4 roles: \"\"workload\"\", load generator, sampler and reclaim share "
		"them\"\n");
	text = export(s, "histograms", &all, EXPORT_JSON);
	assert_true(json(text, "(SELECT sum(value ->> 'count') FROM json_each(j))") == 10000);
	assert_true(json(text, "(SELECT max(value ->> 'low_ns') FROM json_each(j))") <= 1e7);
	assert_true(json(text, "(SELECT sum(value ->> 'flags' = 'SHARED_CORES') =count(*)"
			       " FROM json_each(j))") == 1);
	free(text);
	for (const struct export_kind *k = export_kinds; k->name; k++) {
		text = export(s, k->name, &all, EXPORT_JSON);
		assert_true(json(text, "json_array_length(j)") > 0);
		free(text);
		text = export(s, k->name, &all, EXPORT_CSV);
		assert_null(strchr(text, '\r'));
		free(text);
	}
	store_close(s);
}

/* --- doc/EXPORTS.md -------------------------------------------------------------------------- */

/* The first line of text, a name after the other. */
static char *next_column(char **line)
{
	char *name = *line, *end = name + strcspn(name, ",\n");

	if (!*name || *name == '\n')
		return NULL;
	*line = end + (*end == ',');
	return strndup(name, (size_t)(end - name));
}

/* "| `run` |" within the section of that name. */
static bool is_explained(const char *doc, const char *section, const char *column)
{
	char title[64], row[128];
	const char *begin, *end, *found;

	snprintf(title, sizeof(title), "\n## %s\n", section);
	snprintf(row, sizeof(row), "\n| `%s` | ", column);
	begin = strstr(doc, title);
	if (!begin)
		fail_msg("doc/EXPORTS.md has no section %s", section);
	end = strstr(begin + 1, "\n## ");
	found = strstr(begin, row);
	return found && (!end || found < end);
}

/* Names that depend on the runs, as doc/EXPORTS.md writes them. */
static const char *pattern(const char *section, const char *column)
{
	static const char *const results[] = { "ops_per_s", "latency_avg_us", "get_misses_count" };

	if (strncmp(column, "f_", 2) == 0)
		return "f_…";
	if (strncmp(column, "p_run_", 6) == 0)
		return "p_run_…";
	if (strncmp(column, "p_zram_", 7) == 0)
		return "p_BACKEND_…";
	if (strncmp(column, "p_", 2) == 0)
		return "p_…";
	if (strchr(column, '.'))
		return strcmp(section, "rates") ? "COLLECTOR.KEY_UNIT" : "COLLECTOR.KEY";
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(column, results[i]) == 0)
			return "NAME_UNIT";
	}
	return column;
}

/* Each column of a table; those that were seen are noted in `seen`. */
static void assert_explained(const char *doc, const char *section, char *text, struct buf *seen)
{
	char *line = text, *column;

	while ((column = next_column(&line))) {
		const char *name = pattern(section, column);

		if (!is_explained(doc, section, name))
			fail_msg("doc/EXPORTS.md does not explain %s of %s", column, section);
		buf_addf(seen, "\n%s/%s\n", section, name);
		free(column);
	}
	free(text);
}

/* Nothing is explained that is not there. */
static void assert_all_seen(const char *doc, const char *seen)
{
	char section[64] = "", name[128], key[256];

	for (const char *line = doc; line; line = strchr(line + 1, '\n')) {
		if (sscanf(line, "\n## %63[a-z]", section) == 1 || !*section ||
		    sscanf(line, "\n| `%127[^`]` |", name) != 1)
			continue;
		snprintf(key, sizeof(key), "\n%s/%s\n", section, name);
		if (!strstr(seen, key))
			fail_msg("doc/EXPORTS.md explains %s of %s, which is not there", name,
				 section);
	}
}

static void test_explained(void **state)
{
	struct store *s = synthetic_store("explained.db");
	struct compare_request comparison = { .sides = (const char *const[]){ "ratio=1",
									      "ratio=0.5", NULL } };
	struct summary_request summary = { .columns = "ratio" };
	char *doc = read_text("doc/EXPORTS.md");
	struct buf seen = BUF_INIT;
	struct capture c;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct run_record record = synthetic_record("memaslap", "zram", i ? 0.5 : 1, 1);
		struct facts facts;
		int64_t run;

		record.backend_params = "{\"algorithm\":\"lz4\"}";
		run = synthetic_run(s, &record, 1000);
		facts_init(&facts);
		facts_set(&facts, "zram_disksize_bytes", "%d", i);
		assert_ok(store_run_facts(s, run, &facts, &err));
		facts_release(&facts);
	}
	for (const struct export_kind *k = export_kinds; k->name; k++) {
		for (int shape = EXPORT_LONG; shape <= EXPORT_WIDE; shape++) {
			struct export_filter filter = { .shape = shape };

			if (k->shapes & shape)
				assert_explained(doc, k->name,
						 export(s, k->name, &filter, EXPORT_CSV), &seen);
		}
	}
	assert_ok(summary_print(s, &summary, EXPORT_CSV, capture(&c), stderr, &err));
	captured(&c);
	assert_explained(doc, "summary", c.text, &seen);
	/* Notes are for people. */
	FILE *notes = fopen("/dev/null", "w");

	assert_ok(compare_runs(s, &comparison, EXPORT_CSV, capture(&c), notes, &err));
	fclose(notes);
	captured(&c);
	assert_explained(doc, "compare", c.text, &seen);
	assert_all_seen(doc, seen.data);
	buf_release(&seen);
	free(doc);
	store_close(s);
}

static void test_refusals(void **state)
{
	struct store *s = synthetic_store("refused.db");
	struct export_filter wide = { .shape = EXPORT_WIDE };
	enum export_format format;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_ok(export_format_parse("json", &format, &err));
	assert_int_equal(format, EXPORT_JSON);
	assert_int_equal(export_format_parse("xml", &format, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "xml"));
	assert_int_equal(export_rows(s, "sample", &all, EXPORT_CSV, stdout, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "samples"));
	assert_int_equal(export_rows(s, "flags", &wide, EXPORT_CSV, stdout, &err), -EINVAL);
	assert_int_equal(export_rows(s, "samples", &all, EXPORT_TABLE, stdout, &err), -EINVAL);
	assert_int_equal(export_rows(s, "runs", &all, EXPORT_CSV, full, &err), -ENOSPC);
	fclose(full);
	assert_int_equal(show_run(s, 99, false, stdout, &err), -EINVAL);
	store_close(s);
}

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void test_show(void **state)
{
	static const char *const parts[] = {
		"run 2: memaslap on zram at ratio 0.5: ok\n",
		"peak          512.0 MiB\n",
		"limit         256.0 MiB\n",
		"local memory  256.0 MiB",
		"far memory    256.0 MiB",
		"per s     152.0 k     1.83x\n", /* ops: against ratio 1 */
		"us          105.3     1.83x\n", /* latency: more is slower */
		"  5 ms  9.01 ms  9.9",		 /* p50 of 1 us … 10 ms */
		"10 ms\n",
		"measure  14.0 s  20.0 s",
		"warning  SHARED_CORES  2 cores for 4 roles: \"workload\"",
	};
	struct store *s = synthetic_store("show.db");
	struct run_record record = synthetic_record("memaslap", "none", 1, 1);
	int64_t runs[3];
	struct capture c;

	(void)state;
	runs[0] = synthetic_run(s, &record, 152e3);
	record = synthetic_record("memaslap", "zram", 0.5, 1);
	runs[1] = synthetic_run(s, &record, 83e3);
	record = synthetic_record("quicksort", "zram", 0.5, 1);
	runs[2] = synthetic_begin(s, &record);
	assert_ok(store_run_end(s, runs[2], "failed", "it died", &err));

	int rc = show_run(s, runs[1], false, capture(&c), &err);

	captured(&c);
	assert_ok(rc);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		contains(c.text, parts[i]);
	assert_null(strstr(c.text, " \n"));
	free(c.text);

	/* Nothing is known of it but that it failed: no zeros. */
	rc = show_run(s, runs[2], false, capture(&c), &err);
	captured(&c);
	assert_ok(rc);
	contains(c.text, "failed\n  reason        it died\n");
	assert_null(strstr(c.text, "local"));
	assert_null(strstr(c.text, "page-ins"));
	free(c.text);

	rc = show_runs(s, runs, 3, EXPORT_TABLE, capture(&c), &err);
	captured(&c);
	assert_ok(rc);
	contains(c.text,
		 "  2  memaslap   zram       0.5  ok      256.0 MiB  256.0 MiB   83.0 k ops/s");
	contains(c.text, "1.83x  1 (");
	contains(c.text, "  3  quicksort  zram       0.5  failed          -          -");
	free(c.text);

	/* Runs that parameters tell apart: those, and no other. */
	record = synthetic_record("memaslap", "zram", 0.5, 1);
	record.jobs[0].workload_params = "{\"memory\":1048576,\"verify\":true}";
	runs[2] = synthetic_run(s, &record, 90e3);
	record = synthetic_record("memaslap", "zram", 0.5, 2);
	record.jobs[0].workload_params = "{\"memory\":6144,\"verify\":true}";
	runs[1] = synthetic_run(s, &record, 83e3);
	rc = show_runs(s, &runs[1], 2, EXPORT_TABLE, capture(&c), &err);
	captured(&c);
	assert_ok(rc);
	contains(c.text, "memaslap  zram       0.5  memory=6K   ok ");
	contains(c.text, "memaslap  zram       0.5  memory=1M   ok ");
	free(c.text);
	runs[1] = 2;

	/* In the order asked for. */
	int64_t backwards[] = { runs[1], runs[0] };

	rc = show_runs(s, backwards, 2, EXPORT_JSON, capture(&c), &err);
	captured(&c);
	assert_ok(rc);
	assert_true(json(c.text, "json_extract(j, '$[0].run')") == 2);
	assert_true(json(c.text, "json_extract(j, '$[1].run')") == 1);
	free(c.text);
	store_close(s);
}

/* 1, 2, … 100 µs: the 90th percentile has 10 values beyond it, the 99th has one. */
static void test_show_percentiles(void **state)
{
	struct store *s = synthetic_store("percentiles.db");
	struct run_record record = synthetic_record("null", "none", 1, 1);
	int64_t run = synthetic_begin(s, &record);
	struct hist *hist = hist_new();
	struct results results;
	struct capture c;

	(void)state;
	for (uint64_t us = 1; us <= 100; us++)
		hist_add(hist, us * 1000);
	results_init(&results);
	results_add_hist(&results, "touch", hist);
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	assert_ok(show_run(s, run, false, capture(&c), &err));
	captured(&c);
	/* The middle of 90's bucket is 89.9. */
	contains(c.text, "latency  count     mean   min    p50      p90     max\n");
	contains(c.text, "touch      100  50.5 us  1 us  50 us  89.9 us  100 us\n");
	free(c.text);
	store_close(s);
}

static void test_blocks_for_gnuplot(void **state)
{
	static const char *const programs[] = {
		"CREATE TEMP TABLE t AS SELECT 1 AS n, 'a \"b\"' AS text, NULL AS none;\n",
		"SELECT * FROM t;\n"
		"SELECT :run AS run, :experiment AS experiment WHERE 0;\n"
		"CREATE TEMP VIEW variables AS"
		" SELECT n + 1 AS a, 'it''s\nb\\n' AS b, none AS c FROM t;\n-- the end\n",
		NULL,
	};
	static const char *const asked[] = {
		"SELECT :run AS run, :experiment AS experiment;"
		"CREATE TEMP VIEW variables AS SELECT 1 AS x",
		NULL,
	};
	static const char *const wrong[] = { "CREATE TEMP TABLE t AS SELECT 1; SELECT nonsense",
					     NULL };
	struct store *s = synthetic_store("blocks.db");
	struct buf vars = BUF_INIT;
	struct capture c;
	size_t rows = 99;
	int rc;

	(void)state;
	/* Twice: nothing is left behind, not by a program that failed either. */
	for (int i = 0; i < 2; i++) {
		buf_reset(&vars);
		rc = export_figure(s, programs,
				   &(struct figure_choice){ .run = 1, .experiment = "e" },
				   capture(&c), &vars, &rows, &err);
		captured(&c);
		assert_ok(rc);
		assert_int_equal(rows, 1);
		assert_text(c.text, "\"n\"\t\"text\"\t\"none\"\n1\t\"a 'b'\"\tNaN\n"
				    "\n\n\"run\"\t\"experiment\"\n");
		assert_string_equal(vars.data, "a = 2\nb = 'it''s b\\n'\nc = NaN\n");
		rc = export_figure(s, wrong, &(struct figure_choice){ .run = 1, .experiment = "e" },
				   capture(&c), &vars, &rows, &err);
		captured(&c);
		free(c.text);
		assert_true(rc < 0);
		assert_non_null(strstr(err.msg, "nonsense"));
	}
	rc = export_figure(s, asked, &(struct figure_choice){ .run = 7, .experiment = "e" },
			   capture(&c), &vars, &rows, &err);
	captured(&c);
	assert_ok(rc);
	assert_text(c.text, "\"run\"\t\"experiment\"\n7\t\"e\"\n");
	buf_release(&vars);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_are_filled_forward),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_deltas_and_phases),
		cmocka_unit_test(test_runs_have_a_column_per_result),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_explained),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_show_percentiles),
		cmocka_unit_test(test_blocks_for_gnuplot),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
