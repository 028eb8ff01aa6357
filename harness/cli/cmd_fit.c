// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench fit: how little local memory is enough. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fit.h"
#include "base/log.h"
#include "base/names.h"
#include "harness/cli/choice.h"
#include "harness/cli/command.h"
#include "harness/cli/dry_run.h"
#include "harness/cli/fit_profile.h"
#include "harness/plan/matrix.h"
#include "harness/plan/ratios.h"
#include "harness/run/run_opts.h"
#include "results/costs.h"
#include "results/profile.h"
#include "results/text_table.h"

#define MOST_UNSOUND 3
#define UNSOUND_STEP 0.05 /* so far above a ratio at which a run was not sound the next is tried */

struct params {
	char *slowdown, *slo, *backend;
	uint64_t seed, budget_ns, peak_bytes;
	double least, within;
	bool profile, dry_run;
	char *ratios;
	uint64_t repeat;
	struct run_settings settings;
};

static const struct opt opts[] = {
	OPT_STRING("slowdown", struct params, slowdown, NULL,
		   "the performance may be so much worse than at ratio 1", .arg = "5%"),
	OPT_STRING("slo", struct params, slo, NULL,
		   "instead: a result must not be worse than this, such as p99:1ms or ops:50000",
		   .arg = "RESULT:VALUE"),
	OPT_BOOL("profile", struct params, profile, NULL,
		 "instead: the slowdown at each --ratio, for policies that share memory"),
	OPT_STRING("ratio", struct params, ratios, "1,0.85,0.7,0.55,0.4,0.25",
		   "with --profile: where to look", .arg = "LIST"),
	OPT_U64("repeat", struct params, repeat, "3", 1, 10000, "with --profile: runs at each",
		.arg = "N"),
	OPT_DURATION("budget", struct params, budget_ns, "30m", 1e9, 864e11,
		     "no run begins after this", .arg = "TIME"),
	OPT_DOUBLE("within", struct params, within, "0.02", 0.01, 0.5,
		   "enough when the ratio is known to plus or minus this", .arg = "RATIO"),
	OPT_DOUBLE("least", struct params, least, "0.1", 0.01, 0.9, "the smallest ratio to try",
		   .arg = "RATIO"),
	OPT_STRING("backend", struct params, backend, "auto",
		   "where far memory is; `fmbench list backends`", .arg = "NAME"),
	OPT_U64("seed", struct params, seed, "1", 0, 9e18, "of the workload", .arg = "N"),
	OPT_SIZE("peak", struct params, peak_bytes, NULL, 1 << 20, 1e15,
		 "state the workload's peak instead of measuring it", .arg = "SIZE"),
	OPT_BOOL("dry-run", struct params, dry_run, NULL,
		 "check and list the runs that it begins with; make none", .letter = 'n'),
	RUN_SETTINGS_OPTS(struct params, settings),
	OPT_END
};

static const char doc[] =
	"Looks for the smallest local ratio at which the bound holds: bisection first, then runs a little\n"
	"above and below the crossing until its 95 % interval is narrow, then runs at both of its ends. Each step is an ordinary run, stored\n"
	"with the experiment's name (default: fit); the same command goes on where it was ended. Exit\n"
	"status: 0 found, 7 the runs differ too much to tell within the budget, else as `fmbench run`.\n\n"
	"--profile looks at all of several ratios and keeps the workload's slowdown over the ratio, a curve\n"
	"that never rises, with its band (experiment: profile). Another --seed makes a new one.\n\n"
	"Examples:\n"
	"  fmbench fit quicksort --slowdown 20% --backend zram\n"
	"  fmbench fit kv --slo p99:1ms -o rate=20k\n"
	"  fmbench fit --slowdown 5% -- ./my_program args\n"
	"  fmbench fit quicksort --profile --backend zram\n";

struct search {
	char fact[96];
	const char *result; /* NULL: the performance */
	struct fit_bound bound;
	const struct params *params;
	uint64_t begin_ns;
	unsigned int unsound;
	struct fit_point *points;
	size_t nr;
	size_t nr_found; /* of these an earlier command made */
	uint64_t peak_bytes;
	struct fit fit;
	struct fit_answer answer;
};

/* --- what was asked for --------------------------------------------------------------------- */

/* "5%", "0.05": 1.05. */
static int parse_slowdown(const char *text, double *ret, struct err *err)
{
	size_t len = strlen(text);
	bool percent = len && text[len - 1] == '%';
	char number[32];

	snprintf(number, sizeof(number), "%.*s", (int)(len - percent), text);
	if (len > 16 || parse_double(number, ret) || !(*ret > 0))
		return err_usage(err, "--slowdown %s: give how much worse is allowed, such as 5%%",
				 text);
	*ret = 1 + *ret / (percent ? 100 : 1);
	return 0;
}

