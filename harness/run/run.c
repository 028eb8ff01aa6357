// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run's whole life. run_execute() at the end of this file is the only place that knows the order
 * of its steps; each step is one function above it, in that order. What one job does in a step is in
 * job.c.
 */
#include "harness/run/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/kmsg.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysfile.h"
#include "harness/run/around.h"
#include "harness/run/artifacts.h"
#include "harness/run/check.h"
#include "harness/run/flags.h"
#include "harness/run/follow.h"
#include "harness/run/identity.h"
#include "harness/run/janitor.h"
#include "harness/run/job.h"
#include "harness/run/machine.h"
#include "harness/run/recover.h"
#include "harness/run/sampler.h"
#include "harness/run/sets.h"
#include "harness/run/signals.h"
#include "harness/run/version.h"

#define HEALTH_NS NSEC_PER_SEC
#define POLL_MS	  100
#define TICK_HZ	  (1000 / POLL_MS)
/* A warm-up that ends by itself lasts for three windows at the most, or for MAX. */
#define LEAST_WARMUP_NS (3 * NSEC_PER_SEC)
#define MAX_WARMUP_NS	(30 * NSEC_PER_SEC)
/* Several jobs are looked at in turns: so much later than it was may an end be seen. */
#define TURN_MS 2
/* How far readings may have stayed below the kernel's own peak. */
#define PEAK_TOLERANCE 0.05

struct run {
	struct session *session;
	const struct run_spec *spec;
	struct run_outcome *outcome;

	char uuid[40];
	char dir[PATH_MAX]; /* logs and artifacts */
	struct facts settings;
	struct results results; /* flags that are no job's */
	struct journal *journal;
	struct janitor janitor;
	bool prepared; /* the user's own command before the run was begun */
	struct backend_ctx backend;
	bool backend_up;
	struct job *jobs;	/* spec->nr_jobs */
	struct follow *follows; /* one a job */
	struct sampler *sampler;
	struct sampler_stats sampler_stats;
	int kmsg_fd;
	uint64_t next_health_ns;

	const char *phase; /* under way, or NULL */
	uint64_t phase_begin_ns;
	uint64_t measure_begin_ns, measure_end_ns;
	uint64_t own_cpu_ns; /* that fmbench itself used in phase measure */
	uint64_t warmup_ns;
	enum steady_verdict warmed; /* how a warm-up that ends by itself ended */
};

#define for_each_job(j, r) for (struct job *j = (r)->jobs; j < (r)->jobs + (r)->spec->nr_jobs; j++)

/* --- phases and waiting --------------------------------------------------------------------- */

/* Those jobs that have a window inside their life. */
static void feed_paces(struct run *r, bool anew)
{
	for_each_job (j, r) {
		if (j->spec->workload->shape == WORKLOAD_BATCH)
			continue;
		if (anew)
			pace_reset(&j->pace);
		pace_feed(&j->pace, r->sampler, j->number, j->progress, r->spec->backend->usage);
	}
}

static bool is_paced(const char *phase)
{
	return phase && (strcmp(phase, "warmup") == 0 || strcmp(phase, "measure") == 0);
}

/* End the phase under way and begin the next (NULL: none) at one and the same instant. */
static int phase_next(struct run *r, const char *name, struct err *err)
{
	uint64_t now;
	int rc;

	rc = sampler_mark(r->sampler, &now, err);
	if (rc)
		return rc;
	if (is_paced(r->phase))
		feed_paces(r, false);
	r->warmup_ns = r->phase && strcmp(r->phase, "warmup") == 0 ? now - r->phase_begin_ns
								   : r->warmup_ns;
	if (r->phase)
		rc = store_phase(r->session->store, r->outcome->id, r->phase, r->phase_begin_ns,
				 now, err);
	if (r->phase && strcmp(r->phase, "measure") == 0) {
		r->measure_end_ns = now;
		r->own_cpu_ns = clock_process_ns() - r->own_cpu_ns;
	}
	if (name && strcmp(name, "measure") == 0) {
		r->measure_begin_ns = now;
		r->own_cpu_ns = clock_process_ns();
	}
	r->phase = name;
	r->phase_begin_ns = now;
	if (is_paced(name))
		feed_paces(r, true);
	return rc;
}

