/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread of workload kv's client: its connections, what it sends and what comes back. When to ask is
 * course.h's.
 */
#ifndef WORKLOADS_KV_THREAD_H
#define WORKLOADS_KV_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/progress.h"
#include "base/scatter.h"
#include "base/zipf.h"
#include "workloads/kv/config.h"
#include "workloads/kv/connection.h"
#include "workloads/kv/record.h"
#include "workloads/worker.h"

#define KV_BATCH   64u			 /* requests between two looks at the answers */
#define KV_LOOK_NS (100 * NSEC_PER_MSEC) /* how often a thread that waits looks up */

/* What all threads share. */
struct kv_client {
	const struct kv_config *config;
	struct worker *worker;
	struct progress *progress;
	struct kv_thread *threads;
	struct kv_record *records;
	struct zipf *zipf;
	struct scatter scatter;
	uint64_t hot;
	_Atomic uint32_t *issued, *stored; /* versions, by key */
	double rate;			   /* requests a second of all threads, 0: closed */
	uint64_t origin_ns;
	pthread_barrier_t barrier;
	pthread_mutex_t lock; /* over what follows, and rate */
	atomic_bool failed;
	struct err err;
	char refusal[128];
};

struct kv_list {
	struct kv_connection **at;
	unsigned int nr;
};

struct kv_thread {
	pthread_t id;
	struct kv_client *client;
	unsigned int number;
	struct kv_connection *connections;
	unsigned int nr_connections, turn;
	/* Those with something to send; those of a closed course that may be asked. */
	struct kv_list unsent, ready;
	struct kv_inbox inbox;
	int epoll_fd;
	uint64_t random;
	uint64_t next_ns; /* when the next request is meant to be sent */
	char *value;	  /* room for one */
	uint64_t outstanding, operations;
	uint64_t written[KV_BATCH]; /* meant instants of what is written but not sent */
	unsigned int nr_written;
	struct kv_record *record;
	bool recording;
	uint64_t misses, refusals, strange;
	double cpu_s, run_s;
};

/* Thread `number` of a client; t is zeroed. */
void kv_thread_init(struct kv_thread *t, struct kv_client *c, unsigned int number);
/* Its connections. What fails goes to kv_fail(). */
void kv_thread_open(struct kv_thread *t);
void kv_thread_release(struct kv_thread *t);

/* It may be asked (again). */
void kv_add_ready(struct kv_thread *t, struct kv_connection *c);

/* The client ends. The first reason counts. */
void kv_fail(struct kv_client *c, const struct err *why);

/* Write a request for kv_send_all(): a set of that key; or what the configuration has, of keys that it
 * draws. There must be room in the connection. */
void kv_set_key(struct kv_thread *t, struct kv_connection *c, uint64_t key, uint64_t meant_ns);
void kv_ask(struct kv_thread *t, struct kv_connection *c, uint64_t meant_ns);
/* Are there fewer than KV_BATCH, and has the connection room for one more? */
bool kv_may_ask(const struct kv_thread *t, const struct kv_connection *c);
void kv_send_all(struct kv_thread *t);
/* Take what answers there are, waiting for the first until the instant at the latest. */
void kv_look_for_answers(struct kv_thread *t, uint64_t until_ns);

#endif
