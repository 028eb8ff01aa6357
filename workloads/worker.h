/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a workload's .main sees of the harness. It runs in a process of its own, started as
 * `fmbench worker NAME key=value…` with a socket as fd 3 and the job's progress.h as fd 4, and nothing else
 * runs there.
 *
 * Protocol, one line a message, fields separated by tabs. To the harness: "ready", "result NAME
 * VALUE" or "result NAME.THREAD VALUE", "flag CODE SEVERITY TEXT" (0 note, 1 warning, 2 fatal), "hist NAME SUM MIN MAX
 * LOW:COUNT,…", "error TEXT", "phase NAME". From it: "go" (the answer to "ready" and "phase"),
 * "stop BEGIN END" (of the measure window). worker.c is this side of it, worker_host.c the harness's.
 */
#ifndef WORKLOADS_WORKER_H
#define WORKLOADS_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/progress.h"
#include "base/result.h"

struct worker;

struct workload;

uint64_t worker_seed(const struct worker *w);
const struct workload *worker_workload(const struct worker *w);
/* LOOP, and workloads that load: memory is full; returns once the harness has shrunk it and says go.
 * -EPIPE: the harness is gone or wants an end; return from .main then. */
int worker_ready(struct worker *w);
/*
 * The same: end the phase under way and begin the next. Of a LOOP it is "prime" after worker_ready(), then
 * "measure", then "verify"; of a workload that loads "measure", then "verify". The harness reads its counters in between, so that what this process
 * does in a phase is what they count there. -EPIPE as above.
 */
int worker_phase(struct worker *w, const char *name);
/* Has the harness asked for an end? Cheap: one read of a flag in this process. */
bool worker_stopping(const struct worker *w);
/* Once it has: the measure window of a SERVICE by clock_ns(); both 0 where there was none. */
void worker_window(const struct worker *w, uint64_t *ret_begin_ns, uint64_t *ret_end_ns);
/*
 * Where `threads` threads tell their operations (progress_set), so that the run has them tick by tick.
 * Call it as the operations begin: before, there is nothing to read. Never NULL.
 */
struct progress *worker_progress(struct worker *w, unsigned int threads);
/* Name must be a row of the workload's metrics. */
void worker_result(struct worker *w, const char *name, double value);
/* The same of one of its threads: stored as NAME.THREAD. */
void worker_thread_result(struct worker *w, const char *name, unsigned int thread, double value);
void worker_flag(struct worker *w, const char *code, enum severity severity, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void worker_hist(struct worker *w, const char *name, const struct hist *h);
/* The reason, in a sentence; .main returns non-zero after it. */
int worker_error(struct worker *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The process's whole life: `fmbench worker NAME SEED key=value…` arrives here with argv after
 * "worker". Returns the exit status. */
int worker_run(const struct workload *workload, int argc, char *argv[]);

#endif
