/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust: what a run says about its own numbers. Each flag is a code with a sentence; any fatal one
 * makes the run `untrusted` and the exit code 7. Rules look at the measure phase, but for those of
 * where pages went: they look at all phases, and a failed run is judged by those that it had.
 */
#ifndef HARNESS_FLAGS_H
#define HARNESS_FLAGS_H

#include "base/result.h"
#include "harness/run/evidence.h"

/* After the run's samples and phases are in the store: add what they show to results. */
void flags_judge(const struct flag_input *in, struct results *results);
/* Any fatal one? */
bool flags_untrusted(const struct results *results);

/* The kernel's log since kmsg_open(): WARNING, BUG, Oops, hung task. */
void kmsg_judge(int fd, struct results *results);

#endif
