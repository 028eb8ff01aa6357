// SPDX-License-Identifier: GPL-2.0-or-later
/* fmbench simulate: what a mix would do on many machines, from stored profiles. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/stats.h"
#include "harness/cli/choice.h"
#include "harness/cli/command.h"
#include "harness/plan/corun_plan.h"
#include "harness/plan/mix_opts.h"
#include "harness/plan/simulate.h"
#include "harness/run/identity.h"
#include "results/corun.h"
#include "results/profile.h"
#include "results/text_table.h"

struct simulate_params {
	struct mix_options mix;
	char *format;
};

static const struct opt opts[] = { MIX_OPTS(struct simulate_params, mix),
				   MACHINE_OPTS(struct simulate_params, mix),
				   OPT_CHOICE("format", struct simulate_params, format, "table",
					      "table|csv|json", "of the table"),
				   OPT_END };

static const char doc[] =
	"Plays a mix of `fmbench corun` on --machines by discrete events. How long a job takes alone, its peak\n"
	"and its profile come from the database (a run at ratio 1, `fmbench fit --profile`), or from its\n"
	"section: alone, peak, profile. Beside the predicted makespan stands the measured one, where co-runs of\n"
	"the same mix, policy and local memory are stored. --repeat plays so many rounds, each with arrivals of\n"
	"its own as in a co-run, and shows medians. It changes nothing, and needs no root.\n\n"
	"Examples:\n"
	"  fmbench simulate quicksort pagerank kv --local 60% --policy none,uniform,optimal\n"
	"  fmbench simulate rack.ini --machines 1000 --machine-cores 32\n";

struct simulation {
	struct simulate_params *p;
	struct mix *mix;
	struct corun_plan plan; /* its policies */
	struct store *store;
	struct sim_kind *kinds;
	struct sim_job *jobs;
	char *words; /* the mix */
};

/* Alone with all memory, from the database. */
static int look_up(struct simulation *s, struct mix_entry *e, struct life_point *ret,
		   struct err *err)
{
	struct buf params = BUF_INIT;
	uint64_t peak_bytes = 0;
	int rc;

	mix_entry_json(e, &params);
	rc = profile_alone(s->store, e->workload->name, params.data, ret, &peak_bytes, err);
	buf_release(&params);
	if (rc == -ENODATA)
		return err_missing(
			err,
			"nobody knows how long %s takes alone: make a run of it (`fmbench run "
			"%s`), or state alone = TIME and peak = SIZE in its section",
			e->label, e->workload->name);
	if (!rc && !e->peak_bytes)
		e->peak_bytes = peak_bytes;
	return rc;
}

/* Nobody saw its phases with less memory: they follow the profile that was stated. */
static void spread(const struct life_point *alone, const struct curve *profile, struct life *ret)
{
	size_t nr = profile->nr ? profile->nr : 1;

	ret->points = xcalloc(nr, sizeof(*ret->points));
	for (ret->nr = 0; ret->nr < nr; ret->nr++) {
		const struct curve_point *p = profile->nr ? &profile->points[ret->nr] : NULL;
		double slowdown = p ? p->slowdown : 1;

		ret->points[ret->nr] = (struct life_point){
			.ratio = p ? p->ratio : 1,
			.load_s = slowdown * alone->load_s,
			.load_cpu_s = slowdown * alone->load_cpu_s,
			.work_s = slowdown * alone->work_s,
			.work_cpu_s = slowdown * alone->work_cpu_s,
		};
	}
}

/* What its section states, else what its profile saw, else its last run with all memory. */
static int fill_life(struct simulation *s, struct mix_entry *e, struct err *err)
{
	double stated_s = (double)e->alone_ns / NSEC_PER_SEC;
	struct life_point alone = { .ratio = 1, .work_s = stated_s, .work_cpu_s = stated_s };
	int rc = 0;

	if (!e->peak_bytes)
		e->peak_bytes = e->profile.peak_bytes;
	if (!e->alone_ns && e->profile.life.nr)
		return 0;
	if (!e->alone_ns || !e->peak_bytes)
		rc = look_up(s, e, e->alone_ns ? &(struct life_point){ 0 } : &alone, err);
	if (rc)
		return rc;
	free(e->profile.life.points);
	e->profiled = true; /* it owns a life */
	spread(&alone, &e->profile.curve, &e->profile.life);
	return 0;
}

