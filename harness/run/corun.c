// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/corun.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/opt.h"
#include "base/stats.h"
#include "base/sysfile.h"
#include "harness/policy/policy.h"
#include "harness/policy/queue.h"
#include "harness/run/phase.h"
#include "results/costs.h"

#define MOVE_NS (NSEC_PER_SEC / 10) /* the tick in which a limit moves by a step */
#define TURN_US 2000
#define ABOVE	1.02 /* of its limit: it is not reached */

/* What the run knows of a job beside struct job. */
struct life {
	uint64_t arrived_ns, started_ns, ended_ns; /* 0: not yet */
	uint64_t stuck_ns;	     /* above its limit, or refused it, since; 0: no */
	uint64_t stall_us, stall_ns; /* memory pressure as last read, and when */
};

struct corun {
	struct run *run;
	const struct corun_spec *spec;
	cpu_set_t cpus;	    /* that jobs may have */
	struct queue queue; /* jobs in the order of the run's, which is that of their arrival */
	struct life *lives;
	struct job *loading; /* its load() is what calls us; NULL: none */
	void *state;	     /* the policy's */
	bool started, lost;  /* the policy was, and can't be asked any more */
	uint64_t next_ask_ns, next_move_ns;
	double sum_bytes; /* local memory of all, at nr ticks */
	uint64_t nr, most_bytes, most_far_bytes;
};

static struct life *life_of(struct corun *c, const struct job *j)
{
	return &c->lives[j - c->run->jobs];
}

static struct queue_job *turn_of(struct corun *c, const struct job *j)
{
	return &c->queue.jobs[j - c->run->jobs];
}

static double seconds(const struct corun *c, uint64_t at_ns)
{
	return (double)(at_ns - c->run->measure_begin_ns) / NSEC_PER_SEC;
}

/* --- before the start ------------------------------------------------------------------------- */

/* With a policy that takes nothing away, or each job's own share, that is what it is admitted with. */
static uint64_t least_bytes(const struct corun_spec *c, const struct job_spec *job)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	double ratio = c->policy->whole ? 1
		       : c->policy->own ? job->turn->ratio
					: job->turn->least_ratio;

	return (uint64_t)(ratio * (double)job->peak_bytes) / page * page;
}

static struct queue queue_of(const struct run_spec *spec, unsigned int cores)
{
	struct queue q = { .local_bytes = spec->corun->local_bytes,
			   .cores = cores,
			   .jobs = xcalloc(spec->nr_jobs, sizeof(*q.jobs)),
			   .nr = spec->nr_jobs };

	for (size_t i = 0; i < spec->nr_jobs; i++)
		q.jobs[i] =
			(struct queue_job){ .arrival_s = spec->jobs[i].turn->arrival_s,
					    .peak_bytes = spec->jobs[i].peak_bytes,
					    .least_bytes = least_bytes(spec->corun, &spec->jobs[i]),
					    .cores = spec->jobs[i].turn->cores };
	return q;
}

static int refuse(const struct run_spec *spec, const struct queue *q, const struct queue_job *j,
		  bool cores, struct err *err)
{
	const char *name = spec->jobs[j - q->jobs].name;
	char least[16], local[16];

	format_size(least, sizeof(least), j->least_bytes);
	format_size(local, sizeof(local), q->local_bytes);
	if (cores)
		return err_usage(
			err,
			"job %s claims %u cores, and the jobs have %u: it would wait for ever; "
			"lower cores, or give more by --cpus",
			name, j->cores, q->cores);
	if (spec->corun->policy->whole)
		return err_usage(
			err,
			"job %s needs its whole peak of %s under policy %s, and local memory is "
			"%s: it would wait for ever; raise --local",
			name, least, spec->corun->policy->name, local);
	return err_usage(
		err,
		"job %s needs at least %s (ratio-min %g), and local memory is %s: it would wait "
		"for ever; raise --local, or lower ratio-min",
		name, least, spec->jobs[j - q->jobs].turn->least_ratio, local);
}

