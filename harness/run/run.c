// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run's whole life. run_execute() at the end of this file is the only place that knows the
 * order of its steps; each step is one function above it, in that order.
 */
#include "harness/run/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/kmsg.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysfile.h"
#include "harness/group/cgroup.h"
#include "harness/run/flags.h"
#include "harness/run/identity.h"
#include "harness/run/janitor.h"
#include "harness/run/machine.h"
#include "harness/run/recover.h"
#include "harness/group/relief.h"
#include "harness/group/reclaimer.h"
#include "harness/run/sampler.h"
#include "harness/run/signals.h"
#include "harness/group/shrink.h"
#include "harness/run/version.h"

#define MAX_PAGE_CLUSTER 10 /* 4 MiB at once: more is surely a mistake */
#define PAGE_CLUSTER	 "/proc/sys/vm/page-cluster"
#define HEALTH_NS	 NSEC_PER_SEC
#define POLL_MS		 100

struct run {
	struct session *session;
	const struct run_spec *spec;
	struct run_outcome *outcome;

	char uuid[40];
	char dir[PATH_MAX]; /* logs and artifacts */
	struct placement placement;
	struct facts settings;
	struct results results;
	struct journal *journal;
	struct janitor janitor;
	struct backend_ctx backend;
	bool backend_up;
	struct groups groups;
	bool has_group;
	struct place inside, outside;
	struct workload_ctx ctx;
	bool started;
	struct sampler *sampler;
	struct sampler_stats sampler_stats;
	int kmsg_fd;

	uint64_t limit_bytes; /* 0: none */
	bool lift;	      /* the limit goes before the window: faults without reclaim */
	struct reclaimer *reclaimer;
	struct relief *relief;
	struct reclaimer_counters reclaimer_counters;
	uint64_t peak_seen; /* highest usage sampled: where the kernel keeps no peak */
	const char *phase;  /* under way, or NULL */
	uint64_t phase_begin_ns;
	uint64_t measure_begin_ns, measure_end_ns;
	uint64_t next_health_ns;
};

/* --- phases and waiting --------------------------------------------------------------------- */

/* End the phase under way and begin the next (NULL: none) at one and the same instant. */
static int phase_next(struct run *r, const char *name, struct err *err)
{
	uint64_t now;
	int rc;

	rc = sampler_mark(r->sampler, &now, err);
	if (rc)
		return rc;
	if (r->phase)
		rc = store_phase(r->session->store, r->outcome->id, r->phase, r->phase_begin_ns,
				 now, err);
	if (r->phase && strcmp(r->phase, "measure") == 0)
		r->measure_end_ns = now;
	if (name && strcmp(name, "measure") == 0)
		r->measure_begin_ns = now;
	r->phase = name;
	r->phase_begin_ns = now;
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

/* What must happen ten times a second in every phase. */
static int tick(struct run *r, struct err *err)
{
	uint64_t usage, now = clock_ns();
	char ratio[32] = "";
	int rc = signals_check(err);

	if (!rc)
		rc = sampler_drain(r->sampler, err);
	if (rc)
		return rc;
	if (sampler_latest(r->sampler, "memory_usage", "memory.current", &usage) == 0 &&
	    usage > r->peak_seen)
		r->peak_seen = usage;
	if (now >= r->next_health_ns)
		rc = check_health(r, err);
	if (r->spec->workload->shape != WORKLOAD_LOOP)
		snprintf(ratio, sizeof(ratio), " ratio %g", r->spec->ratio);
	log_progress("%s%s %s%s: %s %.0f s", r->session->progress, r->spec->workload->name,
		     r->spec->backend->name, ratio, r->phase ? r->phase : "",
		     (double)(now - r->phase_begin_ns) / NSEC_PER_SEC);
	return rc;
}

static int idle(void *arg, struct err *err)
{
	return tick(arg, err);
}

/* Where the workload says itself when it begins to measure. */
static int next_own_phase(struct run *r, struct err *err)
{
	const struct workload *w = r->spec->workload;
	const char *name = w->shape == WORKLOAD_LOOP ? w->phase(&r->ctx) : NULL;
	int rc = name ? phase_next(r, name, err) : 0;

	return rc || !name ? rc : w->go(&r->ctx, err);
}

/* Let the workload run until the instant. 1: a BATCH workload has ended before. */
static int run_until(struct run *r, uint64_t deadline_ns, struct err *err)
{
	for (;;) {
		uint64_t now = clock_ns();
		int timeout_ms = POLL_MS, rc;

		if (now >= deadline_ns)
			return 0;
		if (deadline_ns - now < POLL_MS * NSEC_PER_MSEC)
			timeout_ms = (int)((deadline_ns - now) / NSEC_PER_MSEC) + 1;
		rc = r->spec->workload->poll(&r->ctx, timeout_ms, err);
		if (rc == -EINTR)
			rc = 0; /* tick() tells whether it is the end */
		if (rc)
			return rc;
		rc = tick(r, err);
		if (!rc)
			rc = next_own_phase(r, err);
		if (rc)
			return rc;
	}
}

/* --- 1. plan -------------------------------------------------------------------------------- */

/* What the run takes away: whole pages of ratio x peak, or what the workload states. 0: nothing. */
static uint64_t limit_of(const struct run_spec *spec, bool *ret_lift)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), bytes = 0;

	*ret_lift = false;
	if (spec->workload->limit)
		spec->workload->limit(spec->workload_params, &bytes, ret_lift);
	else if (spec->ratio < 1)
		bytes = (uint64_t)(spec->ratio * (double)spec->peak_bytes);
	return bytes / page * page;
}