static int fill_kind(struct simulation *s, size_t i, struct err *err)
{
	struct mix_entry *e = &s->mix->entries[i];
	bool window = e->workload->shape == WORKLOAD_SERVICE && !e->alone_ns;
	uint64_t window_ns = s->p->mix.settings.duration_ns;
	int rc = fill_life(s, e, err);

	s->kinds[i] = (struct sim_kind){ .name = e->label,
					 .peak_bytes = e->peak_bytes,
					 .least_ratio = e->least,
					 .ratio = e->ratio,
					 .cores = (unsigned int)e->cores,
					 .life = &e->profile.life,
					 .window_s = window ? (double)window_ns / NSEC_PER_SEC : 0,
					 .profile = &e->profile.curve };
	return rc || e->peak_bytes
		       ? rc
		       : err_missing(err,
				     "the peak of %s is not known: state peak = SIZE in its "
				     "section",
				     e->label);
}

/* Those that the jobs had when they were looked at. 0: nobody knows, and cores are no limit. */
static unsigned int cores_of(const struct simulation *s)
{
	unsigned int cores = (unsigned int)s->p->mix.machine_cores;

	for (size_t i = 0; i < s->mix->nr_entries && !s->p->mix.machine_cores; i++) {
		unsigned int cpus = s->mix->entries[i].profile.life.cpus;

		cores = cpus > cores ? cpus : cores;
	}
	return cores;
}

/* Profiles are only needed where anything is taken away. */
static int fill(struct simulation *s, const struct backend *backend, struct err *err)
{
	bool all_whole = true, stated = true;
	int rc = 0;

	for (size_t i = 0; i < s->plan.nr_policies; i++)
		all_whole &= s->plan.policies[i]->whole;
	for (size_t i = 0; i < s->mix->nr_entries; i++)
		stated &= s->mix->entries[i].profiled && s->mix->entries[i].alone_ns &&
			  s->mix->entries[i].peak_bytes;
	if (!stated || access(common.db, R_OK) == 0)
		rc = store_open(common.db, STORE_READ, &s->store, err);
	if (!rc && !stated)
		rc = corun_profiles(s->mix, s->store, backend, !all_whole, err);
	for (size_t i = 0; i < s->mix->nr_entries && !rc; i++)
		rc = fill_kind(s, i, err);
	return rc;
}

/* --- output ------------------------------------------------------------------------------------ */

struct prediction {
	const char *policy;
	struct sim_yield yield;
	double measured_s, host_s;
	int64_t nr; /* of measured runs */
};

/* Arrivals of a round, as a co-run draws them. */
static int draw(struct simulation *s, int round, struct err *err)
{
	int rc = mix_draw(s->mix, s->p->mix.seed + (uint64_t)round, err);

	s->jobs = xreallocarray(s->jobs, s->mix->nr_jobs + 1, sizeof(*s->jobs));
	for (size_t i = 0; i < s->mix->nr_jobs && !rc; i++)
		s->jobs[i] = (struct sim_job){ .kind = s->mix->jobs[i].entry,
					       .arrival_s = s->mix->jobs[i].arrival_s };
	return rc;
}

static double median_of(const struct sim_yield *rounds, size_t nr, size_t offset)
{
	double *values = xcalloc(nr, sizeof(*values)), median;

	for (size_t i = 0; i < nr; i++)
		memcpy(&values[i], (const char *)&rounds[i] + offset, sizeof(*values));
	median = stats_median(values, nr);
	free(values);
	return median;
}

static struct sim_yield medians(const struct sim_yield *rounds, size_t nr)
{
#define MEDIAN(field) .field = median_of(rounds, nr, offsetof(struct sim_yield, field))
	return (struct sim_yield){ MEDIAN(makespan_s),	      MEDIAN(jobs_per_h),
				   MEDIAN(mean_queueing_s),   MEDIAN(mean_slowdown),
				   MEDIAN(p99_slowdown),      MEDIAN(local_share),
				   .events = rounds[0].events };
#undef MEDIAN
}

