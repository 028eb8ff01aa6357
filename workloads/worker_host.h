/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harness's side of a workload whose code is ours: starts `fmbench worker`, speaks worker.h's
 * protocol with it, and takes in its results. */
#ifndef WORKLOADS_WORKER_HOST_H
#define WORKLOADS_WORKER_HOST_H

#include "workloads/workload.h"

/* start to release only; workload.c puts them in place of a workload's own. */
extern const struct workload worker_hooks;

/* The phase that the worker waits for go() to begin; NULL: none. */
const char *worker_host_phase(const struct workload_ctx *ctx);

#endif
