/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of a co-run as a whole, and its option rows for commands and for [experiment]. S: the
 * struct that has a struct mix_options, m: its name in there. */
#ifndef HARNESS_MIX_OPTS_H
#define HARNESS_MIX_OPTS_H

#include "harness/plan/scale.h"
#include "harness/policy/policy.h"
#include "harness/run/run_opts.h"
#include "harness/run/spec.h"

/* Of the command line or of [experiment]. */
struct mix_options {
	char *local;	/* a list of "1G", or "60%" of the sum of the jobs' peaks */
	char *policies; /* a list */
	char *backend;
	char *name;
	char *scale; /* of an experiment file (scale.h); NULL: the machine's */
	uint64_t repeat, seed;
	double least, ratio; /* of jobs that say nothing themselves */
	uint64_t cores;
	uint64_t step_bytes, time_limit_ns;
	struct policy_options policy;
	uint64_t machines; /* of a simulation, each with so much local memory and so many cores */
	uint64_t machine_cores;
	char *question, *figure; /* words of an experiment's author */
	char *const
		*given; /* the command line's: names of what it set, NULL-ended; NULL: nothing */
	struct run_settings settings;
};

/* clang-format off */
#define MIX_OPTS(S, m) \
	OPT_STRING("local", S, m.local, "60%", \
		   "local memory for all jobs, one or several: a size, or a share of the sum of " \
		   "their peaks", .arg = "LIST"), \
	OPT_STRING("policy", S, m.policies, "uniform", \
		   "who may keep how much, one or several; `fmbench list policies`", .arg = "LIST"), \
	OPT_STRING("backend", S, m.backend, "auto", \
		   "where far memory is; `fmbench list backends`", .arg = "NAME"), \
	OPT_U64("repeat", S, m.repeat, "1", 1, 10000, \
		"rounds: runs with each policy, in random order", .arg = "N"), \
	OPT_U64("seed", S, m.seed, "1", 0, 9e18, \
		"of workloads, arrivals and the order of runs", .arg = "N"), \
	OPT_DOUBLE("ratio-min", S, m.least, "0.2", 0.01, 1, \
		   "a job is admitted with this share of its peak, and never gets less", \
		   .arg = "RATIO"), \
	OPT_DOUBLE("ratio", S, m.ratio, "0.5", 0.01, 1, \
		   "a job's own, for policy fixed and --matrix", .arg = "RATIO"), \
	OPT_U64("cores", S, m.cores, "0", 0, 1024, \
		"that a job claims for itself, and waits for; 0: it waits for none, and shares " \
		"where there are too few", .arg = "N"), \
	OPT_SIZE("limit-step", S, m.step_bytes, "32M", 1 << 20, 1ull << 40, \
		 "a limit moves by at most so much in a tenth of a second", .arg = "SIZE"), \
	OPT_DURATION("time-limit", S, m.time_limit_ns, "1h", 1e9, 6048e11, \
		     "a run that has not ended by then fails", .arg = "TIME"), \
	OPT_DOUBLE("pressure-target", S, m.policy.pressure, "0.01", 1e-5, 1, \
		   "policy pressure: the share of its time that a job may wait for memory", \
		   .arg = "SHARE"), \
	OPT_DURATION("policy-every", S, m.policy.every_ns, "1s", 1e8, 864e11, \
		     "how often pressure, schedule and program are asked", .arg = "TIME"), \
	OPT_STRING("schedule", S, m.policy.schedule, NULL, \
		   "policy schedule: '0s:1 10s:0.5 ~20s:0.2', ~ for a ramp until then", \
		   .arg = "LIST"), \
	OPT_STRING("program", S, m.policy.program, NULL, \
		   "policy program: a shell line that answers lines of JSON", .arg = "COMMAND"), \
	OPT_DURATION("program-timeout", S, m.policy.timeout_ns, "1s", 1e7, 6e11, \
		     "of one answer", .arg = "TIME"), \
	OPT_STRING("name", S, m.name, NULL, \
		   "of the experiment, where --experiment gives its runs no other", .arg = "NAME"), \
	OPT_CHOICE("scale", S, m.scale, NULL, SCALES, \
		   "which of a file's sizes, key@SCALE (default: full from 64 GiB of memory on, " \
		   "else small)"), \
	OPT_STRING("question", S, m.question, NULL, \
		   "what the experiment answers, in words", .arg = "TEXT"), \
	OPT_STRING("figure", S, m.figure, NULL, \
		   "what draws its answer", .arg = "FIGURE"), \
	RUN_SETTINGS_OPTS(S, m.settings)

#define MACHINE_OPTS(S, m) \
	OPT_U64("machines", S, m.machines, "1", 1, 1000000, \
		"so many, each with --local", .arg = "N"), \
	OPT_U64("machine-cores", S, m.machine_cores, "0", 0, 100000, \
		"of each machine; 0: as many as the jobs had in the runs of their profiles", .arg = "N")
/* clang-format on */

#endif
