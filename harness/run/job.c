// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "harness/group/shrink.h"

void job_init(struct job *j, const struct job_spec *spec, const struct run_settings *settings,
	      struct backend_ctx *backend, int number)
{
	*j = (struct job){
		.spec = spec, .settings = settings, .backend = backend, .number = number
	};
	j->far.mem_node = -1;
	results_init(&j->results);
	j->limit_bytes = job_limit_bytes(spec, &j->lift);
	if (j->limit_bytes || spec->turn)
		j->peak_bytes = spec->peak_bytes;
}

void job_release(struct job *j)
{
	if (j->ctx.workload)
		j->spec->workload->release(&j->ctx);
	for (size_t i = 0; j->far.env && j->far.env[i]; i++)
		free(j->far.env[i]);
	free(j->far.env);
	results_release(&j->results);
	progress_unmap(j->progress);
	if (j->progress_fd)
		close(j->progress_fd);
}

uint64_t job_limit_bytes(const struct job_spec *spec, bool *ret_lift)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), bytes = 0;

	*ret_lift = false;
	if (spec->workload->limit)
		spec->workload->limit(spec->params, &bytes, ret_lift);
	else if (spec->ratio < 1 && !spec->turn)
		bytes = (uint64_t)(spec->ratio * (double)spec->peak_bytes);
	/* 0 is no limit. */
	return bytes && bytes < page ? page : bytes / page * page;
}

enum workload_loads job_loads(const struct job_spec *spec, size_t nr_jobs)
{
	const struct workload *w = spec->workload;
	enum workload_loads loads;

	if (w->shape != WORKLOAD_BATCH)
		return LOADS_FREELY;
	loads = w->loads ? w->loads(spec->params) : LOADS_NOT;
	if (loads == LOADS_ALONE)
		loads = nr_jobs == 1 ? LOADS_FREELY : LOADS_NOT;
	return loads;
}

/* --- where it runs -------------------------------------------------------------------------- */

int job_make_groups(struct job *j, const char *root, const char *tag, struct journal *journal,
		    struct err *err)
{
	int rc = groups_create(&j->groups, root, tag, &j->placement.workload, &j->placement.client,
			       j->placement.mem_node, journal, err);

	j->has_group = !rc;
	return rc;
}

/*
 * On v1 a hard limit whose OOM killer waits for relief makes the kernel's own writes to user memory fail
 * when they meet a page that is far. One of rseq (rseq(2)) ends the process by SIGSEGV: do without.
 */
static void leave_out_rseq(struct job *j)
{
	static const char setting[] = "GLIBC_TUNABLES=glibc.pthread.rseq=0";
	const char *own = getenv("GLIBC_TUNABLES");
	struct buf text = BUF_INIT;
	size_t nr = 0;

	if (j->far.cgroup_version != 1 || (!j->limit_bytes && !j->spec->turn))
		return;
	while (j->far.env && j->far.env[nr])
		nr++;
	buf_addf(&text, own ? "%s:%s" : "%s", setting, own);
	j->far.env = xreallocarray(j->far.env, nr + 2, sizeof(*j->far.env));
	j->far.env[nr] = buf_steal(&text);
	j->far.env[nr + 1] = NULL;
}

int job_prepare(struct job *j, int (*idle)(void *arg, struct err *err), void *idle_arg,
		struct journal *journal, struct err *err)
{
	const struct backend *b = j->backend->backend;
	int rc;

