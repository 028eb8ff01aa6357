// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench run: a workload at one or more local ratios. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/axis.h"
#include "harness/cli/choice.h"
#include "harness/cli/command.h"
#include "harness/cli/config.h"
#include "harness/cli/dry_run.h"
#include "harness/plan/matrix.h"
#include "harness/plan/ratios.h"
#include "harness/run/run.h"
#include "harness/run/run_opts.h"
#include "results/costs.h"
#include "results/export.h"

struct params {
	char *ratios;
	char *backend;
	uint64_t repeat;
	uint64_t peak_bytes;
	bool recalibrate, dry_run, skip_missing;
	uint64_t seed;
	char *format;
	char *metric, *ready, *limit_at; /* of workload command */
	struct run_settings settings;
};

static const struct opt opts[] = {
	OPT_STRING("ratio", struct params, ratios, "1",
		   "local memory as a share of the workload's peak, such as 1,0.5,0.25",
		   .arg = "LIST"),
	CHOICE_OPTS(struct params),
	OPT_SIZE("peak", struct params, peak_bytes, NULL, 1 << 20, 1e15,
		 "state the workload's peak instead of measuring it", .arg = "SIZE"),
	OPT_BOOL("recalibrate", struct params, recalibrate, NULL, "measure the peak again"),
	OPT_STRING("metric", struct params, metric, NULL,
		   "a number of your program's own, first: its performance "
		   "(NAME[,UNIT][:lower|:higher][@FILE]=REGEX or =$.json.path); again for more",
		   .arg = "NAME=PATTERN", .lines = true),
	OPT_STRING("ready", struct params, ready, NULL,
		   "the line of your program's output that ends its load phase; fd: it writes to "
		   "$FMBENCH_READY_FD",
		   .arg = "REGEX"),
	OPT_CHOICE("limit-at", struct params, limit_at, NULL, "start|ready",
		   "limit your program from its first page (start), or once it is ready"),
	RUN_SETTINGS_OPTS(struct params, settings),
	OPT_FORMAT(struct params, format),
	OPT_END
};

static const char doc[] =
	"The workload runs in a control group of its own. Without a limit first, once, to learn its\n"
	"peak; then, for each ratio below 1, memory.high is lowered to ratio x peak and the rest goes\n"
	"to the backend. Exit status: 0 ok, 1 failed, 2 usage, 3 something needed is missing, 7 done\n"
	"but not to be trusted (the flags say why).\n\n"
	"Examples:\n"
	"  fmbench run memaslap --ratio 0.5\n"
	"  fmbench run memaslap --ratio 1,0.5,0.25 --backend zram -o memory=1G -o zram.algorithm=lz4\n"
	"  fmbench run --ratio 0.5 -- ./my_program args\n"
	"  fmbench run --ratio 1,0.5 --metric 'ops/s=ops per second: ([0-9.]+)' -- ./my_program args\n";

/* Options of the command that are the workload's: `-o metric=` does the same. */
static int set_program_options(const struct workload *w, const struct params *p, void *params,
			       struct err *err)
{
	const char *const given[][2] = { { "metric", p->metric },
					 { "ready", p->ready },
					 { "limit-at", p->limit_at } };
	int rc = 0;

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]) && !rc; i++) {
		if (!given[i][1])
			continue;
		if (!opt_find(w->opts, given[i][0]))
			return err_usage(
				err,
				"--%s is for a program of yours (`-- COMMAND`); %s has its "
				"own: leave it out",
				given[i][0], w->name);
		rc = opt_set(w->opts, params, given[i][0], given[i][1], "run", err);
	}
	return rc;
}

static int choose(const struct cli *cli, const struct params *p, const struct ratios *ratios,
		  struct choice *c, struct axis *axis, struct err *err)
{
	bool shrinks = false;
	int rc;

	for (size_t i = 0; i < ratios->nr; i++)
		shrinks |= ratios->values[i] < 1;
	rc = choice_workload(c, cli, err);
	if (!rc)
		rc = choice_backends(c, p->backend, shrinks, err);
	if (!rc)
		rc = axis_add_params(axis, cli, c, err);
	return rc ? rc : set_program_options(c->workload, p, c->params[0], err);
}

/* What the cells are made of, as it is typed and found. */
struct cells {
	const struct cli *cli;
	const struct params *params;
	struct ratios ratios;
	struct choice choice;
	struct axis axis;
	uint64_t peak_bytes; /* of the first run, for a ladder; 0: not known */
};

