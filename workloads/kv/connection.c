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

void kv_inbox_init(struct kv_inbox *in, size_t largest)
{
	in->size = largest + HEADERS > IN_BYTES ? largest + HEADERS : IN_BYTES;
	in->bytes = xcalloc(in->size, 1);
}

void kv_inbox_release(struct kv_inbox *in)
{
	free(in->bytes);
}

int kv_connect(struct kv_connection *c, const struct kv_protocol *protocol, const char *socket,
	       uint16_t port, unsigned int depth, struct err *err)
{
	c->protocol = protocol;
	c->depth = depth;
	c->ring = xcalloc(depth, sizeof(*c->ring));
	c->fd = server_dial(socket, port);
	if (c->fd < 0 && socket)
		return err_failed(err, -c->fd, "no connection to the server's socket");
	if (c->fd < 0)
		return err_failed(err, -c->fd, "no connection to port %u", (unsigned int)port);
	return 0;
}

void kv_disconnect(struct kv_connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	buf_release(&c->out);
	buf_release(&c->rest);
	free(c->ring);
}

/* --- requests ------------------------------------------------------------------------------- */

void kv_write_set(struct kv_connection *c, const struct kv_request *r, const void *value,
		  size_t size)
{
	struct kv_request *slot = kv_slot(c, c->tail++);
	char key[KV_KEY_BYTES];

	*slot = *r;
	slot->nr = 1;
	c->waiting++;
	kv_key(key, r->key);
	c->protocol->set(&c->out, key, size);
	buf_add(&c->out, value, size);
	buf_add(&c->out, "\r\n", 2);
}

void kv_write_get(struct kv_connection *c, const struct kv_request *r, unsigned int nr)
{
	char keys[KV_MOST_KEYS * KV_KEY_BYTES];

	for (unsigned int i = 0; i < nr; i++) {
		struct kv_request *slot = kv_slot(c, c->tail++);

		*slot = r[i];
		slot->nr = (uint16_t)nr;
		kv_key(keys + i * KV_KEY_BYTES, r[i].key);
	}
	c->waiting++;
	c->protocol->get(&c->out, keys, nr);
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

/* --- answers -------------------------------------------------------------------------------- */

/* What the pieces of one reading have in common. */
struct reading {
	struct kv_connection *c;
	const struct kv_taker *taker;
	uint64_t now_ns;
};

/* The next key of the oldest request has its answer. */
static void take_key(const struct reading *r, const struct kv_answer *a)
{
	r->taker->key(r->taker->arg, kv_slot(r->c, r->c->head + r->c->answered++), a);
}

static void end_request(const struct reading *r)
{
	struct kv_connection *c = r->c;
	const struct kv_request *first = kv_slot(c, c->head);

	c->head += first->nr;
	c->answered = 0;
	c->waiting--;
	r->taker->done(r->taker->arg, first, r->now_ns);
}

/* Of the keys that have no answer yet the one that the value is of; the next one where it is of none. */
static unsigned int find_key(const struct kv_connection *c, const char *key, unsigned int nr)
{
	for (unsigned int i = c->answered; key && i < nr; i++) {
		char own[KV_KEY_BYTES];

		kv_key(own, kv_slot(c, c->head + i)->key);
		if (memcmp(own, key, KV_KEY_BYTES) == 0)
			return i;
	}
	return c->answered;
}

/* The keys before that one have no value. */
static void miss_until(const struct reading *r, unsigned int at)
{
	static const struct kv_answer miss = { .kind = KV_MISS };

	while (r->c->answered < at)
		take_key(r, &miss);
}

/* False: it is no answer to that get. */
static bool take_get(const struct reading *r, const struct kv_answer *a, unsigned int nr)
{
	struct kv_connection *c = r->c;

	if (a->kind == KV_LIST)
		return nr > 1 && a->size == nr && !c->answered;
	if (a->kind == KV_END) {
		miss_until(r, nr);
		end_request(r);
		return true;
	}
	if ((a->kind != KV_VALUE && a->kind != KV_MISS) || c->answered == nr)
		return false;
	miss_until(r, find_key(c, a->key, nr));
	take_key(r, a);
	if (!c->protocol->has_end && c->answered == nr)
		end_request(r);
	return true;
}

static bool take_piece(const struct reading *r, const struct kv_answer *a)
{
	const struct kv_request *oldest = kv_slot(r->c, r->c->head);

	if (a->kind != KV_REFUSED && !oldest->set)
		return take_get(r, a, oldest->nr);
	if (a->kind != KV_REFUSED && a->kind != KV_STORED)
		return false;
	take_key(r, a);
	end_request(r);
	return true;
}

/* Returns how many bytes made whole pieces. */
static ssize_t parse(const struct reading *r, const char *text, size_t len, struct err *err)
{
	struct kv_connection *c = r->c;
	size_t at = 0;

	while (at < len) {
		struct kv_answer answer;
		ssize_t n;

		if (c->head == c->tail)
			return err_failed(err, EPROTO, "the server answers what it was not asked");
		n = c->protocol->parse(text + at, len - at, &answer);
		if (n == 0)
			break;
		if (n < 0 || !take_piece(r, &answer))
			return err_failed(err, EPROTO,
					  "the server answers '%.*s', which is no answer to a %s",
					  (int)(len - at < 40 ? len - at : 40), text + at,
					  kv_slot(c, c->head)->set ? "set" : "get");
		at += (size_t)n;
	}
	return (ssize_t)at;
}

/* What the socket has, up to `room`: 0 where it has nothing. */
static ssize_t read_some(const struct kv_connection *c, char *to, size_t room, struct err *err)
{
	for (;;) {
		ssize_t n = recv(c->fd, to, room, MSG_DONTWAIT);

		if (n > 0 || (n < 0 && errno == EAGAIN))
			return n > 0 ? n : 0;
		if (n == 0)
			return err_failed(err, ECONNRESET, "the server closed a connection");
		if (errno != EINTR)
			return err_failed(err, errno, "a connection is lost");
	}
}

int kv_receive(struct kv_connection *c, const struct kv_inbox *in, const struct kv_taker *taker,
	       struct err *err)
{
	struct reading r = { .c = c, .taker = taker };
	size_t len = c->rest.len, room;
	ssize_t n, used;

	if (len)
		memcpy(in->bytes, c->rest.data, len);
	buf_reset(&c->rest);
	do {
		room = in->size - len;
		if (!room)
			return err_failed(err, EPROTO, "the server's answer has no end");
		n = read_some(c, in->bytes + len, room, err);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
		r.now_ns = clock_ns();
		used = n ? parse(&r, in->bytes, len, err) : 0;
		if (used < 0)
			return (int)used;
		len -= (size_t)used;
		memmove(in->bytes, in->bytes + used, len);
		/* Fewer than there was room for: there are no more (epoll(7)). */
	} while ((size_t)n == room);
	if (len)
		buf_add(&c->rest, in->bytes, len);
	return 0;
}
