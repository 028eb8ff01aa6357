// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/check.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "harness/group/cgroup.h"
#include "harness/run/corun.h"
#include "harness/run/sets.h"

static bool shrinks(const struct job_spec *job)
{
	return job->ratio < 1 || job->workload->limit || job->turn;
}

int run_place(const struct run_spec *spec, struct placement *placements, struct err *err)
{
	const struct run_settings *s = spec->settings;
	struct placement_wish wish = { .cpus = s->cpus,
				       .client_cpus = s->client_cpus,
				       .reclaim_cpu = s->reclaim_cpu,
				       .mem_node = -1 };
	uint64_t node;

	for (size_t i = 0; i < spec->nr_jobs; i++)
		wish.needs_client |= spec->jobs[i].workload->shape == WORKLOAD_SERVICE;
	if (s->mem_node) {
		if (parse_u64(s->mem_node, &node) != 0 || node > INT_MAX)
			return err_usage(err, "--mem-node '%s' is not a node's number",
					 s->mem_node);
		wish.mem_node = (int)node;
	}
	return placement_choose(&wish, placements, spec->nr_jobs, err);
}

int run_find_root(const struct run_settings *s, char *root, size_t size, struct err *err)
{
	struct cgroup_machine machine;
	int rc = cgroup_detect(&machine, err);

	if (!rc && s->cgroup_root)
		snprintf(root, size, "%s", s->cgroup_root);
	else if (!rc)
		rc = cgroup_default_root(&machine, root, size, err);
	return rc ? rc : cgroup_check(&machine, root, err);
}

bool run_needs_groups(const struct run_spec *spec)
{
	bool needs = backend_is_far(spec->backend);

	for (size_t i = 0; i < spec->nr_jobs; i++)
		needs |= shrinks(&spec->jobs[i]);
	return needs;
}

static int check_job(const struct run_spec *spec, const struct job_spec *job, struct err *err)
{
	int rc = 0;

	if (job->workload->shape == WORKLOAD_LOOP && spec->nr_jobs > 1)
		return err_usage(err,
				 "%s times itself, so that it can't run beside other jobs: "
				 "leave them out",
				 job->workload->name);
	if (job->workload->check)
		rc = job->workload->check(job->params, job->argv, err);
	if (!rc && shrinks(job) && !backend_is_far(spec->backend))
		rc = err_usage(err,
			       "backend %s takes no pages: choose another "
			       "(`fmbench list backends`)",
			       spec->backend->name);
	return rc;
}

static int check_place(const struct run_spec *spec, const struct job_spec *job,
		       const struct placement *p, struct err *err)
{
	const struct place inside = { .bind_cpus = true, .cpus = p->workload };
	const struct place outside = { .bind_cpus = true, .cpus = p->client };
	const struct workload_ctx ctx = {
		.workload = job->workload,
		.params = job->params,
		.argv = job->argv,
		.measure_ns = spec->settings->duration_ns,
		.inside_cpus = (unsigned int)CPU_COUNT(&p->workload),
		.outside_cpus = (unsigned int)CPU_COUNT(&p->client),
		.inside = &inside,
		.outside = &outside,
	};

	return job->workload->check_place ? job->workload->check_place(&ctx, err) : 0;
}

int run_check(const struct run_spec *spec, struct err *err)
{
	struct placement *placements = xcalloc(spec->nr_jobs, sizeof(*placements));
	char root[PATH_MAX];
	int rc = 0;

	for (size_t i = 0; i < spec->nr_jobs && !rc; i++)
		rc = check_job(spec, &spec->jobs[i], err);
	if (!rc && spec->settings->offload && spec->backend->limit)
		rc = err_usage(err,
			       "backend %s keeps its limit by itself: leave out --offload-reclaim",
			       spec->backend->name);
	if (!rc && spec->backend->check)
		rc = spec->backend->check(spec->backend_params, err);
	if (!rc)
		rc = sets_check(spec->settings, err);
	if (!rc)
		rc = run_place(spec, placements, err);
	for (size_t i = 0; i < spec->nr_jobs && !rc; i++)
		rc = check_place(spec, &spec->jobs[i], &placements[i], err);
	if (!rc && spec->corun)
		rc = corun_check(spec, placements, err);
	free(placements);
	if (rc)
		return rc;

	rc = run_find_root(spec->settings, root, sizeof(root), err);
	if (rc && err->kind == ERR_MISSING && !run_needs_groups(spec)) {
		memset(err, 0, sizeof(*err));
		rc = 0;
	}
	return rc;
}
