// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench list: what there is, straight from the tables that run it. */
#include <string.h>

#include "backend/backend.h"
#include "base/names.h"
#include "collectors/collector.h"
#include "harness/cli/command.h"
#include "micro/micro.h"
#include "plots/figure.h"
#include "workloads/workload.h"

static void row(const char *name, const char *summary, const struct opt *opts)
{
	printf("  %-16s %s\n", name, summary);
	if (common.verbose && opts)
		opt_print_help(opts, OPT_KEYS, 6, stdout);
}

static void list_workloads(void)
{
	for (size_t i = 0; workload_table[i]; i++)
		row(workload_table[i]->name, workload_table[i]->summary, workload_table[i]->opts);
}

static void list_micro(void)
{
	for (size_t i = 0; micro_table[i]; i++)
		row(micro_table[i]->name, micro_table[i]->summary, micro_table[i]->opts);
}

static void list_backends(void)
{
	for (size_t i = 0; backend_table[i]; i++)
		row(backend_table[i]->name, backend_table[i]->summary, backend_table[i]->opts);
}

static void list_collectors(void)
{
	for (size_t i = 0; collector_table[i]; i++) {
		const struct collector *c = collector_table[i];

		row(c->name, c->summary, NULL);
		for (size_t k = 0; common.verbose && k < c->nr_keys; k++)
			printf("      %-28s %s, %s\n", c->keys[k].name, c->keys[k].unit,
			       c->keys[k].kind == KEY_COUNTER ? "counter" : "gauge");
	}
}

static void list_figures(void)
{
	static const char *const scopes[] = {
		[FIGURE_ONE_RUN] = "one run",
		[FIGURE_RUNS] = "one run, or repeats pooled",
		[FIGURE_CURVE] = "several runs",
	};

	for (size_t i = 0; figure_table[i].name; i++) {
		const struct figure *f = &figure_table[i];

		printf("  %-16s %s (of %s)\n", f->name, f->summary, scopes[f->scope]);
	}
}

static const struct {
	const char *name;
	void (*list)(void);
} kinds[] = {
	{ "workloads", list_workloads }, { "micro", list_micro },
	{ "backends", list_backends },	 { "collectors", list_collectors },
	{ "figures", list_figures },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int cmd_list_run(struct cli *cli)
{
	const char *names[NR_KINDS + 1] = { NULL };
	struct err err = { 0 };

	for (size_t i = 0; i < NR_KINDS; i++) {
		names[i] = kinds[i].name;
		if (!cli->nr_args)
			printf("%s%s:\n", i ? "\n" : "", kinds[i].name);
		else if (strcmp(cli->args[0], kinds[i].name) != 0)
			continue;
		kinds[i].list();
		if (cli->nr_args)
			return 0;
	}
	if (!cli->nr_args) {
		printf("\nOptions of each: fmbench list -v\n");
		return 0;
	}
	err_unknown(&err, did_you_mean(cli->args[0], names),
		    "there are workloads, micro, backends, collectors and figures",
		    "cannot list '%s'", cli->args[0]);
	return command_fail(&err);
}

const struct command cmd_list = {
	.name = "list",
	.args = "[workloads|micro|backends|collectors|figures]",
	.summary = "what there is to run, drive, sample and draw (-v: with options)",
	.max_args = 1,
	.in_lab = true,
	.run = cmd_list_run,
};
