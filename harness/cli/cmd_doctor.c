// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench doctor: what this machine can do, and what to change for more. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/child.h"
#include "base/find_program.h"
#include "base/json_write.h"
#include "base/log.h"
#include "harness/cli/choice.h"
#include "harness/cli/command.h"
#include "harness/doctor/doctor.h"

struct params {
	char *backend, *format;
	bool fix;
};

static const struct opt opts[] = {
	OPT_STRING("backend", struct params, backend, NULL,
		   "only what matters to this one, and its own check (with its -o); auto: the "
		   "first that works",
		   .arg = "NAME"),
	OPT_CHOICE("format", struct params, format, "table", "table|json",
		   "json: an array of objects: name, status, found, why, fix"),
	OPT_BOOL("fix", struct params, fix, NULL,
		 "change what is safe to change while COMMAND runs, then change it back"),
	OPT_END
};

enum { INDENT = 26, NARROW = 60, WIDE = 120 };

static int columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 100;
	return size.ws_col < NARROW ? NARROW : size.ws_col > WIDE ? WIDE : size.ws_col;
}

/* From column `at` on; later lines begin `indent` to the right. */
static void print_wrapped(const char *text, int at, int indent)
{
	int width = columns(), used = at;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (used > at && used + 1 + len > width) {
			printf("\n%*s", indent, "");
			used = at = indent;
		} else if (used > at) {
			putchar(' ');
			used++;
		}
		printf("%.*s", len, text);
		used += len;
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}

static void print_finding(const struct check *check, const struct finding *f)
{
	static const char *const colours[] = { "", "\033[32m", "\033[33m", "\033[31m" };
	bool colour = log_colour(STDOUT_FILENO);

	printf("  %s%-8s%s %-14s ", colour ? colours[f->verdict] : "", verdict_names[f->verdict],
	       colour ? "\033[0m" : "", check->name);
	print_wrapped(f->found, INDENT, INDENT);
	if (f->verdict == VERDICT_OK && !common.verbose)
		return;
	printf("%*swhy: ", INDENT, "");
	print_wrapped(check->why, INDENT + 5, INDENT + 5);
	if (!f->fix[0])
		return;
	printf("%*sfix: ", INDENT, "");
	print_wrapped(f->fix, INDENT + 5, INDENT + 5);
}

static void add_json(struct json *j, const struct check *check, const struct finding *f)
{
	json_begin(j, NULL, '{');
	json_add_text(j, "name", check->name);
	json_add_text(j, "status", verdict_names[f->verdict]);
	json_add_text(j, "found", f->found);
	json_add_text(j, "why", check->why);
	json_add_text(j, "fix", f->fix[0] ? f->fix : NULL);
	json_end(j, '}');
}

/* -q: warnings and problems alone. */
static bool shown(const struct finding *f)
{
	return f->verdict > VERDICT_OK || (f->verdict == VERDICT_OK && !common.quiet);
}

static int examine(const struct doctor *d, bool json)
{
	int nr[VERDICT_PROBLEM + 1] = { 0 };
	struct buf text = BUF_INIT;
	struct json j = { .text = &text };

	json_begin(&j, NULL, '[');
	for (size_t g = 0; doctor_groups[g].title; g++) {
		bool titled = false;

		for (const struct check *c = doctor_groups[g].checks; c->name; c++) {
			struct finding f;

			doctor_check(d, c, &f);
			nr[f.verdict]++;
			if (json && f.verdict) {
				add_json(&j, c, &f);
			} else if (!json && shown(&f)) {
				if (!titled)
					printf("%s\n", doctor_groups[g].title);
				titled = true;
				print_finding(c, &f);
			}
		}
	}
	json_end(&j, ']');
	if (json)
		puts(text.data);
	else
		printf("\n%d ok, %d warning%s, %d problem%s\n", nr[VERDICT_OK], nr[VERDICT_WARNING],
		       nr[VERDICT_WARNING] == 1 ? "" : "s", nr[VERDICT_PROBLEM],
		       nr[VERDICT_PROBLEM] == 1 ? "" : "s");
	buf_release(&text);
	return nr[VERDICT_PROBLEM] ? ERR_MISSING : 0;
}