/* "p99" is short for "latency_p99". */
static const struct metric *find_metric(const struct workload *w, const char *name, struct err *err)
{
	const char *names[64];
	size_t nr = 0;

	for (const struct metric *m = w->metrics; m && m->name && nr < 63; m++) {
		if (m->better == BETTER_NEITHER)
			continue;
		if (strcmp(m->name, name) == 0 ||
		    (strncmp(m->name, "latency_", 8) == 0 && strcmp(m->name + 8, name) == 0))
			return m;
		names[nr++] = m->name;
	}
	names[nr] = NULL;
	err_unknown(err, did_you_mean(name, names), "`fmbench list -v` shows them",
		    "--slo: workload %s has no result '%s' that is better or worse", w->name, name);
	return NULL;
}

static int parse_slo(const char *text, const struct workload *w, struct search *s, struct err *err)
{
	const char *colon = strchr(text, ':');
	const struct metric *m;
	char name[64];
	double value;
	uint64_t ns;

	snprintf(name, sizeof(name), "%.*s", (int)(colon ? colon - text : 63), text);
	m = find_metric(w, name, err);
	if (!m)
		return -EINVAL;
	if (colon && !parse_double(colon + 1, &value))
		ns = 0;
	else if (colon && !parse_duration(colon + 1, &ns) && strcmp(m->unit, "us") == 0)
		value = (double)ns / 1e3;
	else if (colon && !parse_duration(colon + 1, &ns) && strcmp(m->unit, "s") == 0)
		value = (double)ns / 1e9;
	else
		value = 0;
	if (!(value > 0))
		return err_usage(err, "--slo %s: give %s:VALUE, a number of %s%s", text, name,
				 m->unit,
				 strcmp(m->unit, "us") == 0 || strcmp(m->unit, "s") == 0
					 ? " or a time such as 1ms"
					 : "");
	s->result = m->name;
	s->bound.cost = m->better == BETTER_HIGHER ? 1 / value : value;
	return 0;
}

static int parse_bound(const struct params *p, const struct workload *w, struct search *s,
		       struct err *err)
{
	if (!!p->slowdown + !!p->slo + p->profile != 1)
		return err_usage(err, "fit needs one of --slowdown 5%%, --slo RESULT:VALUE and "
				      "--profile");
	if (p->profile)
		return 0;
	s->bound.least_ratio = p->least;
	s->bound.within = p->within;
	s->bound.relative = p->slowdown != NULL;
	return p->slo ? parse_slo(p->slo, w, s, err)
		      : parse_slowdown(p->slowdown, &s->bound.cost, err);
}

/* The run fact of the search (results/profile.h), for plots/fit.sql: what is bounded, and by what. */
static void name_search(struct search *s)
{
	snprintf(s->fact, sizeof(s->fact), "%s:%.9g:%.9g", s->result ? s->result : "slowdown",
		 s->bound.cost, s->bound.least_ratio);
}

/* --- the search ----------------------------------------------------------------------------- */

/* "about 12 runs to go, 1.4 min": by the runs that this command has made; no run begins after the budget. */
static void say_left(const struct search *s, struct buf *b)
{
	double spent = (double)(clock_ns() - s->begin_ns) / 60e9;
	double budget = fmax(0, (double)s->params->budget_ns / 60e9 - spent);
	double runs = ceil(s->answer.left);
	double minutes = s->nr > s->nr_found ? runs * spent / (double)(s->nr - s->nr_found) : 0;

	if (minutes > budget)
		buf_addf(b, "; about %.0f runs to go, for which the budget's %.1f min are too few",
			 runs, budget);
	else if (minutes > 0)
		buf_addf(b, "; about %.0f runs to go, %.1f min", runs, minutes);
}

static void say_estimate(const struct search *s)
{
	const struct fit_point *last = &s->points[s->nr - 1];
	struct buf line = BUF_INIT;

	buf_addf(&line, "%zu runs, %.1f min: ratio %.2f; ", s->nr,
		 (double)(clock_ns() - s->begin_ns) / 60e9, last->ratio);
	if (s->fit.state == FIT_FOUND)
		buf_addf(&line, "the bound is crossed at %.2f (%.2f to %.2f)%s", s->fit.ratio,
			 s->fit.low, s->fit.high,
			 s->fit.high - s->fit.low <= 2 * s->bound.within ? ", to be confirmed"
									 : "");
	else
		buf_adds(&line, s->fit.state == FIT_NOISE ? "too noisy to tell yet"
							  : "too few to tell yet");
	say_left(s, &line);
	log_info("%s", line.data);
	buf_release(&line);
}

