/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust: what a run says about its own numbers. Each flag is a code with a sentence; any fatal one
 * makes the run `untrusted` and the exit code 7. Rules look at the measure phase only.
 */
#ifndef HARNESS_FLAGS_H
#define HARNESS_FLAGS_H

#include "base/err.h"
#include "base/result.h"
#include "harness/group/cgroup.h"
#include "harness/run/placement.h"
#include "harness/run/sampler.h"
#include "results/store.h"

struct flag_input {
	struct store *store;
	int64_t run;
	int job;	      /* from 1 */
	uint64_t limit_bytes; /* 0: none */
	bool has_group;
	int cgroup_version;
	bool fills_limit; /* it was filled beyond its limit: it must use all of it */
	const struct placement *placement;
	const struct facts *settings;
	const char *lab; /* struct session */
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
