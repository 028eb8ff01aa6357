// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/cli.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/names.h"
#include "harness/cli/config.h"
#include "harness/run/units.h"
#include "micro/micro.h"

#define OPT_FIRST 256 /* getopt values below it are letters, CLI_HELP and CLI_VERSION */
#define MAX_OPTS  64

struct row {
	const struct opt *opt;
	const struct opt *table;
	void *base;
};

struct parser {
	struct row rows[MAX_OPTS];
	struct option longs[MAX_OPTS + 3];
	char shorts[2 * MAX_OPTS + 8];
	size_t nr;
};

static void parser_add(struct parser *p, const struct opt *table, void *base)
{
	for_each_opt (o, table) {
		/* --quiet=no undoes what the defaults file says. */
		int has_arg = o->type == OPT_T_BOOL ? optional_argument : required_argument;
		size_t len = strlen(p->shorts);

		if (p->nr == MAX_OPTS)
			abort();
		p->rows[p->nr] = (struct row){ o, table, base };
		p->longs[p->nr] = (struct option){ o->name, has_arg, NULL, OPT_FIRST + (int)p->nr };
		p->nr++;
		if (o->letter) {
			p->shorts[len++] = o->letter;
			if (has_arg == required_argument)
				p->shorts[len++] = ':';
			p->shorts[len] = '\0';
		}
	}
}

static const struct row *parser_find(const struct parser *p, int value)
{
	if (value >= OPT_FIRST)
		return &p->rows[value - OPT_FIRST];
	for (size_t i = 0; i < p->nr; i++) {
		if (p->rows[i].opt->letter == value)
			return &p->rows[i];
	}
	return NULL;
}

/* Units whose -o option is typed as if it were the command's. */
static bool is_unit_option(const char *name)
{
	for (size_t i = 0; workload_table[i]; i++) {
		if (opt_find(workload_table[i]->opts, name))
			return true;
	}
	for (size_t i = 0; micro_table[i]; i++) {
		if (opt_find(micro_table[i]->opts, name))
			return true;
	}
	for (size_t i = 0; backend_table[i]; i++) {
		const char *key = backend_key(backend_table[i], name);

		if (key && opt_find(backend_table[i]->opts, key))
			return true;
	}
	return false;
}

/* command: NULL before there is one. */
static int unknown_option(const struct parser *p, const struct command *command, const char *typed,
			  struct err *err)
{
	const char *names[MAX_OPTS + 3];
	char name[64], near[64] = "", see[128];
	const char *meant;
	size_t nr = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(typed + strspn(typed, "-"), "="),
		 typed + strspn(typed, "-"));
	if (command && command->takes_pairs && is_unit_option(name))
		return err_usage(err,
				 "unknown option '%s'; what belongs to a workload or a backend "
				 "is given with -o: -o %s=VALUE",
				 typed, name);
	for (; nr < p->nr; nr++)
		names[nr] = p->rows[nr].opt->name;
	names[nr++] = "help";
	if (!command)
		names[nr++] = "version";
	names[nr] = NULL;
	meant = did_you_mean(name, names);
	if (meant)
		snprintf(near, sizeof(near), "--%s", meant);
	if (command)
		snprintf(see, sizeof(see), "`fmbench %s --help` lists them", command->name);
	else
		snprintf(see, sizeof(see),
			 "a command's own options come after it: fmbench COMMAND %.40s", typed);
	return err_unknown(err, meant ? near : NULL, see, "unknown option '%s'", typed);
}

/* One that came after all that the command takes. */
static int too_many(const struct parser *p, const struct cli *cli, const char *word,
		    struct err *err)
{
	const struct command *command = cli->command;
	size_t key = strcspn(word, "=");
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)key, word);
	for (size_t i = 0; i < p->nr && word[key]; i++) {
		if (opt_same_name(p->rows[i].opt->name, name))
			return err_usage(err,
					 "%s: '%s' is one argument too many; did you mean "
					 "'--%s %s'?",
					 command->name, word, p->rows[i].opt->name, word + key + 1);
	}
	if (word[key] && command->takes_pairs && is_unit_option(name))
		return err_usage(err, "%s: '%s' is one argument too many; did you mean '-o %s'?",
				 command->name, word, word);
	if (command->takes_command && command->max_args && !workload_find(cli->args[0], NULL))
		return err_usage(err,
				 "%s: '%s' is one argument too many; to run a program put -- "
				 "before it: fmbench %s [options] -- %s %s ...",
				 command->name, word, command->name, cli->args[0], word);
	return err_usage(err, "%s: '%s' is one argument too many", command->name, word);
}

static void add_string(char ***list, size_t *nr, const char *s)
{
	*list = realloc(*list, (*nr + 2) * sizeof(**list));
	if (!*list)
		abort();
	(*list)[(*nr)++] = (char *)s;
	(*list)[*nr] = NULL;
}

/* As "$X" is where X was never set: what was meant is not the default. */
static int refuse_empty(const char *word, struct err *err)
{
	return err_usage(err, "option '%.*s' has an empty value: give one, or leave the option out",
			 (int)strcspn(word, "="), word);
}

