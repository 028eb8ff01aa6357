// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/synthetic.h"

#include <sys/stat.h>

#include "base/child.h"
#include "plots/figure.h"
#include "results/export.h"

static void need_gnuplot(void)
{
	if (!child_find_program("gnuplot", NULL, 0))
		skip();
}

static char *read_file(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("no file %s", path);
	assert_ok(buf_read_fd(&b, fileno(f)));
	fclose(f);
	return buf_steal(&b);
}

/* What cmd_plot does. Returns figure_draw()'s answer. */
static int draw(struct store *s, const char *name, int64_t run, const char *out)
{
	const struct figure *f = figure_find(name, &err);
	struct buf vars = BUF_INIT;
	char data[300];
	size_t rows = 0;
	FILE *file;
	int r;

	assert_non_null(f);
	snprintf(data, sizeof(data), "%.*s.dat", (int)(strrchr(out, '.') - out), out);
	file = fopen(data, "w");
	assert_non_null(file);
	assert_ok(export_query_blocks(s, f->queries, run, NULL, file, &rows, &err));
	fclose(file);
	assert_true(rows > 0);
	assert_ok(export_query_variables(s, f->variables, run, NULL, &vars, &err));
	r = figure_draw(f, data, vars.data, out, &err);
	buf_release(&vars);
	return r;
}

/* Drawn, and not an empty frame: gnuplot writes one even when it finds no data. */
static void drawn(const char *path, const char *magic)
{
	struct stat st;
	char *text = read_file(path);

	assert_int_equal(stat(path, &st), 0);
	if (st.st_size < 4000 || !strstr(text, magic))
		fail_msg("%s: %ld bytes, no %s?", path, (long)st.st_size, magic);
	free(text);
}

/* Two backends, three repeats, four ratios. */
static struct store *paper_store(const char *name)
{
	static const double ratios[] = { 1, 0.75, 0.5, 0.25 };
	static const double speed[2][4] = { { 152e3, 121e3, 83e3, 41e3 },
					    { 150e3, 96e3, 52e3, 19e3 } };
	static const char *const backends[] = { "zram", "swapfile" };
	struct store *s = synthetic_store(name);

	for (int repeat = 1; repeat <= 3; repeat++) {
		for (int b = 0; b < 2; b++) {
			for (int i = 0; i < 4; i++) {
				struct run_record record = synthetic_record("memaslap", backends[b],
									    ratios[i], repeat);

				synthetic_run(s, &record, speed[b][i] * (0.94 + 0.03 * repeat));
			}
		}
	}
	return s;
}

static void test_draws_every_format(void **state)
{
	static const char *const formats[][2] = { { "png", "PNG" },
						  { "pdf", "%PDF" },
						  { "svg", "<svg" } };
	/* test_micro_figures.c has runs for the others. */
	static const char *const figures[] = { "slowdown", "timeseries" };
	const char *keep = getenv("FMBENCH_KEEP_FIGURES");
	struct store *s = paper_store("paper.db");

	(void)state;
	need_gnuplot();
	for (size_t f = 0; f < 2; f++) {
		for (size_t i = 0; i < 3; i++) {
			char name[300];

			snprintf(name, sizeof(name), "%s/%s.%s", keep ? keep : synthetic_dir(),
				 figures[f], formats[i][0]);
			assert_ok(draw(s, figures[f], 4, name));
			drawn(name, formats[i][1]);
		}
	}
	store_close(s);
}

static void test_text_that_could_break_gnuplot(void **state)
{
	struct store *s = synthetic_store("quotes.db");
	struct run_record record = synthetic_record("it's \"q_u^o{t}e\"", "a_b\\n%s", 0.5, 1);
	int64_t run = synthetic_run(s, &record, 1000);

	(void)state;
	need_gnuplot();
	assert_ok(store_phase(s, run, "a \"b\"\tc_d\\n'e", 1, 2, &err));
	assert_ok(draw(s, "slowdown", 0, synthetic_path("quotes.svg")));
	assert_ok(draw(s, "timeseries", 0, synthetic_path("it's time.svg")));

	char *svg = read_file(synthetic_path("quotes.svg"));

	assert_non_null(strstr(svg, "q_u^o{t}e"));
	free(svg);
	store_close(s);
}

