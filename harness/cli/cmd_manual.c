// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench manual: writes the manual pages, from the tables that make --help. `make install` calls it. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/alloc.h"
#include "base/dirs.h"
#include "base/mdoc.h"
#include "collectors/collector.h"
#include "harness/cli/command.h"
#include "micro/micro.h"
#include "plots/figure.h"
#include "workloads/workload.h"

static void put_unit(FILE *out, const char *name, const char *summary, const struct opt *opts)
{
	mdoc_list_item(out, name, summary);
	if (!opts)
		return;
	mdoc_list_begin(out);
	mdoc_list_options(out, opts, OPT_KEYS);
	mdoc_list_end(out);
}

static void put_units(FILE *out, const struct workload *const *table, const char *title)
{
	mdoc_section(out, title);
	mdoc_list_begin(out);
	for (size_t i = 0; table[i]; i++)
		put_unit(out, table[i]->name, table[i]->summary, table[i]->opts);
	mdoc_list_end(out);
}

static void put_backends(FILE *out)
{
	const struct backend *const *table = backend_table;

	mdoc_section(out, "BACKENDS");
	mdoc_list_begin(out);
	for (size_t i = 0; table[i]; i++)
		put_unit(out, table[i]->name, table[i]->summary, table[i]->opts);
	mdoc_list_end(out);
}

static void put_collectors(FILE *out)
{
	mdoc_section(out, "COLLECTORS");
	mdoc_list_begin(out);
	for (size_t i = 0; collector_table[i]; i++)
		mdoc_list_item(out, collector_table[i]->name, collector_table[i]->summary);
	mdoc_list_end(out);
}

static void put_figures(FILE *out)
{
	mdoc_section(out, "FIGURES");
	mdoc_list_begin(out);
	for (size_t i = 0; figure_table[i].name; i++)
		mdoc_list_item(out, figure_table[i].name, figure_table[i].summary);
	mdoc_list_end(out);
}

static void put_commands(FILE *out, const struct command *const *c)
{
	mdoc_section(out, "COMMANDS");
	mdoc_text(out, "Each has a page of its own, fmbench-COMMAND(1).\n", SIZE_MAX);
	mdoc_list_begin(out);
	for (; *c; c++) {
		if (!(*c)->hidden)
			mdoc_list_item(out, (*c)->name, (*c)->summary);
	}
	mdoc_list_end(out);
}

static void put_environment(FILE *out)
{
	mdoc_section(out, "ENVIRONMENT");
	mdoc_list_begin(out);
	mdoc_list_item(out, "FMBENCH_DB", "The results database, as --db.");
	mdoc_list_item(out, "FMBENCH_STATE_DIR", "As --state-dir.");
	mdoc_list_item(out, "FMLAB_CACHE", "Where the lab keeps its kernels.");
	mdoc_list_item(out, "NO_COLOR", "No colours, whatever the terminal can.");
	mdoc_list_end(out);
}

static void put_exit_status(FILE *out)
{
	mdoc_section(out, "EXIT STATUS");
	mdoc_list_begin(out);
	mdoc_list_item(out, "0", "ok");
	mdoc_list_item(out, "1", "failed");
	mdoc_list_item(out, "2", "usage");
	mdoc_list_item(out, "3",
		       "something that is needed is missing; the message says what "
		       "brings it");
	mdoc_list_item(out, "7", "finished, but not to be trusted; the flags say why");
	mdoc_list_end(out);
}

static void put_common_options(FILE *out)
{
	mdoc_list_options(out, common_opts, OPT_FLAGS);
	mdoc_list_item(out, "-h, --help", "show the options");
}