int cli_find_command(int argc, char *argv[], int *ret_index, struct err *err)
{
	struct parser p = { .shorts = "+:h" };
	int c;

	parser_add(&p, common_opts, &common);
	p.longs[p.nr] = (struct option){ "help", no_argument, NULL, CLI_HELP };
	p.longs[p.nr + 1] = (struct option){ "version", no_argument, NULL, CLI_VERSION };
	optind = 0; /* a fresh scan (glibc) */
	opterr = 0;
	for (;;) {
		const char *word = argv[optind ? optind : 1];

		c = getopt_long(argc, argv, p.shorts, p.longs, NULL);
		if (c == -1)
			break;
		if (c == ':')
			return err_usage(err, "option '%s' needs a value", word);
		if (c == '?')
			return unknown_option(&p, NULL, word, err);
		if (optarg && !*optarg)
			return refuse_empty(word, err);
		if (c == 'h' || c == CLI_HELP || c == CLI_VERSION)
			return c == CLI_VERSION ? CLI_VERSION : CLI_HELP;
	}
	*ret_index = optind;
	return 0;
}

int cli_parse(const struct command *command, int argc, char *argv[], struct cli *cli,
	      struct err *err)
{
	struct parser p = { .shorts = "+:h" };
	int nr_options = argc, c, rc = 0;

	memset(cli, 0, sizeof(*cli));
	cli->command = command;
	cli->params = calloc(1, command->params_size ? command->params_size : 1);
	cli->args = calloc(1, sizeof(*cli->args));
	if (!cli->params || !cli->args)
		abort();
	opt_defaults(command->opts, cli->params);
	rc = config_apply(command->name, command->opts, cli->params, err);
	if (rc)
		return rc;
	parser_add(&p, command->opts, cli->params);
	parser_add(&p, common_opts, &common);
	p.longs[p.nr] = (struct option){ "help", no_argument, NULL, CLI_HELP };
	if (command->takes_pairs)
		strcat(p.shorts, "o:");

	for (int i = 1; i < nr_options; i++) {
		if (strcmp(argv[i], "--") == 0)
			nr_options = i;
	}
	if (command->takes_command && nr_options < argc) {
		cli->argv = &argv[nr_options + 1];
		if (!cli->argv[0])
			return err_usage(err, "no command after `--`");
	}

	optind = 0; /* a fresh scan (glibc) */
	opterr = 0;
	/* "+" stops at the first argument: each is taken by hand, so that options may follow. */
	while (optind < nr_options || optind == 0) {
		const char *word = argv[optind ? optind : 1];

		c = getopt_long(nr_options, argv, p.shorts, p.longs, NULL);
		if (c == -1) {
			if (optind >= nr_options)
				break;
			word = argv[optind++];
			if (command->takes_command && strchr(word, '/'))
				return err_usage(
					err,
					"'%s' is a program: put -- before it, as in fmbench "
					"%s [options] -- %s",
					word, command->name, word);
			add_string(&cli->args, &cli->nr_args, word);
			continue;
		}
		if (c == CLI_HELP || c == 'h') {
			cli_help(command, stdout);
			return 1;
		}
		if (c == ':')
			return err_usage(err, "option '%s' needs a value", word);
		if (c == '?')
			return unknown_option(&p, command, word, err);
		if (optarg && !*optarg)
			return refuse_empty(word, err);
		if (c == 'o' && command->takes_pairs) {
			add_string(&cli->pairs, &cli->nr_pairs, optarg);
			continue;
		}

		const struct row *row = parser_find(&p, c);

		assert(row && row->opt); /* parser made getopt's table of these */
		rc = opt_set(row->table, row->base, row->opt->name, optarg ? optarg : "yes",
			     command->name, err);
		if (rc)
			return rc;
		add_string(&cli->given, &cli->nr_given, row->opt->name);
	}

	for (int i = nr_options + 1; i < argc && !cli->argv; i++)
		add_string(&cli->args, &cli->nr_args, argv[i]);

	if (cli->nr_args < command->min_args && !cli->argv)
		return err_usage(err, "%s: %s is missing; `fmbench %s --help` shows what it takes",
				 command->name, command->args, command->name);
	if (cli->nr_args > command->max_args)
		return too_many(&p, cli, cli->args[command->max_args], err);
	return 0;
}

void cli_release(struct cli *cli)
{
	if (cli->command)
		opt_release(cli->command->opts, cli->params);
	free(cli->params);
	free(cli->args);
	free(cli->pairs);
	free(cli->given);
	memset(cli, 0, sizeof(*cli));
}

void cli_help(const struct command *command, FILE *out)
{
	size_t width = 0;

	fprintf(out, "usage: fmbench %s%s%s%s%s\n", command->name, command->args[0] ? " " : "",
		command->args, command->opts ? " [options]" : "",
		command->takes_pairs ? " [-o key=value]..." : "");
	if (command->takes_command)
		fprintf(out, "       fmbench %s [options] -- COMMAND ARGS...\n", command->name);
	fprintf(out, "\n%s\n", command->summary);
	if (command->opts) {
		fputs("\nOptions:\n", out);
		width = opt_print_help(command->opts, OPT_FLAGS, 2, out);
	}
	if (command->takes_pairs)
		fprintf(out, "  %-*s  %s\n", (int)width, "-o  key=value",
			"an option of the workload, or NAME.key=value of backend NAME");
	fputs("\nCommon options:\n", out);
	width = opt_print_help(common_opts, OPT_FLAGS, 2, out);
	fprintf(out, "  %-*s  %s\n", (int)width, "-h, --help", "show this");
	if (command->doc)
		fprintf(out, "\n%s", command->doc);
	if (command->more_help) {
		units_load(common.units, NULL); /* a file in error is the run's to tell */
		command->more_help(out);
	}
}