	j->far.name = j->spec->name;
	j->far.dir = j->dir;
	j->far.mem_node = j->placement.mem_node;
	j->far.local_bytes = j->limit_bytes;
	j->far.peak_bytes = j->spec->peak_bytes;
	if (j->has_group) {
		j->far.memory_dir = j->groups.inside.memory_dir;
		j->far.cgroup_version = j->groups.machine.memory_version;
	}
	rc = progress_new(&j->progress, &j->progress_fd, err);
	if (!rc && b->prepare)
		rc = b->prepare(j->backend, &j->far, journal, err);
	leave_out_rseq(j);
	j->inside = (struct place){ .bind_cpus = true,
				    .cpus = j->placement.workload,
				    .mem_node = j->far.mem_node,
				    .spread_nodes = j->far.spread_nodes,
				    .env = j->far.env,
				    .same_user = b->caps & CAP_PAGER,
				    .share_fd = j->progress_fd };
	j->outside = (struct place){ .bind_cpus = true,
				     .cpus = j->placement.client,
				     .mem_node = -1,
				     .share_fd = j->progress_fd };
	if (j->has_group) {
		j->inside.join = j->outside.join = group_join;
		j->inside.arg = &j->groups.inside;
		j->outside.arg = &j->groups.outside;
	}
	j->ctx = (struct workload_ctx){
		.workload = j->spec->workload,
		.params = j->spec->params,
		.argv = j->spec->argv,
		.seed = j->spec->seed,
		.ratio = j->spec->ratio,
		.measure_ns = j->settings->duration_ns,
		.inside_cpus = (unsigned int)CPU_COUNT(&j->placement.workload),
		.outside_cpus = (unsigned int)CPU_COUNT(&j->placement.client),
		.inside = &j->inside,
		.outside = &j->outside,
		.progress = j->progress,
		.dir = j->dir,
		.idle = idle,
		.idle_arg = idle_arg,
	};
	return rc;
}

static const char *dir_or_none(const char *dir)
{
	return dir[0] ? dir : NULL;
}

struct collector_ctx job_collectors(struct job *j)
{
	struct collector_ctx ctx = {
		.swap_device = j->backend->swap_device[0] ? j->backend->swap_device : NULL,
		.far_nodes = j->backend->far_nodes,
		.reclaim_cpu = j->placement.reclaim_cpu,
		.reclaimer = j->settings->offload ? &j->reclaimer_counters : NULL,
		.limit = j->spec->turn ? &j->moving : NULL,
		.progress = j->progress,
		.paging = j->far.paging,
	};

	if (j->has_group) {
		ctx.cgroup_version = j->groups.machine.memory_version;
		ctx.memory_dir = j->groups.inside.memory_dir;
		ctx.cpu_dir = dir_or_none(j->groups.inside.cpu_dir);
		ctx.cpuacct_dir = dir_or_none(j->groups.inside.cpuacct_dir);
		ctx.client_cpu_dir =
			dir_or_none(ctx.cgroup_version == 1 ? j->groups.outside.cpuacct_dir
							    : j->groups.outside.cpu_dir);
	}
	return ctx;
}

/* --- its life ------------------------------------------------------------------------------- */

int job_start(struct job *j, struct err *err)
{
	j->started = true;
	return j->spec->workload->start(&j->ctx, err);
}

int job_poll(struct job *j, int timeout_ms, struct err *err)
{
	int rc = j->spec->workload->poll(&j->ctx, timeout_ms, err);

	j->ended |= rc == 1;
	return rc;
}

static int set_limit(void *job, uint64_t bytes, struct err *err)
{
	struct job *j = job;
	const struct backend *b = j->backend->backend;

	return b->limit ? b->limit(j->backend, &j->far, bytes, err)
			: group_set_limit(&j->groups.inside, bytes, err);
}

static int usage(void *job, uint64_t *ret_bytes, struct err *err)
{
	struct job *j = job;
	const struct backend *b = j->backend->backend;

	return b->limit ? b->local(j->backend, &j->far, ret_bytes, err)
			: group_usage(&j->groups.inside, ret_bytes, err);
}

static struct shrink shrink_of(struct job *j)
{
	return (struct shrink){ .set_limit = set_limit,
				.usage = usage,
				.arg = j,
				.group = j->has_group ? &j->groups.inside : NULL,
				.limit_bytes = j->limit_bytes,
				.patience_ns = j->settings->settle_ns,
				.backend = j->backend->backend,
				.idle = j->ctx.idle,
				.idle_arg = j->ctx.idle_arg };
}

int job_shrink(struct job *j, struct err *err)
{
	struct shrink to = shrink_of(j);

	return j->limit_bytes && !j->far.spread_nodes ? shrink_run(&to, err) : 0;
}

