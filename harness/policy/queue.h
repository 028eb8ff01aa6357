/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may start, and how limits move: the arithmetic of a co-run, without a job, a group or a clock.
 * harness/run/corun.c follows it with real jobs. Jobs wait in the order of their arrival; one that does
 * not fit holds up those behind it, so that none waits for ever.
 */
#ifndef HARNESS_QUEUE_H
#define HARNESS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum queue_state {
	JOB_COMES,  /* later */
	JOB_WAITS,  /* it has arrived */
	JOB_ENTERS, /* admitted: the others make room for its least */
	JOB_RUNS,
	JOB_ENDED,
};

struct queue_job {
	double arrival_s;
	uint64_t peak_bytes, least_bytes; /* least: what it is admitted with */
	unsigned int cores;		  /* that it claims; 0: none of its own */
	enum queue_state state;
	uint64_t limit_bytes;  /* that stands, for JOB_RUNS; POLICY_UNLIMITED: its peak counts */
	uint64_t target_bytes; /* where the policy wants it, for JOB_ENTERS and JOB_RUNS */
};

struct queue {
	uint64_t local_bytes;
	unsigned int cores;
	struct queue_job *jobs; /* by arrival */
	size_t nr;
};

/* What a job that runs holds of local memory. */
uint64_t queue_held(const struct queue_job *j);
/* JOB_COMES becomes JOB_WAITS. Returns how many did. */
size_t queue_arrive(struct queue *q, double t_s);
/* The first that waits, if its least and its cores fit beside those admitted: it now JOB_ENTERS. */
struct queue_job *queue_admit(struct queue *q);
/* Can the one that enters start with its least, or its target if that is smaller? *ret_bytes: with what. */
bool queue_has_room(const struct queue *q, const struct queue_job *j, uint64_t *ret_bytes);
/*
 * The limit that a running job should have next: a step towards its target. What goes up takes only
 * what is free, so that the limits never exceed local memory.
 */
uint64_t queue_next_limit(const struct queue *q, const struct queue_job *j, uint64_t step_bytes);
/* The first job that could never start, or NULL. *ret_cores: for want of cores. */
const struct queue_job *queue_impossible(const struct queue *q, bool *ret_cores);

#endif
