// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench plot: a figure from the store, its data and gnuplot script beside it. */
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "harness/cli/command.h"
#include "harness/cli/draw.h"
#include "plots/figure.h"

struct params {
	char *run, *experiment, *job, *output, *overlay;
	char *y, *axis, *size, *title, *labels, *legend;
};

static const struct opt opts[] = {
	OPT_STRING("output", struct params, output, NULL,
		   "pdf, png or svg by its ending (default: FIGURE.pdf)", .letter = 'o',
		   .arg = "FILE"),
	OPT_STRING("run", struct params, run, NULL,
		   "of this run alone: a number, the beginning of a uuid, or latest", .arg = "RUN"),
	OPT_STRING("experiment", struct params, experiment, NULL, "of runs with this label only",
		   .arg = "NAME"),
	OPT_STRING(
		"job", struct params, job, NULL,
		"timeseries, gantt: of this job of a co-run, such as kv-2 (timeseries: else its first)",
		.arg = "NAME"),
	OPT_STRING("y", struct params, y, NULL,
		   "slowdown, bars: slowdown, performance or a result; latency-cdf: share or tail",
		   .arg = "WHAT"),
	OPT_CHOICE("axis", struct params, axis, "auto", "auto|log|linear",
		   "of y; auto: logarithmic where a slowdown is above 5"),
	OPT_STRING("size", struct params, size, NULL,
		   "single or double (columns of a page), or WxH in inches, or in cm as 8.4x6cm",
		   .arg = "SIZE"),
	OPT_STRING("title", struct params, title, NULL, "above the figure", .arg = "TEXT"),
	OPT_STRING("labels", struct params, labels, NULL, "of the series, in their order",
		   .arg = "A,B,..."),
	OPT_CHOICE("legend", struct params, legend, "top", "top|inside|none",
		   "where the series are named"),
	OPT_STRING("overlay", struct params, overlay, NULL,
		   "published curves over it: a name in plots/published, or a file (./mine.csv)",
		   .arg = "NAME"),
	OPT_END
};

static int cmd_plot_run(struct cli *cli)
{
	const struct params *p = cli->params;
	struct figure_choice choice = { .experiment = p->experiment, .y = p->y, .job = p->job };
	struct figure_style style = {
		.title = p->title,
		.labels = p->labels,
		.legend = p->legend,
		.axis = p->axis,
		.overlay = p->overlay,
	};
	const struct figure *f;
	struct store *store = NULL;
	struct err err = { 0 };
	char out_path[PATH_MAX];
	int rc = 0;

	f = figure_find(cli->args[0], &err);
	if (!f)
		return command_fail(&err);
	if (p->output)
		snprintf(out_path, sizeof(out_path), "%s", p->output);
	else
		snprintf(out_path, sizeof(out_path), "%s.pdf", f->name);
	rc = figure_check_choice(f, p->run, &err);
	if (!rc)
		rc = figure_check_y(f, p->y, &err);
	if (!rc && p->job && f->scope != FIGURE_ONE_RUN)
		rc = err_usage(&err,
			       "--job %s: %s is of several runs; timeseries and gantt draw one",
			       p->job, f->name);
	if (!rc)
		rc = figure_check_axis(f, p->axis, &err);
	if (!rc && p->size)
		rc = figure_parse_size(p->size, &style, &err);
	if (!rc)
		rc = figure_check(out_path, &err);
	if (!rc)
		rc = store_open(common.db, STORE_READ, &store, &err);
	if (!rc && p->run)
		rc = store_find_run(store, p->run, &choice.run, &err);
	if (!rc)
		rc = draw_figure(store, f, &choice, &style, out_path, &err);
	store_close(store);
	if (rc)
		return command_fail(&err);
	log_info("drew %s (its .gp and .dat beside it)", out_path);
	return 0;
}

const struct command cmd_plot = {
	.name = "plot",
	.args = "FIGURE",
	.summary = "draw a figure: pdf, png or svg; `fmbench list figures`",
	.doc = "timeseries draws one run: that of --run, else the latest. latency-cdf draws the run of\n"
	       "--run, else pools the repeats. The others are curves over several runs and refuse --run.\n"
	       "Failed and untrusted runs are left out of all but a --run that names one; the caption\n"
	       "counts them, and a cross marks what flagged runs have a part in. --overlay goes with\n"
	       "slowdown and xput; a file of curves says whose they are (plots/published has some).\n\n"
	       "Examples:\n"
	       "  fmbench plot slowdown --size single -o slowdown.pdf\n"
	       "  fmbench plot bars --y latency_p99 --title 'Tail latency' --labels Disk,RDMA\n"
	       "  fmbench plot xput --overlay fastswap-rdma\n"
	       "  fmbench plot latency-cdf --y tail -o tail.pdf\n",
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 1,
	.run = cmd_plot_run,
};
