// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench complete: what may come next on a command line. The shells' completion calls it. */
#include "harness/cli/command.h"
#include "harness/cli/complete.h"
#include "harness/run/units.h"

static int cmd_complete_run(struct cli *cli)
{
	units_load(common.units, NULL); /* a file in error is another command's to tell */
	complete(cli->commands, cli->argv ? cli->argv : cli->args, stdout);
	return 0;
}

const struct command cmd_complete = {
	.name = "complete",
	.args = "-- WORDS...",
	.summary = "list what may come next; the last word is the one to complete",
	.takes_command = true,
	.hidden = true,
	.run = cmd_complete_run,
};
