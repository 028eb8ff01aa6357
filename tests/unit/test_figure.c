// SPDX-License-Identifier: GPL-2.0-or-later
/* How figures are drawn and captioned; tests/unit/test_figure_NAME.c have the numbers of each. */
#include "base/find_program.h"
#include "tests/unit/figure.h"

static void need_gnuplot(void)
{
	if (!find_program("gnuplot", NULL, 0))
		skip();
}

static int draw(struct store *s, const char *name, int64_t run, const char *out)
{
	return draw_figure(s, figure_find(name, &err), &(struct figure_choice){ .run = run }, NULL,
			   out, &err);
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
			assert_ok(draw(s, figures[f], 0, name));
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

/* What the caption says of the runs behind a figure of three cores, 1 of them to be left out. */
static void test_captions(void **state)
{
	static const struct {
		const char *stem, *caption;
		struct made runs[3];
	} cases[] = {
		{ "nothing", "", { { .lab = NULL }, { .lab = "kvm" } } },
		{ "emulated",
		  "times under emulation",
		  { { .lab = "tcg" }, { .lab = "tcg, exact" } } },
		{ "partly", "times of 1 of 2 runs under emulation", { { .lab = "tcg" }, { 0 } } },
		{ "flags",
		  "2 of 2 runs flagged (×): SHARED_CORES; 1 untrusted left out; times under emulation",
		  { { .flag = "SHARED_CORES", .severity = SEVERITY_WARNING, .lab = "tcg" },
		    { .flag = "SHARED_CORES", .severity = SEVERITY_WARNING, .lab = "tcg" },
		    { .flag = "SWAP_FULL", .severity = SEVERITY_FATAL, .status = "untrusted" } } },
		{ "several",
		  "2 of 2 runs flagged (×): KSM (1), ZSWAP (1); 1 failed left out",
		  { { .flag = "ZSWAP", .severity = SEVERITY_WARNING },
		    { .flag = "KSM", .severity = SEVERITY_WARNING },
		    { .status = "failed", .reason = "why ever" } } },
		{ "notes",
		  "1 unfinished left out",
		  { { .flag = "JUST_A_NOTE", .severity = SEVERITY_NOTE },
		    { 0 },
		    { .status = "started" } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store *s = synthetic_store("caption.db");
		struct buf line = BUF_INIT;

		for (int k = 0; k < 3; k++) {
			struct made m = cases[i].runs[k];
			char params[64];

			snprintf(params, sizeof(params), "{\"threads\":%d,\"mode\":\"noevict\"}",
				 k + 1);
			m.workload = "fault_throughput";
			m.params = params;
			m.results[0] = (struct number){ "faults", 1000.0 * (k + 1) };
			m.results[1] = (struct number){ "threads", k + 1 };
			if (k < 2 || m.status)
				make_run(s, m);
		}
		/* Another workload's failure is none of this figure's. */
		make_run(s, (struct made){ .workload = "null", .status = "failed" });
		free(draw_data(s, "xput", 0, NULL, cases[i].stem));
		buf_addf(&line, "\ncaption = '%s'\n", cases[i].caption);
		expect_variable(cases[i].stem, line.data);
		buf_release(&line);
		store_close(s);
	}
}

/* More than a line holds: the text is broken at spaces and the picture grows by it. */
static void test_long_caption(void **state)
{
	struct store *s = synthetic_store("long.db");
	char reason[200];
	char *svg;

	(void)state;
	memset(reason, 'x', sizeof(reason));
	for (size_t i = 9; i < sizeof(reason); i += 10)
		reason[i] = ' ';
	reason[sizeof(reason) - 1] = '\0';
	make_run(s, (struct made){ .workload = "fault_latency",
				   .hist = "major",
				   .hist_from = 100,
				   .hist_to = 1000,
				   .status = "failed",
				   .reason = reason });
	need_gnuplot();
	assert_ok(draw(s, "latency-cdf", 1, drawn_path("long", "svg")));
	svg = read_file(drawn_path("long", "svg"));
	assert_non_null(strstr(svg, ">run 1 failed: xxxxxxxxx"));
	assert_non_null(strstr(svg, "<text>xxxxxxxxx xxxxxxxxx"));
	free(svg);
	free(draw_data(s, "latency-cdf", 1, NULL, "long"));
	store_close(s);
}

/* One run is no curve. */
static void test_run_of_a_curve(void **state)
{
	static const char *const curves[] = { "readahead", "reclaim", "slowdown", "xput" };
	struct store *s = paper_store("curve.db");

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		assert_int_equal(draw(s, curves[i], 1, synthetic_path("curve.svg")), -EINVAL);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.msg, "curve over several runs"));
		assert_int_equal(access(synthetic_path("curve.dat"), F_OK), -1);
	}
	store_close(s);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; figure_table[i].name; i++) {
		const struct figure *f = &figure_table[i];

		/* The first of that name is this one. */
		assert_ptr_equal(figure_find(f->name, &err), f);
		assert_non_null(f->summary);
		assert_non_null(f->empty_hint);
		assert_non_null(strstr(f->gp, "set_caption"));
		/* The common head, and a program of its own. */
		assert_non_null(f->sql[0]);
		assert_ptr_equal(f->sql[0], figure_table[0].sql[0]);
		assert_non_null(f->sql[1]);
		assert_null(f->sql[FIGURE_MAX_SQL]);
	}
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
		cmocka_unit_test(test_captions),
		cmocka_unit_test(test_long_caption),
		cmocka_unit_test(test_run_of_a_curve),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
