/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures from runs that are made by hand, for the tests of plots/. */
#ifndef TESTS_FIGURE_H
#define TESTS_FIGURE_H

#include "base/find_program.h"
#include "tests/unit/synthetic.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/child.h"
#include "harness/cli/draw.h"

struct number {
	const char *name;
	double value;
};

/* A run that ended with these results, counters and flag. What is NULL or zero has a default. */
struct made {
	const char *workload, *backend, *backend_params, *params, *run_params, *experiment, *lab,
		*status, *reason;
	double ratio;
	int repeat;
	struct number results[6];  /* to the first without a name */
	struct number counters[4]; /* growth in the measure phase, of "collector key" */
	const char *hist;
	uint64_t hist_from, hist_to; /* nanoseconds, one sample each, both inclusive */
	const char *flag;
	enum severity severity;
};

static inline int64_t made_machine(struct store *s, const char *lab)
{
	struct facts facts;
	int64_t machine = 0;

	facts_init(&facts);
	facts_set(&facts, "kernel", "6.1");
	if (lab)
		facts_set(&facts, "lab", "%s", lab);
	assert_ok(store_machine(s, &facts, &machine, &err));
	facts_release(&facts);
	return machine;
}

/* Two readings, at both ends of a measure phase of one second. */
static inline void made_counters(struct store *s, int64_t run, const struct number *counters)
{
	uint64_t begin = clock_ns();
	char collector[64], key[64];
	int64_t metric = 0;

	synthetic_tick(s, run, 0, begin);
	synthetic_tick(s, run, 1, begin + NSEC_PER_SEC);
	assert_ok(store_phase(s, run, "measure", begin, begin + NSEC_PER_SEC, &err));
	for (int i = 0; i < 4 && counters[i].name; i++) {
		assert_int_equal(sscanf(counters[i].name, "%63s %63s", collector, key), 2);
		assert_ok(store_metric(s, 1, collector, key, "x", true, &metric, &err));
		assert_ok(store_sample(s, run, 0, metric, 1000, &err));
		assert_ok(
			store_sample(s, run, 1, metric, 1000 + (uint64_t)counters[i].value, &err));
	}
}

static inline int64_t make_run(struct store *s, struct made m)
{
	struct run_record record =
		synthetic_record(m.workload, m.backend ? m.backend : "zram",
				 m.ratio > 0 ? m.ratio : 1, m.repeat ? m.repeat : 1);
	struct results results;
	struct hist *hist;
	int64_t run = 0;

	if (m.backend_params)
		record.backend_params = m.backend_params;
	if (m.params)
		record.jobs[0].workload_params = m.params;
	if (m.run_params)
		record.run_params = m.run_params;
	record.experiment = m.experiment;
	assert_ok(store_run_begin(s, made_machine(s, m.lab), &record, &run, &err));
	if (m.counters[0].name)
		made_counters(s, run, m.counters);
	results_init(&results);
	for (int i = 0; i < 6 && m.results[i].name; i++)
		results_add(&results, m.results[i].name, "per_s", BETTER_HIGHER,
			    m.results[i].value);
	if (m.hist) {
		hist = hist_new();
		for (uint64_t ns = m.hist_from; ns <= m.hist_to; ns++)
			hist_add(hist, ns);
		results_add_hist(&results, m.hist, hist);
	}
	if (m.flag)
		results_flag(&results, m.flag, m.severity, "for the test");
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, m.status ? m.status : "ok", m.reason, &err));
	return run;
}

/* The run began when the monotonic clock stood at 0. */
static inline void begin_at_zero(const char *db_name)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(synthetic_path(db_name), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE run SET begin_ns = 0", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

static inline char *read_file(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("no file %s", path);
	assert_ok(buf_read_fd(&b, fileno(f)));
	fclose(f);
	return buf_steal(&b);
}

/* FMBENCH_KEEP_FIGURES is a directory for whoever wants to look at the pictures. */
static inline const char *drawn_path(const char *stem, const char *ending)
{
	static char path[4][300];
	static unsigned int next;
	const char *keep = getenv("FMBENCH_KEEP_FIGURES");
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s.%s", keep ? keep : synthetic_dir(), stem, ending);
	return p;
}

/* As `fmbench plot NAME -o STEM.png` does. The data file's text, for the caller to free. */
static inline char *draw_styled(struct store *s, const char *name, int64_t run,
				const char *experiment, const char *y,
				const struct figure_style *style, const char *stem)
{
	const struct figure *f = figure_find(name, &err);
	struct stat st;

	if (!find_program("gnuplot", NULL, 0))
		skip();
	assert_non_null(f);
	assert_ok(draw_figure(
		s, f, &(struct figure_choice){ .run = run, .experiment = experiment, .y = y },
		style, drawn_path(stem, "png"), &err));
	/* gnuplot writes an empty frame when it finds no data. */
	assert_int_equal(stat(drawn_path(stem, "png"), &st), 0);
	assert_true(st.st_size > 4000);
	return read_file(drawn_path(stem, "dat"));
}

static inline char *draw_data(struct store *s, const char *name, int64_t run,
			      const char *experiment, const char *stem)
{
	return draw_styled(s, name, run, experiment, NULL, NULL, stem);
}

static inline void expect_data(struct store *s, const char *name, int64_t run, const char *stem,
			       const char *data)
{
	char *text = draw_data(s, name, run, NULL, stem);

	assert_string_equal(text, data);
	free(text);
}

/* A variable's line in the script that lies beside the picture. */
static inline void expect_variable(const char *stem, const char *line)
{
	char *text = read_file(drawn_path(stem, "gp"));

	if (!strstr(text, line))
		fail_msg("no '%s' in:\n%.2000s", line, text);
	free(text);
}

#endif