static int check_health(struct run *r, struct err *err)
{
	int rc;

	if (!r->backend_up || !r->spec->backend->health)
		return 0;
	r->next_health_ns = clock_ns() + HEALTH_NS;
	rc = r->spec->backend->health(&r->backend, err);
	if (rc)
		results_flag(&r->results, "BACKEND_LOST", SEVERITY_FATAL, "%s", err->msg);
	return rc;
}

static void show_output(struct run *r)
{
	for (size_t i = 0; r->spec->settings->show_output && i < r->spec->nr_jobs; i++)
		follow_look(&r->follows[i], r->jobs[i].dir);
}

/* What must happen ten times a second in every phase. */
static int tick(struct run *r, struct err *err)
{
	const struct job_spec *first = &r->spec->jobs[0];
	bool measuring = r->phase && strcmp(r->phase, "measure") == 0;
	uint64_t now = clock_ns();
	char what[160];
	int rc = signals_check(err);

	if (!rc)
		rc = sampler_drain(r->sampler, err);
	for_each_job (j, r) {
		if (!rc)
			rc = job_look(j, measuring, err);
	}
	show_output(r);
	if (rc)
		return rc;
	if (is_paced(r->phase))
		feed_paces(r, false);
	if (now >= r->next_health_ns)
		rc = check_health(r, err);
	if (r->spec->nr_jobs > 1)
		snprintf(what, sizeof(what), "%zu jobs %s", r->spec->nr_jobs,
			 r->spec->backend->name);
	else if (first->workload->shape == WORKLOAD_LOOP)
		snprintf(what, sizeof(what), "%s %s", first->name, r->spec->backend->name);
	else
		snprintf(what, sizeof(what), "%s %s ratio %g", first->name, r->spec->backend->name,
			 first->ratio);
	log_progress("%s%s: %s %.0f s", r->session->progress, what, r->phase ? r->phase : "",
		     (double)(now - r->phase_begin_ns) / NSEC_PER_SEC);
	return rc;
}

static int idle(void *arg, struct err *err)
{
	return tick(arg, err);
}

/* Where the workload says itself when it begins to measure. Phases are the run's: with several jobs one
 * that says so goes on, and changes none. */
static int next_own_phase(struct run *r, struct job *j, struct err *err)
{
	const struct workload *w = j->spec->workload;
	bool has_own = w->phase && (w->shape == WORKLOAD_LOOP || w->loads);
	const char *name = has_own ? w->phase(&j->ctx) : NULL;
	int rc = name && r->spec->nr_jobs == 1 ? phase_next(r, name, err) : 0;

	return rc || !name ? rc : w->go(&j->ctx, err);
}

/* Which jobs still run: those that a window's end stops, and those that end by themselves. */
struct running {
	unsigned int services, others;
};

/* A warm-up has a length, and so has the window of a service whose client does not end by itself. */
static bool is_timed(const struct run *r, const struct job *j)
{
	const struct workload *w = j->spec->workload;

	return w->shape == WORKLOAD_SERVICE && (!w->measure || strcmp(r->phase, "measure") != 0);
}

static int poll_jobs(struct run *r, int timeout_ms, struct running *ret, struct err *err)
{
	bool alone = r->spec->nr_jobs == 1;

	*ret = (struct running){ 0 };

	for_each_job (j, r) {
		int rc = !j->started || j->ended ? 0 : job_poll(j, alone ? timeout_ms : 0, err);

		if (rc == -EINTR)
			rc = 0; /* tick() tells whether it is the end */
		if (rc >= 0 && !j->ended)
			rc = next_own_phase(r, j, err);
		if (rc < 0)
			return rc;
		if (!j->started || j->ended)
			continue;
		if (is_timed(r, j))
			ret->services++;
		else
			ret->others++;
	}
	if (!alone)
		usleep((useconds_t)(timeout_ms < TURN_MS ? timeout_ms : TURN_MS) * 1000);
	return 0;
}

/* Let the jobs run until all have ended; services at the latest until the instant. */
static int run_until(struct run *r, uint64_t deadline_ns, struct err *err)
{
	for (;;) {
		uint64_t now = clock_ns();
		struct running running;
		int timeout_ms = POLL_MS, rc;

		if (now < deadline_ns && deadline_ns - now < POLL_MS * NSEC_PER_MSEC)
			timeout_ms = (int)((deadline_ns - now) / NSEC_PER_MSEC) + 1;
		rc = poll_jobs(r, timeout_ms, &running, err);
		if (!rc)
			rc = tick(r, err);
		if (rc)
			return rc;
		if (!running.others && (!running.services || clock_ns() >= deadline_ns))
			return 0;
	}
}

