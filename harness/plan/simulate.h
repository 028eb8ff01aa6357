/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would a rack gain? A mix on many machines, by discrete events: jobs arrive, wait in one queue, run
 * on the first machine with the fewest jobs that has room, as fast as their profiles say of what the policy
 * gives them, and end. No memory is moved and no time passes: machines change only when a job comes or goes,
 * so that the cost is linear in jobs.
 *
 * A job is its load, then its work (results/profile.h has how long each takes alone with how much memory, and
 * how much CPU time). A part goes on at the speed of what the job holds just now; a service's work is a window
 * that takes its time whatever it holds. Services are filled one at a time, as a co-run does. Where jobs want more
 * cores than there are each gets less of them, no job less than another that wants as much.
 */
#ifndef HARNESS_SIMULATE_H
#define HARNESS_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/curve.h"
#include "base/err.h"
#include "harness/policy/policy.h"
#include "results/profile.h"

/* One kind of job. */
struct sim_kind {
	const char *name;
	uint64_t peak_bytes;
	double least_ratio, ratio;
	unsigned int cores;
	const struct life *life;
	double window_s;	     /* a service's; 0: it works until it is done */
	const struct curve *profile; /* for the policies */
};

struct sim_job {
	size_t kind;
	double arrival_s;
	double start_s, end_s; /* filled in */
};

struct sim {
	const struct policy *policy;
	const struct policy_options *options;
	size_t machines;
	uint64_t local_bytes; /* of each */
	unsigned int cores;   /* of each; 0: no limit */
	const struct sim_kind *kinds;
	struct sim_job *jobs; /* by arrival */
	size_t nr_jobs;
};

struct sim_yield {
	double makespan_s, jobs_per_h;
	double mean_queueing_s, mean_slowdown,
		p99_slowdown; /* slowdown: of the time from start to end */
	double local_share;   /* of all machines' local memory, in use over the makespan */
	uint64_t events;
};

/* ERR_USAGE for a policy that asks for more than is simulated. */
int simulate_check(const struct policy *p, struct err *err);
/* ERR_USAGE: a job that could never start. */
int simulate(struct sim *s, struct sim_yield *ret, struct err *err);

#endif
