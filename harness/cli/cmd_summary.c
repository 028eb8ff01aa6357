// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench summary: a row for each cell, its repeats taken together. */
#include "harness/cli/command.h"
#include "results/summary.h"

struct params {
	char *columns, *base, *metric, *format;
	bool geomean, untrusted;
};

static const struct opt opts[] = {
	OPT_STRING("columns", struct params, columns, NULL,
		   "this key's values side by side, each held against the first: backend, ratio, a "
		   "parameter",
		   .arg = "KEY"),
	OPT_STRING("base", struct params, base, NULL,
		   "the column that others are held against (default: the smallest value)",
		   .arg = "VALUE"),
	OPT_STRING("metric", struct params, metric, NULL,
		   "this result rather than each workload's performance", .arg = "NAME"),
	OPT_BOOL("geomean", struct params, geomean, NULL,
		 "the geometric mean of how many times worse, over all rows"),
	OPT_BOOL("untrusted", struct params, untrusted, NULL,
		 "take in runs that a fatal flag made untrusted"),
	OPT_FORMAT(struct params, format),
	OPT_END
};

static const char doc[] =
	"TERMS choose runs as for `fmbench compare`: key=value terms with commas between; without any, all\n"
	"runs. Runs that differ in nothing but their repeat are a cell: a parameter, a setting of the\n"
	"machine or a version of fmbench that differs makes another one, and is shown.\n\n"
	"slowdown is how many times worse a cell is than the runs at ratio 1 that `show` and `report` name,\n"
	"slower how many times worse than the first column; both with Student's t on logarithms, repeat by\n"
	"repeat where both sides have them. Failed and untrusted runs are left out and listed.\n\n"
	"Examples:\n"
	"  fmbench summary\n"
	"  fmbench summary experiment=backends,ratio=0.5 --columns backend --base swapfile\n"
	"  fmbench summary workload=memaslap --columns ratio --geomean\n"
	"  fmbench summary --metric latency_p99 --format csv\n";

static int cmd_summary_run(struct cli *cli)
{
	const struct params *p = cli->params;
	struct summary_request request = { .terms = cli->args[0],
					   .columns = p->columns,
					   .base = p->base,
					   .metric = p->metric,
					   .geomean = p->geomean,
					   .untrusted = p->untrusted };
	struct store *store = NULL;
	enum export_format format;
	struct err err = { 0 };
	int rc = export_format_parse(p->format, &format, &err);

	if (!rc && p->base && !p->columns)
		rc = err_usage(&err, "--base names a column: choose them with --columns KEY");
	if (!rc)
		rc = store_open(common.db, STORE_READ, &store, &err);
	if (!rc)
		rc = summary_print(store, &request, format, stdout, stderr, &err);
	store_close(store);
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_summary = {
	.name = "summary",
	.args = "[TERMS]",
	.summary = "one row a cell: median with its interval, slowdown with its interval, flags",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.max_args = 1,
	.run = cmd_summary_run,
};
