/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What workload kv's client tells of its measure window. */
#ifndef WORKLOADS_KV_REPORT_H
#define WORKLOADS_KV_REPORT_H

#include "workloads/kv/record.h"
#include "workloads/worker.h"

/* Names of the results, rows of the workload's metrics. */
#define KV_OPS		 "ops"
#define KV_OFFERED	 "offered"
#define KV_LATENCY	 "latency"
#define KV_LATENCY_AT	 "latency_p99_at"
#define KV_LATENCY_99_99 "latency_p99_99"
#define KV_UNANSWERED	 "unanswered"
#define KV_LATE		 "late"
#define KV_SEND_DELAY	 "send_delay_p99"
#define KV_CLIENT_CPU	 "client_cpu"
#define KV_CAPACITY	 "capacity"
#define KV_MISSES	 "get_misses"
#define KV_REFUSALS	 "refusals"

struct kv_totals {
	struct kv_record *records; /* one a thread, all with one origin */
	unsigned int threads;
	bool paced;
	double client_cpu; /* a thread's share of a CPU */
	uint64_t misses, refusals, strange;
};

void kv_report(struct worker *worker, const struct kv_totals *totals);

#endif
