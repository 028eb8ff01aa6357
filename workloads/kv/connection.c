// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "workloads/server.h"

#define IN_BYTES (256u << 10)
#define HEADERS	 4096 /* around a value: plenty */

int kv_connect(struct kv_connection *c, const struct kv_protocol *protocol, uint16_t port,
	       size_t largest, struct err *err)
{
	c->protocol = protocol;
	c->in_cap = largest + HEADERS > IN_BYTES ? largest + HEADERS : IN_BYTES;
	c->in = xcalloc(c->in_cap, 1);
	c->fd = server_dial(port);
	if (c->fd < 0)
		return err_failed(err, -c->fd, "no connection to port %u", (unsigned int)port);
	return 0;
}

void kv_disconnect(struct kv_connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	buf_release(&c->out);
	free(c->in);
}

void kv_write(struct kv_connection *c, const struct kv_request *r, const void *value, size_t size)
{
	char key[KV_KEY_BYTES];

	kv_key(key, r->key);
	if (r->set) {
		c->protocol->set(&c->out, key, size);
		buf_add(&c->out, value, size);
		buf_add(&c->out, "\r\n", 2);
	} else {
		c->protocol->get(&c->out, key);
	}
	c->ring[c->tail++ % KV_DEPTH] = *r;
}

int kv_send(struct kv_connection *c, struct err *err)
{
	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : err_failed(err, errno, "a connection is lost");
		c->sent += (size_t)n;
	}
	buf_reset(&c->out);
	c->sent = 0;
	return 0;
}

/* Is it an answer to that? A refusal is one to anything. */
static bool fits(const struct kv_request *r, enum kv_kind kind)
{
	return kind == KV_REFUSED || (kind == KV_STORED) == r->set;
}

static int parse_answers(struct kv_connection *c, kv_take take, void *arg, struct err *err)
{
	uint64_t now_ns = clock_ns();
	size_t at = 0;
	int rc = 0;

	while (!rc && at < c->in_len) {
		const struct kv_request *r = &c->ring[c->head % KV_DEPTH];
		struct kv_answer answer;
		ssize_t n;

		if (c->head == c->tail)
			return err_failed(err, EPROTO, "the server answers what it was not asked");
		n = c->protocol->parse(c->in + at, c->in_len - at, &answer);
		if (n == 0)
			break;
		if (n < 0 || !fits(r, answer.kind))
			return err_failed(err, EPROTO,
					  "the server answers '%.*s', which is no answer to a %s",
					  (int)(c->in_len - at < 40 ? c->in_len - at : 40),
					  c->in + at, r->set ? "set" : "get");
		at += (size_t)n;
		c->head++;
		rc = take(arg, r, &answer, now_ns, err);
	}
	memmove(c->in, c->in + at, c->in_len - at);
	c->in_len -= at;
	return rc;
}

int kv_receive(struct kv_connection *c, kv_take take, void *arg, struct err *err)
{
	for (;;) {
		ssize_t n = recv(c->fd, c->in + c->in_len, c->in_cap - c->in_len, MSG_DONTWAIT);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return err_failed(err, errno, "a connection is lost");
		if (n == 0)
			return err_failed(err, ECONNRESET, "the server closed a connection");
		c->in_len += (size_t)n;
		rc = parse_answers(c, take, arg, err);
		if (rc)
			return rc;
	}
}