/* All rounds under one policy. */
static int play(struct simulation *s, const struct policy *policy, struct prediction *ret,
		struct err *err)
{
	const struct mix_options *o = &s->p->mix;
	struct sim_yield *rounds = xcalloc(o->repeat, sizeof(*rounds));
	struct sim sim = { .policy = policy,
			   .options = &o->policy,
			   .machines = o->machines,
			   .cores = cores_of(s),
			   .kinds = s->kinds };
	uint64_t begin_ns = clock_ns();
	int rc = corun_local_bytes(s->plan.locals[0], s->mix, &sim.local_bytes, err);

	*ret = (struct prediction){ .policy = policy->name, .measured_s = NAN };
	for (int i = 0; i < (int)o->repeat && !rc; i++) {
		rc = draw(s, i, err);
		sim.jobs = s->jobs;
		sim.nr_jobs = s->mix->nr_jobs;
		if (!rc)
			rc = simulate(&sim, &rounds[i], err);
	}
	if (!rc)
		ret->yield = medians(rounds, o->repeat);
	free(rounds);
	ret->host_s = (double)(clock_ns() - begin_ns) / NSEC_PER_SEC;
	if (!rc && s->store && o->machines == 1 &&
	    corun_measured(s->store, s->words, policy->name, sim.local_bytes, &ret->measured_s,
			   &ret->nr, err) != 0)
		ret->measured_s = NAN;
	return rc;
}

static void add_number(struct table *t, int decimals, double value)
{
	if (isnan(value))
		table_add(t, NULL);
	else
		table_addf(t, "%.*f", decimals, value);
}

static void print_table(const struct prediction *p, size_t nr)
{
	static const char *const titles[] = { "policy", "makespan s", "measured s", "runs",
					      "off by", "jobs/h",     "queueing s", "slowdown",
					      "p99",	"local used" };
	struct table t = TABLE_INIT(sizeof(titles) / sizeof(titles[0]));

	for (size_t i = 0; i < t.nr_cols; i++)
		table_add(&t, titles[i]);
	for (size_t i = 0; i < nr; i++) {
		const struct sim_yield *y = &p[i].yield;

		table_add(&t, p[i].policy);
		add_number(&t, 2, y->makespan_s);
		add_number(&t, 2, p[i].measured_s);
		add_number(&t, 0, p[i].nr ? (double)p[i].nr : NAN);
		if (p[i].nr)
			table_addf(&t, "%+.1f%%", 100 * (y->makespan_s / p[i].measured_s - 1));
		else
			table_add(&t, NULL);
		add_number(&t, 1, y->jobs_per_h);
		add_number(&t, 2, y->mean_queueing_s);
		add_number(&t, 3, y->mean_slowdown);
		add_number(&t, 3, y->p99_slowdown);
		table_addf(&t, "%.1f%%", 100 * y->local_share);
	}
	table_print(&t, "", stdout);
	table_release(&t);
}

static void print_json(const struct prediction *p, size_t nr)
{
	struct buf text = BUF_INIT;
	struct json j = { .text = &text };

	json_begin(&j, NULL, '[');
	for (size_t i = 0; i < nr; i++) {
		json_begin(&j, NULL, '{');
		json_add_text(&j, "policy", p[i].policy);
		json_add_number(&j, "makespan_s", p[i].yield.makespan_s);
		json_add_number(&j, "measured_s", p[i].measured_s);
		json_add_integer(&j, "runs", p[i].nr);
		json_add_number(&j, "jobs_per_h", p[i].yield.jobs_per_h);
		json_add_number(&j, "queueing_s", p[i].yield.mean_queueing_s);
		json_add_number(&j, "slowdown", p[i].yield.mean_slowdown);
		json_add_number(&j, "p99_slowdown", p[i].yield.p99_slowdown);
		json_add_number(&j, "local_used_share", p[i].yield.local_share);
		json_end(&j, '}');
	}
	json_end(&j, ']');
	puts(text.data);
	buf_release(&text);
}

