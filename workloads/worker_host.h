/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The harness's side of a workload whose code is fmbench's: starts `fmbench worker`, speaks worker.h's
 * protocol with it, and takes in its results.
 */
#ifndef WORKLOADS_WORKER_HOST_H
#define WORKLOADS_WORKER_HOST_H

#include "workloads/workload.h"

/* Goes into a struct workload that has .main: all its hooks from start to release. */
#define WORKER_HOOKS                                                                               \
	.start = worker_host_start, .load = worker_host_load, .go = worker_host_go,                \
	.phase = worker_host_phase, .poll = worker_host_poll, .stop = worker_host_stop,            \
	.parse = worker_host_parse, .release = worker_host_release

/* As the hooks of struct workload. */
int worker_host_start(struct workload_ctx *ctx, struct err *err);
int worker_host_load(struct workload_ctx *ctx, struct err *err);
int worker_host_go(struct workload_ctx *ctx, struct err *err);
const char *worker_host_phase(const struct workload_ctx *ctx);
int worker_host_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err);
void worker_host_stop(struct workload_ctx *ctx);
int worker_host_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
		      struct results *results, struct err *err);
void worker_host_release(struct workload_ctx *ctx);

#endif
