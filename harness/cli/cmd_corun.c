// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench corun: several jobs under one budget of local memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/log.h"
#include "harness/cli/choice.h"
#include "harness/cli/command.h"
#include "harness/cli/config.h"
#include "harness/cli/draw.h"
#include "harness/plan/corun_plan.h"
#include "harness/plan/mix_opts.h"
#include "plots/figure.h"
#include "results/corun.h"

struct corun_params {
	struct mix_options mix;
	bool matrix;
	char *replay, *figures, *format;
};

static const struct opt opts[] = {
	MIX_OPTS(struct corun_params, mix),
	OPT_BOOL("matrix", struct corun_params, matrix, NULL,
		 "each workload alone and beside each other, all at --ratio"),
	OPT_STRING("replay", struct corun_params, replay, NULL,
		   "take the arrivals of this run: a number, the beginning of a uuid, or latest",
		   .arg = "RUN"),
	OPT_STRING("figures", struct corun_params, figures, "corun",
		   "what the names of the figures beside the database begin with; none: draw none",
		   .arg = "NAME"),
	OPT_FORMAT(struct corun_params, format),
	OPT_END
};

static const char doc[] =
	"Jobs are workloads by name, or the sections [job NAME] of a file (doc/CORUN.md). They arrive, wait\n"
	"until their least memory fits, run on cores of their own where those last, and end; the policy says\n"
	"what each may keep of --local. Ends with a table (who was faster, and whether that is real) and\n"
	"draws gantt, makespan and interference beside the database. Exit status: as `fmbench run`.\n\n"
	"Examples:\n"
	"  fmbench corun quicksort pagerank kv --local 60% --policy uniform,proportional --repeat 5\n"
	"  fmbench corun experiments/papers/cfm-throughput.ini\n"
	"  fmbench corun quicksort kv --matrix --ratio 0.5 --repeat 5\n";

struct showing {
	const struct corun_plan *plan;
	enum export_format format;
	const char *figures;
};

/* DIR/PREFIX-NAME.pdf beside the database. A figure with nothing to show is left out. */
static void draw(const struct showing *show, struct store *s, const char *name)
{
	const struct figure *f = figure_find(name, NULL);
	struct figure_choice choice = { .experiment = show->plan->options->settings.experiment };
	const char *db = show->plan->db_path, *slash = strrchr(db, '/');
	struct buf path = BUF_INIT;
	struct err err = { 0 };
	int rc;

	buf_addf(&path, "%.*s%s-%s.pdf", (int)(slash ? slash + 1 - db : 0), db, show->figures,
		 name);
	rc = draw_figure(s, f, &choice, NULL, path.data, &err);
	if (!rc)
		log_info("drew %s", path.data);
	else
		log_warn("%s", err.msg);
	buf_release(&path);
}

/* A table for each local memory. */
static int print_policies(const struct showing *w, struct store *s, struct err *err)
{
	const struct corun_plan *p = w->plan;
	int64_t *runs = xcalloc(p->nr_runs, sizeof(*runs));
	int rc = 0;

	if (p->nr_locals == 1 || w->format != EXPORT_TABLE) {
		free(runs);
		return corun_print(s, p->runs, p->nr_runs, w->format, stdout, err);
	}
	for (size_t l = 0; l < p->nr_locals && !rc; l++) {
		size_t nr = 0;

		for (size_t i = 0; i < p->nr_runs; i++) {
			if (p->local_of[i] == l)
				runs[nr++] = p->runs[i];
		}
		printf("%slocal memory %s\n\n", l ? "\n" : "", p->locals[l]);
		rc = corun_print(s, runs, nr, w->format, stdout, err);
	}
	free(runs);
	return rc;
}

static int show(void *arg, struct store *s, struct err *err)
{
	static const char *const of_policies[] = { "gantt", "makespan", "interference" };
	const struct showing *w = arg;
	const struct corun_plan *p = w->plan;
	int rc = p->matrix ? corun_print_matrix(s, p->runs, p->nr_runs, w->format, stdout, err)
			   : print_policies(w, s, err);

	fflush(stdout);
	if (rc || strcmp(w->figures, "none") == 0)
		return rc;
	for (size_t i = p->matrix ? 2 : 0; i < 3; i++)
		draw(w, s, of_policies[i]);
	return 0;
}

/* A file's or the command line's label; without one the runs of all co-runs are one experiment. */
static void set_label(struct mix_options *o)
{
	if (o->settings.experiment)
		return;
	o->settings.experiment = xstrdup(o->name ? o->name : "corun");
}

static int set_pairs(const struct cli *cli, struct mix *m, struct choice *c, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < cli->nr_pairs && !rc; i++) {
		const char *pair = cli->pairs[i], *key = backend_key(c->backends[0].backend, pair);

		rc = key ? opt_set_pair(c->backends[0].backend->opts, c->backends[0].params, key,
					"the backend", err)
			 : mix_set(m, pair, err);
		if (rc > 0)
			rc = err_usage(
				err,
				"-o %s: no job of this co-run has that key, and neither has backend "
				"%s; `fmbench list -v` shows them",
				pair, c->backends[0].backend->name);
	}
	return rc;
}

static int prepare(const struct cli *cli, struct corun_params *p, struct mix *m, struct choice *c,
		   struct corun_plan *plan, struct err *err)
{
	int rc;

	p->mix.given = cli->given;
	rc = mix_read(m, cli->args, cli->nr_args, &p->mix, err);
	if (!rc)
		rc = choice_backends(c, p->mix.backend, true, err);
	if (!rc && c->nr_backends > 1)
		rc = err_usage(err, "a co-run has one backend, not '%s'", p->mix.backend);
	if (!rc)
		rc = set_pairs(cli, m, c, err);
	if (rc)
		return rc;
	plan->backend = c->backends[0].backend;
	plan->backend_params = c->backends[0].params;
	set_label(&p->mix);
	if (p->matrix && p->replay)
		return err_usage(err, "--matrix has no arrivals to replay: leave out --replay");
	rc = mix_draw(m, p->mix.seed, err);
	return rc ? rc : corun_plan_lists(plan, err);
}

static int cmd_corun_run(struct cli *cli)
{
	struct corun_params *p = cli->params;
	struct mix m = { 0 };
	struct choice c = { 0 };
	struct corun_plan plan = { .line = cli->line,
				   .db_path = common.db,
				   .state_dir = common.state_dir,
				   .config = config_text(),
				   .mix = &m,
				   .options = &p->mix,
				   .replay = p->replay,
				   .matrix = p->matrix };
	struct showing showing = { .plan = &plan, .figures = p->figures };
	struct err err = { 0 };
	int code = 0, rc = export_format_parse(p->format, &showing.format, &err);

	if (!rc)
		rc = prepare(cli, p, &m, &c, &plan, &err);
	if (!rc)
		rc = corun_plan_make(&plan, show, &showing, &code, &err);
	corun_plan_release(&plan);
	choice_release(&c);
	mix_release(&m);
	return rc ? command_fail(&err) : code;
}

const struct command cmd_corun = {
	.name = "corun",
	.args = "FILE | WORKLOAD...",
	.summary = "several jobs under one budget of local memory",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct corun_params),
	.min_args = 1,
	.max_args = 64,
	.takes_pairs = true,
	.in_lab = true,
	.takes_units = true,
	.run = cmd_corun_run,
};
