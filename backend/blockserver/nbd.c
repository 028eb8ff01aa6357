// SPDX-License-Identifier: GPL-2.0-or-later
/* The transmission phase of NBD (github.com/NetworkBlockDevice/nbd, doc/proto.md), on fd 3. */
#include "backend/blockserver/blockserver.h"

#include <endian.h>
#include <errno.h>
#include <linux/nbd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

#define WAITING_MAX 1024 /* more than the kernel ever has under way: a power of 2 */

struct request {
	uint32_t type, error;
	uint64_t handle, from, due_ns;
	size_t bytes; /* of the answer's data */
};

struct server {
	struct store *store;
	struct request waiting[WAITING_MAX]; /* a ring, the first due first */
	unsigned int first, last;
};

static void receive(void *to, size_t len)
{
	ssize_t n = recv(READY_FD, to, len, MSG_WAITALL);

	if (n == (ssize_t)len)
		return;
	if (n == 0)
		exit(0); /* disconnected */
	die(n < 0 ? errno : EPIPE, "reading a request");
}

static void drop(size_t len)
{
	char bytes[4096];

	for (size_t part; len; len -= part) {
		part = len < sizeof(bytes) ? len : sizeof(bytes);
		receive(bytes, part);
	}
}

static void take_request(struct server *s)
{
	struct request *r = &s->waiting[s->last % WAITING_MAX];
	struct nbd_request head;
	size_t len;

	receive(&head, sizeof(head));
	if (be32toh(head.magic) != NBD_REQUEST_MAGIC)
		die(EPROTO, "reading a request");
	*r = (struct request){ .type = be32toh(head.type) & 0xffff, .from = be64toh(head.from) };
	memcpy(&r->handle, head.handle, sizeof(r->handle));
	len = be32toh(head.len);
	if (r->type == NBD_CMD_DISC)
		exit(0);
	if (len > s->store->size || r->from > s->store->size - len)
		r->error = EINVAL;
	if (r->type == NBD_CMD_WRITE && r->error)
		drop(len);
	else if (r->type == NBD_CMD_WRITE)
		receive(s->store->bytes + r->from, len);
	else if (r->type == NBD_CMD_READ && !r->error)
		r->bytes = len;
	else if (r->type != NBD_CMD_FLUSH && r->type != NBD_CMD_TRIM)
		r->error = EINVAL;
	r->due_ns = pace_due(&s->store->pace, clock_ns(), len);
	s->last++;
}

static void answer(struct server *s)
{
	struct request *r = &s->waiting[s->first++ % WAITING_MAX];
	struct nbd_reply head = { .magic = htobe32(NBD_REPLY_MAGIC), .error = htobe32(r->error) };
	struct iovec parts[] = { { &head, sizeof(head) }, { s->store->bytes + r->from, r->bytes } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = r->bytes ? 2 : 1 };

	memcpy(head.handle, &r->handle, sizeof(r->handle));
	while (message.msg_iovlen) {
		ssize_t n = sendmsg(READY_FD, &message, 0);

		if (n < 0 && errno != EINTR)
			die(errno, "answering");
		for (; n > 0 && message.msg_iovlen && (size_t)n >= message.msg_iov->iov_len;
		     message.msg_iov++, message.msg_iovlen--)
			n -= (ssize_t)message.msg_iov->iov_len;
		if (n > 0 && message.msg_iovlen) {
			message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + n;
			message.msg_iov->iov_len -= (size_t)n;
		}
	}
}

/* Until a request comes (true) or the first that waits is due. */
static bool request_came(const struct server *s)
{
	struct pollfd fd = { .fd = READY_FD, .events = POLLIN };
	struct timespec wait = { 0 };
	bool waits = s->first != s->last;
	uint64_t now = clock_ns(), due = waits ? s->waiting[s->first % WAITING_MAX].due_ns : 0;

	if (s->last - s->first == WAITING_MAX)
		return false;
	if (due > now + SPIN_NS) {
		wait.tv_sec = (time_t)((due - SPIN_NS - now) / NSEC_PER_SEC);
		wait.tv_nsec = (long)((due - SPIN_NS - now) % NSEC_PER_SEC);
	}
	if (waits && due <= now)
		return false;
	return ppoll(&fd, 1, waits ? &wait : NULL, NULL) > 0;
}

void nbd_serve(struct store *store)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		die(ENOMEM, "taking its memory");
	s->store = store;
	say_ready();
	for (;;) {
		if (request_came(s))
			take_request(s);
		while (s->first != s->last &&
		       s->waiting[s->first % WAITING_MAX].due_ns <= clock_ns())
			answer(s);
	}
}
