/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When is a series of counts warm? */
#ifndef MICRO_STEADY_H
#define MICRO_STEADY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The rule: the rate over the last STEADY_BINS intervals is within STEADY_SHARE of the rate over
 * as many before them, and is not zero. counts grow; counts[i] was read at ns[i].
 */
#define STEADY_BINS  5
#define STEADY_SHARE 0.05

bool steady(const uint64_t *counts, const uint64_t *ns, size_t n);

#endif
