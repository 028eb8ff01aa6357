// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan/corun_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/random.h"
#include "harness/plan/matrix.h"
#include "harness/plan/plan.h"
#include "harness/run/check.h"
#include "harness/run/identity.h"
#include "harness/run/run.h"
#include "harness/run/saving.h"
#include "harness/run/sets.h"
#include "harness/run/signals.h"
#include "results/corun.h"
#include "results/text_table.h"

/* As many groups and their counters as one run should have. */
#define MAX_RUN_JOBS 200

/* One run's jobs and all they point to. */
struct cast {
	struct job_spec *jobs;
	struct job_turn *turns;
	size_t nr;
	struct corun_spec corun;
	char *mix;
	char names[2][80]; /* of a pair of one entry */
};

struct making {
	struct corun_plan *plan;
	struct session session;
	size_t nr_done, nr_all;
	size_t local; /* of the run that is being made */
	int worst;
};

static void add_locals(struct corun_plan *p)
{
	char *copy = xstrdup(p->options->local), *save, *word;

	for (word = strtok_r(copy, ", \t", &save); word; word = strtok_r(NULL, ", \t", &save)) {
		p->locals = xreallocarray(p->locals, p->nr_locals + 1, sizeof(*p->locals));
		p->locals[p->nr_locals++] = xstrdup(word);
	}
	free(copy);
}

int corun_plan_lists(struct corun_plan *p, struct err *err)
{
	char *copy = xstrdup(p->matrix ? "fixed" : p->options->policies), *save, *word;
	int rc = list_check(copy, "--policy", err);

	if (!rc)
		rc = list_check(p->options->local, "--local", err);

	for (word = strtok_r(copy, ", \t", &save); word && !rc;
	     word = strtok_r(NULL, ", \t", &save)) {
		const struct policy *policy = policy_find(word, err);

		rc = policy ? 0 : -EINVAL;
		if (policy && policy->check)
			rc = policy->check(&p->options->policy, err);
		p->policies = xreallocarray(p->policies, p->nr_policies + 1, sizeof(*p->policies));
		p->policies[p->nr_policies++] = policy;
	}
	free(copy);
	add_locals(p);
	if (!rc && !p->nr_policies)
		rc = err_usage(err, "which policy? `fmbench list policies`");
	if (!rc && !p->nr_locals)
		rc = err_usage(err, "how much local memory? Such as --local 60%%");
	return rc;
}

/* --- peaks, local memory, profiles ------------------------------------------------------------ */

/* An entry as a cell of a matrix, which knows how to find its peak among earlier runs. */
static struct cell cell_of(const struct corun_plan *p, const struct mix_entry *e)
{
	return (struct cell){ .workload = e->workload,
			      .workload_params = e->params,
			      .argv = e->argv,
			      .backend = p->backend,
			      .backend_params = p->backend_params,
			      .settings = &p->options->settings,
			      .ratio = 0.5,
			      .repeat = 1,
			      .peak_bytes = e->peak_bytes };
}

static int known_peaks(struct making *mk, struct err *err)
{
	struct corun_plan *p = mk->plan;
	struct matrix m = { .settings = &p->options->settings, .seed = p->options->seed };
	int rc;

	for (size_t i = 0; i < p->mix->nr_entries; i++) {
		struct cell cell = cell_of(p, &p->mix->entries[i]);

		matrix_add(&m, &cell);
	}
	rc = plan_fill(&m, mk->session.store, err);
	for (size_t i = 0; i < m.nr_cells && !rc; i++)
		p->mix->entries[i].peak_bytes = m.cells[i].peak_bytes;
	matrix_release(&m);
	return rc;
}

/* In the lab guest: to where it outlives it. */
static void save(const struct making *mk, const struct run_outcome *outcome)
{
	struct err err = { 0 };

	if (outcome->id && saving_save(mk->session.db_path, outcome->id, &err) != 0)
		log_warn("%s", err.msg);
}