int corun_check(const struct run_spec *spec, const struct placement *places, struct err *err)
{
	const struct queue_job *never;
	uint64_t total_kib = 0;
	char has[16], asked[16];
	struct queue q;
	cpu_set_t cpus;
	bool cores;
	int rc = 0;

	CPU_ZERO(&cpus);
	for (size_t i = 0; i < spec->nr_jobs; i++)
		CPU_OR(&cpus, &cpus, &places[i].workload);
	q = queue_of(spec, (unsigned int)CPU_COUNT(&cpus));

	sysfile_read_key("/proc/meminfo", "MemTotal:", &total_kib);
	if (total_kib && spec->corun->local_bytes > total_kib * 1024) {
		format_size(has, sizeof(has), total_kib * 1024);
		format_size(asked, sizeof(asked), spec->corun->local_bytes);
		rc = err_usage(err, "--local %s is more than this machine's memory of %s: lower it",
			       asked, has);
	}
	never = queue_impossible(&q, &cores);
	if (!rc && never)
		rc = refuse(spec, &q, never, cores, err);
	if (!rc && spec->corun->policy->check)
		rc = spec->corun->policy->check(spec->corun->options, err);
	free(q.jobs);
	return rc;
}

/* --- asking the policy ------------------------------------------------------------------------ */

/* The share of the time since the last reading in which one of its tasks waited for memory. */
static double pressure_of(struct corun *c, struct job *j, uint64_t now)
{
	struct life *life = life_of(c, j);
	uint64_t us, at_ns;
	double share = NAN;

	if (sampler_latest(c->run->sampler, j->number, "pressure", "some_total", &us, &at_ns)) {
		if (sampler_latest(c->run->sampler, j->number, "pressure", "system_some_total", &us,
				   &at_ns))
			return NAN;
		results_flag(
			&c->run->results, "PRESSURE_SHARED", SEVERITY_WARNING,
			"cgroup v1 has no memory pressure of a group: every job's limit follows the "
			"whole machine's");
	}
	if (life->stall_ns && now > life->stall_ns)
		share = (double)(us - life->stall_us) * 1e3 / (double)(now - life->stall_ns);
	life->stall_us = us;
	life->stall_ns = now;
	return share;
}

static struct policy_job view_of(struct corun *c, struct job *j, uint64_t now)
{
	const struct queue_job *turn = turn_of(c, j);
	bool runs = turn->state == JOB_RUNS;
	struct policy_job view = {
		.name = j->spec->name,
		.peak_bytes = turn->peak_bytes,
		.least_bytes = turn->least_bytes,
		.ratio = j->spec->turn->ratio,
		.limit_bytes =
			runs && turn->limit_bytes != POLICY_UNLIMITED ? turn->limit_bytes : 0,
		.pressure = runs && c->spec->policy->pressure ? pressure_of(c, j, now) : NAN,
		.running_s = runs ? (double)(now - life_of(c, j)->started_ns) / NSEC_PER_SEC : 0,
		.profile = j->spec->turn->profile,
	};

	if (runs)
		job_local(j, &view.local_bytes);
	return view;
}

static void set_target(struct job *j, struct queue_job *turn, uint64_t bytes)
{
	turn->target_bytes = bytes;
	if (bytes != POLICY_UNLIMITED)
		j->moving.target_bytes = bytes;
}

static int start_policy(struct corun *c, struct err *err)
{
	const struct policy *p = c->spec->policy;

	c->started = true;
	return p->start ? p->start(c->spec->options, c->run->dir, &c->state, err) : 0;
}

/* One that can't answer any more leaves what stands: the run goes on, and is not to be trusted. */
static void ask_policy(struct corun *c, uint64_t now)
{
	struct policy_view view = { .t_s = seconds(c, now), .local_bytes = c->spec->local_bytes };
	struct policy_job *jobs = xcalloc(c->queue.nr, sizeof(*jobs));
	struct job **who = xcalloc(c->queue.nr, sizeof(*who));
	uint64_t *bytes = xcalloc(c->queue.nr, sizeof(*bytes));
	struct err err = { 0 };
	int rc;

	for_each_job (j, c->run) {
		enum queue_state state = turn_of(c, j)->state;

		if (state != JOB_ENTERS && state != JOB_RUNS)
			continue;
		jobs[view.nr] = view_of(c, j, now);
		who[view.nr++] = j;
	}
	view.jobs = jobs;
	rc = view.nr && !c->lost
		     ? c->spec->policy->decide(c->state, c->spec->options, &view, bytes, &err)
		     : -ENODATA;
	if (!rc && policy_fit(&view, bytes) && c->spec->policy->foreign)
		results_flag(
			&c->run->results, "POLICY_IMPOSSIBLE", SEVERITY_WARNING,
			"at %.1f s the policy's program asked for less than a job's least, or for "
			"more than there is: its answer was cut to what can be",
			view.t_s);
	for (size_t i = 0; i < view.nr && !rc; i++)
		set_target(who[i], turn_of(c, who[i]), bytes[i]);
	if (rc && view.nr && !c->lost) {
		c->lost = true;
		results_flag(&c->run->results, "POLICY_LOST", SEVERITY_FATAL,
			     "at %.1f s: %s; the limits stay as they were", view.t_s, err.msg);
	}
	free(jobs);
	free(who);
	free(bytes);
}

