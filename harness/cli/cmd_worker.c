// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench worker: the process that a workload of our own runs in. Started by fmbench itself. */
#include "harness/cli/command.h"
#include "micro/micro.h"
#include "workloads/worker.h"
#include "workloads/workload.h"

static int cmd_worker_run(struct cli *cli)
{
	struct err err = { 0 };
	const struct workload *w = workload_find(cli->args[0], &err);

	if (!w)
		w = micro_find(cli->args[0], &err);
	if (!w)
		return command_fail(&err);
	return worker_run(w, (int)cli->nr_args, cli->args);
}

const struct command cmd_worker = {
	.name = "worker",
	.args = "WORKLOAD SEED",
	.summary = "run a workload of fmbench's own in this process",
	.min_args = 2,
	.max_args = 1024,
	.hidden = true,
	.run = cmd_worker_run,
};