static int find_peak(struct making *mk, struct mix_entry *e, struct err *err)
{
	struct matrix m = { .settings = &mk->plan->options->settings,
			    .seed = mk->plan->options->seed };
	struct cell cell = cell_of(mk->plan, e);
	struct run_outcome outcome;
	struct job_spec job;
	struct run_spec spec;
	int rc;

	cell.ratio = 1;
	spec = matrix_spec(&m, &cell, &job);
	log_info("measuring the peak of %s: one run alone, without a limit", e->label);
	rc = run_execute(&mk->session, &spec, &outcome, err);
	save(mk, &outcome);
	if (rc)
		return rc;
	e->peak_bytes = outcome.peak_bytes;
	return e->peak_bytes ? 0
			     : err_failed(err, 0,
					  "the peak of %s could not be measured: state it, peak = "
					  "SIZE in its section",
					  e->label);
}

static int find_peaks(struct making *mk, struct err *err)
{
	int rc = known_peaks(mk, err);

	for (size_t i = 0; i < mk->plan->mix->nr_entries && !rc; i++) {
		if (!mk->plan->mix->entries[i].peak_bytes)
			rc = find_peak(mk, &mk->plan->mix->entries[i], err);
	}
	return rc;
}

int corun_local_bytes(const char *text, const struct mix *m, uint64_t *ret, struct err *err)
{
	size_t len = strlen(text);
	bool percent = len && text[len - 1] == '%';
	double peaks = 0, share;
	char number[32];

	if (!percent && parse_size(text, ret) == 0 && *ret >= 1 << 20)
		return 0;
	snprintf(number, sizeof(number), "%.*s", (int)(len - percent), text);
	if (len > 24 || parse_double(number, &share) || !(share > 0))
		return err_usage(
			err,
			"local memory '%s': give a size such as 1G, or a share of the jobs' peaks "
			"such as 60%%",
			text);
	for (size_t i = 0; i < m->nr_jobs; i++)
		peaks += (double)m->entries[m->jobs[i].entry].peak_bytes;
	*ret = (uint64_t)(peaks * share / (percent ? 100 : 1));
	return 0;
}

/* Options that are not at their default, as they are typed. */
static void add_pairs(struct buf *b, const struct workload *w, const void *params)
{
	void *defaults = xcalloc(1, w->params_size + 1);

	opt_defaults(w->opts, defaults);
	for_each_opt (o, w->opts) {
		struct buf is = BUF_INIT;

		opt_format(o, params, &is);
		if (is.len && !opt_same(o, params, defaults))
			buf_addf(b, " -o %s=%s", o->name, is.data);
		buf_release(&is);
	}
	opt_release(w->opts, defaults);
	free(defaults);
}

/* The command that makes the profile of an entry. */
static void add_fit(struct buf *b, const struct mix_entry *e, const struct backend *backend)
{
	buf_addf(b, "%s`fmbench fit", b->len ? ", " : "");
	if (!e->argv)
		buf_addf(b, " %s", e->workload->name);
	buf_adds(b, " --profile");
	if (backend)
		buf_addf(b, " --backend %s", backend->name);
	if (!e->argv)
		add_pairs(b, e->workload, e->params);
	for (size_t i = 0; e->argv && e->argv[i]; i++)
		buf_addf(b, "%s %s", i ? "" : " --", e->argv[i]);
	buf_adds(b, "`");
}

static int find_profile(struct mix_entry *e, struct store *s, const struct backend *backend,
			struct err *err)
{
	struct profile_key key = { .workload = e->workload->name,
				   .backend = backend ? backend->name : NULL };
	struct buf params = BUF_INIT;
	char age[HUMAN_SIZE];
	int rc;

	mix_entry_json(e, &params);
	key.workload_params = params.data;
	rc = profile_find(s, &key, &e->profile, err);
	buf_release(&params);
	if (rc)
		return rc;
	e->profiled = true;
	log_info("the profile of %s: %d repeat(s) up to run %lld, %s old", e->label,
		 e->profile.repeats, (long long)e->profile.run, human_age(age, e->profile.age_s));
	return 0;
}

int corun_profiles(struct mix *m, struct store *s, const struct backend *backend, bool needed,
		   struct err *err)
{
	struct buf commands = BUF_INIT, labels = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < m->nr_entries && !rc; i++) {
		struct mix_entry *e = &m->entries[i];

		if (e->profiled)
			continue;
		rc = find_profile(e, s, backend, err);
		if (rc != -ENODATA)
			continue;
		rc = 0;
		buf_addf(&labels, "%s%s", labels.len ? ", " : "", e->label);
		add_fit(&commands, e, backend);
	}
	if (!rc && needed && labels.len)
		rc = err_missing(
			err,
			"there is no profile of %.200s with these parameters%s%s; make it by "
			"%.700s",
			labels.data, backend ? " on " : "", backend ? backend->name : "",
			commands.data);
	buf_release(&labels);
	buf_release(&commands);
	return rc;
}