/* How the job is filled, in this run. */
static enum workload_loads loads_of(const struct run *r, const struct job *j)
{
	return job_loads(j->spec, r->spec->nr_jobs);
}

static bool any_service(const struct run *r)
{
	for_each_job (j, r) {
		if (j->spec->workload->shape == WORKLOAD_SERVICE)
			return true;
	}
	return false;
}

/* --- 1. plan -------------------------------------------------------------------------------- */

static int plan(struct run *r, struct err *err)
{
	struct placement *placements = xcalloc(r->spec->nr_jobs, sizeof(*placements));
	int rc = run_check(r->spec, err);

	if (!rc)
		rc = run_place(r->spec, placements, err);
	for (size_t i = 0; i < r->spec->nr_jobs && !rc; i++)
		r->jobs[i].placement = placements[i];
	free(placements);
	return rc;
}

/* --- 2. record ------------------------------------------------------------------------------ */

static int make_dirs_of_jobs(struct run *r, struct err *err)
{
	int rc = artifacts_make_dir(r->session->db_path, r->uuid, r->dir, sizeof(r->dir), err);

	for_each_job (j, r) {
		if (r->spec->nr_jobs == 1)
			snprintf(j->dir, sizeof(j->dir), "%s", r->dir);
		else
			snprintf(j->dir, sizeof(j->dir), "%.3000s/%d-%.64s", r->dir, j->number,
				 j->spec->name);
		if (!rc && r->spec->nr_jobs > 1 && mkdir(j->dir, 0777) != 0)
			rc = err_failed(err, errno, "cannot make directory %s", j->dir);
	}
	return rc;
}

static int record(struct run *r, struct err *err)
{
	const struct run_spec *spec = r->spec;
	struct run_identity id;
	char prefix[96];
	int rc;

	rc = sysfile_read_line("/proc/sys/kernel/random/uuid", r->uuid, sizeof(r->uuid));
	if (rc)
		return err_failed(err, -rc, "/proc/sys/kernel/random/uuid");
	run_identity_init(&id, spec);
	id.record.uuid = r->uuid;
	id.record.command = r->session->line;
	id.record.version = fmbench_version;
	id.record.pid = getpid();
	process_start(getpid(), &id.record.pid_start);
	rc = store_run_begin(r->session->store, r->session->machine, &id.record, &r->outcome->id,
			     err);
	run_identity_release(&id);
	if (!rc)
		rc = make_dirs_of_jobs(r, err);
	if (rc)
		return rc;

	machine_settings(&r->settings);
	if (r->session->config)
		facts_set(&r->settings, "config", "%s", r->session->config);
	if (r->session->fit)
		facts_set(&r->settings, "fit", "%s", r->session->fit);
	for_each_job (j, r) {
		if (j->spec->workload->versions)
			j->spec->workload->versions(j->spec->argv, &r->settings);
		snprintf(prefix, sizeof(prefix), "placement%s%s", spec->nr_jobs > 1 ? "." : "",
			 spec->nr_jobs > 1 ? j->spec->name : "");
		placement_facts(&j->placement, prefix, &r->settings);
	}
	return store_run_facts(r->session->store, r->outcome->id, &r->settings, err);
}

static int open_journal(struct run *r, struct err *err)
{
	char dir[PATH_MAX];
	int rc;

	recover_journal_dir(r->session->state_dir, dir, sizeof(dir));
	rc = journal_create(dir, r->uuid, recover_ops, &r->journal, err);
	if (!rc)
		rc = janitor_start(&r->janitor, journal_path(r->journal), r->session->db_path, err);
	return rc;
}

static int change_settings(struct run *r, struct err *err)
{
	int rc = sets_apply(r->spec->settings, r->journal, &r->settings, err);

	if (rc)
		return rc;
	machine_settings(&r->settings); /* some of them are among these */
	return store_run_facts(r->session->store, r->outcome->id, &r->settings, err);
}

static int prepare(struct run *r, struct err *err)
{
	const char *line = r->spec->settings->prepare;

	r->prepared = true;
	return line ? around_run("prepare", line, r->dir, true, err) : 0;
}

/* --- 3. backend up -------------------------------------------------------------------------- */

