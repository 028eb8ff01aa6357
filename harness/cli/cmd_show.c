// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench show: one run for a person. */
#include "harness/cli/command.h"
#include "results/export.h"

struct params {
	char *format;
};

static const struct opt opts[] = { OPT_TABLE_OR_JSON(struct params, format), OPT_END };

static int cmd_show_run(struct cli *cli)
{
	const struct params *p = cli->params;
	struct store *store = NULL;
	struct err err = { 0 };
	int64_t run;
	int rc = store_open(common.db, STORE_READ, &store, &err);

	if (!rc)
		rc = store_find_run(store, cli->args[0], &run, &err);
	if (!rc)
		rc = is_json(p->format) ? show_run_json(store, run, stdout, &err)
					: show_run(store, run, common.verbose, stdout, &err);
	store_close(store);
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_show = {
	.name = "show",
	.args = "[RUN]",
	.summary = "phases, rates and flags of one run (default: the latest)",
	.doc = "RUN is a number, the beginning of a uuid, or `latest`. With -v also the collectors and\n"
	       "keys that the run could not count, and why.\n",
	.opts = opts,
	.params_size = sizeof(struct params),
	.max_args = 1,
	.run = cmd_show_run,
};