/* --- limits ----------------------------------------------------------------------------------- */

/* Memory that does not go: locked, or swap is full; or the program touches it faster than it goes. */
static void watch_limit(struct corun *c, struct job *j, bool refused, uint64_t now)
{
	const struct queue_job *turn = turn_of(c, j);
	struct life *life = life_of(c, j);
	char is[16], limit[16];
	uint64_t bytes;

	if (job_local(j, &bytes) != 0 || turn->limit_bytes == POLICY_UNLIMITED ||
	    (!refused && (double)bytes <= ABOVE * (double)turn->limit_bytes)) {
		life->stuck_ns = 0;
		return;
	}
	if (!life->stuck_ns)
		life->stuck_ns = now;
	if (now - life->stuck_ns < c->run->spec->settings->settle_ns)
		return;
	format_size(is, sizeof(is), bytes);
	format_size(limit, sizeof(limit), turn->target_bytes);
	results_flag(
		&j->results, "LIMIT_STUCK", SEVERITY_WARNING,
		"at %.1f s its memory had stayed at %s for %.0f s, and %s was wanted: give swap more "
		"room, or the job a higher ratio-min",
		seconds(c, now), is, (double)(now - life->stuck_ns) / NSEC_PER_SEC, limit);
}

static int move_one(struct corun *c, struct job *j, uint64_t now, struct err *err)
{
	struct queue_job *turn = turn_of(c, j);
	uint64_t next = queue_next_limit(&c->queue, turn, c->spec->step_bytes);
	int rc = next == turn->limit_bytes ? 0 : job_move_limit(j, next, err);

	if (!rc)
		turn->limit_bytes = next;
	watch_limit(c, j, rc == -EBUSY, now);
	return rc == -EBUSY ? 0 : rc;
}

/* What sinks makes room for what rises. */
static int move_limits(struct corun *c, uint64_t now, struct err *err)
{
	int rc = 0;

	for (int up = 0; up <= 1; up++) {
		for_each_job (j, c->run) {
			const struct queue_job *turn = turn_of(c, j);

			if (!rc && turn->state == JOB_RUNS &&
			    (turn->target_bytes > turn->limit_bytes) == (up == 1))
				rc = move_one(c, j, now, err);
		}
	}
	return rc;
}

/* --- a job's start ---------------------------------------------------------------------------- */

/* Those with the fewest jobs, neighbours first. Returns whether it has them to itself. */
static bool choose_cpus(struct corun *c, struct job *j)
{
	unsigned int claims = j->spec->turn->cores;
	unsigned int nr = claims ? claims : (unsigned int)CPU_COUNT(&j->placement.workload);
	unsigned int on[CPU_SETSIZE] = { 0 }, most = 0;

	for_each_job (other, c->run) {
		for (int cpu = 0; cpu < CPU_SETSIZE && turn_of(c, other)->state == JOB_RUNS; cpu++)
			on[cpu] += CPU_ISSET(cpu, &other->placement.workload) != 0;
	}
	CPU_ZERO(&j->placement.workload);
	for (unsigned int n = 0; n < nr; n++) {
		int best = -1;

		for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
			if (CPU_ISSET(cpu, &c->cpus) && !CPU_ISSET(cpu, &j->placement.workload) &&
			    (best < 0 || on[cpu] < on[best]))
				best = cpu;
		}
		if (best < 0)
			break;
		CPU_SET(best, &j->placement.workload);
		most = on[best] > most ? on[best] : most;
	}
	return most == 0;
}

