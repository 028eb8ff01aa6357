// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench: what happens to a program when part of its memory is far away? */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "harness/cli/cli.h"
#include "harness/cli/command.h"
#include "harness/cli/inlab.h"
#include "harness/run/version.h"

static const struct command *find_command(const char *name, struct err *err)
{
	const char *names[32];
	const char *near;
	size_t nr = 0;

	for (size_t i = 0; command_table[i]; i++) {
		if (strcmp(command_table[i]->name, name) == 0)
			return command_table[i];
		if (!command_table[i]->hidden)
			names[nr++] = command_table[i]->name;
	}
	names[nr] = NULL;
	near = did_you_mean(name, names);
	if (name[0] == '-')
		err_usage(err, "'%s' before a command: options come after it, fmbench COMMAND %s",
			  name, name);
	else if (near)
		err_usage(err, "unknown command '%s' (did you mean '%s'?)", name, near);
	else
		err_usage(err, "unknown command '%s'; `fmbench --help` lists them", name);
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
	      "  --help     show this; `fmbench COMMAND --help` shows a command's options\n\n"
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

int main(int argc, char *argv[])
{
	const struct command *command;
	struct err err = { 0 };
	struct cli cli = { 0 };
	char *line;
	int rc;

	open_standard_streams();
	if (argc < 2) {
		usage(stderr);
		return ERR_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("fmbench %s\n", fmbench_version);
		return 0;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	command = find_command(argv[1], &err);
	if (!command)
		return command_fail(&err);

	line = join_words(argc, argv);
	common_init();
	rc = cli_parse(command, argc - 1, argv + 1, &cli, &err);
	if (rc == 0) {
		cli.line = line;
		cli.original_argc = argc;
		cli.original_argv = argv;
		log_set_level(common.quiet ? LOG_QUIET : common.verbose ? LOG_VERBOSE : LOG_NORMAL);
		rc = common.in_lab ? inlab_run(&cli) : command->run(&cli);
	} else {
		rc = rc > 0 ? 0 : command_fail(&err);
	}
	cli_release(&cli);
	common_release();
	free(line);
	if (fflush(stdout) != 0 && rc == 0) {
		log_error("writing to standard output failed");
		rc = ERR_FAILED;
	}
	return rc;
}