static void print_csv(const struct prediction *p, size_t nr)
{
	puts("policy,makespan_s,measured_s,runs,jobs_per_h,queueing_s,slowdown,p99_slowdown,"
	     "local_used_share");
	for (size_t i = 0; i < nr; i++) {
		const struct sim_yield *y = &p[i].yield;

		printf("%s,%.9g,", p[i].policy, y->makespan_s);
		if (p[i].nr)
			printf("%.9g", p[i].measured_s);
		printf(",%lld,%.9g,%.9g,%.9g,%.9g,%.9g\n", (long long)p[i].nr, y->jobs_per_h,
		       y->mean_queueing_s, y->mean_slowdown, y->p99_slowdown, y->local_share);
	}
}

static int play_all(struct simulation *s, enum export_format format, struct err *err)
{
	size_t nr = s->plan.nr_policies;
	struct prediction *p = xcalloc(nr, sizeof(*p));
	double host_s = 0;
	int rc = 0;

	for (size_t i = 0; i < nr && !rc; i++) {
		rc = play(s, s->plan.policies[i], &p[i], err);
		host_s += p[i].host_s;
	}
	if (!rc && format == EXPORT_TABLE)
		print_table(p, nr);
	else if (!rc && format == EXPORT_JSON)
		print_json(p, nr);
	else if (!rc)
		print_csv(p, nr);
	if (!rc)
		log_info("%zu jobs on %llu machines, %zu policies: simulated in %.2f s",
			 s->mix->nr_jobs, (unsigned long long)s->p->mix.machines, nr, host_s);
	free(p);
	return rc;
}

static int cmd_simulate_run(struct cli *cli)
{
	struct simulate_params *p = cli->params;
	struct mix m = { 0 };
	struct simulation s = { .p = p, .mix = &m, .plan = { .mix = &m, .options = &p->mix } };
	const struct backend *backend = NULL;
	enum export_format format;
	struct err err = { 0 };
	int rc = export_format_parse(p->format, &format, &err);

	p->mix.given = cli->given;
	if (!rc)
		rc = mix_read(&m, cli->args, cli->nr_args, &p->mix, &err);
	for (size_t i = 0; i < cli->nr_pairs && !rc; i++) {
		rc = mix_set(&m, cli->pairs[i], &err);
		if (rc > 0)
			rc = err_usage(&err, "-o %s: no job of this mix has that key",
				       cli->pairs[i]);
	}
	if (!rc && strcmp(p->mix.backend, "auto") != 0) {
		backend = backend_find(p->mix.backend, &err);
		rc = backend ? 0 : -EINVAL;
	}
	if (!rc)
		rc = mix_draw(&m, p->mix.seed, &err);
	if (!rc)
		rc = corun_plan_lists(&s.plan, &err);
	if (!rc && s.plan.nr_locals > 1)
		rc = err_usage(&err, "simulate takes one --local at a time, not '%s'",
			       p->mix.local);
	for (size_t i = 0; i < s.plan.nr_policies && !rc; i++)
		rc = simulate_check(s.plan.policies[i], &err);
	s.words = mix_describe(&m);
	s.kinds = xcalloc(m.nr_entries + 1, sizeof(*s.kinds));
	if (!rc)
		rc = fill(&s, backend, &err);
	if (!rc)
		rc = play_all(&s, format, &err);
	store_close(s.store);
	corun_plan_release(&s.plan);
	free(s.words);
	free(s.kinds);
	free(s.jobs);
	mix_release(&m);
	return rc ? command_fail(&err) : 0;
}

const struct command cmd_simulate = {
	.name = "simulate",
	.args = "FILE | WORKLOAD...",
	.summary = "what a co-run's mix would do on many machines, from stored profiles",
	.doc = doc,
	.opts = opts,
	.params_size = sizeof(struct simulate_params),
	.min_args = 1,
	.max_args = 64,
	.takes_pairs = true,
	.takes_units = true,
	.run = cmd_simulate_run,
};