/* --- one run ---------------------------------------------------------------------------------- */

static double peak_sum(const struct cast *c)
{
	double sum = 0;

	for (size_t i = 0; i < c->nr; i++)
		sum += (double)c->jobs[i].peak_bytes;
	return sum;
}

static void add_job(struct cast *c, const struct mix_entry *e, const char *name, double arrival_s,
		    uint64_t seed)
{
	struct job_turn *turn = &c->turns[c->nr];

	*turn = (struct job_turn){ .arrival_s = arrival_s,
				   .least_ratio = e->least,
				   .ratio = e->ratio,
				   .cores = (unsigned int)e->cores,
				   .profile = e->profiled ? &e->profile.curve : NULL };
	c->jobs[c->nr++] = (struct job_spec){ .name = name,
					      .workload = e->workload,
					      .params = e->params,
					      .argv = e->argv,
					      .turn = turn,
					      .seed = seed,
					      .peak_bytes = e->peak_bytes };
}

/* The ratio that a job is recorded with: its own, or what all have of what all would take. */
static void set_ratios(struct cast *c)
{
	double ratio = (double)c->corun.local_bytes / peak_sum(c);

	for (size_t i = 0; i < c->nr; i++)
		c->jobs[i].ratio = c->corun.policy->whole ? 1
				   : c->corun.policy->own ? c->turns[i].ratio
				   : ratio > 1		  ? 1
							  : ratio;
}

static void cast_init(struct cast *c, const struct corun_plan *p, size_t most)
{
	*c = (struct cast){
		.jobs = xcalloc(most, sizeof(*c->jobs)),
		.turns = xcalloc(most, sizeof(*c->turns)),
		.corun = { .options = &p->options->policy,
			   .step_bytes = p->options->step_bytes,
			   .time_limit_ns = p->options->time_limit_ns },
	};
}

static void cast_release(struct cast *c)
{
	free(c->jobs);
	free(c->turns);
	free(c->mix);
}

static struct run_spec spec_of(const struct corun_plan *p, const struct cast *c, int repeat)
{
	return (struct run_spec){ .settings = &p->options->settings,
				  .backend = p->backend,
				  .backend_params = p->backend_params,
				  .jobs = c->jobs,
				  .nr_jobs = c->nr,
				  .corun = &c->corun,
				  .repeat = repeat,
				  .seed = p->options->seed + (uint64_t)repeat - 1 };
}

static int make_run(struct making *mk, const struct cast *c, int repeat, const char *what,
		    struct err *err)
{
	struct corun_plan *p = mk->plan;
	struct run_spec spec = spec_of(p, c, repeat);
	struct run_outcome outcome;
	int rc = signals_check(err);

	if (rc)
		return rc;
	snprintf(mk->session.progress, sizeof(mk->session.progress),
		 "%zu of %zu, %.40s: ", mk->nr_done + 1, mk->nr_all, what);
	rc = run_execute(&mk->session, &spec, &outcome, err);
	save(mk, &outcome);
	if (outcome.id) {
		p->runs = xreallocarray(p->runs, p->nr_runs + 1, sizeof(*p->runs));
		p->local_of = xreallocarray(p->local_of, p->nr_runs + 1, sizeof(*p->local_of));
		p->local_of[p->nr_runs] = mk->local;
		p->runs[p->nr_runs++] = outcome.id;
	}
	mk->nr_done++;
	if (outcome.status == RUN_UNTRUSTED && !mk->worst)
		mk->worst = ERR_UNTRUSTED;
	if (!rc && mk->nr_all > 1)
		log_info("%zu of %zu done: %s, repeat %d: %s", mk->nr_done, mk->nr_all, what,
			 repeat, outcome.status == RUN_OK ? "ok" : "untrusted");
	if (!rc || rc == -EINTR || !outcome.id)
		return rc;
	mk->worst = ERR_FAILED;
	log_error("run %lld failed: %s", (long long)outcome.id, err->msg);
	return 0;
}