static int place_job(struct corun *c, struct job *j, struct err *err)
{
	char prefix[96];
	bool alone = choose_cpus(c, j);

	if (!alone)
		snprintf(j->placement.shared, sizeof(j->placement.shared), "jobs of the co-run");
	else if (strstr(j->placement.shared, " jobs"))
		j->placement.shared[0] = '\0';
	j->inside.cpus = j->placement.workload;
	j->ctx.inside_cpus = (unsigned int)CPU_COUNT(&j->placement.workload);
	snprintf(prefix, sizeof(prefix), "placement.%.64s", j->spec->name);
	placement_facts(&j->placement, prefix, &c->run->settings);
	return j->has_group ? group_set_cpus(&j->groups.inside, &j->placement.workload, err) : 0;
}

/* Its load() calls corun_idle(): the others go on meanwhile. */
static int load_job(struct corun *c, struct job *j, struct err *err)
{
	const struct workload *w = j->spec->workload;
	int rc;

	c->loading = j;
	rc = w->load(&j->ctx, err);
	c->loading = NULL;
	if (!rc)
		rc = w->go(&j->ctx, err);
	j->begin_ns = clock_ns();
	return rc || !w->measure ? rc : w->measure(&j->ctx, err);
}

/* Whole lives are compared: a job that is alone, too, has its limit from its first page. */
static bool has_load(const struct job *j)
{
	return j->spec->workload->shape == WORKLOAD_SERVICE || job_loads(j->spec, 2) != LOADS_NOT;
}

static int start_job(struct corun *c, struct job *j, uint64_t bytes, struct err *err)
{
	const struct workload *w = j->spec->workload;
	struct queue_job *turn = turn_of(c, j);
	int rc = place_job(c, j, err);

	if (!rc && bytes != POLICY_UNLIMITED)
		rc = job_move_limit(j, bytes, err);
	if (!rc && w->prepare)
		rc = w->prepare(&j->ctx, err);
	turn->state = JOB_RUNS;
	turn->limit_bytes = bytes;
	life_of(c, j)->started_ns = j->begin_ns = clock_ns();
	if (!rc)
		rc = job_start(j, err);
	if (!rc && has_load(j))
		rc = load_job(c, j, err);
	if (rc)
		err_prefix(err, "job %s", j->spec->name);
	return rc;
}

/* One job is filled at a time: another that has to be waits for it. */
static int start_jobs(struct corun *c, struct err *err)
{
	int rc = 0;

	for_each_job (j, c->run) {
		const struct queue_job *turn = turn_of(c, j);
		uint64_t bytes;

		if (rc || turn->state != JOB_ENTERS || (c->loading && has_load(j)) ||
		    !queue_has_room(&c->queue, turn, &bytes))
			continue;
		rc = start_job(c, j, bytes, err);
	}
	return rc;
}

/* --- a job's end ------------------------------------------------------------------------------ */

static void end_job(struct corun *c, struct job *j)
{
	struct queue_job *turn = turn_of(c, j);
	unsigned int rest;

	j->ended = true;
	j->end_ns = life_of(c, j)->ended_ns = clock_ns();
	job_stop(j, j->begin_ns, j->end_ns);
	rest = j->has_group ? group_kill_rest(&j->groups.inside) : 0;
	if (rest)
		results_flag(
			&j->results, "FORKED_AWAY", SEVERITY_WARNING,
			"%u process(es) went on when the job had ended, and were killed: it ends "
			"before its work does",
			rest);
	turn->state = JOB_ENDED;
	turn->limit_bytes = 0;
	j->moving.bytes = j->moving.target_bytes = 0;
}

/* A workload that says when it begins to check its answer is told to go on. */
static int go_on(struct job *j, struct err *err)
{
	const struct workload *w = j->spec->workload;

	return w->phase && w->loads && w->phase(&j->ctx) ? w->go(&j->ctx, err) : 0;
}

static bool window_is_over(const struct corun *c, const struct job *j)
{
	return j->spec->workload->shape == WORKLOAD_SERVICE && !j->spec->workload->measure &&
	       clock_ns() - j->begin_ns >= c->run->spec->settings->duration_ns;
}

/* Returns how many have ended, or -errno. */
static int poll_jobs(struct corun *c, struct err *err)
{
	int nr = 0;

	for_each_job (j, c->run) {
		int rc;

		if (turn_of(c, j)->state != JOB_RUNS || j == c->loading)
			continue;
		rc = job_poll(j, 0, err);
		if (rc >= 0 && !j->ended)
			rc = go_on(j, err);
		if (rc < 0 && rc != -EINTR) {
			err_prefix(err, "job %s", j->spec->name);
			return rc;
		}
		if (j->ended || window_is_over(c, j)) {
			end_job(c, j);
			nr++;
		}
	}
	return nr;
}

