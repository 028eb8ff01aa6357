/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: one SQLite database (WAL) of machines, runs, phases, samples and results. The only
 * user of SQLite. schema.sql is the data model and says what each table and view holds.
 *
 * Every function returns 0 or -errno with err filled. A writer's transactions are whole: a killed
 * harness leaves whole rows and a run marked `started`, which store_mark_dead() turns to `failed`.
 */
#ifndef RESULTS_STORE_H
#define RESULTS_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/result.h"

struct store;

enum store_mode { STORE_READ, STORE_WRITE /* creates file and schema where needed */ };

/*
 * Fails with one sentence if the file is not an fmbench database, has a newer format, stays locked
 * for 5 s, or cannot be written. STORE_READ of a missing file is ERR_MISSING ("make one with fmbench
 * run"). An older format: see upgrade.h.
 */
/* Beside the schema's, an open store has the view param (run, whose: workload, backend or run, key,
 * value, text: the value as people write it), a row a parameter; and those of baseline.sql: block
 * (run, block) and baseline (run, job, baseline_run, age_s). */
int store_open(const char *path, enum store_mode mode, struct store **ret, struct err *err);
void store_close(struct store *s); /* NULL is fine */

/* --- writing a run ------------------------------------------------------------------------ */

struct job_record {
	const char *name;			/* unique in its run */
	const char *workload, *workload_params; /* JSON text */
	double ratio;				/* NaN: none */
	uint64_t limit_bytes;			/* 0: no limit */
	uint64_t peak_bytes;			/* 0: not known yet (this run finds it) */
};

struct run_record {
	const char *uuid, *experiment; /* experiment NULL: none */
	const char *backend;
	const char *backend_params, *run_params; /* JSON texts */
	const char *command;			 /* what the user typed, to repeat it */
	const char *version;			 /* git describe */
	int repeat;				 /* from 1 */
	uint64_t seed;
	int pid; /* the harness's, with its start time: is it still alive? */
	uint64_t pid_start;
	struct job_record *jobs; /* the caller's; numbered from 1 in this order */
	size_t nr_jobs;
};

/* facts: the machine's lasting facts. The same facts give the same id. */
int store_machine(struct store *s, const struct facts *facts, int64_t *ret_machine,
		  struct err *err);
/* The same, and changes nothing. -ENODATA (err untouched): no run was made on it. */
int store_find_machine(struct store *s, const struct facts *facts, int64_t *ret_machine,
		       struct err *err);
/* Status `started`; begin stamp is taken here (monotonic and wall). */
int store_run_begin(struct store *s, int64_t machine, const struct run_record *r, int64_t *ret_run,
		    struct err *err);
/* Facts of this run's moment: THP, page-cluster, swap areas, backend's own … */
int store_run_facts(struct store *s, int64_t run, const struct facts *facts, struct err *err);
int store_job_limits(struct store *s, int64_t run, int job, uint64_t peak_bytes,
		     uint64_t limit_bytes, struct err *err);
int store_phase(struct store *s, int64_t run, const char *name, uint64_t begin_ns, uint64_t end_ns,
		struct err *err);
/* Results, flags and histograms of a job, or (job 0) of the run as a whole, in one transaction. */
int store_results(struct store *s, int64_t run, int job, const struct results *results,
		  struct err *err);
int store_artifact(struct store *s, int64_t run, const char *name, const char *path,
		   struct err *err);
/* status: "ok", "failed", "untrusted"; reason may be NULL. -ENOSPC: its samples did not fit, and it
 * is recorded as failed. */
int store_run_end(struct store *s, int64_t run, const char *status, const char *reason,
		  struct err *err);
/* It and all that belongs to it. The next run may get its number. */
int store_run_delete(struct store *s, int64_t run, struct err *err);
/* Runs still `started` whose harness is gone become `failed`; *ret_nr how many. */
int store_mark_dead(struct store *s, int *ret_nr, struct err *err);

/* Samples. A metric is a (job, collector, key); job 0: no job's. Ids are stable within a database. */
int store_metric(struct store *s, int job, const char *collector, const char *key, const char *unit,
		 bool counter, int64_t *ret_metric, struct err *err);
/* Which metric counts `what` of a job: "local", "far", "page_ins" or "page_outs". */
int store_usage(struct store *s, int64_t run, int job, const char *what, int64_t metric,
		struct err *err);

