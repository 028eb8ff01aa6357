// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench report: one HTML page of what was run, what came out, and how to do it again. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "harness/cli/command.h"
#include "harness/cli/draw.h"
#include "harness/run/version.h"
#include "results/report.h"

struct params {
	char *experiment, *output;
};

static const struct opt opts[] = { OPT_STRING("output", struct params, output, "report.html",
					      "where to write the page", .letter = 'o',
					      .arg = "FILE"),
				   OPT_STRING("experiment", struct params, experiment, NULL,
					      "of runs with this label only", .arg = "NAME"),
				   OPT_END };

struct figures {
	struct report_figure *list;
	size_t nr;
	char dir[64]; /* of our own, for what gnuplot reads and writes */
};

static int make_directory(struct figures *figures, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(figures->dir, sizeof(figures->dir), "%s/fmbench-report.XXXXXX",
			 tmp && *tmp ? tmp : "/tmp");

	if (n >= (int)sizeof(figures->dir))
		return err_usage(err, "TMPDIR is too long: %s", tmp);
	if (!mkdtemp(figures->dir))
		return err_failed(err, errno, "cannot make directory %s", figures->dir);
	return 0;
}

static void figures_release(struct figures *figures)
{
	for (size_t i = 0; i < figures->nr; i++) {
		free(figures->list[i].title);
		free(figures->list[i].about);
		free(figures->list[i].command);
		free(figures->list[i].svg);
	}
	free(figures->list);
}

static int read_svg(const char *path, struct buf *svg, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : buf_read_fd(svg, fd);

	if (fd >= 0)
		close(fd);
	return rc ? err_failed(err, -rc, "cannot read %s", path) : 0;
}

/* As one word of a shell command. */
static void add_quoted(struct buf *b, const char *text)
{
	buf_adds(b, "'");
	for (; *text; text++)
		buf_adds(b, *text == '\'' ? "'\\''" : (char[]){ *text, '\0' });
	buf_adds(b, "'");
}

/* run NULL: over all runs. A figure without data is no part of the report. */
static int add_figure(struct figures *figures, struct store *store, const struct figure *f,
		      const struct report_run *run, const char *experiment, struct err *err)
{
	static const char *const endings[] = { "svg", "gp", "dat" };
	struct figure_choice choice = { .run = run ? run->run : 0, .experiment = experiment };
	struct buf title = BUF_INIT, command = BUF_INIT, svg = BUF_INIT;
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/figure.svg", figures->dir);
	rc = draw_figure(store, f, &choice, NULL, path, err);
	if (!rc)
		rc = read_svg(path, &svg, err);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(path, sizeof(path), "%s/figure.%s", figures->dir, endings[i]);
		unlink(path);
	}
	if (rc) {
		buf_release(&svg);
		err_prefix(err, "figure %s, drawn in %s (TMPDIR)", f->name, figures->dir);
		return rc == -ENODATA ? 0 : rc;
	}
	buf_adds(&title, f->name);
	buf_addf(&command, "fmbench plot %s -o %s.pdf", f->name, f->name);
	if (run) {
		buf_addf(&title, ", %s, run %lld", run->label, (long long)run->run);
		buf_addf(&command, " --run %lld", (long long)run->run);
	} else if (experiment) {
		buf_adds(&command, " --experiment ");
		add_quoted(&command, experiment);
	}
	buf_adds(&title, ":");
	figures->list = xreallocarray(figures->list, figures->nr + 1, sizeof(*figures->list));
	figures->list[figures->nr++] = (struct report_figure){ .title = buf_steal(&title),
							       .about = xstrdup(f->summary),
							       .command = buf_steal(&command),
							       .svg = buf_steal(&svg) };
	return 0;
}

static int add_figures(struct figures *figures, struct store *store, const char *experiment,
		       struct err *err)
{
	struct report_run *runs = NULL;
	size_t nr = 0;
	int rc = report_representatives(store, experiment, &runs, &nr, err);

	for (size_t i = 0; figure_table[i].name && !rc; i++) {
		const struct figure *f = &figure_table[i];
		bool one_run = f->scope == FIGURE_ONE_RUN;

		if (!one_run)
			rc = add_figure(figures, store, f, NULL, experiment, err);
		for (size_t k = 0; one_run && k < nr && !rc; k++)
			rc = add_figure(figures, store, f, &runs[k], NULL, err);
	}
	report_runs_free(runs, nr);
	return rc;
}

static int write_page(const char *path, const struct buf *page, struct err *err)
{
	FILE *out = fopen(path, "w");
	bool bad;

	if (!out)
		return err_failed(err, errno, "cannot write %s", path);
	bad = fwrite(page->data, 1, page->len, out) != page->len;
	bad |= fclose(out) != 0;
	return bad ? err_failed(err, errno, "cannot write %s", path) : 0;
}

static int make_report(struct cli *cli, struct store *store, struct figures *figures,
		       struct err *err)
{
	const struct params *p = cli->params;
	struct report_request request = { .experiment = p->experiment,
					  .command = cli->line,
					  .version = fmbench_version };
	struct err no_gnuplot = { 0 };
	struct buf page = BUF_INIT;
	int rc = 0;

	if (figure_check("figure.svg", &no_gnuplot)) {
		log_warn("the report has no figures: %s", no_gnuplot.msg);
		request.no_figures = no_gnuplot.msg;
	} else {
		rc = make_directory(figures, err);
		if (!rc)
			rc = add_figures(figures, store, p->experiment, err);
		rmdir(figures->dir);
	}
	request.figures = figures->list;
	request.nr_figures = figures->nr;
	if (!rc)
		rc = report_page(store, &request, &page, err);
	if (!rc)
		rc = write_page(p->output, &page, err);
	buf_release(&page);
	return rc;
}

static int cmd_report_run(struct cli *cli)
{
	const struct params *p = cli->params;
	struct figures figures = { 0 };
	struct store *store = NULL;
	struct err err = { 0 };
	int rc = store_open(common.db, STORE_READ, &store, &err);

	if (!rc)
		rc = make_report(cli, store, &figures, &err);
	store_close(store);
	figures_release(&figures);
	if (rc)
		return command_fail(&err);
	log_info("wrote %s", p->output);
	return 0;
}

const struct command cmd_report = {
	.name = "report",
	.args = "",
	.summary = "one HTML page: machine, results, figures, flags, commands to repeat it",
	.doc = "The page needs nothing beside it: mail it, print it, open it in any browser. Medians\n"
	       "are of trusted runs; the others are listed with the reason.\n",
	.opts = opts,
	.params_size = sizeof(struct params),
	.run = cmd_report_run,
};