static int bring_up(struct run *r, struct err *err)
{
	const struct run_spec *spec = r->spec;
	struct facts facts;
	int rc;

	r->backend.backend = spec->backend;
	r->backend.params = spec->backend_params;
	r->backend.state_dir = r->session->state_dir;
	for_each_job (j, r) {
		if (j->limit_bytes && j->spec->peak_bytes > j->limit_bytes)
			r->backend.need_bytes += j->spec->peak_bytes - j->limit_bytes;
	}
	rc = spec->backend->up ? spec->backend->up(&r->backend, r->journal, err) : 0;
	if (rc)
		return rc;
	r->backend_up = true;
	facts_init(&facts);
	if (spec->backend->facts)
		spec->backend->facts(&r->backend, &facts);
	rc = store_run_facts(r->session->store, r->outcome->id, &facts, err);
	facts_release(&facts);
	return rc;
}

/* --- 4. groups ------------------------------------------------------------------------------ */

static int make_groups(struct run *r, struct err *err)
{
	struct err why = { 0 };
	char root[PATH_MAX], tag[24];
	int rc = run_find_root(r->spec->settings, root, sizeof(root), &why);

	if (rc && !run_needs_groups(r->spec))
		return 0;
	if (rc)
		*err = why;
	for_each_job (j, r) {
		if (rc)
			break;
		snprintf(tag, sizeof(tag), "%.8s", r->uuid);
		if (j->number > 1)
			snprintf(tag, sizeof(tag), "%.8s-%d", r->uuid, j->number);
		rc = job_make_groups(j, root, tag, r->journal, err);
	}
	return rc;
}

static int prepare_jobs(struct run *r, struct err *err)
{
	int rc = 0;

	for_each_job (j, r) {
		if (!rc)
			rc = job_prepare(j, idle, r, r->journal, err);
	}
	return rc;
}

/* Which counters tell how each job uses memory: known once they were read. */
static int note_usage(struct run *r, struct err *err)
{
	uint64_t now;
	int rc = sampler_mark(r->sampler, &now, err);

	for_each_job (j, r) {
		if (!rc)
			rc = sampler_note_usage(r->sampler, j->number, r->spec->backend->usage,
						err);
	}
	return rc;
}

/* Which its programs may use. */
static cpu_set_t run_cpus(const struct run *r)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	for_each_job (j, r) {
		CPU_OR(&cpus, &cpus, &j->placement.workload);
		if (j->spec->workload->shape == WORKLOAD_SERVICE)
			CPU_OR(&cpus, &cpus, &j->placement.client);
	}
	return cpus;
}

static int start_sampler(struct run *r, struct err *err)
{
	struct collector_ctx *ctx = xcalloc(r->spec->nr_jobs, sizeof(*ctx));
	cpu_set_t cpus = run_cpus(r);
	int rc;

	for (size_t i = 0; i < r->spec->nr_jobs; i++) {
		ctx[i] = job_collectors(&r->jobs[i]);
		ctx[i].cpus = &cpus;
	}
	rc = sampler_start(collector_table, ctx, r->spec->nr_jobs,
			   (unsigned int)r->spec->settings->sample_hz,
			   r->jobs[0].placement.sampler_cpu, r->session->store, r->outcome->id,
			   &r->sampler, err);
	free(ctx);
	return rc ? rc : note_usage(r, err);
}

/* --- 5. load -------------------------------------------------------------------------------- */

/* What is filled before it is measured: one after the other, as each wants all CPUs of its client. */
static int load(struct run *r, struct err *err)
{
	int rc = 0;

	for_each_job (j, r) {
		enum workload_loads loads = loads_of(r, j);
		const struct workload *w = j->spec->workload;

		if (rc || (loads == LOADS_NOT && !w->prepare))
			continue;
		if (loads == LOADS_LIMITED)
			rc = job_set_window_limit(j, err);
		if (!rc && !r->phase)
			rc = phase_next(r, "load", err);
		if (!rc && w->prepare)
			rc = w->prepare(&j->ctx, err);
		if (!rc && loads != LOADS_NOT)
			rc = job_start(j, err);
		if (!rc && loads != LOADS_NOT)
			rc = w->load(&j->ctx, err);
	}
	return rc;
}

/* --- 6. limit and settle -------------------------------------------------------------------- */

static int shrink(struct run *r, struct err *err)
{
	int rc = r->phase ? phase_next(r, "shrink", err) : 0;

	for_each_job (j, r) {
		if (!rc && loads_of(r, j) == LOADS_FREELY)
			rc = job_shrink(j, err);
	}
	for_each_job (j, r) {
		if (!rc)
			rc = job_set_window_limit(j, err);
	}
	return rc;
}

