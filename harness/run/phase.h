/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The phases of a run: when one ends and the next begins, and what happens ten times a second in each. */
#ifndef HARNESS_PHASE_H
#define HARNESS_PHASE_H

#include "harness/run/state.h"

#define POLL_MS 100
#define TICK_HZ (1000 / POLL_MS)

/* End the phase under way and begin the next (NULL: none) at one and the same instant. */
int phase_next(struct run *r, const char *name, struct err *err);

/* Let the jobs run until all have ended; services at the latest until the instant. */
int phase_run_until(struct run *r, uint64_t deadline_ns, struct err *err);

/* A tick, for whoever waits inside a job's own step: struct workload_ctx's idle, with the run as arg. */
int phase_idle(void *run, struct err *err);

/*
 * Flags BACKEND_LOST, and fails, where the backend no longer serves. One that does not answer just now, and
 * may yet, is what broke a run that has failed.
 */
int phase_check_health(struct run *r, bool has_failed, struct err *err);

/* Print what the jobs have printed since, where the user wants to see it. */
void phase_show_output(struct run *r);

#endif
