/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened in each second of workload kv, as one thread of the client saw it. */
#ifndef WORKLOADS_KV_RECORD_H
#define WORKLOADS_KV_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/hist.h"

/* A request that is sent so much after it was meant to be is late. */
#define KV_LATE_NS (100 * 1000ull)

struct kv_second {
	/* Of the requests meant for this second: how many, how long each took from the instant that it
	 * was meant for, and how long until it was sent. */
	uint64_t offered, late, unanswered;
	struct hist *latency, *delay;
	uint64_t answered; /* in this second, whenever they were meant for */
};

struct kv_record {
	uint64_t origin_ns;
	struct kv_second *second;
	size_t nr;
};

void kv_record_release(struct kv_record *r);
/* The second that holds the instant, made where it's not there yet. Not before origin_ns. */
struct kv_second *kv_record_at(struct kv_record *r, uint64_t ns);
/* A request that was meant for meant_ns: it is sent; it is answered; it has no answer by end_ns; n of them
 * were not even sent by then. */
void kv_record_sent(struct kv_record *r, uint64_t meant_ns, uint64_t now_ns);
void kv_record_answered(struct kv_record *r, uint64_t meant_ns, uint64_t now_ns);
void kv_record_unanswered(struct kv_record *r, uint64_t meant_ns, uint64_t end_ns);
void kv_record_unsent(struct kv_record *r, uint64_t meant_ns, uint64_t end_ns, uint64_t n);
/* Adds the seconds from `first` on, `nr` of them, to `into`, whose histograms are there. */
void kv_record_sum(const struct kv_record *r, size_t first, size_t nr, struct kv_second *into);

struct kv_second kv_second_new(void);
void kv_second_release(struct kv_second *s);

#endif