static int place(const struct run_spec *spec, struct placement *placement, struct err *err)
{
	const struct run_settings *s = spec->settings;
	struct placement_wish wish = { .cpus = s->cpus,
				       .client_cpus = s->client_cpus,
				       .reclaim_cpu = s->reclaim_cpu,
				       .mem_node = -1,
				       .needs_client = spec->workload->shape == WORKLOAD_SERVICE };
	uint64_t node;

	if (s->mem_node) {
		if (parse_u64(s->mem_node, &node) != 0 || node > INT_MAX)
			return err_usage(err, "--mem-node '%s' is not a node's number",
					 s->mem_node);
		wish.mem_node = (int)node;
	}
	return placement_choose(&wish, placement, err);
}

/* The group below which this run makes its own. ERR_MISSING: not allowed or not there. */
static int find_root(const struct run_settings *s, char *root, size_t size, struct err *err)
{
	struct cgroup_machine machine;
	int rc = cgroup_detect(&machine, err);

	if (!rc && s->cgroup_root)
		snprintf(root, size, "%s", s->cgroup_root);
	else if (!rc)
		rc = cgroup_default_root(&machine, root, size, err);
	return rc ? rc : cgroup_check(&machine, root, err);
}

/* Without far memory a group only counts: its lack is flagged, not fatal. */
static bool group_needed(const struct run_spec *spec)
{
	return spec->ratio < 1 || spec->workload->limit || spec->backend->far;
}

static int check_page_cluster(const char *value, struct err *err)
{
	uint64_t n;

	if (!value)
		return 0;
	if (parse_u64(value, &n) != 0 || n > MAX_PAGE_CLUSTER)
		return err_usage(err, "page-cluster '%s' is not a number from 0 to %d", value,
				 MAX_PAGE_CLUSTER);
	if (access(PAGE_CLUSTER, W_OK) != 0)
		return err_missing(err, "cannot set page-cluster: " PAGE_CLUSTER
					" is not ours to write; run as root, or leave it as it is");
	return 0;
}