struct store_tick {
	uint64_t begin_ns, end_ns; /* of the reading */
	uint64_t late_ns;	   /* behind its schedule */
};
/* One tick: the values that changed. Call between store_begin() and store_commit(). Views and
 * exports see them after store_run_end(), store_mark_dead() or the writer's store_phase_value(). */
int store_tick(struct store *s, int64_t run, uint64_t tick, const struct store_tick *t,
	       struct err *err);
int store_sample(struct store *s, int64_t run, uint64_t tick, int64_t metric, uint64_t value,
		 struct err *err);
int store_begin(struct store *s, struct err *err);
int store_commit(struct store *s, struct err *err);
void store_rollback(struct store *s); /* after either failed, or what is between them */

/* All of it into a new file, which others may read at once. */
int store_copy(struct store *s, const char *path, struct err *err);
/*
 * Take in the runs of another database that are not here yet, by their uuid; what is there stays as
 * it is. All or nothing. Left out are runs that are under way there, and those up to id `after`
 * there (0: none), which cost nothing. Artifacts are not copied:
 * artifacts_in goes before their paths, "DIR/", or "" where they are (to be) beside this database.
 */
struct store_merged {
	int64_t nr_new, nr_known, nr_under_way;
};
int store_merge(struct store *s, const char *from, int64_t after, const char *artifacts_in,
		struct store_merged *ret, struct err *err);

/* --- asking ------------------------------------------------------------------------------- */

/* The run at ratio 1 that another is measured against: results/baseline.sql has the one rule. */
struct store_baseline {
	int64_t run;
	double age_s;	     /* between the two runs' starts; for a peak: since its start */
	uint64_t peak_bytes; /* 0: not known */
};
/* The baseline of a stored job; a trusted run at ratio 1 is its own. -ENODATA: none fits. */
int store_baseline(struct store *s, int64_t run, int64_t job, struct store_baseline *ret,
		   struct err *err);
/* The baseline, with its peak, of a run that is about to be made: as store_run_begin() would record
 * it, on a machine with these settings (machine_settings()). -ENODATA: none fits. */
int store_find_peak(struct store *s, int64_t machine, const struct run_record *like,
		    const struct facts *facts, struct store_baseline *ret, struct err *err);
/* A run by id, uuid prefix, "latest" or NULL (latest). -ENOENT: ERR_USAGE saying what there is. */
int store_find_run(struct store *s, const char *selector, int64_t *ret_run, struct err *err);
/* For a shell's completion: calls each with a run's number and a few words about it, or with an
 * experiment's label; the latest first, `most` at most. */
enum store_names { STORE_RUNS, STORE_EXPERIMENTS };
int store_each_name(struct store *s, enum store_names what, int most,
		    void (*each)(void *arg, const char *name, const char *about), void *arg,
		    struct err *err);
/* The run that was meant to be this one and did not fail (*ret_peak_bytes 0: not known): the same
 * experiment, units, parameters, ratio, repeat and seed. The rest of `like` is not looked at. */
int store_find_made(struct store *s, const struct run_record *like, int64_t *ret_run,
		    uint64_t *ret_peak_bytes, struct err *err);
/* How long such a run took: of those with its workload and settings the one most like it. */
int store_expect(struct store *s, const struct run_record *like, double *ret_seconds,
		 struct err *err);
/* How long runs of that workload take beside their warm-up and measure phases: of the run most like it. */
int store_expect_rest(struct store *s, const struct run_record *like, double *ret_seconds,
		      struct err *err);
/* Counter's delta (or gauge's mean) within a phase, of the job or of no job; -ENODATA: not sampled
 * (a gauge: not within the phase). */
int store_phase_value(struct store *s, int64_t run, int job, const char *phase,
		      const char *collector, const char *key, double *ret_value, struct err *err);
/* What was read of a gauge at a phase's two ends and in between. -ENODATA: not read then. */
struct store_gauge {
	double begin, end, min, max; /* begin NAN: nothing was read before the phase */
};
int store_phase_gauge(struct store *s, int64_t run, int job, const char *phase,
		      const char *collector, const char *key, struct store_gauge *ret,
		      struct err *err);
/* Highest reading of a gauge in the whole run, of the job or of no job. -ENODATA: none. */
int store_run_max(struct store *s, int64_t run, int job, const char *collector, const char *key,
		  uint64_t *ret_value, struct err *err);
/* The same of what two gauges of a collector sum up to at a time. */
int store_run_max_sum(struct store *s, int64_t run, int job, const char *collector, const char *key,
		      const char *other_key, uint64_t *ret_value, struct err *err);

#endif
