/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run is stored and found under. */
#ifndef HARNESS_IDENTITY_H
#define HARNESS_IDENTITY_H

#include "base/buf.h"
#include "harness/run/spec.h"
#include "results/store.h"

struct run_identity {
	/*
	 * Experiment, workload, backend, their parameters, settings, ratio, repeat and seed: runs
	 * equal in these were meant to be the same.
	 */
	struct run_record record;
	/* What record points to. */
	struct job_record *jobs;
	struct buf *workloads; /* a text for each job */
	struct buf backend, settings;
};

/* Points into spec, too. */
void run_identity_init(struct run_identity *id, const struct run_spec *spec);
/* The parameters of one job, as they are stored. */
void run_workload_json(const struct job_spec *job, struct buf *b);
void run_identity_release(struct run_identity *id);

#endif