int run_check(const struct run_spec *spec, struct err *err)
{
	struct placement placement;
	char root[PATH_MAX];
	int rc = 0;

	if (spec->workload->check)
		rc = spec->workload->check(spec->workload_params, spec->argv, err);
	if (!rc && (spec->ratio < 1 || spec->workload->limit) && !spec->backend->far)
		rc = err_usage(err,
			       "backend %s takes no pages: choose another "
			       "(`fmbench list backends`)",
			       spec->backend->name);
	if (!rc && spec->backend->check)
		rc = spec->backend->check(spec->backend_params, err);
	if (!rc)
		rc = check_page_cluster(spec->settings->page_cluster, err);
	if (!rc)
		rc = place(spec, &placement, err);
	if (rc)
		return rc;

	rc = find_root(spec->settings, root, sizeof(root), err);
	if (rc && err->kind == ERR_MISSING && !group_needed(spec)) {
		memset(err, 0, sizeof(*err));
		rc = 0;
	}
	return rc;
}

/* --- 2. record ------------------------------------------------------------------------------ */

static int make_artifact_dir(struct run *r, struct err *err)
{
	char *copy = strdup(r->session->db_path);
	char parent[PATH_MAX - 64];

	if (!copy)
		abort();
	snprintf(parent, sizeof(parent), "%s/artifacts", dirname(copy));
	free(copy);
	snprintf(r->dir, sizeof(r->dir), "%s/%s", parent, r->uuid);
	if ((mkdir(parent, 0777) != 0 && errno != EEXIST) || mkdir(r->dir, 0777) != 0)
		return err_failed(err, errno, "cannot make directory %s", r->dir);
	return 0;
}

