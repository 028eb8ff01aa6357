// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench demo: from nothing to a table and two figures. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/dirs.h"
#include "harness/cli/cli.h"
#include "harness/cli/command.h"

static const char doc[] =
	"Runs memaslap at the ratios 1, 0.5 and 0.25, shows the table, and draws two figures: DIR/demo.db,\n"
	"DIR/demo-slowdown.png, DIR/demo-timeseries.png, each figure with its data and script beside it.\n"
	"DIR is results where none is named.\n";

struct paths {
	char db[PATH_MAX], slowdown[PATH_MAX], timeseries[PATH_MAX];
};

static void set_paths(struct paths *p, const char *dir)
{
	snprintf(p->db, sizeof(p->db), "%s/demo.db", dir);
	snprintf(p->slowdown, sizeof(p->slowdown), "%s/demo-slowdown.png", dir);
	snprintf(p->timeseries, sizeof(p->timeseries), "%s/demo-timeseries.png", dir);
}

/* Another command, as if it were typed; words end with NULL. Returns its exit code. */
static int call(const struct command *command, const char *line, const char *words[])
{
	struct err err = { 0 };
	struct cli cli = { 0 };
	int argc = 0, rc;

	while (words[argc])
		argc++;
	rc = cli_parse(command, argc, (char **)words, &cli, &err);
	cli.line = line;
	rc = rc ? command_fail(&err) : command->run(&cli);
	cli_release(&cli);
	return rc;
}

static int make_runs(const struct paths *p)
{
	const char *words[] = { "run",	"memaslap", "--ratio", "1,0.5,0.25", "--experiment",
				"demo", "--db",	    p->db,     NULL };

	return call(&cmd_run, "fmbench run memaslap --ratio 1,0.5,0.25 --experiment demo", words);
}

static int draw(const struct paths *p)
{
	const char *slowdown[] = { "plot", "slowdown", "--experiment", "demo", "--db",
				   p->db,  "--output", p->slowdown,    NULL };
	const char *timeseries[] = { "plot",	 "timeseries",	"--db", p->db,
				     "--output", p->timeseries, NULL };
	int code = call(&cmd_plot, "fmbench plot slowdown", slowdown);

	return code ? code : call(&cmd_plot, "fmbench plot timeseries", timeseries);
}

static int cmd_demo_run(struct cli *cli)
{
	const char *dir = cli->nr_args ? cli->args[0] : "results";
	const char *program = cli->original_argv[0];
	struct err err = { 0 };
	struct paths p;
	int code, drawn;

	if (make_dirs(dir, 0777, &err))
		return command_fail(&err);
	set_paths(&p, dir);
	code = make_runs(&p);
	/* Untrusted: the table says which numbers, and the figures leave them out. */
	if (code && code != ERR_UNTRUSTED)
		return code;
	drawn = draw(&p);
	if (drawn)
		return drawn;
	printf("\nruns:    %s\nfigures: %s %s\ntry:     %s --db %s show\n", p.db, p.slowdown,
	       p.timeseries, program, p.db);
	return code;
}

const struct command cmd_demo = {
	.name = "demo",
	.args = "[DIR]",
	.summary = "from nothing to a table and two figures: the main job at three ratios",
	.doc = doc,
	.max_args = 1,
	.run = cmd_demo_run,
};