/* --- 7. warm-up and measure ----------------------------------------------------------------- */

/* It evicts, warms up and measures by itself: its phases are its own. */
static int measure_loop(struct run *r, struct err *err)
{
	struct job *j = &r->jobs[0];
	int rc = phase_next(r, "prime", err);

	if (!rc)
		rc = j->spec->workload->go(&j->ctx, err);
	return rc ? rc : run_until(r, UINT64_MAX, err);
}

static bool any_running(const struct run *r)
{
	for_each_job (j, r) {
		if (j->started && !j->ended)
			return true;
	}
	return false;
}

/* The least settled of the services. */
static enum steady_verdict lately(const struct run *r)
{
	enum steady_verdict worst = STEADY_UNKNOWN;

	for_each_job (j, r) {
		enum steady_verdict v = STEADY_UNKNOWN;

		if (j->spec->workload->shape == WORKLOAD_SERVICE)
			v = pace_lately(&j->pace, r->phase_begin_ns, clock_ns());
		worst = v > worst ? v : worst;
	}
	return worst;
}

/* Until the rates of all services have held still; for a while where nothing is counted. */
static int warm_up_until_steady(struct run *r, struct err *err)
{
	uint64_t longest_ns = 3 * r->spec->settings->duration_ns;
	int rc = 0;

	if (longest_ns < MAX_WARMUP_NS)
		longest_ns = MAX_WARMUP_NS;
	while (!rc && any_running(r)) {
		uint64_t now = clock_ns(), passed_ns = now - r->phase_begin_ns;

		r->warmed = lately(r);
		if (passed_ns >= longest_ns ||
		    (passed_ns >= LEAST_WARMUP_NS && r->warmed <= STEADY_YES))
			break;
		rc = run_until(r, now + POLL_MS * NSEC_PER_MSEC, err);
	}
	return rc;
}

/* Load generators run until they are stopped. */
static int warm_up(struct run *r, struct err *err)
{
	int rc = phase_next(r, "warmup", err);

	for_each_job (j, r) {
		if (!rc && j->spec->workload->shape == WORKLOAD_SERVICE)
			rc = j->spec->workload->go(&j->ctx, err);
	}
	if (rc)
		return rc;
	if (r->spec->settings->warmup_ns == WARMUP_AUTO)
		return warm_up_until_steady(r, err);
	return run_until(r, clock_ns() + r->spec->settings->warmup_ns, err);
}

/* From its first page where it has no load phase. */
static int begin_batch(struct run *r, struct job *j, struct err *err)
{
	if (loads_of(r, j) == LOADS_NOT)
		return job_start(j, err);
	return j->spec->workload->go(&j->ctx, err);
}

/* The window of a service has a length; that of a batch program is its life, or what is left of it
 * after its load phase. With both the window ends when both have. */
static int measure(struct run *r, struct err *err)
{
	bool service = any_service(r);
	int rc = 0;

	if (r->spec->jobs[0].workload->shape == WORKLOAD_LOOP)
		return measure_loop(r, err);
	if (service)
		rc = warm_up(r, err);
	if (!rc)
		rc = phase_next(r, "measure", err);
	for_each_job (j, r) {
		const struct workload *w = j->spec->workload;

		if (!rc && w->shape == WORKLOAD_BATCH)
			rc = begin_batch(r, j, err);
		if (!rc && w->measure)
			rc = w->measure(&j->ctx, err);
	}
	if (rc)
		return rc;
	return run_until(
		r, service ? r->measure_begin_ns + r->spec->settings->duration_ns : UINT64_MAX,
		err);
}

/* --- 8. stop -------------------------------------------------------------------------------- */

/* A process that was killed for want of memory is told from one that died of itself. */
static void explain_oom(struct run *r, struct err *err)
{
	for_each_job (j, r) {
		uint64_t kills, at;

		if (sampler_latest(r->sampler, j->number, "memory_events", "oom_kill", &kills,
				   &at) == 0 &&
		    kills > 0)
			err_prefix(
				err,
				"out of memory: the kernel killed %llu process(es) of the group, "
				"whose limit the swap area could not relieve in time (more room, "
				"or a higher ratio, helps)",
				(unsigned long long)kills);
	}
}