/* What the run of a cell tells. A failed one is no measure of anything: nothing below it is tried. */
static int take_run(struct search *s, struct store *store, const struct cell *cell, struct err *err)
{
	struct cost cost;
	int rc = store_cost(store, cell->run, s->result, &cost, err);

	if (rc)
		return rc;
	if (!cost.sound && cell->ratio >= 1)
		return err_failed(err, 0,
				  "run %" PRId64 " at ratio 1 can't be used: `fmbench show %" PRId64
				  "` says why",
				  cell->run, cell->run);
	if (!cost.sound) {
		s->unsound++;
		s->bound.least_ratio = fmax(s->bound.least_ratio, cell->ratio + UNSOUND_STEP);
		log_warn("run %" PRId64 " at ratio %.2f can't be used (`fmbench show %" PRId64
			 "`): from here on none below %.2f is tried",
			 cell->run, cell->ratio, cell->run, s->bound.least_ratio);
		return 0;
	}
	s->points = xreallocarray(s->points, s->nr + 1, sizeof(*s->points));
	s->points[s->nr++] = (struct fit_point){ cell->ratio, cost.cost };
	if (cost.peak_bytes)
		s->peak_bytes = cost.peak_bytes;
	return 0;
}

static bool is_over(const struct search *s)
{
	if (s->fit.state == FIT_HOLDS || s->fit.state == FIT_FAILS)
		return true;
	if (s->answer.confirmed)
		return true;
	return s->unsound >= MOST_UNSOUND || clock_ns() - s->begin_ns >= s->params->budget_ns;
}

static int64_t newest(const struct matrix *m)
{
	int64_t run = 0;

	for (size_t i = 0; i < m->nr_cells; i++)
		run = m->cells[i].run > run ? m->cells[i].run : run;
	return run;
}

static int next_cell(struct matrix *m, struct store *store, struct err *err)
{
	struct search *s = m->more_arg;
	struct cell cell = m->cells[0];
	int rc = 0;

	/* All over again: earlier runs may have been made by an earlier command, in any order. */
	s->nr = s->unsound = 0;
	s->bound.least_ratio = s->params->least;
	for (size_t i = 0; i < m->nr_cells && !rc; i++)
		rc = take_run(s, store, &m->cells[i], err);
	if (rc || !s->nr)
		return rc;
	s->fit = fit_estimate(s->points, s->nr, &s->bound);
	s->answer = fit_answer(s->points, s->nr, &s->bound, &s->fit);
	if (!s->nr_found)
		s->nr_found = s->nr - 1; /* the last one is this command's */
	if (is_over(s))
		return profile_mark(store, newest(m), m->fit, err);
	say_estimate(s);
	cell.ratio = s->answer.next;
	cell.repeat = 1;
	cell.run = 0;
	cell.peak_bytes = s->peak_bytes;
	for (size_t i = 0; i < m->nr_cells; i++)
		cell.repeat += fabs(m->cells[i].ratio - cell.ratio) < 0.001;
	matrix_add(m, &cell);
	return 0;
}

/* --- the answer ----------------------------------------------------------------------------- */

static void print_found(const struct search *s)
{
	const struct fit *f = &s->fit;
	double ratio = s->answer.ratio, peak_bytes = (double)s->peak_bytes;
	char local[HUMAN_SIZE], peak[HUMAN_SIZE], freed[HUMAN_SIZE];

	printf("enough: ratio %.2f (the bound is crossed between %.2f and %.2f, with 95 %%%s)\n",
	       ratio, s->answer.low, ratio, s->answer.confirmed ? "" : "; not confirmed");
	if (s->peak_bytes)
		printf("local:  %s of %s; %s are freed\n", human_bytes(local, peak_bytes * ratio),
		       human_bytes(peak, peak_bytes), human_bytes(freed, peak_bytes * (1 - ratio)));
	printf("sure:   by %zu runs, %zu of them near the crossing; one run differs by %.1f %% from a "
	       "straight line, of which a hundredth of the ratio makes %.1f %%\n",
	       s->nr, f->nr, 100 * f->sd, fabs(f->slope));
	if (!(s->answer.low <= f->low + 0.01 && f->high <= ratio + 0.01))
		printf("jump:   the curve is no line there, which would cross the bound between %.2f and "
		       "%.2f: the runs at both ends say\n",
		       f->low, f->high);
}

