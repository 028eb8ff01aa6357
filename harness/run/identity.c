// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/identity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "harness/run/job.h"
#include "harness/run/sets.h"

static void add_text(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, ",\"%s\":", name);
	if (value)
		buf_add_json(b, value);
	else
		buf_adds(b, "null");
}

/* What changes a measurement. How long memory may take to settle and where groups are does not. */
static void settings_json(const struct run_settings *s, struct buf *b)
{
	buf_addf(b, "{\"duration\":%.9g", (double)s->duration_ns / NSEC_PER_SEC);
	if (s->warmup_ns == WARMUP_AUTO)
		add_text(b, "warmup", "auto");
	else
		buf_addf(b, ",\"warmup\":%.9g", (double)s->warmup_ns / NSEC_PER_SEC);
	buf_addf(b, ",\"sample-hz\":%llu,\"offload-reclaim\":%s", (unsigned long long)s->sample_hz,
		 s->offload ? "true" : "false");
	if (s->offload)
		buf_addf(b, ",\"reclaim-headroom\":%llu,\"reclaim-step\":%llu",
			 (unsigned long long)s->headroom_bytes, (unsigned long long)s->step_bytes);
	add_text(b, "reclaim-cpu", s->reclaim_cpu);
	add_text(b, "cpus", s->cpus);
	add_text(b, "client-cpus", s->client_cpus);
	add_text(b, "mem-node", s->mem_node);
	sets_json(s, b);
	if (s->prepare)
		add_text(b, "prepare", s->prepare);
	if (s->cleanup)
		add_text(b, "cleanup", s->cleanup);
	if (s->limit_first)
		add_text(b, "limit-at", "start");
	if (s->warmup_runs)
		buf_addf(b, ",\"warmup-runs\":%llu", (unsigned long long)s->warmup_runs);
}

/* What a job has to do with the others. */
static void corun_json(const struct corun_spec *c, struct buf *b)
{
	add_text(b, "policy", c->policy->name);
	buf_addf(b, ",\"local\":%llu,\"limit-step\":%llu", (unsigned long long)c->local_bytes,
		 (unsigned long long)c->step_bytes);
	add_text(b, "mix", c->mix);
	if (c->policy->pressure)
		buf_addf(b, ",\"pressure-target\":%.9g", c->options->pressure);
	if (c->policy == &policy_schedule)
		add_text(b, "schedule", c->options->schedule);
	if (c->policy == &policy_program)
		add_text(b, "program", c->options->program);
}

void run_workload_json(const struct job_spec *job, struct buf *b)
{
	if (!job->argv) {
		opt_json(job->workload->opts, job->params, b);
		return;
	}
	buf_adds(b, "{\"command\":["); /* another command is another workload */
	for (size_t i = 0; job->argv[i]; i++) {
		buf_adds(b, i ? "," : "");
		buf_add_json(b, job->argv[i]);
	}
	buf_adds(b, "]");
	for_each_opt (o, job->workload->opts) {
		struct buf value = BUF_INIT;

		opt_format(o, job->params, &value);
		if (strcmp(value.data, o->def ? o->def : "") != 0)
			add_text(b, o->name, value.data);
		buf_release(&value);
	}
	buf_adds(b, "}");
}

void run_identity_init(struct run_identity *id, const struct run_spec *spec)
{
	*id = (struct run_identity){
		.record = { .experiment = spec->settings->experiment,
			    .backend = spec->backend->name,
			    .repeat = spec->repeat,
			    .seed = spec->seed,
			    .nr_jobs = spec->nr_jobs },
		.jobs = xcalloc(spec->nr_jobs, sizeof(*id->jobs)),
		.workloads = xcalloc(spec->nr_jobs, sizeof(*id->workloads)),
	};
	for (size_t i = 0; i < spec->nr_jobs; i++) {
		const struct job_spec *job = &spec->jobs[i];
		bool lift;

		run_workload_json(job, &id->workloads[i]);
		id->jobs[i] = (struct job_record){
			.name = job->name,
			.workload = job->workload->name,
			.workload_params = id->workloads[i].data,
			.ratio = job->workload->shape == WORKLOAD_LOOP ? NAN : job->ratio,
			.limit_bytes = job_limit_bytes(job, &lift),
			.peak_bytes = job->peak_bytes,
		};
	}
	opt_json(spec->backend->opts, spec->backend_params, &id->backend);
	settings_json(spec->settings, &id->settings);
	if (spec->corun)
		corun_json(spec->corun, &id->settings);
	buf_adds(&id->settings, "}");
	id->record.jobs = id->jobs;
	id->record.backend_params = id->backend.data;
	id->record.run_params = id->settings.data;
}

void run_identity_release(struct run_identity *id)
{
	for (size_t i = 0; i < id->record.nr_jobs; i++)
		buf_release(&id->workloads[i]);
	free(id->workloads);
	free(id->jobs);
	buf_release(&id->backend);
	buf_release(&id->settings);
}
