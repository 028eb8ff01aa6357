// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench plot: a figure from the store, its data and gnuplot script beside it. */
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "harness/cli/command.h"
#include "harness/cli/draw.h"
#include "plots/figure.h"

struct params {
	char *run, *experiment, *output;
};

static const struct opt opts[] = {
	OPT_STRING("output", struct params, output, NULL,
		   "pdf, png or svg by its ending (default: FIGURE.pdf)", .letter = 'o',
		   .arg = "FILE"),
	OPT_STRING("run", struct params, run, NULL,
		   "of this run alone: a number, the beginning of a uuid, or latest", .arg = "RUN"),
	OPT_STRING("experiment", struct params, experiment, NULL, "of runs with this label only",
		   .arg = "NAME"),
	OPT_END
};

static int cmd_plot_run(struct cli *cli)
{
	const struct params *p = cli->params;
	const struct figure *f;
	struct store *store = NULL;
	struct err err = { 0 };
	char out_path[PATH_MAX];
	int64_t run = 0;
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
		rc = figure_check(out_path, &err);
	if (!rc)
		rc = store_open(common.db, STORE_READ, &store, &err);
	if (!rc && p->run)
		rc = store_find_run(store, p->run, &run, &err);
	if (!rc)
		rc = draw_figure(store, f, run, p->experiment, out_path, &err);
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
	       "counts them, and a cross marks what flagged runs have a part in.\n",
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 1,
	.run = cmd_plot_run,
};
