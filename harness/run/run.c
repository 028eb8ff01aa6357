// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run's whole life. run_execute() at the end of this file is the only place that knows the order
 * of its steps; each step is one function above it, in that order. Three are longer than a step should be
 * and have files of their own: phase.c (phases, and what goes on in all of them), window.c (warm-up and
 * measure) and harvest.c (results and flags). What one job does in a step is in job.c.
 */
#include "harness/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/kmsg.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysfile.h"
#include "harness/run/around.h"
#include "harness/run/artifacts.h"
#include "harness/run/check.h"
#include "harness/run/corun.h"
#include "harness/run/flags.h"
#include "harness/run/harvest.h"
#include "harness/run/identity.h"
#include "harness/run/machine.h"
#include "harness/run/phase.h"
#include "harness/run/recover.h"
#include "harness/run/saving.h"
#include "harness/run/sets.h"
#include "harness/run/signals.h"
#include "harness/run/state.h"
#include "harness/run/version.h"
#include "harness/run/window.h"

/* --- 1. plan -------------------------------------------------------------------------------- */

static int plan(struct run *r, struct err *err)
{
	struct placement *placements = xcalloc(r->spec->nr_jobs, sizeof(*placements));
	int rc = run_check(r->spec, err);

	if (!rc)
		rc = run_place(r->spec, placements, err);
	for (size_t i = 0; i < r->spec->nr_jobs && !rc; i++) {
		struct job *j = &r->jobs[i];

		j->placement = placements[i];
		CPU_OR(&r->cpus, &r->cpus, &j->placement.workload);
		if (j->spec->workload->shape == WORKLOAD_SERVICE)
			CPU_OR(&r->cpus, &r->cpus, &j->placement.client);
	}
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
	const char *line = r->spec->settings->prepare, *cleanup = r->spec->settings->cleanup;
	int entry = cleanup ? around_journal(r->journal, cleanup, r->dir, err) : 0;

	if (entry < 0)
		return entry;
	r->prepared = true;
	r->cleaned = cleanup ? (size_t)entry + 1 : 0;
	return line ? around_run("prepare", line, r->dir, true, err) : 0;
}

/* --- 3. backend up -------------------------------------------------------------------------- */

/* How much of it may be far at once. One that waits for its turn has no limit yet. */
static uint64_t job_far_bytes(const struct job *j)
{
	uint64_t peak_bytes = j->spec->peak_bytes;

	if (j->limit_bytes && peak_bytes > j->limit_bytes)
		return peak_bytes - j->limit_bytes;
	return j->spec->turn ? peak_bytes : 0;
}

static int bring_up(struct run *r, struct err *err)
{
	const struct run_spec *spec = r->spec;
	struct facts facts;
	int rc;

	r->backend.backend = spec->backend;
	r->backend.params = spec->backend_params;
	r->backend.state_dir = r->session->state_dir;
	for_each_job (j, r) {
		uint64_t far_bytes = job_far_bytes(j);

		r->backend.need_bytes += far_bytes;
		r->backend.peak_bytes += far_bytes ? j->spec->peak_bytes : 0;
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
			rc = job_prepare(j, phase_idle, r, r->journal, err);
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

static int start_sampler(struct run *r, struct err *err)
{
	struct collector_ctx *ctx = xcalloc(r->spec->nr_jobs, sizeof(*ctx));
	int rc;

	for (size_t i = 0; i < r->spec->nr_jobs; i++) {
		ctx[i] = job_collectors(&r->jobs[i]);
		ctx[i].cpus = &r->cpus;
	}
	rc = sampler_start(collector_table, ctx, r->spec->nr_jobs,
			   (unsigned int)r->spec->settings->sample_hz,
			   r->jobs[0].placement.sampler_cpu, r->session->store, r->outcome->id,
			   &r->sampler, err);
	free(ctx);
	return rc ? rc : note_usage(r, err);
}

/* --- 5. load -------------------------------------------------------------------------------- */

static enum workload_loads loads_of(const struct run *r, const struct job *j)
{
	enum workload_loads loads = job_loads(j->spec, r->spec->nr_jobs);

	return loads == LOADS_FREELY && r->spec->settings->limit_first ? LOADS_LIMITED : loads;
}

/* What is filled before it is measured: one after the other, as each wants all CPUs of its client. Jobs
 * that come and go are filled when it is their turn. */
static int load(struct run *r, struct err *err)
{
	int rc = 0;

	for_each_job (j, r) {
		if (r->spec->corun)
			break;

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

/* --- 7. measure ----------------------------------------------------------------------------- */

static int measure(struct run *r, struct err *err)
{
	return r->spec->corun ? corun_measure(r, err) : window_measure(r, err);
}

/* --- 8. stop -------------------------------------------------------------------------------- */

/* Processes and sampler end, however it went. A first error stays the one that is reported. */
static int stop(struct run *r, int rc, struct err *err)
{
	struct err ignored = { 0 }, lost = { 0 }, *first = err;
	int stop_rc = 0;

	if (!rc)
		rc = phase_check_health(r, false, err); /* as of the window's end */
	else if (!signals_seen() && phase_check_health(r, true, &lost))
		*err = lost; /* the reason for what broke first, such as a SIGBUS */
	err = rc ? &ignored : err;
	if (r->sampler)
		stop_rc = phase_next(r, "stop", err);
	if (r->sampler && rc)
		harvest_oom(r, first);
	for_each_job (j, r)
		job_end_reclaim(j);
	for_each_job (j, r)
		job_stop(j, r->measure_begin_ns, r->measure_end_ns);
	phase_show_output(r);
	if (r->sampler) {
		if (!stop_rc)
			stop_rc = phase_next(r, NULL, err);
		if (!stop_rc)
			stop_rc = sampler_drain(r->sampler, err);
		sampler_stats(r->sampler, &r->sampler_stats);
		if (!stop_rc)
			stop_rc = harvest_missing(r, err);
		sampler_free(r->sampler);
		r->sampler = NULL;
	}
	for_each_job (j, r)
		job_forget(j);
	log_progress(NULL);
	return rc ? rc : stop_rc;
}

/* --- 9. undo and finish --------------------------------------------------------------------- */

static int undo_to(struct run *r, size_t mark, int rc, struct err *err)
{
	struct err undo_err = { 0 };
	int undo_rc = r->journal ? journal_undo_to(r->journal, mark, &undo_err) : 0;

	if (!undo_rc)
		return rc;
	if (rc)
		log_error("%s; `fmbench recover` tries again", undo_err.msg);
	else
		err_failed(err, 0, "%s; `fmbench recover` tries again", undo_err.msg);
	return rc ? rc : undo_rc;
}

/* The user's own command after the run, before kernel settings are restored, as --prepare found them. */
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

static int undo(struct run *r, int rc, struct err *err)
{
	if (r->cleaned)
		rc = undo_to(r, r->cleaned, rc, err);
	rc = clean_up(r, rc, err);
	rc = undo_to(r, 0, rc, err);
	journal_free(r->journal);
	if (r->backend.backend && r->spec->backend->release)
		r->spec->backend->release(&r->backend);
	janitor_end(&r->janitor);
	return rc;
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
					    rc ? err->msg : NULL, &store_err);
	if (store_rc && !rc) {
		*err = store_err;
		rc = store_rc;
	}
	if (rc)
		saving_name_files(r->session->db_path, err);
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
	corun_free(r->corun);
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