/* --- turns ------------------------------------------------------------------------------------ */

static uint64_t far_of(struct corun *c, const struct job *j)
{
	const struct backend_usage *u = c->run->spec->backend->usage;
	uint64_t bytes, at_ns;

	for (; u && u->what; u++) {
		if (strcmp(u->what, USAGE_FAR) == 0 &&
		    sampler_latest(c->run->sampler, j->number, u->collector, u->key, &bytes,
				   &at_ns) == 0)
			return bytes;
	}
	return 0;
}

static void add_up(struct corun *c)
{
	uint64_t local = 0, far = 0, bytes;

	for_each_job (j, c->run) {
		if (turn_of(c, j)->state != JOB_RUNS)
			continue;
		local += job_local(j, &bytes) == 0 ? bytes : 0;
		far += far_of(c, j);
	}
	c->sum_bytes += (double)local;
	c->nr++;
	c->most_bytes = local > c->most_bytes ? local : c->most_bytes;
	c->most_far_bytes = far > c->most_far_bytes ? far : c->most_far_bytes;
}

static int check_time(struct corun *c, uint64_t now, struct err *err)
{
	struct buf names = BUF_INIT;
	int rc;

	if (now - c->run->measure_begin_ns < c->spec->time_limit_ns)
		return 0;
	for_each_job (j, c->run) {
		if (turn_of(c, j)->state != JOB_ENDED)
			buf_addf(&names, "%s%s", names.len ? ", " : "", j->spec->name);
	}
	rc = err_failed(err, 0, "after %.0f s there is no end of %.300s: raise --time-limit",
			seconds(c, now), names.data);
	buf_release(&names);
	return rc;
}

/* All that may have to be done at one instant. */
static int turn(struct corun *c, struct err *err)
{
	uint64_t now = clock_ns();
	bool asks = c->spec->policy->again && now >= c->next_ask_ns;
	int rc = poll_jobs(c, err);

	asks |= rc > 0;
	queue_arrive(&c->queue, seconds(c, now));
	for_each_job (j, c->run) {
		if (turn_of(c, j)->state != JOB_COMES && !life_of(c, j)->arrived_ns)
			life_of(c, j)->arrived_ns = now;
	}
	while (queue_admit(&c->queue))
		asks = true;
	if (rc >= 0 && asks) {
		ask_policy(c, now);
		c->next_ask_ns = now + c->spec->options->every_ns;
	}
	rc = rc < 0 ? rc : start_jobs(c, err);
	if (rc || now < c->next_move_ns)
		return rc;
	c->next_move_ns = now + MOVE_NS;
	rc = move_limits(c, now, err);
	if (!rc)
		rc = check_time(c, now, err);
	add_up(c);
	return rc ? rc : phase_idle(c->run, err);
}

/* For a load() that waits. */
static int corun_idle(void *arg, struct err *err)
{
	return turn(arg, err);
}

static bool all_ended(const struct corun *c)
{
	for (size_t i = 0; i < c->queue.nr; i++) {
		if (c->queue.jobs[i].state != JOB_ENDED)
			return false;
	}
	return true;
}

int corun_measure(struct run *r, struct err *err)
{
	struct corun *c = r->corun = xcalloc(1, sizeof(*c));
	int rc;

	c->run = r;
	c->spec = r->spec->corun;
	for_each_job (j, r)
		CPU_OR(&c->cpus, &c->cpus, &j->placement.workload);
	c->queue = queue_of(r->spec, (unsigned int)CPU_COUNT(&c->cpus));
	c->lives = xcalloc(c->queue.nr, sizeof(*c->lives));
	for_each_job (j, r) {
		j->ctx.idle = corun_idle;
		j->ctx.idle_arg = c;
	}
	rc = start_policy(c, err);
	if (!rc)
		rc = phase_next(r, "measure", err);
	while (!rc && !all_ended(c)) {
		rc = turn(c, err);
		usleep(TURN_US);
	}
	if (c->spec->policy->stop)
		c->spec->policy->stop(c->state);
	c->state = NULL;
	return rc;
}

void corun_free(struct corun *c)
{
	if (!c)
		return;
	free(c->queue.jobs);
	free(c->lives);
	free(c);
}

/* --- results ---------------------------------------------------------------------------------- */

