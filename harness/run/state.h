/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run knows while it runs. run.c says in which order its steps are made; phase.c, window.c and
 * harvest.c make those that are more than a few calls.
 */
#ifndef HARNESS_STATE_H
#define HARNESS_STATE_H

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/backend.h"
#include "base/journal.h"
#include "base/result.h"
#include "base/steady.h"
#include "harness/run/follow.h"
#include "harness/run/janitor.h"
#include "harness/run/job.h"
#include "harness/run/outcome.h"
#include "harness/run/sampler.h"
#include "harness/run/session.h"
#include "harness/run/spec.h"

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
	size_t cleaned; /* journal entries before this one wait for --cleanup, the last of them; 0: none */
	struct backend_ctx backend;
	bool backend_up;
	struct job *jobs;	/* spec->nr_jobs */
	struct follow *follows; /* one a job */
	cpu_set_t cpus;		/* that its programs may use */
	struct corun *corun;	/* where jobs come and go (corun.h); else NULL */
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

#endif
