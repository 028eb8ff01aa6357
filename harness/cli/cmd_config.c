// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench config: the user's defaults, as a file that could be one. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "harness/cli/command.h"
#include "harness/cli/config.h"

/* Lines as in the file; what the file does not say is commented out. */
static void print_section(const char *name, const struct opt *opts, const void *values)
{
	struct buf value = BUF_INIT;

	printf("\n[%s]\n", name);
	for_each_opt (o, opts) {
		if (o->type == OPT_T_SECRET || opt_same_name(o->name, "in-lab") ||
		    opt_same_name(o->name, "config"))
			continue;
		buf_reset(&value);
		opt_format(o, values, &value);
		printf("%s%s = %s\n", config_has(name, o->name) ? "" : "; ", o->name, value.data);
	}
	buf_release(&value);
}

static int print_command(const struct command *c, struct err *err)
{
	void *values = xcalloc(1, c->params_size + 1);
	int rc;

	opt_defaults(c->opts, values);
	rc = config_apply(c->name, c->opts, values, err);
	if (!rc)
		print_section(c->name, c->opts, values);
	opt_release(c->opts, values);
	free(values);
	return rc;
}

static int cmd_config_run(struct cli *cli)
{
	struct err err = { 0 };
	int rc = 0;

	printf("# %s%s\n# Options as each command's --help has them; what is not commented out was "
	       "read.\n",
	       config_path(),
	       access(config_path(), F_OK) == 0 ? "" : " (not there: this could be the first)");
	print_section("common", common_opts, &common);
	for (const struct command *const *c = cli->commands; *c && !rc; c++) {
		if (!(*c)->hidden && (*c)->opts)
			rc = print_command(*c, &err);
	}
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_config = {
	.name = "config",
	.args = "",
	.summary =
		"show the defaults file (~/.config/fmbench/config, --config), or one to begin with",
	.run = cmd_config_run,
};
