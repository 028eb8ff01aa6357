/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What workload kv says to a server and understands of its answers: memcached's text protocol
 * (memcached's doc/protocol.txt) and redis's RESP2 (redis.io, "Redis serialization protocol"). Answers
 * come in the order of the requests.
 */
#ifndef WORKLOADS_KV_PROTOCOL_H
#define WORKLOADS_KV_PROTOCOL_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "workloads/kv/value.h"

enum kv_kind { KV_STORED, KV_VALUE, KV_MISS, KV_REFUSED };

struct kv_answer {
	enum kv_kind kind;
	/* Within what was parsed: the value, or the words of the refusal. */
	const char *text;
	size_t size;
};

struct kv_protocol {
	void (*get)(struct buf *b, const char key[KV_KEY_BYTES]);
	/* Up to where the value goes: the caller adds `size` bytes and "\r\n". */
	void (*set)(struct buf *b, const char key[KV_KEY_BYTES], size_t size);
	/*
	 * One answer from the first len bytes of text. Returns how many bytes it took, 0 where it is not
	 * whole yet, or -EPROTO where no server says such a thing.
	 */
	ssize_t (*parse)(const char *text, size_t len, struct kv_answer *ret);
};

extern const struct kv_protocol kv_memcached, kv_resp;

#endif
