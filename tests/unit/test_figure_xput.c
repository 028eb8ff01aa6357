// SPDX-License-Identifier: GPL-2.0-or-later
/* plots/xput.gp: faults per second over cores, from runs whose every number is known. */
#include "base/find_program.h"
#include "tests/unit/figure.h"

#include <glob.h>

#include "harness/cli/draw.h"
#include "plots/overlay.h"

#define HEADER "\"series\"\t\"x\"\t\"median\"\t\"low\"\t\"high\"\t\"flagged\"\n"

static const char direct[] = "{\"offload-reclaim\":false}";
static const char offloaded[] = "{\"offload-reclaim\":true}";

static void add_throughput(struct store *s, const char *mode, int threads, double faults,
			   const char *run_params, const char *flag)
{
	char params[128];

	snprintf(params, sizeof(params),
		 "{\"pattern\":\"random\",\"access\":\"read\",\"threads\":%d,\"mode\":\"%s\"}",
		 threads, mode);
	make_run(s, (struct made){ .workload = "fault_throughput",
				   .params = params,
				   .run_params = run_params,
				   .results = { { "faults", faults }, { "threads", threads } },
				   .flag = flag,
				   .severity = SEVERITY_WARNING });
}

static struct store *xput_store(const char *name)
{
	struct store *s = synthetic_store(name);

	/* Three repeats of one cell: 50, 90, 70 thousand, the second one flagged. */
	add_throughput(s, "evict-clean", 1, 50000, direct, NULL);
	add_throughput(s, "evict-clean", 1, 90000, direct, "SHARED_CORES");
	add_throughput(s, "evict-clean", 1, 70000, direct, NULL);
	add_throughput(s, "evict-clean", 2, 100000, direct, NULL);
	add_throughput(s, "evict-clean", 1, 80500, offloaded, NULL);
	add_throughput(s, "noevict", 1, 100000, direct, NULL);
	add_throughput(s, "noevict", 2, 200000, direct, NULL);
	make_run(s, (struct made){ .workload = "uffd",
				   .backend = "none",
				   .params = "{\"threads\":1,\"handler\":\"poll\","
					     "\"access\":\"write\",\"mode\":\"noevict\"}",
				   .results = { { "faults", 30250 }, { "threads", 1 } } });
	return s;
}

#define SERIES                                                                                     \
	HEADER /* userfaultfd comes first by its name */                                           \
		"0\t1\t30.25\t30.25\t30.25\t0\n"                                                   \
		"1\t1\t70\t50\t90\t1\n" /* the middle one of 50, 70, 90 */                         \
		"1\t2\t100\t100\t100\t0\n"                                                         \
		"2\t1\t80.5\t80.5\t80.5\t0\n"                                                      \
		"3\t1\t100\t100\t100\t0\n"                                                         \
		"3\t2\t200\t200\t200\t0\n"

static void test_xput(void **state)
{
	struct store *s = xput_store("xput.db");

	(void)state;
	expect_data(s, "xput", 0, "xput", SERIES);
	expect_variable("xput", "nr_series = 4\n");
	expect_variable("xput", "labels = 'userfaultfd, poll, noevict, write\t"
				"zram, evict-clean, offload-reclaim=no\t"
				"zram, evict-clean, offload-reclaim=yes\tzram, noevict'\n");
	expect_variable("xput", "caption = '1 of 8 runs flagged (×): SHARED_CORES'\n");
	store_close(s);
}

static void test_published(void **state)
{
	struct store *s = xput_store("published.db");
	char *text;

	(void)state;
	if (!find_program("gnuplot", NULL, 0))
		skip();
	assert_ok(draw_figure(
		s, figure_find("xput", &err), &(struct figure_choice){ 0 },
		&(struct figure_style){ .overlay = "plots/published/fastswap-rdma.csv" },
		drawn_path("published", "png"), &err));
	text = read_file(drawn_path("published", "dat"));
	assert_int_equal(strncmp(text, SERIES, strlen(SERIES)), 0);
	assert_non_null(strstr(text, "\n\n\"curve\"\t\"x\"\t\"y\"\n0\t1\t164.758\n"));
	assert_non_null(strstr(text, "\n2\t12\t247.422\n"));
	free(text);
	expect_variable("published", "overlay_labels = 'Fastswap on RDMA noevict (published)\t");
	expect_variable("published", "published, on another machine (one socket at 2.2 GHz");
	store_close(s);
}

static void expect_refused(struct store *s, const char *figure, const char *text, const char *says)
{
	const char *path = "./overlay.csv";
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	assert_int_equal(draw_figure(s, figure_find(figure, &err), &(struct figure_choice){ 0 },
				     &(struct figure_style){ .overlay = path },
				     drawn_path("refused", "png"), &err),
			 -EINVAL);
	unlink(path);
	assert_int_equal(err.kind, ERR_USAGE);
	if (!strstr(err.msg, says))
		fail_msg("not '%s' but: %s", says, err.msg);
}

/* Numbers without a source are nobody's. */
static void test_bad_overlays(void **state)
{
#define HEAD "# figure: xput\n# title: t\n# machine: m\n# source: s\n"
	struct store *s = xput_store("refused.db");

	(void)state;
	if (!find_program("gnuplot", NULL, 0))
		skip();
	expect_refused(s, "xput", "# figure: xput\n# title: t\n# machine: m\ncurve,x,y\na,1,2\n",
		       "come first");
	expect_refused(s, "xput", HEAD "curve,x\n", ":5: the first row is curve,x,y");
	expect_refused(s, "xput", HEAD "curve,x,y\na,1,2\na,one,2\n", ":7: a row is curve,x,y");
	expect_refused(s, "xput", HEAD "curve,x,y\n", "has no rows");
	expect_refused(s, "slowdown", HEAD "curve,x,y\na,1,2\n", "is for figure xput");
	expect_refused(s, "timeseries", HEAD "curve,x,y\na,1,2\n", "has no overlays");
	store_close(s);
#undef HEAD
}

/* What is shipped can be read. */
static void test_shipped(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("plots/published/*.csv", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct overlay o;
		int rc = overlay_read(found.gl_pathv[i], figure_find("xput", &err), &o, &err);

		overlay_release(&o);
		if (rc)
			rc = overlay_read(found.gl_pathv[i], figure_find("slowdown", &err), &o,
					  &err);
		assert_ok(rc);
		overlay_release(&o);
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xput),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_bad_overlays),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, synthetic_clean);
}
