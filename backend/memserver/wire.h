/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client and memserver say to each other over TCP. Each connection begins with a message of
 * handshake.h, in WIRE_HELLO_BYTES, zeros at its end, and its grant or refusal:
 *
 *	open	makes a session; its connection is the session's first
 *	join	each further connection of the session, as struct wire_join
 *
 * There is no resume: a session ends with its last connection, or by WIRE_BYE, and its memory is
 * cleared. The server answers a BYE by closing the connection; an OPEN after that finds the memory free.
 * A grant's address is 0 and its rkey 1; its queue pairs are connections.
 *
 * Then the client sends requests, as many as it likes at a time; each is answered in turn, when it is
 * done. Numbers are big endian.
 *
 *	request		struct wire_head, nr_runs of struct wire_run; WRITE: then the runs' pages
 *	answer		struct wire_answer; READ: then the runs' pages
 *
 * Requests of one connection are done in their order, those of several in any. A client that has to know
 * that nothing another process wrote is still on its way has that one's connections CUT: they were
 * joined with its owner number.
 *
 * Whoever sends anything else is disconnected.
 */
#ifndef MEMSERVER_WIRE_H
#define MEMSERVER_WIRE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "backend/memserver/handshake.h"

#define WIRE_PORT	 "50001"
#define WIRE_HELLO_BYTES sizeof(struct memserver_open)
#define WIRE_PAGE	 4096ull
#define WIRE_PAGES_MAX	 256u	    /* of a request's runs together; so many runs, too */
#define WIRE_MAGIC	 0x666d7772 /* "fmwr" */
#define WIRE_RKEY	 1u

enum wire_kind {
	WIRE_READ = 1,
	WIRE_WRITE = 2,
	WIRE_CUT = 3, /* answered when nothing arrives any more by the connections of that owner */
	WIRE_BYE = 4, /* ends the session; answered by the connection's end */
};

struct wire_join {
	struct memserver_join join;
	__be32 owner; /* of the client's making; 0: nobody's */
};

struct wire_head {
	__be32 magic;
	__be16 kind;
	__be16 nr_runs; /* 1 to WIRE_PAGES_MAX; CUT, BYE: 0 */
	__be32 tag;	/* comes back with the answer */
	__be32 owner;	/* CUT; else 0 */
};

struct wire_run {
	__be32 page; /* of WIRE_PAGE bytes, from the start of the session's memory */
	__be32 nr;
};

struct wire_answer {
	__be32 magic;
	__be32 tag;
	__be32 pages; /* that follow */
	__be32 reserved;
};

/* --- both sides --- */

/* Of a message that went in part: leaves out the first `bytes` of its parts. Returns how many parts are left. */
static inline size_t wire_skip(struct iovec **parts, size_t nr, size_t bytes)
{
	while (nr && bytes >= (*parts)->iov_len) {
		bytes -= (*parts)->iov_len;
		(*parts)++;
		nr--;
	}
	if (nr) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + bytes;
		(*parts)->iov_len -= bytes;
	}
	return nr;
}

/* --- the server's side: wire.c --- */

/* A request that was checked: its runs lie within the session's memory. */
struct wire_request {
	enum wire_kind kind;
	uint32_t tag, owner;
	uint32_t nr_runs, nr_pages;
	struct {
		uint32_t page, nr;
	} runs[WIRE_PAGES_MAX];
};

#define WIRE_REQUEST_MAX (sizeof(struct wire_head) + WIRE_PAGES_MAX * sizeof(struct wire_run))

/*
 * The request at the start of len bytes, without the pages that may follow it, from a client with
 * nr_pages. Returns how many bytes it takes; 0: more have to come, at most WIRE_REQUEST_MAX in all;
 * -1: it is none, and *ret_why says so, as the end of a sentence about the client.
 */
int wire_parse(const void *bytes, size_t len, uint64_t nr_pages, struct wire_request *ret,
	       const char **ret_why);

/* --- the client's side --- */

static inline struct wire_head wire_head(enum wire_kind kind, uint16_t nr_runs, uint32_t tag,
					 uint32_t owner)
{
	return (struct wire_head){ htobe32(WIRE_MAGIC), htobe16((uint16_t)kind), htobe16(nr_runs),
				   htobe32(tag), htobe32(owner) };
}

/* NULL, or what is wrong with an answer, as the end of a sentence about the server. */
static inline const char *wire_fault(const struct wire_answer *answer, uint32_t tag, uint32_t pages)
{
	if (answer->magic != htobe32(WIRE_MAGIC))
		return "it is not memserver, or out of step";
	if (answer->tag != htobe32(tag))
		return "it answers another request";
	if (answer->pages != htobe32(pages))
		return "it answers with another number of pages";
	return NULL;
}

#endif