static void overview(FILE *out, const struct command *const *commands)
{
	static const char *const pages[] = { "fmbench-doctor", "fmbench-run", NULL };

	mdoc_begin(out, "fmbench", 1, "what happens to a program when part of its memory is far");
	mdoc_section(out, "SYNOPSIS");
	mdoc_synopsis(out, "fmbench", "COMMAND [options]");
	mdoc_section(out, "DESCRIPTION");
	mdoc_text(
		out,
		"fmbench runs a workload in its own control group, takes local memory away down\n"
		"to a chosen ratio, serves the rest from a far-memory backend, watches the kernel\n"
		"meanwhile, and turns what it saw into numbers, CSV and figures.\n",
		SIZE_MAX);
	put_commands(out, commands);
	mdoc_section(out, "OPTIONS");
	mdoc_text(out, "These are common to all commands and may stand before the command, too.\n",
		  SIZE_MAX);
	mdoc_list_begin(out);
	put_common_options(out);
	mdoc_list_item(out, "--version", "show the version");
	mdoc_list_end(out);
	put_units(out, workload_table, "WORKLOADS");
	put_units(out, micro_table, "MICRO-BENCHMARKS");
	put_backends(out);
	put_collectors(out);
	put_figures(out);
	put_environment(out);
	put_exit_status(out);
	mdoc_section(out, "EXAMPLES");
	mdoc_text(out, "  fmbench run memaslap --ratio 0.5\n", SIZE_MAX);
	mdoc_see_also(out, pages);
}

/* Where a command's text has its examples, which have a section of their own in a page. */
static const char *find_examples(const char *doc, const char **ret_after_title)
{
	const char *at = strstr(doc, "\nExample");

	if (!at)
		return doc + strlen(doc);
	*ret_after_title = at + 1 + strcspn(at + 1, "\n");
	return at;
}

static void put_synopsis(FILE *out, const struct command *c)
{
	struct buf words = BUF_INIT;
	char name[64];

	buf_addf(&words, "%s%s%s%s", c->args, c->args[0] && c->opts ? " " : "",
		 c->opts ? "[options]" : "", c->takes_pairs ? " [-o key=value]..." : "");
	snprintf(name, sizeof(name), "fmbench %s", c->name);
	mdoc_section(out, "SYNOPSIS");
	mdoc_synopsis(out, name, words.data);
	if (c->takes_command)
		mdoc_synopsis(out, name, "[options] -- COMMAND ARGS...");
	buf_release(&words);
}

static void command_page(FILE *out, const struct command *c, const char *name)
{
	static const char *const pages[] = { "fmbench", NULL };
	const char *doc = c->doc ? c->doc : "", *examples = NULL;
	const char *end = find_examples(doc, &examples);

	mdoc_begin(out, name, 1, c->summary);
	put_synopsis(out, c);
	mdoc_section(out, "DESCRIPTION");
	mdoc_text(out, *doc ? doc : c->summary, *doc ? (size_t)(end - doc) : SIZE_MAX);
	mdoc_section(out, "OPTIONS");
	mdoc_list_begin(out);
	mdoc_list_options(out, c->opts, OPT_FLAGS);
	if (c->takes_pairs)
		mdoc_list_item(out, "-o key=value",
			       "an option of the workload, or NAME.key=value of backend NAME");
	put_common_options(out);
	mdoc_list_end(out);
	put_exit_status(out);
	if (examples) {
		mdoc_section(out, "EXAMPLES");
		mdoc_text(out, examples, SIZE_MAX);
	}
	mdoc_see_also(out, pages);
}

/* c NULL: the page of fmbench itself, which names all commands. */
static int write_page(const char *dir, const struct command *c,
		      const struct command *const *commands, struct err *err)
{
	char path[PATH_MAX], name[64] = "fmbench";
	FILE *out;
	bool bad;

	if (c)
		snprintf(name, sizeof(name), "fmbench-%s", c->name);
	snprintf(path, sizeof(path), "%s/%s.1", dir, name);
	out = fopen(path, "w");
	if (!out)
		return err_failed(err, errno, "cannot write %s", path);
	if (c)
		command_page(out, c, name);
	else
		overview(out, commands);
	bad = ferror(out);
	bad |= fclose(out) != 0;
	return bad ? err_failed(err, errno, "cannot write %s", path) : 0;
}

static int cmd_manual_run(struct cli *cli)
{
	struct err err = { 0 };
	int rc = make_dirs(cli->args[0], 0777, &err);

	if (!rc)
		rc = write_page(cli->args[0], NULL, cli->commands, &err);
	for (const struct command *const *c = cli->commands; *c && !rc; c++) {
		if (!(*c)->hidden)
			rc = write_page(cli->args[0], *c, cli->commands, &err);
	}
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_manual = {
	.name = "manual",
	.args = "DIR",
	.summary = "write the manual pages",
	.min_args = 1,
	.max_args = 1,
	.hidden = true,
	.run = cmd_manual_run,
};