/* The nearest directory on the way to the database: its last ones are made by the first run. */
static char *database_dir(void)
{
	char *path = xstrdup(common.db);
	const char *dir;
	char *ret;

	do
		dir = dirname(path); /* in place, but for "." and "/" */
	while (dir == path && access(dir, F_OK) != 0);
	ret = xstrdup(dir);
	free(path);
	return ret;
}

/* -o key=value, or NAME.key=value as `run` has it. */
static int choose_backend(const struct cli *cli, const char *name, struct choice *c,
			  struct err *err)
{
	char what[64];
	int rc = 0;

	if (!name)
		return cli->nr_pairs ? err_usage(err, "-o %s: whose? Name a backend with --backend",
						 cli->pairs[0])
				     : 0;
	rc = choice_backends(c, name, true, err);
	if (!rc && c->nr_backends > 1)
		rc = err_usage(err, "--backend '%s': one at a time here", name);
	for (size_t i = 0; i < cli->nr_pairs && !rc; i++) {
		const struct backend *b = c->backends[0].backend;
		const char *own = backend_key(b, cli->pairs[i]);

		snprintf(what, sizeof(what), "backend %s", b->name);
		rc = opt_set_pair(b->opts, c->backends[0].params, own ? own : cli->pairs[i], what,
				  err);
	}
	return rc;
}

static int cmd_doctor_run(struct cli *cli)
{
	const struct params *p = cli->params;
	struct choice c = { 0 };
	struct err err = { 0 };
	struct doctor d;
	int status = 0, rc = 0;
	char *dir;

	if (p->fix != (cli->argv != NULL))
		rc = err_usage(&err, p->fix ? "--fix lasts as long as a command: fmbench doctor "
					      "--fix -- COMMAND"
					    : "a command goes with --fix: fmbench doctor --fix -- "
					      "COMMAND");
	else if (p->fix && is_json(p->format))
		rc = err_usage(&err, "--format json tells what is found, --fix runs a command: "
				     "choose one");
	if (!rc)
		rc = choose_backend(cli, p->backend, &c, &err);
	if (!rc && p->fix && !find_program(cli->argv[0], NULL, 0))
		rc = err_missing(&err, "no program %s in PATH", cli->argv[0]);
	if (rc) {
		choice_release(&c);
		return command_fail(&err);
	}

	dir = database_dir();
	doctor_init(&d, c.nr_backends ? c.backends[0].backend : NULL,
		    c.nr_backends ? c.backends[0].params : NULL, dir);
	if (p->fix)
		rc = doctor_fix_during(&d, cli->argv, common.state_dir, &status, &err);
	else
		status = examine(&d, is_json(p->format));
	free(dir);
	choice_release(&c);
	return rc ? command_fail(&err) : status;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "what this machine can do for far memory, and what to change for more",
	.doc = "Exit status: 0 without problems (warnings do not count), 3 with one; with --fix that\n"
	       "of COMMAND. -v gives reasons for what is ok, too; -q leaves out what is ok.\n"
	       "\n"
	       "--fix changes, where a warning or problem asks for it:\n"
	       "  transparent huge pages     always -> madvise (of one size: always -> inherit)\n"
	       "  NUMA balancing             off\n"
	       "  zswap                      off for new pages; what it holds stays readable\n"
	       "  same-page merging (KSM)    stopped; what is merged stays merged\n"
	       "  swappiness                 60, only where it is 0\n"
	       "  frequency governor         performance\n"
	       "  turbo                      off\n"
	       "It leaves alone: page-cluster (part of the experiment), swap areas and services\n"
	       "(somebody's), SMT (CPUs that go offline drop out of others' cpusets), address\n"
	       "randomisation and mitigations (security). Each change is journaled: it is undone\n"
	       "when COMMAND ends, when fmbench is killed, or by `fmbench recover`.\n",
	.opts = opts,
	.params_size = sizeof(struct params),
	.takes_pairs = true,
	.takes_command = true,
	.in_lab = true,
	.takes_units = true,
	.run = cmd_doctor_run,
};
