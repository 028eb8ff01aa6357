/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, from option tables, by getopt_long. */
#ifndef HARNESS_CLI_H
#define HARNESS_CLI_H

#include <stdio.h>

#include "harness/cli/command.h"

enum { CLI_HELP = 1, CLI_VERSION = 2 };

/*
 * Options that all commands share may stand before the command. *ret_index: where in argv the
 * command is, argc where there is none. Returns 0, CLI_HELP or CLI_VERSION where that was asked
 * for, or -EINVAL.
 */
int cli_find_command(int argc, char *argv[], int *ret_index, struct err *err);
/*
 * argv[0] is the command's name. Returns 0; 1 when help was asked for (already printed); or
 * -EINVAL with a one-line err. Values land in cli->params and in `common`.
 */
int cli_parse(const struct command *command, int argc, char *argv[], struct cli *cli,
	      struct err *err);
void cli_release(struct cli *cli);
void cli_help(const struct command *command, FILE *out);

#endif