static void test_script_runs_by_hand_elsewhere(void **state)
{
	struct store *s = paper_store("hand.db");
	char program[] = "gnuplot", script[256];
	char *argv[] = { program, script, NULL };
	struct child child = CHILD_INIT;

	(void)state;
	need_gnuplot();
	mkdir(synthetic_path("one"), 0700);
	assert_ok(draw(s, "slowdown", 0, synthetic_path("one/fig.svg")));
	store_close(s);
	/* Moved as a whole, and called from another directory. */
	assert_int_equal(rename(synthetic_path("one"), synthetic_path("two")), 0);
	assert_int_equal(unlink(synthetic_path("two/fig.svg")), 0);
	snprintf(script, sizeof(script), "%s", synthetic_path("two/fig.gp"));
	assert_ok(child_spawn(&child, argv, NULL, CHILD_LOG, synthetic_path("hand.log"), &err));
	assert_int_equal(child_wait(&child, 60000, &err), 1);
	assert_int_equal(child.status, 0);
	child_release(&child);
	drawn(synthetic_path("two/fig.svg"), "<svg");
}

static void test_run_without_far_memory(void **state)
{
	struct store *s = synthetic_store("near.db");
	struct run_record record = synthetic_record("memaslap", "none", 1, 1);
	int64_t run = synthetic_run(s, &record, 1000);

	(void)state;
	need_gnuplot();
	assert_ok(draw(s, "timeseries", run, synthetic_path("near.svg")));
	drawn(synthetic_path("near.svg"), "<svg");
	/* One run alone is no curve, but it can be drawn. */
	assert_ok(draw(s, "slowdown", 0, synthetic_path("alone.svg")));
	store_close(s);
}

static double point(const char *data, const char *row)
{
	const char *found = strstr(data, row);

	if (!found)
		fail_msg("no row %s in:\n%s", row, data);
	return strtod(found + strlen(row), NULL);
}

static void test_slowdown_is_relative_to_the_median(void **state)
{
	struct store *s = paper_store("relative.db");
	const struct figure *f = figure_find("slowdown", &err);
	struct buf vars = BUF_INIT;
	const char *path = synthetic_path("relative.dat");
	FILE *file = fopen(path, "w");
	size_t rows;
	char *data;

	(void)state;
	assert_ok(export_query_blocks(s, f->queries, 0, NULL, file, &rows, &err));
	fclose(file);
	assert_int_equal(rows, 24);
	data = read_file(path);

	const char *medians = strstr(data, "\n\n\n");

	assert_non_null(medians);
	/* Ratio 1 of both backends is one base: between 150e3 and 152e3, times 1. */
	assert_true(point(medians, "\n1\t0.5\t") > 0.54 && point(medians, "\n1\t0.5\t") < 0.56);
	assert_true(point(medians, "\n0\t0.25\t") < 0.13);
	free(data);
	assert_ok(export_query_variables(s, f->variables, 0, NULL, &vars, &err));
	assert_non_null(strstr(vars.data, "nr_series = 2\n"));
	assert_non_null(strstr(vars.data, "memaslap, swapfile\tmemaslap, zram"));
	assert_non_null(strstr(vars.data, "normalised = 1\n"));
	buf_release(&vars);
	store_close(s);
}

static void test_refusals(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(figure_check("a/b.jpeg", &err), -EINVAL);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_int_equal(figure_check("a.pdf/b", &err), -EINVAL);
	assert_null(figure_find("timeserie", &err));
	assert_non_null(strstr(err.msg, "timeseries"));
	need_gnuplot();
	assert_ok(figure_check("a.pdf", &err));

	/* gnuplot's own words when it fails, and no log left. */
	const struct figure broken = { .name = "broken", .gp = "plot nonsense(" };

	assert_true(figure_draw(&broken, "/dev/null", "", synthetic_path("broken.svg"), &err) < 0);
	assert_non_null(strstr(err.msg, "broken.gp"));
	assert_int_not_equal(stat(synthetic_path("broken.gp.log"), &st), 0);
	assert_true(figure_draw(&broken, "/dev/null", "", "/nonexistent/x.svg", &err) < 0);
	assert_non_null(strstr(err.msg, "/nonexistent/x.gp"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draws_every_format),
		cmocka_unit_test(test_text_that_could_break_gnuplot),
		cmocka_unit_test(test_script_runs_by_hand_elsewhere),
		cmocka_unit_test(test_run_without_far_memory),
		cmocka_unit_test(test_slowdown_is_relative_to_the_median),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
