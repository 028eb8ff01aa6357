/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust: what a run says about its own numbers. Each flag is a code with a sentence; any fatal one
 * makes the run `untrusted` and the exit code 7. Rules look at the measure phase, but for those of
 * where pages went: they look at all phases, and a failed run is judged by those that it had.
 */
#ifndef HARNESS_FLAGS_H
#define HARNESS_FLAGS_H

#include "backend/backend.h"
#include "base/err.h"
#include "base/result.h"
#include "harness/group/cgroup.h"
#include "harness/group/relief.h"
#include "harness/run/placement.h"
#include "harness/run/sampler.h"
#include "results/store.h"

/* Readings of the group's memory by the run itself, about ten a second. */
struct usage_seen {
	uint64_t peak_bytes;
	double sum_bytes; /* of the nr readings in phase measure */
	unsigned int nr;
};

struct flag_input {
	struct store *store;
	int64_t run;
	int job;	       /* from 1 */
	uint64_t limit_bytes;  /* in the measure phase; 0: none, or it was lifted by then */
	uint64_t target_bytes; /* what was taken away at first; 0: nothing */
	bool whole_machine;    /* the backend is whatever takes pages on this machine */
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

/* After the run's samples and phases are in the store: add what they show to results. */
void flags_judge(const struct flag_input *in, struct results *results);
/* Any fatal one? */
bool flags_untrusted(const struct results *results);

/* The kernel's log since kmsg_open(): WARNING, BUG, Oops, hung task. */
void kmsg_judge(int fd, struct results *results);

#endif
