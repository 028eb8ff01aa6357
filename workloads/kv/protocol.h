/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What workload kv says to a server and understands of its answers: memcached's text protocol
 * (memcached's doc/protocol.txt) and redis's RESP2 (redis.io, "Redis serialization protocol"). Answers
 * come in the order of the requests. The answer to a get of several keys comes in pieces.
 */
#ifndef WORKLOADS_KV_PROTOCOL_H
#define WORKLOADS_KV_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "workloads/kv/value.h"

enum kv_kind {
	KV_STORED,
	KV_VALUE,
	KV_MISS,    /* of one key */
	KV_LIST,    /* so many pieces follow: size (several keys, redis) */
	KV_END,	    /* no more values; what has none yet is not there (memcached) */
	KV_REFUSED, /* the whole request */
};

struct kv_answer {
	enum kv_kind kind;
	/* Within what was parsed: the value, or the words of the refusal. */
	const char *text;
	size_t size;
	const char *key; /* of a value, KV_KEY_BYTES; NULL: values come in the order of the keys */
};

struct kv_protocol {
	bool has_end; /* a get is answered with KV_END, else with its last piece */
	/* keys: nr times KV_KEY_BYTES. */
	void (*get)(struct buf *b, const char *keys, size_t nr);
	/* Up to where the value goes: the caller adds `size` bytes and "\r\n". */
	void (*set)(struct buf *b, const char key[KV_KEY_BYTES], size_t size);
	/*
	 * One piece from the first len bytes of text. Returns how many bytes it took, 0 where it is not
	 * whole yet, or -EPROTO where no server says such a thing.
	 */
	ssize_t (*parse)(const char *text, size_t len, struct kv_answer *ret);
};

extern const struct kv_protocol kv_memcached, kv_resp;

#endif
