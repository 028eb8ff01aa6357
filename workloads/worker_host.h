/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harness's side of a workload whose code is ours: starts `fmbench worker`, speaks worker.h's
 * protocol with it, and takes in its results. */
#ifndef WORKLOADS_WORKER_HOST_H
#define WORKLOADS_WORKER_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/workload.h"

/* start to release only; workload.c puts them in place of a workload's own. */
extern const struct workload worker_hooks;

/* The window the worker says it measured itself. False: it said nothing. */
bool worker_host_window(const struct workload_ctx *ctx, uint64_t *ret_begin_ns,
			uint64_t *ret_end_ns);

#endif