/* Those of the choice's parameter sets from `first` on. */
static void add_cells(const struct cells *c, size_t first, struct matrix *m)
{
	struct cell cell = { .workload = c->choice.workload,
			     .argv = c->cli->argv,
			     .peak_bytes = c->peak_bytes };

	for (cell.repeat = 1; cell.repeat <= (int)c->params->repeat; cell.repeat++) {
		for (size_t b = 0; b < c->choice.nr_backends; b++) {
			cell.backend = c->choice.backends[b].backend;
			cell.backend_params = c->choice.backends[b].params;
			for (size_t i = 0; i < c->ratios.nr * (c->choice.nr_params - first); i++) {
				size_t set = first + i / c->ratios.nr;

				cell.ratio = c->ratios.values[i % c->ratios.nr];
				cell.workload_params = c->choice.params[set];
				cell.label = axis_label(&c->axis, set);
				matrix_add(m, &cell);
			}
		}
	}
}

/* The run that finds the ladder: at ratio 1, where the backend does not matter. */
static void add_first(const struct cells *c, struct matrix *m)
{
	struct cell cell = { .workload = c->choice.workload,
			     .workload_params = c->choice.params[0],
			     .argv = c->cli->argv,
			     .backend = c->choice.backends[0].backend,
			     .backend_params = c->choice.backends[0].params,
			     .label = axis_label(&c->axis, 0),
			     .ratio = 1,
			     .repeat = 1 };

	matrix_add(m, &cell);
}

/* The first run tells what the others are. */
static int add_ladder(struct matrix *m, struct store *store, struct err *err)
{
	struct cells *c = m->more_arg;
	struct cost cost = { 0 };
	int rc = 0;

	if (c->axis.nr_labels > 1)
		return 0;
	if (m->cells[0].run)
		rc = store_cost(store, m->cells[0].run, NULL, &cost, err);
	if (!rc && !cost.sound)
		rc = err_failed(err, 0,
				"%s=auto: the run that finds the capacity can't be used: `fmbench "
				"show` says why; name rates yourself",
				c->axis.ladder->option);
	if (!rc)
		rc = axis_add_ladder(&c->axis, 1 / cost.cost, err);
	if (rc)
		return rc;
	c->peak_bytes = cost.peak_bytes;
	add_cells(c, 1, m);
	matrix_shuffle(m);
	return 0;
}

static int cmd_run_run(struct cli *cli)
{
	struct params *p = cli->params;
	struct matrix m = { .line = cli->line,
			    .db_path = common.db,
			    .state_dir = common.state_dir,
			    .config = config_text(),
			    .settings = &p->settings,
			    .seed = p->seed,
			    .peak_bytes = p->peak_bytes,
			    .recalibrate = p->recalibrate,
			    .skip_missing = p->skip_missing,
			    .summary = p->repeat > 2,
			    .verbose = common.verbose };
	struct cells c = { .cli = cli, .params = p };
	enum export_format format;
	struct err err = { 0 };
	int code = 0, rc = export_format_parse(p->format, &format, &err);

	if (!rc && p->peak_bytes && p->recalibrate)
		rc = err_usage(&err, "--peak states what --recalibrate would measure: choose one");
	if (!rc)
		rc = ratios_parse(p->ratios, &c.ratios, &err);
	if (!rc)
		rc = choose(cli, p, &c.ratios, &c.choice, &c.axis, &err);
	if (!rc) {
		if (c.axis.automatic) {
			m.more = add_ladder;
			m.more_arg = &c;
			add_first(&c, &m);
		} else {
			add_cells(&c, 0, &m);
		}
		if (p->repeat > 1) /* who asks for one has no comparison in mind */
			matrix_warn_repeats(p->repeat);
		rc = p->dry_run ? dry_run(&m, &err) : matrix_run(&m, format, &code, &err);
	}
	matrix_release(&m);
	axis_release(&c.axis);
	choice_release(&c.choice);
	ratios_release(&c.ratios);
	return rc ? command_fail(&err) : code;
}

/* Those of files, too. */
static void list_workloads(FILE *out)
{
	size_t used = 0;

	fputs("\nWorkloads (`fmbench list -v workloads` tells their options):\n", out);
	for (size_t i = 0; workload_table[i]; i++) {
		const char *name = workload_table[i]->name;

		if (used && used + strlen(name) > 96)
			used = 0;
		used += (size_t)fprintf(out, "%s%s", used ? " " : i ? "\n  " : "  ", name);
	}
	fputs("\n", out);
}

const struct command cmd_run = {
	.name = "run",
	.args = "WORKLOAD",
	.summary = "run a workload with part of its memory far away",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 1,
	.takes_pairs = true,
	.takes_command = true,
	.in_lab = true,
	.takes_units = true,
	.more_help = list_workloads,
	.run = cmd_run_run,
};
