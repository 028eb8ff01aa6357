/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A memserver, as the keeper of a pool on it names it and opens a session of handshake.h. */
#ifndef BACKEND_PAGER_POOL_SERVER_H
#define BACKEND_PAGER_POOL_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "backend/memserver/handshake.h"
#include "backend/pager/pool.h"
#include "backend/pager/pool_tally.h"
#include "base/clock.h"

#define POOL_SERVER_FIRST_SLOT	512u /* the lower ones are never used */
#define POOL_SERVER_LEAST_BYTES (2ull << 20)
/* With what it takes to be told to all, less than 2 s. */
#define POOL_SERVER_TIMEOUT_NS	     (1500 * NSEC_PER_MSEC)
#define POOL_SERVER_LEAST_TIMEOUT_NS NSEC_PER_MSEC

struct pool_server_params {
	char *target, *token_file;
	uint64_t size_bytes, timeout_ns;
};

/* In memory that all processes of the job share. */
struct pool_server {
	char name[80]; /* as the user gave it */
	struct sockaddr_storage address;
	socklen_t address_len;
	uint64_t timeout_ns;
	atomic_bool lost, told;
	char why[160]; /* of whoever found out first */
};

/* Likewise shared: what the pool's facts tell. */
struct pool_server_counts {
	struct pool_tally loads, stores;
	_Atomic uint64_t waits;
};

/* A run that is under way, without its pages. */
struct pool_span {
	uint32_t slot, nr;
};

/* The rows of a pool's options after its target. */
#define POOL_SERVER_OPTS                                                                           \
	OPT_STRING("token-file", struct pool_server_params, token_file, NULL,                      \
		   "its first line is the token that the server's --token-file asks for"),         \
		OPT_SECRET("token", "token-file"),                                                 \
		OPT_SIZE("size", struct pool_server_params, size_bytes, "0", 0, GRANT_BYTES_MAX,   \
			 "memory to ask for; 0: what the server has, at most the pool's room"),    \
		OPT_DURATION(                                                                      \
			"timeout", struct pool_server_params, timeout_ns, "0", 0, 600e9,           \
			"the server is lost when it has not answered for so long; 0: 1500ms, "     \
			"or 20s for one that fmbench starts here and that waits for CPUs "         \
			"beside the program")

/* option: of memserver, as in "--tcp". port: where the user names none. */
int pool_server_find(struct pool_server *s, const struct pool *pool,
		     const struct pool_server_params *p, const char *option, const char *port,
		     struct err *err);
/* The request for a session. It has the token: clear it when it was sent. */
int pool_server_open(struct memserver_open *ret, const struct pool_ctx *ctx,
		     const struct pool_server_params *p, unsigned int queue_pairs, struct err *err);
/* Not more slots than were granted. */
void pool_server_granted(struct pool_ctx *ctx, uint64_t bytes);
/* loads, stores: what each counts; stored: when a store's time is over. */
size_t pool_server_facts(const struct pool_server *s, const struct pool_server_counts *c,
			 const char *loads, const char *stores, const char *stored,
			 struct pool_fact facts[POOL_FACTS]);
/* The runs, into spans. Returns how many pages they have. */
uint32_t pool_spans_note(struct pool_span *spans, const struct pool_run *runs, size_t nr_runs);
/* Has any of the runs a slot of the spans? */
bool pool_spans_meet(const struct pool_span *spans, size_t nr_spans, const struct pool_run *runs,
		     size_t nr_runs);
/* To all of the job, for the last words of this process. Returns -EIO. */
int pool_server_lose(struct pool_server *s, struct pool_ctx *ctx, const char *why);

#endif
