/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A co-run: the jobs of one run share its local memory. They arrive, wait until their least memory and
 * their cores are free, run on cores of their own where those last, and end. A policy says what each may
 * keep; the limits follow by a step a tick, what sinks first, so that their sum stays within local
 * memory. All of it is the run's phase measure.
 */
#ifndef HARNESS_CORUN_H
#define HARNESS_CORUN_H

#include "harness/run/state.h"

/* Refuse, in words, what could never start: a job's least or cores, memory that the machine has not. */
int corun_check(const struct run_spec *spec, const struct placement *places, struct err *err);

/* Phase measure, from the first arrival to the last job's end. */
int corun_measure(struct run *r, struct err *err);
/* Once the jobs' own results are there: what each waited, and what the whole yielded. */
int corun_harvest(struct run *r, struct err *err);
void corun_free(struct corun *c);

#endif
