/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client's check of what a server grants, before anything of it is used: a server that is broken,
 * or hostile, can't make a client divide by zero, alias pages or reach for memory that is not there.
 * For kernel and user space alike.
 */
#ifndef MEMSERVER_GRANT_H
#define MEMSERVER_GRANT_H

#include <asm/byteorder.h>

#include "handshake.h"

/* 64 TiB: no client asks for more, so that it can count the pages and keep a bit for each. */
#define GRANT_BYTES_MAX (1ull << 46)

struct grant_terms {
	/* What was asked for. */
	__u64 bytes_least;
	__u32 queue_pairs_least, queue_pairs_most;
	__u32 depth_most; /* reads that a queue pair may have unanswered */

	/* What the session's first grant said. session 0: this is the first. */
	__u64 session;
	__u64 address;
	__u32 rkey;
};

static inline const char *grant_fault_of_first(const struct memserver_grant *grant)
{
	if (!grant->session)
		return "it grants no session";
	if (!grant->rkey)
		return "it grants no key to the memory";
	return NULL;
}

static inline const char *grant_fault_of_later(const struct memserver_grant *grant,
					       const struct grant_terms *terms)
{
	if (__be64_to_cpu(grant->session) != terms->session)
		return "it grants another session than the one that began";
	if (__be64_to_cpu(grant->address) != terms->address)
		return "it grants the session's memory at another address";
	if (__be32_to_cpu(grant->rkey) != terms->rkey)
		return "it grants another key to the session's memory";
	return NULL;
}

/*
 * NULL, or what is wrong, as the end of a sentence about the server. `len` bytes of private data came
 * with the answer, and `depth` as the reads that the server takes at a time.
 */
static inline const char *grant_fault(const struct memserver_grant *grant, unsigned int len,
				      unsigned int depth, const struct grant_terms *terms)
{
	__u64 bytes;
	__u32 queue_pairs;

	if (len < sizeof(*grant) || grant->head.magic != __cpu_to_be32(MEMSERVER_MAGIC) ||
	    grant->head.kind != __cpu_to_be16(MEMSERVER_GRANT))
		return "it is not memserver";
	if (grant->head.version != __cpu_to_be16(MEMSERVER_VERSION))
		return "it grants by another version of the handshake";
	bytes = __be64_to_cpu(grant->bytes);
	if (bytes < terms->bytes_least)
		return "it grants fewer bytes than were asked for";
	if (bytes > GRANT_BYTES_MAX || __be64_to_cpu(grant->address) > ~0ull - bytes)
		return "it grants more bytes than there can be";
	queue_pairs = __be16_to_cpu(grant->queue_pairs);
	if (queue_pairs < terms->queue_pairs_least)
		return "it grants fewer queue pairs than were asked for";
	if (queue_pairs > terms->queue_pairs_most)
		return "it grants more queue pairs than were asked for";
	if (!depth)
		return "it takes no reads";
	if (depth > terms->depth_most)
		return "it takes more reads at a time than were asked for";
	return terms->session ? grant_fault_of_later(grant, terms) : grant_fault_of_first(grant);
}

#endif
