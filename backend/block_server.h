/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that serves a block device (backend/blockserver/): in a group of its own, so that its
 * memory is nobody else's, and in the journal, which ends it.
 */
#ifndef BACKEND_BLOCK_SERVER_H
#define BACKEND_BLOCK_SERVER_H

#include "backend/device.h"
#include "backend/server_group.h"
#include "base/child.h"

#define SERVER_PROGRAM "fmbench-blockserver"

struct block_server {
	struct child child;
	struct server_group group;
};

/* What the server is asked to be. Options of the backends that start one. */
struct block_server_pace {
	uint64_t delay_ns, bandwidth_bytes;
};

/* clang-format off: one option a line */
#define SERVER_OPTS(S, m)                                                                          \
	OPT_DURATION("delay", S, m.delay_ns, "0", 0, 10e9, "of each request, in the server"),      \
		OPT_SIZE("bandwidth", S, m.bandwidth_bytes, "0", 0, 16.0 * (1ull << 40),           \
			 "bytes a second of all requests together; 0: as fast as it goes")
/* clang-format on */

/* ERR_MISSING: it was not built or installed. */
int block_server_check(struct err *err);
/*
 * Start it with what, number and cookie (NULL: none) and the memory; returns when it serves.
 * child.out_fd is then its fd 3.
 */
int block_server_start(struct block_server *s, const char *what, const char *number,
		       const char *cookie, uint64_t size_bytes,
		       const struct block_server_pace *pace, const char *state_dir,
		       struct journal *j, struct err *err);
/* Run it to its end, without memory: "ublk-end". */
int block_server_call(const char *what, const char *number, const char *cookie, struct err *err);
/* Start it and leave it to itself: "ublk-fail". */
int block_server_leave(const char *what, const char *number, const char *cookie, struct err *err);

bool block_server_is_dead(struct block_server *s);
void block_server_facts(const struct block_server *s, const struct block_server_pace *pace,
			struct facts *facts);
/* Ending it is the journal's; here it is reaped, and its descriptors are closed. */
void block_server_release(struct block_server *s);

#endif