static int record(struct run *r, struct err *err)
{
	const struct run_spec *spec = r->spec;
	struct run_identity id;
	int rc;

	rc = sysfile_read_line("/proc/sys/kernel/random/uuid", r->uuid, sizeof(r->uuid));
	if (rc)
		return err_failed(err, -rc, "/proc/sys/kernel/random/uuid");
	run_identity_init(&id, spec);
	id.record.uuid = r->uuid;
	id.record.command = r->session->line;
	id.record.version = fmbench_version;
	id.record.limit_bytes = r->limit_bytes;
	id.record.peak_bytes = spec->peak_bytes;
	id.record.pid = getpid();
	process_start(getpid(), &id.record.pid_start);
	rc = store_run_begin(r->session->store, r->session->machine, &id.record, &r->outcome->id,
			     err);
	run_identity_release(&id);
	if (!rc)
		rc = make_artifact_dir(r, err);
	if (rc)
		return rc;

	machine_settings(&r->settings);
	placement_facts(&r->placement, &r->settings);
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

static int set_page_cluster(struct run *r, struct err *err)
{
	const char *value = r->spec->settings->page_cluster;
	int rc;

	if (!value)
		return 0;
	rc = journal_write(r->journal, PAGE_CLUSTER, value, err);
	if (rc)
		return rc;
	facts_set(&r->settings, "page_cluster", "%s", value);
	return store_run_facts(r->session->store, r->outcome->id, &r->settings, err);
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
	if (r->limit_bytes && spec->peak_bytes > r->limit_bytes)
		r->backend.need_bytes = spec->peak_bytes - r->limit_bytes;
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

/* --- 4. cgroup ------------------------------------------------------------------------------ */

static int make_groups(struct run *r, struct err *err)
{
	struct err why = { 0 };
	char root[PATH_MAX], tag[9];
	int rc = find_root(r->spec->settings, root, sizeof(root), &why);

	if (rc && !group_needed(r->spec))
		return 0;
	if (rc) {
		*err = why;
		return rc;
	}
	snprintf(tag, sizeof(tag), "%.8s", r->uuid);
	rc = groups_create(&r->groups, root, tag, &r->placement.workload, &r->placement.client,
			   r->placement.mem_node, r->journal, err);
	r->has_group = !rc;
	return rc;
}

static int start_sampler(struct run *r, struct err *err)
{
	struct collector_ctx ctx = {
		.cgroup_version = r->has_group ? r->groups.machine.memory_version : 0,
		.memory_dir = r->has_group ? r->groups.inside.memory_dir : NULL,
		.cpu_dir = r->has_group && r->groups.inside.cpu_dir[0] ? r->groups.inside.cpu_dir
								       : NULL,
		.swap_device = r->backend.swap_device[0] ? r->backend.swap_device : NULL,
		.reclaim_cpu = r->placement.reclaim_cpu,
		.reclaimer = r->spec->settings->offload ? &r->reclaimer_counters : NULL,
	};

	return sampler_start(&ctx, (unsigned int)r->spec->settings->sample_hz,
			     r->placement.sampler_cpu, r->session->store, r->outcome->id,
			     &r->sampler, err);
}

static void prepare_places(struct run *r)
{
	r->inside = (struct place){ .bind_cpus = true,
				    .cpus = r->placement.workload,
				    .mem_node = r->placement.mem_node };
	r->outside =
		(struct place){ .bind_cpus = true, .cpus = r->placement.client, .mem_node = -1 };
	if (r->has_group) {
		r->inside.join = r->outside.join = group_join;
		r->inside.arg = &r->groups.inside;
		r->outside.arg = &r->groups.outside;
	}
	r->ctx = (struct workload_ctx){
		.workload = r->spec->workload,
		.params = r->spec->workload_params,
		.argv = r->spec->argv,
		.seed = r->spec->seed,
		.measure_ns = r->spec->settings->duration_ns,
		.inside_cpus = (unsigned int)CPU_COUNT(&r->placement.workload),
		.outside_cpus = (unsigned int)CPU_COUNT(&r->placement.client),
		.inside = &r->inside,
		.outside = &r->outside,
		.dir = r->dir,
		.idle = idle,
		.idle_arg = r,
	};
}

/* --- 5. load -------------------------------------------------------------------------------- */

static int load(struct run *r, struct err *err)
{
	int rc = phase_next(r, "load", err);

	if (rc)
		return rc;
	r->started = true;
	rc = r->spec->workload->start(&r->ctx, err);
	return rc ? rc : r->spec->workload->load(&r->ctx, err);
}

/* --- 6. shrink and settle ------------------------------------------------------------------- */

static int shrink(struct run *r, struct err *err)
{
	struct shrink to = { .group = &r->groups.inside,
			     .limit_bytes = r->limit_bytes,
			     .patience_ns = r->spec->settings->settle_ns,
			     .backend = r->spec->backend,
			     .idle = idle,
			     .idle_arg = r };
	int rc = phase_next(r, "shrink", err);

	return rc || !r->limit_bytes ? rc : shrink_run(&to, err);
}

/* --- 7. warm-up and measure ----------------------------------------------------------------- */

/* As it was reached. v1's hard limit needs someone to turn to when it would kill. */
static int keep_limit(struct run *r, struct err *err)
{
	int rc = group_set_limit(&r->groups.inside, r->limit_bytes, err);

	if (rc || r->groups.machine.memory_version == 2)
		return rc;
	return relief_start(&r->groups.inside, r->limit_bytes, &r->relief, err);
}

static void end_relief(struct run *r)
{
	uint64_t nr = relief_free(r->relief);

	r->relief = NULL;
	if (nr)
		results_flag(
			&r->results, "V1_OOM_RELIEF", SEVERITY_WARNING,
			"the kernel gave up reclaim %llu times under its hard limit although swap "
			"had room; each time the limit was raised by 1/64 for a moment",
			(unsigned long long)nr);
}

/* The limit as it stands in the window: as it was reached; or lifted; or kept by the reclaimer,
 * with memory.high above it as the back-stop. */
static int set_window_limit(struct run *r, struct err *err)
{
	const struct run_settings *s = r->spec->settings;
	struct err why = { 0 };
	int rc;

	if (!r->limit_bytes)
		return 0;
	if (r->lift)
		return group_set_limit(&r->groups.inside, LIMIT_NONE, err);
	if (!s->offload)
		return keep_limit(r, err);
	rc = reclaimer_check(&r->groups.inside, &why);
	if (rc) {
		log_warn("%s; going on without", why.msg);
		results_flag(&r->results, "NO_OFFLOAD", SEVERITY_WARNING, "%s", why.msg);
		return keep_limit(r, err);
	}
	rc = group_set_limit(&r->groups.inside, r->limit_bytes + s->headroom_bytes, err);
	if (rc)
		return rc;
	return reclaimer_start(&r->groups.inside, r->limit_bytes, s->step_bytes,
			       r->placement.reclaim_cpu, &r->reclaimer_counters, &r->reclaimer,
			       err);
}

/* A load generator runs until it is stopped. */
static int measure_service(struct run *r, struct err *err)
{
	const struct run_settings *s = r->spec->settings;
	bool ours = r->spec->workload->shape == WORKLOAD_LOOP;
	int rc = set_window_limit(r, err);

	if (!rc)
		rc = phase_next(r, ours ? "prime" : "warmup", err);
	if (!rc)
		rc = r->spec->workload->go(&r->ctx, err);
	if (!rc && ours) {
		rc = run_until(r, UINT64_MAX, err);
		return rc == 1 ? 0 : rc;
	}
	if (!rc)
		rc = run_until(r, clock_ns() + s->warmup_ns, err);
	if (!rc)
		rc = phase_next(r, "measure", err);
	if (!rc)
		rc = run_until(r, r->measure_begin_ns + s->duration_ns, err);
	return rc;
}

/* The limit stands from its first page; its life is the measure phase. */
static int measure_batch(struct run *r, struct err *err)
{
	int rc = set_window_limit(r, err);

	if (!rc)
		rc = phase_next(r, "measure", err);
	if (rc)
		return rc;
	r->started = true;
	rc = r->spec->workload->start(&r->ctx, err);
	if (!rc)
		rc = run_until(r, UINT64_MAX, err);
	return rc == 1 ? 0 : rc;
}

/* --- 8. stop -------------------------------------------------------------------------------- */

static void find_peak(struct run *r)
{
	uint64_t peak = 0;

	if (r->has_group && !r->limit_bytes && group_peak(&r->groups.inside, &peak) != 0)
		peak = r->peak_seen;
	r->outcome->peak_bytes = r->limit_bytes ? r->spec->peak_bytes : peak;
}

/* A process that was killed for want of memory is told from one that died of itself. */
static void explain_oom(struct run *r, struct err *err)
{
	uint64_t kills;

	if (sampler_latest(r->sampler, "memory_events", "oom_kill", &kills) == 0 && kills > 0)
		err_prefix(err,
			   "out of memory: the kernel killed %llu process(es) of the group, whose "
			   "limit the swap area could not relieve in time (more room, or a higher "
			   "ratio, helps)",
			   (unsigned long long)kills);
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
	reclaimer_free(r->reclaimer);
	r->reclaimer = NULL;
	end_relief(r);
	find_peak(r);
	if (r->started)
		r->spec->workload->stop(&r->ctx);
	if (r->sampler) {
		if (!stop_rc)
			stop_rc = phase_next(r, NULL, err);
		if (!stop_rc)
			stop_rc = sampler_drain(r->sampler, err);
		sampler_stats(r->sampler, &r->sampler_stats);
		sampler_free(r->sampler);
		r->sampler = NULL;
	}
	log_progress(NULL);
	return rc ? rc : stop_rc;
}

/* What the run says about itself, once it went to its end. */
static int harvest(struct run *r, struct err *err)
{
	struct flag_input input = {
		.store = r->session->store,
		.run = r->outcome->id,
		.limit_bytes = r->lift ? 0 : r->limit_bytes,
		.has_group = r->has_group,
		.cgroup_version = r->groups.machine.memory_version,
		.fills_limit = r->spec->workload->shape == WORKLOAD_SERVICE,
		.placement = &r->placement,
		.settings = &r->settings,
		.sampler = &r->sampler_stats,
		.hz = (unsigned int)r->spec->settings->sample_hz,
	};
	int rc = r->spec->workload->parse(&r->ctx, r->measure_begin_ns, r->measure_end_ns,
					  &r->results, err);

	if (!rc)
		rc = store_run_limits(r->session->store, r->outcome->id, r->outcome->peak_bytes,
				      r->limit_bytes, err);
	flags_judge(&input, &r->results);
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

/* Every file the run left in its directory, by name and by its path from the database's directory. An
 * empty directory goes. */
static int record_artifacts(struct run *r, struct err *err)
{
	char path[320];
	struct dirent *entry;
	DIR *d = opendir(r->dir);
	int rc = 0;

	if (!d)
		return 0;
	while (!rc && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "artifacts/%s/%s", r->uuid, entry->d_name);
		rc = store_artifact(r->session->store, r->outcome->id, entry->d_name, path, err);
	}
	closedir(d);
	rmdir(r->dir); /* only when empty */
	return rc;
}

static int finish(struct run *r, int rc, struct err *err)
{
	static const char *const names[] = { "ok", "untrusted", "failed" };
	struct err store_err = { 0 };
	int store_rc;

	store_rc = store_results(r->session->store, r->outcome->id, &r->results, &store_err);
	if (!store_rc)
		store_rc = record_artifacts(r, &store_err);
	if (store_rc && !rc) {
		*err = store_err;
		rc = store_rc;
	}
	r->outcome->status = rc				    ? RUN_FAILED
			     : flags_untrusted(&r->results) ? RUN_UNTRUSTED
							    : RUN_OK;
	store_rc = store_run_end(r->session->store, r->outcome->id, names[r->outcome->status],
				 rc ? err->msg : NULL, &store_err);
	if (store_rc && !rc) {
		*err = store_err;
		r->outcome->status = RUN_FAILED;
		rc = store_rc;
	}
	r->spec->workload->release(&r->ctx);
	results_release(&r->results);
	facts_release(&r->settings);
	if (r->kmsg_fd >= 0)
		close(r->kmsg_fd);
	return rc;
}

/* --- the whole ------------------------------------------------------------------------------ */

int run_execute(struct session *s, const struct run_spec *spec, struct run_outcome *outcome,
		struct err *err)
{
	struct run r = { .session = s, .spec = spec, .outcome = outcome, .kmsg_fd = kmsg_open() };
	bool service = spec->workload->shape != WORKLOAD_BATCH;
	int rc;

	memset(outcome, 0, sizeof(*outcome));
	results_init(&r.results);
	facts_init(&r.settings);
	r.limit_bytes = limit_of(spec, &r.lift);

	rc = run_check(spec, err);
	if (!rc)
		rc = place(spec, &r.placement, err);
	if (!rc)
		rc = record(&r, err);
	if (!rc)
		rc = open_journal(&r, err);
	if (!rc)
		rc = set_page_cluster(&r, err);
	if (!rc)
		rc = bring_up(&r, err);
	if (!rc)
		rc = make_groups(&r, err);
	if (!rc)
		rc = start_sampler(&r, err);
	prepare_places(&r);
	if (!rc && service)
		rc = load(&r, err);
	if (!rc && service)
		rc = shrink(&r, err);
	if (!rc)
		rc = service ? measure_service(&r, err) : measure_batch(&r, err);
	if (rc && signals_seen()) /* whatever broke first, this is why */
		rc = signals_check(err);
	rc = stop(&r, rc, err);
	if (!rc)
		rc = harvest(&r, err);
	rc = undo(&r, rc, err);
	return finish(&r, rc, err);
}
