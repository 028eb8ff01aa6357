// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line: options, arguments, pairs and commands in any order, and what is said of wrong
 * ones. */
#include "tests/unit/test.h"

#include <unistd.h>

#include "harness/cli/cli.h"

struct params {
	uint64_t repeat;
	char *name;
	bool wide;
};

static const struct opt opts[] = {
	OPT_U64("repeat", struct params, repeat, "3", 1, 100, "how often", .letter = 'n',
		.arg = "N"),
	OPT_STRING("name", struct params, name, NULL, "a label", .arg = "NAME"),
	OPT_BOOL("wide", struct params, wide, NULL, "more columns", .letter = 'w'), OPT_END
};

/* Takes all there is; the others take less. */
static const struct command full = {
	.name = "try",
	.args = "THING...",
	.summary = "try things",
	.doc = "THING is any word.\n",
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 2,
	.takes_pairs = true,
	.takes_command = true,
};

static const struct command plain = {
	.name = "show",
	.args = "",
	.summary = "show a thing",
	.max_args = 3,
};

static struct cli cli;
static struct err err;

#define WORDS(...) ((char **)(const char *[]){ __VA_ARGS__, NULL })

static int parse(const struct command *command, char *argv[])
{
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(&err, 0, sizeof(err));
	return cli_parse(command, argc, argv, &cli, &err);
}

/* params of what was parsed well */
static const struct params *parsed(char *argv[])
{
	if (parse(&full, argv) != 0)
		fail_msg("%s", err.msg);
	return cli.params;
}

static void refused(const struct command *command, char *argv[], const char *words)
{
	int rc = parse(command, argv);

	if (rc != -EINVAL || err.kind != ERR_USAGE || !strstr(err.msg, words))
		fail_msg("%d, '%s', not '%s'", rc, err.msg, words);
	cli_release(&cli);
}

static int setup(void **state)
{
	(void)state;
	opt_defaults(common_opts, &common);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cli_release(&cli);
	opt_release(common_opts, &common);
	memset(&common, 0, sizeof(common));
	return 0;
}

static void options_around_arguments(void **state)
{
	static const char *const orders[][7] = {
		{ "try", "--repeat", "7", "-w", "one", "two" },
		{ "try", "one", "two", "--repeat=7", "-w" },
		{ "try", "one", "-wn7", "two" },
		{ "try", "-n", "7", "one", "--wide", "two" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		const struct params *p = parsed((char **)orders[i]);

		assert_int_equal(p->repeat, 7);
		assert_true(p->wide);
		assert_null(p->name);
		assert_int_equal(cli.nr_args, 2);
		assert_string_equal(cli.args[0], "one");
		assert_string_equal(cli.args[1], "two");
		assert_null(cli.args[2]);
		assert_null(cli.argv);
		cli_release(&cli);
	}
}

static void defaults(void **state)
{
	const struct params *p = parsed(WORDS("try", "one"));

	(void)state;
	assert_int_equal(p->repeat, 3);
	assert_false(p->wide);
	assert_int_equal(cli.nr_pairs, 0);
	assert_false(common.quiet);
}

/* Nothing at all is no error for a command that needs nothing. */
static void nothing(void **state)
{
	(void)state;
	assert_int_equal(parse(&plain, WORDS("show")), 0);
	assert_int_equal(cli.nr_args, 0);
	assert_non_null(cli.args);
	assert_null(cli.args[0]);
}

static void common_options(void **state)
{
	(void)state;
	parsed(WORDS("try", "-q", "one", "--db", "here.db"));
	assert_true(common.quiet);
	assert_string_equal(common.db, "here.db");
}

static void pairs_in_order(void **state)
{
	(void)state;
	parsed(WORDS("try", "-o", "a=1", "one", "-ob=2", "-o", "a=3"));
	assert_int_equal(cli.nr_pairs, 3);
	assert_string_equal(cli.pairs[0], "a=1");
	assert_string_equal(cli.pairs[1], "b=2");
	assert_string_equal(cli.pairs[2], "a=3");
	assert_null(cli.pairs[3]);
	assert_int_equal(cli.nr_args, 1);
	cli_release(&cli);
	refused(&plain, WORDS("show", "-o", "a=1"), "unknown option '-o'");
}

/* What follows -- is the user's, whatever it looks like. */
static void a_command(void **state)
{
	char **argv = WORDS("try", "-n", "7", "--", "ls", "-n", "--", "--help");
	const struct params *p = parsed(argv);

	(void)state;
	assert_int_equal(p->repeat, 7);
	assert_int_equal(cli.nr_args, 0);
	assert_ptr_equal(cli.argv, &argv[4]);
	cli_release(&cli);
	refused(&full, WORDS("try", "-w", "--"), "no command after `--`");
	/* It is no value either. */
	refused(&full, WORDS("try", "--name", "--", "ls"), "'--name' needs a value");
}

static void arguments_that_look_like_options(void **state)
{
	(void)state;
	assert_int_equal(parse(&plain, WORDS("show", "one", "--", "-a", "--quiet")), 0);
	assert_int_equal(cli.nr_args, 3);
	assert_string_equal(cli.args[0], "one");
	assert_string_equal(cli.args[1], "-a");
	assert_string_equal(cli.args[2], "--quiet");
	assert_false(common.quiet);
	cli_release(&cli);
	assert_int_equal(parse(&plain, WORDS("show", "-")), 0);
	assert_string_equal(cli.args[0], "-");
}

static void unknown_options(void **state)
{
	(void)state;
	refused(&full, WORDS("try", "one", "--repaet=7"), "unknown option '--repaet=7'");
	refused(&full, WORDS("try", "one", "--repaet=7"), "did you mean '--repeat'");
	refused(&full, WORDS("try", "--quite", "one"), "did you mean '--quiet'");
	refused(&full, WORDS("try", "one", "--elephant"), "`fmbench try --help`");
	/* A wrong letter among others: the whole word is shown. */
	refused(&full, WORDS("try", "one", "-wXq"), "unknown option '-wXq'");
	refused(&full, WORDS("try", "-Xw", "one"), "unknown option '-Xw'");
}

/* A unit's option, typed as if it were the command's. */
static void options_of_a_unit(void **state)
{
	(void)state;
	refused(&full, WORDS("try", "one", "--memory=1G"), "is given with -o: -o memory=VALUE");
	assert_int_equal(parse(&plain, WORDS("show", "--memory=1G")), -EINVAL);
	assert_null(strstr(err.msg, "-o memory"));
	cli_release(&cli);
	refused(&full, WORDS("try", "/bin/ls"), "put -- before it");
}

/* Common options may stand before the command. */
static void find_the_command(void **state)
{
	char **argv = WORDS("fmbench", "-q", "--db", "here.db", "show", "--help");
	int at = 0;

	(void)state;
	assert_int_equal(cli_find_command(6, argv, &at, &err), 0);
	assert_int_equal(at, 4);
	assert_int_equal(cli_find_command(2, argv, &at, &err), 0);
	assert_int_equal(at, 2); /* there is none */
	assert_int_equal(cli_find_command(2, WORDS("fmbench", "-h"), &at, &err), CLI_HELP);
	assert_int_equal(cli_find_command(2, WORDS("fmbench", "--version"), &at, &err),
			 CLI_VERSION);
	assert_int_equal(cli_find_command(3, argv, &at, &err), -EINVAL);
	assert_string_equal(err.msg, "option '--db' needs a value");
	assert_int_equal(cli_find_command(2, WORDS("fmbench", "--verison"), &at, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "did you mean '--version'"));
	assert_int_equal(cli_find_command(2, WORDS("fmbench", "--ratio"), &at, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "come after it: fmbench COMMAND --ratio"));
	assert_int_equal(at, 2);
}

static void missing_and_wrong_values(void **state)
{
	(void)state;
	refused(&full, WORDS("try", "one", "--name"), "option '--name' needs a value");
	refused(&full, WORDS("try", "one", "-wn"), "option '-wn' needs a value");
	refused(&full, WORDS("try", "one", "-o"), "option '-o' needs a value");
	refused(&full, WORDS("try", "one", "--repeat", "0"), "repeat");
	refused(&full, WORDS("try", "one", "-n", "7x"), "7x");
}

static void too_few_and_too_many(void **state)
{
	(void)state;
	refused(&full, WORDS("try", "-w"), "try: THING... is missing");
	refused(&full, WORDS("try", "1", "2", "3"), "'3' is one argument too many");
	refused(&plain, WORDS("show", "1", "2", "--", "3", "-4"), "'-4' is one argument too many");
}

/* In a buffer that the next call fills again. */
static const char *help_of(const struct command *command)
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	cli_help(command, out);
	fclose(out);
	return text;
}

