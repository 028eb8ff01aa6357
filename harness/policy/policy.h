/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies: who may keep how much of the local memory that several jobs share.
 *
 * To add one:
 *	1. write harness/policy/NAME.c, ending in its one `const struct policy policy_NAME`;
 *	2. add its row to harness/policy/table.c and its line to the list below;
 *	3. add its test to tests/unit/test_policy.c and its row to doc/CORUN.md.
 *
 * A policy is asked when a job comes or goes, and every `every_ns` where it says so. It sees what is
 * known of the jobs that have been admitted, and answers with a limit for each. It touches nothing:
 * the run moves the limits (harness/run/corun.c), the simulation the jobs' speeds (harness/plan).
 */
#ifndef HARNESS_POLICY_H
#define HARNESS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/curve.h"
#include "base/err.h"

#define POLICY_UNLIMITED UINT64_MAX

struct policy_job {
	const char *name;
	uint64_t peak_bytes;
	uint64_t least_bytes; /* it never gets less */
	double ratio;	      /* its own, for policy fixed */
	uint64_t limit_bytes; /* that stands; 0: it has not started */
	uint64_t local_bytes; /* that it holds */
	double pressure;      /* share of the time since the last question in which one of its tasks
			       * waited for memory; NAN: not known */
	double running_s;
	const struct curve *profile; /* how slow it gets; NULL: none is stored */
};

struct policy_view {
	double t_s; /* since the run's first instant */
	uint64_t local_bytes;
	const struct policy_job *jobs;
	size_t nr;
};

/* From the command line or the experiment file; see POLICY_OPTS in harness/plan/mix.h. */
struct policy_options {
	double pressure;     /* the target */
	uint64_t every_ns;   /* how often pressure and program are asked */
	char *schedule;	     /* "0s:1 10s:0.5 ~20s:0.2" */
	char *program;	     /* a line for a shell */
	uint64_t timeout_ns; /* of its answers */
};

struct policy {
	const char *name, *summary;
	bool whole;    /* nothing is taken away: a job waits until its whole peak fits */
	bool own;      /* each job is admitted with its own ratio, and keeps it */
	bool profiles; /* each job's profile is needed */
	bool pressure; /* each job's pressure is needed */
	bool again;    /* asked every options->every_ns, too */
	bool foreign;  /* its answers are the user's: one that had to be cut is told */

	/* Before anything is touched; NULL: nothing to check. */
	int (*check)(const struct policy_options *o, struct err *err);
	/* NULL: it has no state. *ret_state goes to the others. dir: for a program's log. */
	int (*start)(const struct policy_options *o, const char *dir, void **ret_state,
		     struct err *err);
	/*
	 * ret[i] is what jobs[i] may keep. The caller clamps it to least_bytes and peak_bytes, and all
	 * of it to local_bytes (policy_fit). -errno: it cannot say, and err why; what stood stands.
	 */
	int (*decide)(void *state, const struct policy_options *o, const struct policy_view *v,
		      uint64_t *ret, struct err *err);
	void (*stop)(void *state);
};

extern const struct policy *const policy_table[]; /* ended by NULL */
/* Exact name; else NULL and err says what was meant. */
const struct policy *policy_find(const char *name, struct err *err);

/*
 * Make an answer one that can be given: each job gets at least its least and at most its peak; where
 * the sum exceeds local_bytes, what jobs have above their least shrinks, all by the same share.
 * POLICY_UNLIMITED stays. Returns whether anything had to be changed by more than a page a job.
 */
bool policy_fit(const struct policy_view *v, uint64_t *bytes);

/* The slowdown that a profile predicts. Below the smallest ratio that was looked at its slope goes on. */
double policy_slowdown(const struct curve *profile, double ratio);
/* The lower convex hull of a profile's points, into `to` of as many. Returns how many they are. */
size_t policy_hull(const struct curve *profile, struct curve_point *to);

/* A schedule's ratio at a time. */
int schedule_check(const char *text, struct err *err);
double schedule_at(const char *text, double t_s);

/* One line a policy; the rows of table.c. */
extern const struct policy policy_none;
extern const struct policy policy_fixed;
extern const struct policy policy_uniform;
extern const struct policy policy_proportional;
extern const struct policy policy_optimal;
extern const struct policy policy_pressure;
extern const struct policy policy_schedule;
extern const struct policy policy_program;

#endif
