/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a memaslap run measured. */
#ifndef WORKLOADS_MEMASLAP_RESULT_H
#define WORKLOADS_MEMASLAP_RESULT_H

#include "workloads/memaslap_client.h"

/* So many whole seconds of memaslap's own statistics must lie in a window. */
#define MIN_PERIODS 3

extern const struct metric memaslap_metrics[];
/* As a workload's parse(). */
int memaslap_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
		   struct results *results, struct err *err);

#endif