/* The exit code. */
static int print_answer(const struct search *s, const char *experiment)
{
	enum fit_state state = s->answer.confirmed ? FIT_FOUND : s->fit.state;
	int code = 0;

	switch (state) {
	case FIT_FOUND:
		print_found(s);
		if (s->answer.confirmed)
			break;
		code = ERR_UNTRUSTED;
		puts("not as near as asked, or not confirmed: raise --budget, and the same command goes on");
		break;
	case FIT_HOLDS:
		printf("enough: ratio %.2f, the smallest that was tried: the bound holds there\n",
		       s->bound.least_ratio);
		break;
	case FIT_FAILS:
		printf("the bound does not hold even at ratio 1\n");
		break;
	default:
		printf("no answer: after %zu runs %s; raise --budget, and the same command goes on\n",
		       s->nr,
		       s->fit.state == FIT_NOISE ? "they differ by more than the ratio makes"
						 : "there are too few near the crossing");
		code = ERR_UNTRUSTED;
	}
	printf("figure: fmbench plot fit --experiment %s\n", experiment);
	return code;
}

static int choose(const struct cli *cli, const struct params *p, struct choice *c, struct err *err)
{
	void *params;
	int rc;

	rc = choice_workload(c, cli, err);
	if (!rc)
		rc = choice_backends(c, p->backend, true, err);
	if (!rc && c->nr_backends != 1)
		rc = err_usage(err, "--backend %s: fit looks at one at a time", p->backend);
	return rc ? rc : choice_add_params(c, cli, &params, err);
}

/* The search, or the profile, whose first cell is the workload at ratio 1. */
static int search(const struct params *p, struct search *s, struct matrix *m, struct cell cell,
		  int *ret_code, struct err *err)
{
	int rc;

	name_search(s);
	m->fit = s->fact;
	m->more = next_cell;
	m->more_arg = s;
	matrix_add(m, &cell);
	cell.ratio = round(50 * (p->least + 1)) / 100;
	matrix_add(m, &cell);
	if (p->dry_run)
		return dry_run(m, err);
	rc = matrix_run(m, EXPORT_TABLE, ret_code, err);
	if (!rc && s->nr)
		*ret_code = print_answer(s, p->settings.experiment);
	free(s->points);
	return rc;
}

static int profile(struct params *p, struct matrix *m, const struct cell *cell, int *ret_code,
		   struct err *err)
{
	struct fit_profile f = { .cell = *cell, .repeats = p->repeat, .budget_ns = p->budget_ns };
	int rc = ratios_parse(p->ratios, &f.ratios, err);

	if (!rc) {
		p->settings.limit_first = true;
		fit_profile_init(&f, m);
		rc = p->dry_run ? dry_run(m, err) : matrix_run(m, EXPORT_TABLE, ret_code, err);
	}
	if (!rc && !p->dry_run)
		rc = fit_profile_print(&f, m, err);
	if (rc > 0) {
		*ret_code = rc;
		rc = 0;
	}
	ratios_release(&f.ratios);
	return rc;
}

static int cmd_fit_run(struct cli *cli)
{
	struct params *p = cli->params;
	struct search s = { .params = p, .begin_ns = clock_ns() };
	struct matrix m = { .line = cli->line,
			    .db_path = common.db,
			    .state_dir = common.state_dir,
			    .settings = &p->settings,
			    .seed = p->seed,
			    .peak_bytes = p->peak_bytes,
			    .resume = true,
			    .summary = true,
			    .verbose = common.verbose };
	struct choice c = { 0 };
	struct err err = { 0 };
	int code = 0, rc;

	if (!p->settings.experiment)
		p->settings.experiment = xstrdup(p->profile ? "profile" : "fit");
	rc = choose(cli, p, &c, &err);
	if (!rc)
		rc = parse_bound(p, c.workload, &s, &err);
	if (!rc) {
		const struct cell cell = { .workload = c.workload,
					   .workload_params = c.params[0],
					   .argv = cli->argv,
					   .backend = c.backends[0].backend,
					   .backend_params = c.backends[0].params,
					   .ratio = 1,
					   .repeat = 1 };

		rc = p->profile ? profile(p, &m, &cell, &code, &err)
				: search(p, &s, &m, cell, &code, &err);
	}
	matrix_release(&m);
	choice_release(&c);
	return rc ? command_fail(&err) : code;
}

const struct command cmd_fit = {
	.name = "fit",
	.args = "WORKLOAD",
	.summary = "find the smallest local ratio at which a bound holds, or the whole curve",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct params),
	.min_args = 1,
	.max_args = 1,
	.takes_pairs = true,
	.takes_command = true,
	.in_lab = true,
	.takes_units = true,
	.run = cmd_fit_run,
};
