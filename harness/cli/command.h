/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subcommands: one cmd_NAME.c each, one row in table.c. A command's option table makes its
 * parser and its --help. It returns an exit code (err.h: enum err_kind, 0 for ok).
 */
#ifndef HARNESS_COMMAND_H
#define HARNESS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/opt.h"
#include "harness/cli/common.h"

struct cli {
	const struct command *command;
	const struct command *const *commands; /* all there are: command_table */
	void *params;			       /* of command->params_size, from its options */
	char **args;			       /* what is no option, NULL-ended */
	size_t nr_args;
	char **pairs; /* -o key=value, in order, NULL-ended (takes_pairs) */
	size_t nr_pairs;
	char **given; /* names of the options that were typed, NULL-ended; NULL: none */
	size_t nr_given;
	char **argv;	   /* after "--": NULL when there was none (takes_command) */
	const char *line;  /* the whole command as typed, to repeat it */
	int original_argc; /* everything, from argv[0], for --in-lab */
	char **original_argv;
};

struct command {
	const char *name;
	const char *args;    /* "WORKLOAD" as shown in usage, or "" */
	const char *summary; /* one line */
	const char *doc;     /* printed under the options in --help, or NULL */
	const struct opt *opts;
	size_t params_size;
	size_t min_args, max_args;
	bool takes_pairs;
	bool takes_command;
	bool in_lab; /* --in-lab makes sense: it measures, and writes to the database only */
	void (*more_help)(FILE *out); /* printed at the end of --help, units read; NULL: nothing */
	bool takes_units;	      /* units from files are read before it runs */
	bool hidden;		      /* not in --help: for fmbench's own use */
	int (*run)(struct cli *cli);
};

extern const struct command *const command_table[]; /* ended by NULL */

extern const struct command cmd_artifact, cmd_backend, cmd_compare, cmd_complete, cmd_config,
	cmd_corun, cmd_demo, cmd_doctor, cmd_export, cmd_fit, cmd_list, cmd_merge, cmd_manual,
	cmd_micro, cmd_plot, cmd_recover, cmd_report, cmd_run, cmd_show, cmd_simulate, cmd_summary,
	cmd_sweep, cmd_worker;

/* For commands that end with a table: export_format_parse() takes it. */
#define OPT_FORMAT(S, f)                                                                           \
	OPT_CHOICE("format", S, f, "table", "table|csv|json", "of the closing table")

/* For those whose answer is no table of one shape. */
#define OPT_TABLE_OR_JSON(S, f)                                                                    \
	OPT_CHOICE("format", S, f, "table", "table|json", "for people, or for programs")

#endif