/* What was not counted, and why: part of what the run says about itself. */
static int record_missing(struct run *r, struct err *err)
{
	struct facts facts;
	int rc;

	facts_init(&facts);
	sampler_missing(r->sampler, &facts);
	if (r->jobs[0].reclaimer_counters.why[0])
		facts_set(&facts, "missing.reclaimer", "reclaimed: %s",
			  r->jobs[0].reclaimer_counters.why);
	rc = store_run_facts(r->session->store, r->outcome->id, &facts, err);
	facts_release(&facts);
	return rc;
}

/* Processes and sampler end, however it went. A first error stays the one that is reported. */
static int stop(struct run *r, int rc, struct err *err)
{
	struct err ignored = { 0 }, lost = { 0 }, *first = err;
	int stop_rc = 0;

	if (!rc)
		rc = check_health(r, err); /* as of the window's end */
	else if (!signals_seen() && check_health(r, &lost))
		*err = lost; /* the reason for what broke first, such as a SIGBUS */
	err = rc ? &ignored : err;
	if (r->sampler)
		stop_rc = phase_next(r, "stop", err);
	if (r->sampler && rc)
		explain_oom(r, first);
	for_each_job (j, r)
		job_end_reclaim(j);
	for_each_job (j, r)
		job_stop(j, r->measure_begin_ns, r->measure_end_ns);
	show_output(r);
	if (r->sampler) {
		if (!stop_rc)
			stop_rc = phase_next(r, NULL, err);
		if (!stop_rc)
			stop_rc = sampler_drain(r->sampler, err);
		sampler_stats(r->sampler, &r->sampler_stats);
		if (!stop_rc)
			stop_rc = record_missing(r, err);
		sampler_free(r->sampler);
		r->sampler = NULL;
	}
	log_progress(NULL);
	return rc ? rc : stop_rc;
}

/* The highest of the run's own readings and of the samples, which phases' ends are among. */
static uint64_t highest(const struct run *r, const struct job *j, uint64_t seen,
			const char *collector, const char *key, const char *other_key)
{
	struct store *s = r->session->store;
	uint64_t sampled = 0;

	if (other_key)
		store_run_max_sum(s, r->outcome->id, j->number, collector, key, other_key, &sampled,
				  NULL);
	else
		store_run_max(s, r->outcome->id, j->number, collector, key, &sampled, NULL);
	return sampled > seen ? sampled : seen;
}

/*
 * The peak is that of far-able memory. Where no reading came near the kernel's own peak (a program of
 * milliseconds), that one stands in: it may hold page cache, and the run is flagged.
 */
static void state_peak(struct run *r, struct job *j)
{
	unsigned int hz = (unsigned int)r->spec->settings->sample_hz;
	char name[96];

	if (!j->has_group || j->limit_bytes)
		return;
	j->peak_bytes = highest(r, j, j->seen.far_able_bytes, "memory_stat", "anon", "shmem");
	j->peak_seen = (double)highest(r, j, j->seen.peak_bytes, "memory_usage", "memory.current",
				       NULL) >= (1 - PEAK_TOLERANCE) * (double)j->memory_peak_bytes;
	if (j->peak_seen)
		facts_set(&r->settings, "peak_source", "samples at %u Hz",
			  hz > TICK_HZ ? hz : TICK_HZ);
	else
		facts_set(&r->settings, "peak_source", "the kernel's own, page cache and all");
	if (!j->peak_seen)
		j->peak_bytes = j->memory_peak_bytes;
	snprintf(name, sizeof(name), "%.64s%smemory_peak_bytes",
		 r->spec->nr_jobs > 1 ? j->spec->name : "", r->spec->nr_jobs > 1 ? "." : "");
	if (j->memory_peak_bytes)
		facts_set(&r->settings, name, "%llu", (unsigned long long)j->memory_peak_bytes);
}

/* What its ratio moves away of its peak. */
static uint64_t far_by_ratio(const struct job *j)
{
	if (j->spec->workload->limit || !j->limit_bytes || j->spec->peak_bytes < j->limit_bytes)
		return 0;
	return j->spec->peak_bytes - j->limit_bytes;
}

static struct flag_input evidence(const struct run *r, const struct job *j)
{
	cpu_set_t cpus = run_cpus(r);
	/* Nobody takes a ratio of a micro-benchmark's peak. */
	bool has_peak = !j->limit_bytes && j->spec->workload->shape != WORKLOAD_LOOP;

