/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles: what `fmbench fit --profile` has found out of a workload, a curve of its slowdown over the
 * local ratio (base/curve.h). A profile is its runs: they carry the fact fit=profile, and the curve is
 * made of them when somebody asks. For a policy that shares local memory between workloads.
 */
#ifndef RESULTS_PROFILE_H
#define RESULTS_PROFILE_H

#include "base/curve.h"
#include "results/store.h"

/* The run fact, and what it says of a profile's runs. */
#define PROFILE_FACT  "fit"
#define PROFILE_VALUE "profile"

/* A run that a command took over from an earlier one is its own from then on. */
int profile_mark(struct store *s, int64_t run, const char *fit, struct err *err);

/* What is asked for. Texts as a run is stored with (struct run_record). */
struct profile_key {
	const char *workload;
	const char *workload_params; /* JSON; NULL: any, the newest */
	const char *backend;	     /* NULL: any, the newest */
	int64_t machine;	     /* 0: any */
};

/*
 * A life with so much local memory from the first page on, medians: its load, then the rest, and the CPU
 * time of its own in both. A window of a service is as long as it was asked for.
 */
struct life_point {
	double ratio;
	double load_s, load_cpu_s; /* 0: it has no load phase of its own */
	double work_s, work_cpu_s;
};

struct life {
	struct life_point *points; /* owned; by ratio, ascending */
	size_t nr;
	unsigned int cpus; /* that the job had; 0: not known */
};

struct profile {
	struct curve curve;
	struct life life;
	double age_s;	     /* since its newest run began */
	uint64_t peak_bytes; /* ratio 1 is this much; 0: not known */
	int64_t run;	     /* its newest */
	int repeats;
};

/*
 * The newest profile that fits, of sound runs alone, each relative to the run at ratio 1 of its repeat.
 * One command's runs are a profile: the same experiment, seed, machine, parameters and settings.
 * -ENODATA (err untouched): there is none with at least one ratio below 1. Release it after 0 only.
 */
int profile_find(struct store *s, const struct profile_key *key, struct profile *ret,
		 struct err *err);
/*
 * The newest run of a workload that may be others' baseline (results/baseline.sql): how it went alone with all
 * memory, and its peak (0: not known). -ENODATA (err untouched): there is none.
 */
int profile_alone(struct store *s, const char *workload, const char *workload_params,
		  struct life_point *ret, uint64_t *ret_peak_bytes, struct err *err);
void profile_release(struct profile *p);

#endif
