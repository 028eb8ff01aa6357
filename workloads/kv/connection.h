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

#define KV_MOST_KEYS	100u  /* of one get */
#define KV_MOST_WAITING 1024u /* keys on a connection */

/* One key of a request. Those of a get of several lie behind each other. */
struct kv_request {
	uint64_t meant_ns, key;
	uint32_t version; /* of a set: its own; of a get: what had been stored when it was sent */
	uint16_t nr;	  /* keys of the request, from its first on */
	bool set;
};

struct kv_connection {
	const struct kv_protocol *protocol;
	int fd;
	struct buf out;
	size_t sent;	 /* of out */
	struct buf rest; /* an answer that is not whole */
	struct kv_request *ring;
	unsigned int depth;	  /* keys that may wait; a power of two */
	unsigned int head, tail;  /* oldest; where the next goes */
	unsigned int waiting;	  /* requests */
	unsigned int answered;	  /* keys of the oldest request */
	uint64_t next_fill;	  /* for the client: the key that it sets next */
	bool is_unsent, is_ready; /* for the client: it stands in that list */
};

/* Where answers arrive; one a thread. */
struct kv_inbox {
	char *bytes;
	size_t size;
};

/* For values of at most `largest` bytes. */
void kv_inbox_init(struct kv_inbox *in, size_t largest);
void kv_inbox_release(struct kv_inbox *in);

/* As server_dial(). The caller closes it whatever comes back. */
int kv_connect(struct kv_connection *c, const struct kv_protocol *protocol, const char *socket,
	       uint16_t port, unsigned int depth, struct err *err);
void kv_disconnect(struct kv_connection *c);

static inline struct kv_request *kv_slot(const struct kv_connection *c, unsigned int at)
{
	return &c->ring[at & (c->depth - 1)];
}

static inline bool kv_has_room(const struct kv_connection *c, unsigned int nr)
{
	return c->tail - c->head + nr <= c->depth;
}

static inline bool kv_unsent(const struct kv_connection *c)
{
	return c->out.len;
}

/* Write it for the next kv_send(). There must be room for it. */
void kv_write_set(struct kv_connection *c, const struct kv_request *r, const void *value,
		  size_t size);
/* r: nr of them. */
void kv_write_get(struct kv_connection *c, const struct kv_request *r, unsigned int nr);
/* As much as the socket takes. */
int kv_send(struct kv_connection *c, struct err *err);
/*
 * What becomes of answers, in the order of the requests: key() with each key's KV_STORED, KV_VALUE or
 * KV_MISS, or once with a KV_REFUSED; then done() with the request's first key. now_ns: when they were
 * there.
 */
struct kv_taker {
	void (*key)(void *arg, const struct kv_request *r, const struct kv_answer *a);
	void (*done)(void *arg, const struct kv_request *r, uint64_t now_ns);
	void *arg;
};
/* All that are there. */
int kv_receive(struct kv_connection *c, const struct kv_inbox *in, const struct kv_taker *taker,
	       struct err *err);

#endif
