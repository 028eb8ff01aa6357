/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection over TCP: a thread that does what its client asks (wire.h), with that client's memory
 * alone. A client that is slow, or silent, keeps its own thread waiting, and nobody else.
 *
 * The thread knows its stream only; all else is the event loop's. When the stream has something for the
 * loop it makes the eventfd readable that the loop gave it.
 */
#ifndef MEMSERVER_STREAM_H
#define MEMSERVER_STREAM_H

#include <stdint.h>

#include "base/err.h"

struct stream;

enum stream_news {
	STREAM_SERVES,	  /* nothing */
	STREAM_WANTS_CUT, /* of stream_owner_to_cut(): then stream_cut_done() */
	STREAM_SAID_BYE,  /* it reads no more */
	STREAM_ENDED,	  /* it reads no more: the client went, or sent what is no request */
};

/*
 * Takes the descriptor, which blocks. base: the client's memory, of nr_pages. NULL: no thread can be made;
 * the descriptor is still the caller's.
 */
struct stream *stream_start(int fd, char *base, uint64_t nr_pages, int news_fd);
enum stream_news stream_news(const struct stream *s);
/* Of one that ended: what was wrong with the client's last request, or NULL. */
const char *stream_fault(const struct stream *s);
uint32_t stream_owner_to_cut(const struct stream *s);
void stream_cut_done(struct stream *s);
/* Disconnects. When this returns the thread is gone, and writes nothing to the memory any more. */
void stream_stop(struct stream *s);

#endif