static const struct result *performance(const struct results *r)
{
	for (size_t i = 0; i < r->nr; i++) {
		if (r->rows[i].better != BETTER_NEITHER && !strchr(r->rows[i].name, '.'))
			return &r->rows[i];
	}
	return NULL;
}

/* Against its run alone, by the one rule for baselines. NAN: there is none. */
static double slowdown_of(struct run *r, const struct job *j, struct err *err)
{
	const struct result *own = performance(&j->results);
	struct store_baseline base;
	struct cost cost;

	if (!own || !(own->value > 0) ||
	    store_baseline(r->session->store, r->outcome->id, j->number, &base, err) != 0 ||
	    store_cost(r->session->store, base.run, NULL, &cost, err) != 0 || !cost.sound)
		return NAN;
	return (own->better == BETTER_HIGHER ? 1 / own->value : own->value) / cost.cost;
}

static void add_job(struct corun *c, struct job *j, double slowdown)
{
	const struct life *life = life_of(c, j);
	struct results *r = &j->results;

	results_add(r, "arrival", "s", BETTER_NEITHER, j->spec->turn->arrival_s);
	results_add(r, "queueing", "s", BETTER_LOWER,
		    (double)(life->started_ns - life->arrived_ns) / NSEC_PER_SEC);
	results_add(r, "running", "s", BETTER_LOWER,
		    (double)(life->ended_ns - life->started_ns) / NSEC_PER_SEC);
	results_add(r, "completion", "s", BETTER_LOWER,
		    (double)(life->ended_ns - life->arrived_ns) / NSEC_PER_SEC);
	if (!isnan(slowdown))
		results_add(r, "slowdown", "times", BETTER_LOWER, slowdown);
}

/* Weighted speed-up: Snavely and Tullsen, ASPLOS 2000. Fairness: Jain's index of the speeds. */
static void add_slowdowns(struct results *r, const double *slowdowns, size_t nr)
{
	double sum = 0, speed = 0, squares = 0;

	for (size_t i = 0; i < nr; i++) {
		if (isnan(slowdowns[i]))
			return;
		sum += slowdowns[i];
		speed += 1 / slowdowns[i];
		squares += 1 / slowdowns[i] / slowdowns[i];
	}
	results_add(r, "mean_slowdown", "times", BETTER_LOWER, sum / (double)nr);
	results_add(r, "p99_slowdown", "times", BETTER_LOWER, stats_quantile(slowdowns, nr, 0.99));
	results_add(r, "weighted_speedup", "jobs", BETTER_HIGHER, speed);
	results_add(r, "jain", "share", BETTER_HIGHER, speed * speed / ((double)nr * squares));
}

/* What is the run's stands with its first job, where exports and comparisons find it. */
static void add_run(struct corun *c, const double *slowdowns)
{
	struct results *r = &c->run->jobs[0].results;
	double end_s = 0, us;

	for (size_t i = 0; i < c->queue.nr; i++)
		end_s = fmax(end_s, seconds(c, c->lives[i].ended_ns));
	results_add(r, "makespan", "s", BETTER_LOWER, end_s);
	results_add(r, "throughput", "jobs_per_h", BETTER_HIGHER,
		    (double)c->queue.nr / end_s * 3600);
	add_slowdowns(r, slowdowns, c->queue.nr);
	results_add(r, "local_budget", "bytes", BETTER_NEITHER, (double)c->spec->local_bytes);
	if (c->nr)
		results_add(r, "local_mean", "bytes", BETTER_NEITHER, c->sum_bytes / (double)c->nr);
	results_add(r, "local_most", "bytes", BETTER_NEITHER, (double)c->most_bytes);
	results_add(r, "far_most", "bytes", BETTER_NEITHER, (double)c->most_far_bytes);
	if (store_phase_value(c->run->session->store, c->run->outcome->id, 0, "measure", "cpu",
			      "reclaim_cpu_system", &us, NULL) == 0)
		results_add(r, "reclaim_cpu", "s", BETTER_NEITHER, us / 1e6);
}

int corun_harvest(struct run *r, struct err *err)
{
	struct corun *c = r->corun;
	double *slowdowns = xcalloc(c->queue.nr, sizeof(*slowdowns));

	for_each_job (j, r) {
		slowdowns[j - r->jobs] = slowdown_of(r, j, err);
		add_job(c, j, slowdowns[j - r->jobs]);
	}
	add_run(c, slowdowns);
	free(slowdowns);
	return 0;
}
