/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/stream.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/memserver/wire.h"
#include "base/alloc.h"

#define STACK_BYTES (128u << 10)
/* A request and a page or two: the rest of a longer one is received where it belongs. */
#define BUFFER_BYTES (WIRE_REQUEST_MAX + 2 * WIRE_PAGE)

struct stream {
	pthread_t thread;
	int fd, news_fd;
	char *base;
	uint64_t nr_pages;
	const char *why; /* what was wrong with the last request */
	_Atomic int
		news; /* enum stream_news; whatever the thread set before is the loop's to read */
	atomic_bool stopping;
	sem_t cut;
	struct wire_request request;
	struct iovec parts[1 + WIRE_PAGES_MAX]; /* an answer's head, and the request's pages */
	uint8_t buffer[BUFFER_BYTES];
	size_t have; /* bytes in it */
};

static void tell(struct stream *s, enum stream_news news)
{
	s->news = news;
	eventfd_write(s->news_fd, 1);
}

/* --- sending and receiving --------------------------------------------------------------------- */

static bool send_all(struct stream *s, struct iovec *parts, size_t nr)
{
	while (nr) {
		struct msghdr m = { .msg_iov = parts, .msg_iovlen = nr };
		ssize_t n = sendmsg(s->fd, &m, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		nr = wire_skip(&parts, nr, n > 0 ? (size_t)n : 0);
	}
	return true;
}

static bool receive_all(struct stream *s, struct iovec *parts, size_t nr)
{
	while (nr) {
		struct msghdr m = { .msg_iov = parts, .msg_iovlen = nr };
		ssize_t n = recvmsg(s->fd, &m, MSG_WAITALL);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		nr = wire_skip(&parts, nr, n > 0 ? (size_t)n : 0);
	}
	return true;
}

static bool receive_more(struct stream *s)
{
	ssize_t n;

	do
		n = recv(s->fd, s->buffer + s->have, sizeof(s->buffer) - s->have, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	s->have += (size_t)n;
	return true;
}

static void drop(struct stream *s, size_t bytes)
{
	s->have -= bytes;
	memmove(s->buffer, s->buffer + bytes, s->have);
}

/* --- requests ------------------------------------------------------------------------------------ */

/* The request's pages, as parts 1 to nr_runs. */
static void point_to_pages(struct stream *s)
{
	for (uint32_t i = 0; i < s->request.nr_runs; i++)
		s->parts[1 + i] = (struct iovec){ s->base + s->request.runs[i].page * WIRE_PAGE,
						  s->request.runs[i].nr * WIRE_PAGE };
}

/* What came with the request already, then the rest. */
static bool receive_pages(struct stream *s)
{
	struct iovec *parts = s->parts + 1;
	size_t nr = s->request.nr_runs, used = 0;

	point_to_pages(s);
	while (nr && used < s->have) {
		size_t n = s->have - used < parts->iov_len ? s->have - used : parts->iov_len;

		memcpy(parts->iov_base, s->buffer + used, n);
		used += n;
		nr = wire_skip(&parts, nr, n);
	}
	drop(s, used);
	return receive_all(s, parts, nr);
}

static bool answer(struct stream *s, uint32_t pages)
{
	struct wire_answer head = { .magic = htobe32(WIRE_MAGIC),
				    .tag = htobe32(s->request.tag),
				    .pages = htobe32(pages) };

	s->parts[0] = (struct iovec){ &head, sizeof(head) };
	if (pages)
		point_to_pages(s);
	return send_all(s, s->parts, 1 + (pages ? s->request.nr_runs : 0));
}

static bool cut(struct stream *s)
{
	tell(s, STREAM_WANTS_CUT);
	while (sem_wait(&s->cut) != 0)
		;
	return !s->stopping && answer(s, 0);
}

static bool serve(struct stream *s)
{
	switch (s->request.kind) {
	case WIRE_READ:
		return answer(s, s->request.nr_pages);
	case WIRE_WRITE:
		return receive_pages(s) && answer(s, 0);
	case WIRE_CUT:
		return cut(s);
	default:
		return false;
	}
}

/* The next request; false: there is none, or it is wrong. */
static bool next_request(struct stream *s)
{
	int n;

	while ((n = wire_parse(s->buffer, s->have, s->nr_pages, &s->request, &s->why)) <= 0) {
		if (n < 0 || !receive_more(s))
			return false;
	}
	drop(s, (size_t)n);
	return true;
}

static void *run(void *stream)
{
	struct stream *s = stream;
	bool bye = false;

	while (!s->stopping && next_request(s)) {
		bye = s->request.kind == WIRE_BYE;
		if (!serve(s))
			break;
	}
	/* The peer knows before the loop does anything: what it asks for then comes to the loop after this. */
	tell(s, bye ? STREAM_SAID_BYE : STREAM_ENDED);
	shutdown(s->fd, SHUT_RDWR);
	return NULL;
}

/* --- for the event loop ---------------------------------------------------------------------------- */

struct stream *stream_start(int fd, char *base, uint64_t nr_pages, int news_fd)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	pthread_attr_t attr;
	int rc;

	s->fd = fd;
	s->base = base;
	s->nr_pages = nr_pages;
	s->news_fd = news_fd;
	sem_init(&s->cut, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	rc = pthread_create(&s->thread, &attr, run, s);
	pthread_attr_destroy(&attr);
	if (!rc)
		return s;
	sem_destroy(&s->cut);
	free(s);
	return NULL;
}

enum stream_news stream_news(const struct stream *s)
{
	return (enum stream_news)s->news;
}

const char *stream_fault(const struct stream *s)
{
	return s->why;
}

uint32_t stream_owner_to_cut(const struct stream *s)
{
	return s->request.owner;
}

void stream_cut_done(struct stream *s)
{
	s->news = STREAM_SERVES;
	sem_post(&s->cut);
}

void stream_stop(struct stream *s)
{
	s->stopping = true;
	shutdown(s->fd, SHUT_RDWR);
	sem_post(&s->cut);
	pthread_join(s->thread, NULL);
	close(s->fd);
	sem_destroy(&s->cut);
	free(s);
}
