/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection of workload kv's client: bytes out, bytes in, and the requests that wait for their answers,
 * which come in the same order.
 */
#ifndef WORKLOADS_KV_CONNECTION_H
#define WORKLOADS_KV_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "workloads/kv/protocol.h"

#define KV_DEPTH 1024u /* requests that may wait */

struct kv_request {
	uint64_t meant_ns, key;
	uint32_t version; /* of a set: its own; of a get: what had been stored when it was sent */
	bool set;
};

struct kv_connection {
	const struct kv_protocol *protocol;
	int fd;
	struct buf out;
	size_t sent; /* of out */
	char *in;
	size_t in_len, in_cap;
	struct kv_request ring[KV_DEPTH];
	unsigned int head, tail; /* oldest; where the next goes */
	uint64_t next_fill;	 /* for the client: the key that it sets next */
};

/* To 127.0.0.1. `largest` value that may come. The caller closes it whatever comes back. */
int kv_connect(struct kv_connection *c, const struct kv_protocol *protocol, uint16_t port,
	       size_t largest, struct err *err);
void kv_disconnect(struct kv_connection *c);

static inline unsigned int kv_waiting(const struct kv_connection *c)
{
	return c->tail - c->head;
}

static inline bool kv_unsent(const struct kv_connection *c)
{
	return c->out.len;
}

/* Write it for the next kv_send(). There must be room in the ring. value: of a set. */
void kv_write(struct kv_connection *c, const struct kv_request *r, const void *value, size_t size);
/* As much as the socket takes. */
int kv_send(struct kv_connection *c, struct err *err);
/*
 * All answers that are there, each given to take(), which may fail, with its request, in the order of
 * both and with the time at which they were there.
 */
typedef int (*kv_take)(void *arg, const struct kv_request *r, const struct kv_answer *a,
		       uint64_t now_ns, struct err *err);
int kv_receive(struct kv_connection *c, kv_take take, void *arg, struct err *err);

#endif