	return (struct flag_input){
		.store = r->session->store,
		.run = r->outcome->id,
		.job = j->number,
		.nr_jobs = (int)r->spec->nr_jobs,
		.limit_bytes = j->lift ? 0 : j->limit_bytes,
		.target_bytes = j->limit_bytes,
		.far_bytes = far_by_ratio(j),
		.peak_bytes = has_peak ? j->peak_bytes : 0,
		.memory_peak_bytes = has_peak ? j->memory_peak_bytes : 0,
		.peak_seen = j->peak_seen,
		.window_us = (double)(r->measure_end_ns - r->measure_begin_ns) / 1e3,
		.own_cpu_us = (double)r->own_cpu_ns / 1e3,
		.nr_cpus = (unsigned int)CPU_COUNT(&cpus),
		.client_threads = j->ctx.client_threads,
		.whole_machine = r->spec->backend->caps & CAP_ANY_AREA,
		.reliefs = j->reliefs,
		.seen = j->seen,
		.has_group = j->has_group,
		.cgroup_version = j->groups.machine.memory_version,
		.fills_limit = j->spec->workload->shape == WORKLOAD_SERVICE,
		.placement = &j->placement,
		.settings = &r->settings,
		.usage = r->spec->backend->usage,
		.lab = r->session->lab,
		.sampler = &r->sampler_stats,
		.hz = (unsigned int)r->spec->settings->sample_hz,
	};
}

/* Was the window steady, and how did the warm-up end? A LOOP has a window of its own in the phase. */
static void judge_pace(struct run *r, struct job *j)
{
	const struct result *warmup = results_find(&j->results, "warmup");
	const struct result *window = results_find(&j->results, "window");
	uint64_t begin_ns = r->measure_begin_ns, end_ns = r->measure_end_ns;
	enum workload_shape shape = j->spec->workload->shape;
	enum steady_verdict verdict;

	if (shape == WORKLOAD_BATCH || (shape == WORKLOAD_LOOP && !j->pace.operations.nr))
		return;
	if (warmup && window) {
		begin_ns += (uint64_t)(warmup->value * NSEC_PER_SEC);
		end_ns = begin_ns + (uint64_t)(window->value * NSEC_PER_SEC);
	}
	verdict = pace_judge(&j->pace, begin_ns, end_ns, &j->results);
	if (shape == WORKLOAD_LOOP)
		return;
	results_add(&j->results, "warmup", "s", BETTER_NEITHER,
		    (double)r->warmup_ns / NSEC_PER_SEC);
	if (r->warmed > STEADY_YES && verdict != STEADY_YES)
		results_flag(&j->results, "NO_PLATEAU", SEVERITY_WARNING,
			     "rates did not hold still in %.1f s of warm-up: give --warmup a "
			     "longer time",
			     (double)r->warmup_ns / NSEC_PER_SEC);
}

/* What the run says about itself: its results if it went to its end, its flags in any case. */
static int harvest(struct run *r, int rc, struct err *err)
{
	for_each_job (j, r) {
		struct flag_input input;

		if (!rc)
			rc = j->spec->workload->parse(&j->ctx, r->measure_begin_ns,
						      r->measure_end_ns, &j->results, err);
		if (!rc)
			judge_pace(r, j);
		state_peak(r, j);
		if (!rc)
			rc = store_job_limits(r->session->store, r->outcome->id, j->number,
					      j->peak_bytes, j->limit_bytes, err);
		if (!rc)
			rc = store_run_facts(r->session->store, r->outcome->id, &r->settings, err);
		input = evidence(r, j);
		if (r->sampler_stats.ticks)
			flags_judge(&input, &j->results);
	}
	r->outcome->peak_bytes = r->jobs[0].peak_bytes;
	if (!rc)
		r->outcome->measure_s =
			(double)(r->measure_end_ns - r->measure_begin_ns) / NSEC_PER_SEC;
	kmsg_judge(r->kmsg_fd, &r->results);
	return rc;
}

/* --- 9. undo and finish --------------------------------------------------------------------- */

static int undo(struct run *r, int rc, struct err *err)
{
	struct err undo_err = { 0 };
	int undo_rc = 0;

	if (r->journal) {
		undo_rc = journal_undo_to(r->journal, 0, &undo_err);
		journal_free(r->journal);
	}
	if (r->backend.backend && r->spec->backend->release)
		r->spec->backend->release(&r->backend);
	janitor_end(&r->janitor);
	if (!undo_rc)
		return rc;
	if (rc)
		log_error("%s; `fmbench recover` tries again", undo_err.msg);
	else
		err_failed(err, 0, "%s; `fmbench recover` tries again", undo_err.msg);
	return rc ? rc : undo_rc;
}

