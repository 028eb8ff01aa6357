/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run's flags are judged from: what it knows itself, and what it has put into the store. */
#ifndef HARNESS_EVIDENCE_H
#define HARNESS_EVIDENCE_H

#include "backend/backend.h"
#include "base/result.h"
#include "harness/group/relief.h"
#include "harness/run/placement.h"
#include "harness/run/sampler.h"
#include "results/store.h"

/* Readings of the group's memory by the run itself, about ten a second. */
struct usage_seen {
	uint64_t peak_bytes;
	uint64_t far_able_bytes; /* the highest while no limit stood: anonymous and shared */
	double sum_bytes;	 /* of the nr readings in phase measure */
	unsigned int nr;
};

struct flag_input {
	struct store *store;
	int64_t run;
	int job, nr_jobs;      /* from 1 */
	uint64_t limit_bytes;  /* in the measure phase; 0: none, or it was lifted by then */
	uint64_t target_bytes; /* what was taken away at first; 0: nothing */
	bool moves;	       /* it had a limit that moved; both above are 0 */
	uint64_t far_bytes;    /* what its ratio moves away; 0: it has no ratio below 1 */
	/* Without a limit: the highest far-able memory, and all memory as the kernel kept it (0: it
	 * keeps none). peak_seen: readings came near the kernel's. */
	uint64_t peak_bytes, memory_peak_bytes;
	bool peak_seen;
	double window_us;	     /* phase measure */
	double own_cpu_us;	     /* fmbench itself ran so long in it */
	unsigned int nr_cpus;	     /* which the run's programs may use */
	unsigned int client_threads; /* of the load generator; 0: not known */
	bool wants_zswap;	     /* the backend is zswap, before an area */
	bool whole_machine;	     /* the backend is whatever takes pages on this machine */
	bool tiered;		     /* far memory is a slow node, used in place */
	struct relief_count reliefs;
	struct usage_seen seen;
	bool has_group;
	int cgroup_version;
	bool fills_limit; /* it was filled beyond its limit: it must use all of it */
	const struct placement *placement;
	const struct facts *settings;
	const struct backend_usage *usage; /* the backend's own account; NULL: none */
	const char *lab;		   /* struct session */
	const struct sampler_stats *sampler;
	unsigned int hz;
};

/* Those in which a workload may use memory, in their order. */
#define NR_SEEN_PHASES 6
extern const char *const seen_phases[NR_SEEN_PHASES];

/* Of the measure phase: a counter's growth, a gauge's mean. False: it was not sampled. */
bool seen_measured(const struct flag_input *in, const char *collector, const char *key,
		   double *ret);
/* A gauge in a phase. False: it was not read then. */
bool seen_gauge(const struct flag_input *in, const char *phase, const char *collector,
		const char *key, struct store_gauge *ret);
/* Local memory in the measure phase, on average: of the samples of what the backend calls local, else of
 * the run's own readings. */
bool seen_resident(const struct flag_input *in, double *ret_bytes);
/* How far a gauge rose above what it was when the run began. False: it was not read. */
bool seen_rise(const struct flag_input *in, const char *collector, const char *key, double *ret);
/* Growth of a counter over all phases; 0 where it was not sampled. */
double seen_grown(const struct flag_input *in, const char *collector, const char *key);
/* How the job used memory, by the first key of the backend's account that the run samples: pages in a
 * phase (NULL: in all of them), and the highest reading of a gauge in the whole run. False: no key. */
bool seen_usage(const struct flag_input *in, const char *what, const char *phase, double *ret);
bool seen_usage_gauge(const struct flag_input *in, const char *what, const char *phase,
		      struct store_gauge *ret);
bool seen_usage_max(const struct flag_input *in, const char *what, double *ret);
/* What the backend itself counted in the measure phase. False: it keeps no such account. */
bool seen_accounted(const struct flag_input *in, const char *what, double *ret);

#endif
