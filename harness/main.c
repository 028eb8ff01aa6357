// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench: what happens to a program when part of its memory is far away? */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/names.h"
#include "harness/cli/cli.h"
#include "harness/cli/command.h"
#include "harness/cli/config.h"
#include "harness/cli/inlab.h"
#include "harness/run/lock.h"
#include "harness/run/units.h"
#include "harness/run/version.h"

#define MAX_COMMANDS 64

static const struct command *find_command(const char *name, struct err *err)
{
	const char *names[MAX_COMMANDS];
	size_t nr = 0;

	for (size_t i = 0; command_table[i]; i++) {
		if (strcmp(command_table[i]->name, name) == 0)
			return command_table[i];
		if (!command_table[i]->hidden)
			names[nr++] = command_table[i]->name;
	}
	names[nr] = NULL;
	err_unknown(err, did_you_mean(name, names), "`fmbench --help` lists them",
		    "unknown command '%s'", name);
	return NULL;
}

static void usage(FILE *out)
{
	fputs("usage: fmbench COMMAND [options]\n\n"
	      "What happens to a program when part of its memory is far away?\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; command_table[i]; i++) {
		if (!command_table[i]->hidden)
			fprintf(out, "  %-10s %s\n", command_table[i]->name,
				command_table[i]->summary);
	}
	fputs("\nOptions:\n"
	      "  --version  show the version and exit\n"
	      "  --help     show this; `fmbench COMMAND --help` shows a command's options\n"
	      "Options that all commands share may stand before the command, too.\n\n"
	      "Start with: fmbench run memaslap --ratio 0.5\n",
	      out);
}

static char *join_words(int argc, char *argv[])
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < argc; i++) {
		bool plain = argv[i][0] && !strpbrk(argv[i], " \t\n'\"\\$`|&;<>()*?[]#~");

		if (i)
			buf_adds(&b, " ");
		if (plain) {
			buf_adds(&b, i ? argv[i] : "fmbench");
			continue;
		}
		buf_adds(&b, "'");
		for (const char *c = argv[i]; *c; c++)
			buf_addf(&b, *c == '\'' ? "'\\%c'" : "%c", *c);
		buf_adds(&b, "'");
	}
	return buf_steal(&b);
}

/* A standard stream that is closed would be the next file opened: the journal, say. */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* The command's words: its name, the options before it, those after it. */
static char **command_words(int argc, char *argv[], int index)
{
	char **words = xcalloc((size_t)argc, sizeof(*words));

	words[0] = argv[index];
	memcpy(words + 1, argv + 1, (size_t)(index - 1) * sizeof(*words));
	memcpy(words + index, argv + index + 1, (size_t)(argc - index) * sizeof(*words));
	return words;
}

/* "/tmp/state/" and "/tmp/state" are the same, in messages too. */
static void trim_slashes(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
}

/* Of a defaults file: one a command with options, and one for what they share. */
static void list_sections(const char *names[MAX_COMMANDS])
{
	size_t nr = 0;

	names[nr++] = "common";
	for (size_t i = 0; command_table[i] && nr < MAX_COMMANDS - 1; i++) {
		if (!command_table[i]->hidden && command_table[i]->opts)
			names[nr++] = command_table[i]->name;
	}
	names[nr] = NULL;
}

static int run_command(const struct command *command, int argc, char *argv[], int index)
{
	char *line = join_words(argc, argv), **words = command_words(argc, argv, index);
	const char *sections[MAX_COMMANDS];
	struct err err = { 0 };
	struct cli cli = { 0 };
	int rc;

	list_sections(sections);
	rc = config_load(argc, argv, sections, &err);
	if (!rc)
		rc = common_init(&err);
	if (!rc)
		rc = cli_parse(command, argc - 1, words, &cli, &err);
	if (rc == 0) {
		cli.commands = command_table;
		cli.line = line;
		cli.original_argc = argc;
		cli.original_argv = argv;
		trim_slashes(common.state_dir);
		log_set_level(common.quiet ? LOG_QUIET : common.verbose ? LOG_VERBOSE : LOG_NORMAL);
		machine_lock_set_wait(!common.no_wait);
		if (command->takes_units)
			rc = units_load(common.units, &err);
		rc = rc ? command_fail(&err) : common.in_lab ? inlab_run(&cli) : command->run(&cli);
	} else {
		rc = rc > 0 ? 0 : command_fail(&err);
	}
	cli_release(&cli);
	common_release();
	config_release();
	free(words);
	free(line);
	return rc;
}

static int help(const char *name)
{
	const struct command *command = NULL;
	struct err err = { 0 };

	if (name)
		command = find_command(name, &err);
	if (name && !command)
		return command_fail(&err);
	if (command)
		cli_help(command, stdout);
	else
		usage(stdout);
	return 0;
}

int main(int argc, char *argv[])
{
	const struct command *command;
	struct err err = { 0 };
	int index = argc, rc;

	open_standard_streams();
	rc = argc < 2 ? 0 : cli_find_command(argc, argv, &index, &err);
	if (rc == CLI_VERSION) {
		printf("fmbench %s\n", fmbench_version);
		rc = 0;
	} else if (rc == CLI_HELP) {
		rc = help(NULL);
	} else if (rc) {
		rc = command_fail(&err);
	} else if (index == argc) {
		usage(stderr);
		rc = ERR_USAGE;
	} else if (strcmp(argv[index], "version") == 0) {
		printf("fmbench %s\n", fmbench_version);
	} else if (strcmp(argv[index], "help") == 0) {
		rc = help(argv[index + 1]);
	} else {
		command = find_command(argv[index], &err);
		rc = command ? run_command(command, argc, argv, index) : command_fail(&err);
	}
	if (fflush(stdout) != 0 && rc == 0) {
		log_error("writing to standard output failed");
		rc = ERR_FAILED;
	}
	return rc;
}
