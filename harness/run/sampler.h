/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sampler: one thread on a housekeeping CPU that reads every collector at a fixed rate into a
 * preallocated ring. Each tick stores when its reading began and ended and how late it was, so
 * that the sampler's cost is in the data. The main thread empties the ring into the store.
 */
#ifndef HARNESS_SAMPLER_H
#define HARNESS_SAMPLER_H

#include <stdint.h>

#include "backend/backend.h"
#include "base/err.h"
#include "base/result.h"
#include "collectors/collector.h"
#include "results/store.h"

struct sampler;

/*
 * Opens those collectors of table (ended by NULL) that this run has and starts the thread on cpu.
 * jobs: a context for each job; a collector of scope JOB gets one instance a job, any other one
 * instance with the first context. hz 0: no periodic ticks, only marks. The store is used by the
 * caller's thread alone (here and in sampler_drain()).
 */
int sampler_start(const struct collector *const table[], const struct collector_ctx *jobs,
		  size_t nr_jobs, unsigned int hz, int cpu, struct store *store, int64_t run,
		  struct sampler **ret, struct err *err);
/*
 * Take a tick now and return its time: a phase's boundary, so that deltas between marks are the
 * kernel's own counters at those instants. *ret_ns: when that tick's reading ended.
 */
int sampler_mark(struct sampler *s, uint64_t *ret_ns, struct err *err);
/* Move finished ticks into the store: one transaction. Values are stored when they changed. */
int sampler_drain(struct sampler *s, struct err *err);
/* Latest value of a key of a job (from 1) in the ring's last tick, and when that ended; collectors
 * that are no job's answer for any. -ENODATA: not sampled or absent here. */
int sampler_latest(struct sampler *s, int job, const char *collector, const char *key,
		   uint64_t *ret_value, uint64_t *ret_ns);

/* After a mark: store which metrics count this job's pages, of what the backend names and the run
 * samples (see struct backend_usage). */
int sampler_note_usage(struct sampler *s, int job, const struct backend_usage *usage,
		       struct err *err);

struct sampler_stats {
	uint64_t ticks, late, dropped; /* late: by more than one period */
	uint64_t busy_ns;	       /* spent reading */
	uint64_t lost;		       /* readings that failed: a source vanished */
	const char *lost_name;	       /* of the first such collector */
	unsigned int refused;	       /* collectors that should be there and can't be read */
	char refused_why[256];	       /* the first one's name and reason */
};
void sampler_stats(const struct sampler *s, struct sampler_stats *ret);
/*
 * What this run did not get, after its last drain: a fact missing.COLLECTOR for each collector that
 * is not there (why), or some of whose keys never came (their names); missing.COLLECTOR.JOB for
 * those of the second job on.
 */
void sampler_missing(const struct sampler *s, struct facts *facts);
/* Ends the thread; what is in the ring is lost unless drained before. NULL is fine. */
void sampler_free(struct sampler *s);

#endif
