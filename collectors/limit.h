/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A limit that moves, for collector `limit`. */
#ifndef COLLECTORS_LIMIT_H
#define COLLECTORS_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Written by the run, read by the sampler. 0 once the job has ended. */
struct moving_limit {
	_Atomic uint64_t bytes, target_bytes;
	_Atomic bool known; /* a limit was set: before, and without one, there is nothing to read */
};

#endif
