/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a thread of workload kv's client asks. */
#ifndef WORKLOADS_KV_COURSE_H
#define WORKLOADS_KV_COURSE_H

#include <stdint.h>

#include "workloads/kv/thread.h"

/* Asks what is to be asked at now_ns. Returns when to ask again at the latest, if no answer comes. */
typedef uint64_t (*kv_course)(struct kv_thread *t, uint64_t now_ns);

/* Sets all keys of the thread's connections. */
uint64_t kv_course_fill(struct kv_thread *t, uint64_t now_ns);
/* Whenever fewer than `pipeline` requests of a connection wait. */
uint64_t kv_course_closed(struct kv_thread *t, uint64_t now_ns);
/* At client->rate, from t->next_ns on, on the connections in turns; a full one is passed by. */
uint64_t kv_course_open(struct kv_thread *t, uint64_t now_ns);

/* The time to the next request of this thread. */
uint64_t kv_interval(struct kv_thread *t);

/* Follow it until the instant, until the worker is to stop or the client has failed; to fill ends when
 * all keys are stored, and fails where the server stops answering. */
void kv_follow(struct kv_thread *t, kv_course ask, uint64_t until_ns);
/* Counts what the course should have sent by then and has not. */
void kv_count_unsent(struct kv_thread *t, uint64_t end_ns);
/* What is under way is answered within a second, or counted with its age. */
void kv_drain(struct kv_thread *t);

#endif