/* --- policies, round by round ----------------------------------------------------------------- */

static int arrivals_of_run(struct making *mk, struct err *err)
{
	struct mix *m = mk->plan->mix;
	int64_t run;
	int rc = store_find_run(mk->session.store, mk->plan->replay, &run, err);

	for (size_t i = 0; i < m->nr_jobs && !rc; i++) {
		rc = corun_arrival(mk->session.store, run, m->jobs[i].name, &m->jobs[i].arrival_s,
				   err);
		if (rc == -ENODATA)
			rc = err_usage(
				err,
				"--replay %s: run %lld has no job %s, or did not end: give the "
				"same jobs",
				mk->plan->replay, (long long)run, m->jobs[i].name);
	}
	return rc;
}

/* Arrivals differ from round to round, and are the same for all policies of one. */
static int draw(struct making *mk, int repeat, struct err *err)
{
	struct corun_plan *p = mk->plan;
	int rc = mix_draw(p->mix, p->options->seed + (uint64_t)repeat - 1, err);

	if (!rc && p->replay)
		rc = arrivals_of_run(mk, err);
	if (!rc && p->mix->nr_jobs > MAX_RUN_JOBS)
		rc = err_usage(err,
			       "%zu jobs are more than the %d that one run may have: lower count",
			       p->mix->nr_jobs, MAX_RUN_JOBS);
	return rc;
}

static int cast_policy(const struct corun_plan *p, const struct policy *policy, const char *local,
		       int repeat, struct cast *c, struct err *err)
{
	const struct mix *m = p->mix;
	int rc;

	cast_init(c, p, m->nr_jobs);
	c->corun.policy = policy;
	c->corun.mix = c->mix = mix_describe(m);
	for (size_t i = 0; i < m->nr_jobs; i++)
		add_job(c, &m->entries[m->jobs[i].entry], m->jobs[i].name, m->jobs[i].arrival_s,
			p->options->seed + (uint64_t)repeat - 1);
	rc = corun_local_bytes(local, m, &c->corun.local_bytes, err);
	if (!rc)
		set_ratios(c);
	return rc;
}

/* Before a peak is measured: a command that lacks a profile has taken no time. */
static int find_profiles(struct making *mk, struct err *err)
{
	const struct corun_plan *p = mk->plan;
	bool profiles = false;

	for (size_t i = 0; i < p->nr_policies; i++)
		profiles |= p->policies[i]->profiles;
	return profiles ? corun_profiles(p->mix, mk->session.store, p->backend, true, err) : 0;
}

/* Each policy's run could begin. */
static int check_policies(struct making *mk, struct err *err)
{
	struct corun_plan *p = mk->plan;
	int rc = draw(mk, 1, err);

	for (size_t i = 0; i < p->nr_policies * p->nr_locals && !rc; i++) {
		struct cast c;
		struct run_spec spec;

		rc = cast_policy(p, p->policies[i % p->nr_policies], p->locals[i / p->nr_policies],
				 1, &c, err);
		spec = spec_of(p, &c, 1);
		if (!rc)
			rc = run_check(&spec, err);
		cast_release(&c);
	}
	return rc;
}

/* In another order each round. */
static void shuffle(size_t *order, size_t nr, uint64_t seed)
{
	uint64_t state = mix64(seed);

	for (size_t i = 0; i < nr; i++)
		order[i] = i;
	for (size_t i = nr; i > 1; i--) {
		size_t k = (size_t)(random_unit(random_next(&state)) * (double)i), kept = order[k];

		order[k] = order[i - 1];
		order[i - 1] = kept;
	}
}

static int make_policies(struct making *mk, struct err *err)
{
	struct corun_plan *p = mk->plan;
	size_t nr = p->nr_policies * p->nr_locals, *order = xcalloc(nr, sizeof(*order));
	int rc = check_policies(mk, err);

	mk->nr_all = nr * p->options->repeat;
	for (int repeat = 1; repeat <= (int)p->options->repeat && !rc; repeat++) {
		shuffle(order, nr, p->options->seed + (uint64_t)repeat);
		rc = draw(mk, repeat, err);
		for (size_t i = 0; i < nr && !rc; i++) {
			const struct policy *policy = p->policies[order[i] % p->nr_policies];
			struct cast c;

			mk->local = order[i] / p->nr_policies;
			rc = cast_policy(p, policy, p->locals[mk->local], repeat, &c, err);
			if (!rc)
				rc = make_run(mk, &c, repeat, policy->name, err);
			cast_release(&c);
		}
	}
	free(order);
	return rc;
}

