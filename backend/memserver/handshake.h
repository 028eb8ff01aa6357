/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fastswap_rdma.ko and memserver say to each other. Each queue pair is a connection of the
 * RDMA CM, and the words travel in its private data:
 *
 *	client			server
 *	open		->	grant, or refusal	the first connection: makes a session
 *	join		->	grant, or refusal	each further queue pair of the session
 *	resume		->	grant, or refusal	first connection after all were lost: same memory
 *
 * A session is a number that only its client was told. A server that restarted knows none of its
 * earlier sessions and refuses to resume them: what a client reads through a session is what it
 * wrote through the same session, or nothing.
 *
 * On resume the server ends what is left of the session's old queue pairs before it answers, so
 * that no write of theirs can arrive any more.
 *
 * A refusal is final, or transient: then the same request may be granted a little later, and the
 * client tries again until its time is up. A session is not over by a transient refusal.
 *
 * A client that leaves for good sends an empty message on any queue pair before it disconnects;
 * without one the server keeps its memory for a while.
 *
 * Numbers are big endian. Every struct has the head in front, in all versions. A refusal keeps its
 * layout in all versions, so that a client of another version can print it, and grows at its end
 * only; what a server leaves out is zero.
 */
#ifndef MEMSERVER_HANDSHAKE_H
#define MEMSERVER_HANDSHAKE_H

#include <linux/types.h>

#define MEMSERVER_MAGIC	    0x666d6d73 /* "fmms" */
#define MEMSERVER_VERSION   1
#define MEMSERVER_PORT	    "50000"
#define MEMSERVER_TOKEN_MAX 24
#define MEMSERVER_WHY_MAX   120

enum memserver_kind {
	MEMSERVER_OPEN = 1,
	MEMSERVER_JOIN = 2,
	MEMSERVER_RESUME = 3,
	MEMSERVER_GRANT = 4,
	MEMSERVER_REFUSAL = 5,
};

struct memserver_head {
	__be32 magic;
	__be16 version;
	__be16 kind;
};

/* The CM leaves 56 bytes for a request over RDMA_PS_TCP: 92 less the addresses' 36. */
struct memserver_open {
	struct memserver_head head;
	__be64 bytes_least;
	__be64 bytes_most; /* 0: as much as there is */
	__be16 queue_pairs_least;
	__be16 queue_pairs_most; /* 0: as many as there are */
	__u8 reserved[4];
	char token[MEMSERVER_TOKEN_MAX]; /* padded with zeros; all zeros: none */
};

/* Join and resume. */
struct memserver_join {
	struct memserver_head head;
	__be64 session;
};

struct memserver_grant {
	struct memserver_head head;
	__be64 session;
	__be64 bytes;
	__be64 address;
	__be32 rkey;
	__be16 queue_pairs;
	__u8 reserved[2];
};

enum memserver_refusal_code {
	MEMSERVER_FINAL = 0,
	MEMSERVER_TRANSIENT = 1,
};

/* A reject carries 148 bytes. */
struct memserver_refusal {
	struct memserver_head head;
	char why[MEMSERVER_WHY_MAX]; /* a sentence, ends with a zero */
	__be16 code;
	__u8 reserved[2];
};

#endif