/* The user's own command after the run. */
static int clean_up(struct run *r, int rc, struct err *err)
{
	const char *line = r->spec->settings->cleanup;
	struct err why = { 0 };
	int cleanup_rc;

	if (!line || !r->prepared)
		return rc;
	cleanup_rc = around_run("cleanup", line, r->dir, false, &why);
	if (cleanup_rc && rc)
		log_error("%s", why.msg);
	else if (cleanup_rc)
		*err = why;
	return rc ? rc : cleanup_rc;
}

static int finish(struct run *r, int rc, struct err *err)
{
	static const char *const names[] = { "ok", "untrusted", "failed" };
	bool untrusted = flags_untrusted(&r->results);
	struct err store_err = { 0 };
	int store_rc;

	store_rc = store_results(r->session->store, r->outcome->id, 0, &r->results, &store_err);
	for_each_job (j, r) {
		if (!store_rc)
			store_rc = store_results(r->session->store, r->outcome->id, j->number,
						 &j->results, &store_err);
		untrusted |= flags_untrusted(&j->results);
	}
	if (!store_rc)
		store_rc = artifacts_record(r->session->store, r->outcome->id, r->uuid, r->dir,
					    &store_err);
	if (store_rc && !rc) {
		*err = store_err;
		rc = store_rc;
	}
	r->outcome->status = rc ? RUN_FAILED : untrusted ? RUN_UNTRUSTED : RUN_OK;
	store_rc = store_run_end(r->session->store, r->outcome->id, names[r->outcome->status],
				 rc ? err->msg : NULL, &store_err);
	if (store_rc && !rc) {
		*err = store_err;
		r->outcome->status = RUN_FAILED;
		rc = store_rc;
	}
	for (size_t i = 0; i < r->spec->nr_jobs; i++) {
		job_release(&r->jobs[i]);
		follow_release(&r->follows[i]);
	}
	free(r->jobs);
	free(r->follows);
	results_release(&r->results);
	facts_release(&r->settings);
	if (r->kmsg_fd >= 0)
		close(r->kmsg_fd);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------ */

/* What one undoes is in the journal, or ends in stop(). */
static int (*const steps[])(struct run *r, struct err *err) = {
	plan,	      record,	     open_journal, change_settings, prepare, bring_up, make_groups,
	prepare_jobs, start_sampler, load,	   shrink,	    measure,
};

static int execute(struct run *r, struct err *err)
{
	const struct run_spec *spec = r->spec;
	int rc = 0;

	memset(r->outcome, 0, sizeof(*r->outcome));
	results_init(&r->results);
	facts_init(&r->settings);
	r->jobs = xcalloc(spec->nr_jobs, sizeof(*r->jobs));
	r->follows = xcalloc(spec->nr_jobs, sizeof(*r->follows));
	for (size_t i = 0; i < spec->nr_jobs; i++)
		job_init(&r->jobs[i], &spec->jobs[i], spec->settings, &r->backend, (int)i + 1);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !rc; i++)
		rc = steps[i](r, err);
	if (rc && signals_seen()) /* whatever broke first, this is why */
		rc = signals_check(err);
	rc = stop(r, rc, err);
	rc = harvest(r, rc, err);
	rc = undo(r, rc, err);
	rc = clean_up(r, rc, err);
	return finish(r, rc, err);
}

int run_execute(struct session *s, const struct run_spec *spec, struct run_outcome *outcome,
		struct err *err)
{
	struct run r = { .session = s, .spec = spec, .outcome = outcome, .kmsg_fd = kmsg_open() };

	return execute(&r, err);
}

int run_throw_away(struct session *s, const struct run_spec *spec, struct err *err)
{
	struct run_outcome outcome;
	struct run r = { .session = s, .spec = spec, .outcome = &outcome, .kmsg_fd = kmsg_open() };
	int rc = execute(&r, err), delete_rc = 0;

	if (outcome.id)
		delete_rc = store_run_delete(s->store, outcome.id, rc ? NULL : err);
	artifacts_remove(r.dir);
	return rc ? rc : delete_rc;
}