/* --- each beside each ------------------------------------------------------------------------- */

/* b NULL: alone. */
static void cast_pair(const struct corun_plan *p, const struct mix_entry *a,
		      const struct mix_entry *b, uint64_t seed, struct cast *c)
{
	struct buf mix = BUF_INIT;

	cast_init(c, p, 2);
	for (int i = 0; i < 2; i++)
		snprintf(c->names[i], sizeof(c->names[i]), "%.64s-%d", a->label, i + 1);
	add_job(c, a, a == b ? c->names[0] : a->label, 0, seed);
	if (b)
		add_job(c, b, a == b ? c->names[1] : b->label, 0, seed + 1000);
	buf_addf(&mix, b ? "%s beside %s" : "%s alone", a->label, b ? b->label : "");
	c->corun.mix = c->mix = buf_steal(&mix);
	c->corun.policy = &policy_fixed;
	c->corun.local_bytes = (uint64_t)peak_sum(c);
	set_ratios(c);
}

static int make_matrix(struct making *mk, struct err *err)
{
	struct corun_plan *p = mk->plan;
	size_t nr = p->mix->nr_entries;
	int rc = 0;

	mk->nr_all = (nr + nr * (nr + 1) / 2) * p->options->repeat;
	for (int repeat = 1; repeat <= (int)p->options->repeat && !rc; repeat++) {
		for (size_t a = 0; a < nr && !rc; a++) {
			for (size_t b = a; b <= nr && !rc; b++) {
				struct cast c;

				cast_pair(p, &p->mix->entries[a],
					  b < nr ? &p->mix->entries[b] : NULL,
					  p->options->seed + (uint64_t)repeat - 1, &c);
				rc = make_run(mk, &c, repeat, c.mix, err);
				cast_release(&c);
			}
		}
	}
	return rc;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Before the machine's lock is taken, where a peak need not be known. */
static int check_units(const struct corun_plan *p, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < p->mix->nr_entries && !rc; i++) {
		struct cell cell = cell_of(p, &p->mix->entries[i]);
		struct matrix m = { .settings = &p->options->settings };
		struct job_spec job;
		struct run_spec spec;

		cell.peak_bytes = cell.peak_bytes ? cell.peak_bytes : 1 << 20;
		spec = matrix_spec(&m, &cell, &job);
		rc = run_check(&spec, err);
	}
	if (!rc && p->options->settings.offload)
		rc = err_usage(
			err,
			"--offload-reclaim holds one limit, and a co-run's move: leave it out");
	return rc;
}

int corun_plan_make(struct corun_plan *p, int (*print)(void *arg, struct store *s, struct err *err),
		    void *arg, int *ret_code, struct err *err)
{
	struct making mk = { .plan = p };
	struct err print_err = { 0 };
	int rc = check_units(p, err);

	if (rc)
		return rc;
	rc = session_open(&mk.session, p->db_path, p->state_dir, p->line, err);
	mk.session.config = p->config;
	if (!rc)
		rc = sets_try(&p->options->settings, p->state_dir, err);
	if (!rc)
		rc = find_profiles(&mk, err);
	if (!rc)
		rc = find_peaks(&mk, err);
	if (!rc)
		rc = p->matrix ? make_matrix(&mk, err) : make_policies(&mk, err);
	if (mk.session.store && p->nr_runs && print(arg, mk.session.store, &print_err) != 0) {
		log_error("%s; what was measured is in %s", print_err.msg, p->db_path);
		mk.worst = ERR_FAILED;
	}
	session_close(&mk.session);
	*ret_code = mk.worst;
	return rc;
}

void corun_plan_release(struct corun_plan *p)
{
	free(p->policies);
	for (size_t i = 0; i < p->nr_locals; i++)
		free(p->locals[i]);
	free(p->locals);
	free(p->local_of);
	free(p->runs);
}