static void help_has_everything(void **state)
{
	const char *text = help_of(&full), *at;

	(void)state;
	at = strstr(text, "usage: fmbench try THING... [options] [-o key=value]...\n"
			  "       fmbench try [options] -- COMMAND ARGS...\n"
			  "\ntry things\n"
			  "\nOptions:\n"
			  "  -n, --repeat N   how often (default 3; 1 to 100)\n"
			  "      --name NAME  a label\n"
			  "  -w, --wide       more columns\n"
			  "  -o  key=value    ");
	assert_ptr_equal(at, text);
	at = strstr(at, "\nCommon options:\n");
	assert_non_null(at);
	for_each_opt (o, common_opts) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", o->name);
		assert_non_null(strstr(at, name));
	}
	assert_non_null(strstr(at, "\n  -h, --help"));
	assert_string_equal(strstr(at, "\n\n"), "\n\nTHING is any word.\n");

	text = help_of(&plain);
	assert_ptr_equal(strstr(text, "usage: fmbench show\n\nshow a thing\n\nCommon options:\n"),
			 text);
	assert_null(strstr(text, "-o "));
}

/* Wherever it stands, and whatever else is missing. */
static void help_on_request(void **state)
{
	static const char *const asking[][4] = {
		{ "try", "--help" },
		{ "try", "one", "-h" },
		{ "try", "-wh", "--elephant" },
	};
	const char *text = help_of(&full);
	char printed[8192];
	int saved = dup(STDOUT_FILENO);

	(void)state;
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++) {
		FILE *f = tmpfile();
		size_t len;
		int rc;

		assert_non_null(f);
		fflush(stdout);
		dup2(fileno(f), STDOUT_FILENO);
		rc = parse(&full, (char **)asking[i]);
		fflush(stdout);
		dup2(saved, STDOUT_FILENO);
		rewind(f);
		len = fread(printed, 1, sizeof(printed) - 1, f);
		printed[len] = '\0';
		fclose(f);
		assert_int_equal(rc, 1);
		assert_string_equal(printed, text);
		cli_release(&cli);
	}
	close(saved);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(options_around_arguments),
		TEST(defaults),
		TEST(nothing),
		TEST(common_options),
		TEST(pairs_in_order),
		TEST(a_command),
		TEST(arguments_that_look_like_options),
		TEST(unknown_options),
		TEST(options_of_a_unit),
		TEST(find_the_command),
		TEST(missing_and_wrong_values),
		TEST(too_few_and_too_many),
		TEST(help_has_everything),
		TEST(help_on_request),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
