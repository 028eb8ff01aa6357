// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench show: one run for a person. */
#include "harness/cli/command.h"
#include "results/export.h"

static int cmd_show_run(struct cli *cli)
{
	struct store *store = NULL;
	struct err err = { 0 };
	int64_t run;
	int rc = store_open(common.db, STORE_READ, &store, &err);

	if (!rc)
		rc = store_find_run(store, cli->args[0], &run, &err);
	if (!rc)
		rc = show_run(store, run, common.verbose, stdout, &err);
	store_close(store);
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_show = {
	.name = "show",
	.args = "[RUN]",
	.summary = "phases, rates and flags of one run (default: the latest)",
	.doc = "RUN is a number, the beginning of a uuid, or `latest`. With -v also the collectors and\n"
	       "keys that the run could not count, and why.\n",
	.max_args = 1,
	.run = cmd_show_run,
};
