/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runs of one `fmbench corun`: each policy once a round, rounds in random order; or with a matrix each
 * workload alone and beside each other. Peaks that nobody knows are found first, by a run of the workload
 * alone: an ordinary run, which is its baseline, too.
 */
#ifndef HARNESS_CORUN_PLAN_H
#define HARNESS_CORUN_PLAN_H

#include "backend/backend.h"
#include "harness/plan/mix.h"
#include "harness/run/session.h"

struct corun_plan {
	const char *line, *db_path, *state_dir, *config;
	struct mix *mix;
	struct mix_options *options;
	const struct backend *backend;
	const void *backend_params;
	const char *replay; /* a run whose arrivals are taken; NULL: they are drawn */
	bool matrix;

	/* What was made. */
	const struct policy **policies;
	size_t nr_policies;
	char **locals; /* as they were said */
	size_t nr_locals;
	int64_t *runs;
	size_t *local_of; /* each run's, among locals */
	size_t nr_runs;
};

/* The lists of policies and local memories: words with commas or blanks between. */
int corun_plan_lists(struct corun_plan *p, struct err *err);
/* Make the runs. *ret_code: the exit code of the worst. print: called with the store, still open, at the
 * end, also where not all could be made. */
int corun_plan_make(struct corun_plan *p, int (*print)(void *arg, struct store *s, struct err *err),
		    void *arg, int *ret_code, struct err *err);
void corun_plan_release(struct corun_plan *p);

/* "1G", or a share of the sum of the jobs' peaks, "60%" or 0.6. */
int corun_local_bytes(const char *text, const struct mix *m, uint64_t *ret, struct err *err);
/* Each entry's newest profile, where there is one; says which, and how old. */
int corun_profiles(struct mix *m, struct store *s, const struct backend *backend, bool needed,
		   struct err *err);

#endif
