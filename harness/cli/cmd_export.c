// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench export: rows for other programs. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/names.h"
#include "harness/cli/command.h"
#include "results/export.h"

struct params {
	char *run, *experiment, *output, *collectors;
	uint64_t every_ns;
	bool wide, long_form;
};

static const struct opt opts[] = {
	OPT_STRING("run", struct params, run, NULL,
		   "only this run: a number, the beginning of a uuid, or latest", .arg = "RUN"),
	OPT_STRING("experiment", struct params, experiment, NULL, "only runs with this label",
		   .arg = "NAME"),
	OPT_BOOL("wide", struct params, wide, NULL,
		 "a column for each thing that was measured (runs, deltas, samples)"),
	OPT_BOOL("long", struct params, long_form, NULL,
		 "a row for each, its name and unit in columns (runs, deltas, samples)"),
	OPT_STRING("collector", struct params, collectors, NULL,
		   "rates: only of these, separated by commas", .arg = "NAME,..."),
	OPT_DURATION("every", struct params, every_ns, NULL, 1000000, 864e11,
		     "rates: a row each so long (default: 1s)"),
	OPT_STRING("output", struct params, output, NULL, "write there (default: standard output)",
		   .letter = 'o', .arg = "FILE"),
	OPT_END
};

static int check_kind(const char *kind, struct err *err)
{
	const char *names[32];
	size_t nr = 0;

	for (; export_kinds[nr].name; nr++) {
		if (strcmp(export_kinds[nr].name, kind) == 0)
			return 0;
		names[nr] = export_kinds[nr].name;
	}
	names[nr] = NULL;
	return err_unknown(err, did_you_mean(kind, names),
			   "`fmbench export --help` lists what there is",
			   "there is no '%s' to export", kind);
}

static int write_rows(struct store *store, const char *kind, const struct export_filter *filter,
		      enum export_format format, const char *path, struct err *err)
{
	FILE *out = path ? fopen(path, "w") : stdout;
	int rc;

	if (!out)
		return err_failed(err, errno, "cannot write %s", path);
	rc = export_rows(store, kind, filter, format, out, err);
	if (path && fclose(out) != 0 && !rc)
		rc = err_failed(err, errno, "cannot write %s", path);
	return rc;
}

static int cmd_export_run(struct cli *cli)
{
	const struct params *p = cli->params;
	struct export_filter filter = { .experiment = p->experiment,
					.shape = p->wide	? EXPORT_WIDE
						 : p->long_form ? EXPORT_LONG
								: 0,
					.collectors = p->collectors,
					.every_ns = p->every_ns };
	struct store *store = NULL;
	enum export_format format;
	struct err err = { 0 };
	int rc = export_format_parse(cli->args[0], &format, &err);

	if (!rc && cli->nr_args < 2)
		rc = err_usage(&err, "export %s what? `fmbench export --help` lists what there is",
			       cli->args[0]);
	if (!rc)
		rc = check_kind(cli->args[1], &err);
	if (!rc && p->wide && p->long_form)
		rc = err_usage(&err, "--wide or --long: choose one");
	if (!rc)
		rc = export_check(cli->args[1], filter.shape, &err);
	if (!rc && (p->collectors || p->every_ns) && strcmp(cli->args[1], "rates") != 0)
		rc = err_usage(&err, "--collector and --every are for rates, not for %s",
			       cli->args[1]);
	if (!rc && p->collectors)
		rc = list_check(p->collectors, "--collector", &err);
	if (!rc)
		rc = store_open(common.db, STORE_READ, &store, &err);
	if (!rc && p->run)
		rc = store_find_run(store, p->run, &filter.run, &err);
	if (!rc)
		rc = write_rows(store, cli->args[1], &filter, format, p->output, &err);
	store_close(store);
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_export = {
	.name = "export",
	.args = "csv|json|table WHAT",
	.summary =
		"runs, phases, deltas, samples, rates, results, histograms or flags as CSV or JSON",
	.doc = "WHAT is one of runs, phases, deltas, samples, rates, results, histograms, flags.\n"
	       "rates: per second and phase, how fast counters grew and where levels stood, as in\n"
	       "`fmbench export csv rates --collector frontswap --every 1s`.\n"
	       "Each column is explained in doc/EXPORTS.md; examples/ has programs that read them.\n"
	       "CSV is RFC 4180 with a header; JSON has the same names. Missing is empty or null.\n",
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 2,
	.run = cmd_export_run,
};