int job_look(struct job *j, bool measuring, struct err *err)
{
	struct shrink to = shrink_of(j);
	uint64_t bytes, far_able;

	if ((!j->has_group && !j->backend->backend->limit) || usage(j, &bytes, NULL) != 0)
		return 0;
	if (bytes > j->seen.peak_bytes)
		j->seen.peak_bytes = bytes;
	if (!j->limit_bytes && j->has_group && group_far_able(&j->groups.inside, &far_able) == 0 &&
	    far_able > j->seen.far_able_bytes)
		j->seen.far_able_bytes = far_able;
	if (measuring) {
		j->seen.sum_bytes += (double)bytes;
		j->seen.nr++;
	}
	return j->limit_stands ? shrink_watch(&to, bytes, &j->full_since_ns, err) : 0;
}

/* Keep the limit that shrinking reached. On v1 also start relief: the kernel would kill at the hard
 * limit. */
static int keep_limit(struct job *j, struct err *err)
{
	int rc = set_limit(j, j->limit_bytes, err);

	if (rc || j->backend->backend->limit || j->groups.machine.memory_version == 2)
		return rc;
	return relief_start(&j->groups.inside, j->limit_bytes, &j->relief, err);
}

/* Relief first: it puts back what stands. */
static int move_v1_limit(struct job *j, uint64_t bytes, struct err *err)
{
	uint64_t before = j->moving.bytes;
	int rc;

	if (j->relief)
		relief_move(j->relief, bytes);
	rc = set_limit(j, bytes, err);
	if (rc && j->relief)
		relief_move(j->relief, before);
	return rc || j->relief ? rc : relief_start(&j->groups.inside, bytes, &j->relief, err);
}

int job_move_limit(struct job *j, uint64_t bytes, struct err *err)
{
	bool v1 = !j->backend->backend->limit && j->groups.machine.memory_version == 1;
	int rc = v1 ? move_v1_limit(j, bytes, err) : set_limit(j, bytes, err);

	if (rc)
		return rc;
	j->moving.bytes = bytes;
	j->moving.known = true;
	return 0;
}

int job_local(struct job *j, uint64_t *ret_bytes)
{
	if (!j->has_group && !j->backend->backend->limit)
		return -ENODATA;
	return usage(j, ret_bytes, NULL) ? -ENODATA : 0;
}

int job_set_window_limit(struct job *j, struct err *err)
{
	struct err why = { 0 };
	int rc;

	if (!j->limit_bytes || j->limit_stands)
		return 0;
	if (j->lift)
		return set_limit(j, LIMIT_NONE, err);
	j->limit_stands = true;
	if (!j->settings->offload)
		return keep_limit(j, err);
	rc = reclaimer_check(&j->groups.inside, &why);
	if (rc) {
		log_warn("%s; going on without", why.msg);
		results_flag(&j->results, "NO_OFFLOAD", SEVERITY_WARNING, "%s", why.msg);
		return keep_limit(j, err);
	}
	rc = group_set_limit(&j->groups.inside, j->limit_bytes + j->settings->headroom_bytes, err);
	if (rc)
		return rc;
	return reclaimer_start(&j->groups.inside, j->limit_bytes, j->settings->step_bytes,
			       j->placement.reclaim_cpu, &j->reclaimer_counters, &j->reclaimer,
			       err);
}

/* --- its end -------------------------------------------------------------------------------- */

void job_end_reclaim(struct job *j)
{
	reclaimer_free(j->reclaimer);
	j->reclaimer = NULL;
	if (!j->has_group || j->limit_bytes || j->spec->turn)
		return;
	if (group_peak(&j->groups.inside, &j->memory_peak_bytes) != 0)
		j->memory_peak_bytes = 0;
}

void job_stop(struct job *j, uint64_t window_begin_ns, uint64_t window_end_ns)
{
	if (j->stopped)
		return;
	j->stopped = true;
	j->ctx.window_begin_ns = window_begin_ns;
	j->ctx.window_end_ns = window_end_ns;
	if (j->started)
		j->spec->workload->stop(&j->ctx);
	relief_free(j->relief, &j->reliefs);
	j->relief = NULL;
}

void job_forget(struct job *j)
{
	if (j->backend->backend && j->backend->backend->forget)
		j->backend->backend->forget(j->backend, &j->far);
}
