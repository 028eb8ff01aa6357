/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who holds memory. A client is a session of handshake.h: one extent, and what reaches it. Over RDMA that
 * is one protection domain with one memory region, and queue pairs: a region's rkey is worth something
 * only on queue pairs of its own protection domain. Over TCP it is streams, each of which knows the
 * extent of its client alone. So clients can't reach each other's memory.
 */
#ifndef MEMSERVER_CLIENT_H
#define MEMSERVER_CLIENT_H

#include <rdma/rdma_cma.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/memserver/background.h"
#include "backend/memserver/handshake.h"
#include "backend/memserver/memory.h"
#include "backend/memserver/stream.h"

/* wr_id of what passes a client's completion queue. */
enum { PROBE = 1, GOOD_BYE = 2 };

struct connection {
	struct connection *next;
	struct client *client;
	struct rdma_cm_id *id;
	struct stream *stream; /* over TCP, in the place of id */
	uint32_t owner;	       /* of the stream, by the client's word; 0: nobody's */
	bool up;
};

/* A client's memory, as the device knows it. */
struct registration {
	struct ibv_pd *pd;
	struct ibv_mr *mr;
	struct ibv_cq *cq; /* of all its queue pairs: only probes and the good-bye pass here */
};

struct opening;

struct client {
	struct client *next;
	uint64_t session;
	char name[64]; /* its address */
	struct extent *extent;
	/* Until its memory is registered. The background thread has the registration meanwhile. */
	struct opening *opening;
	struct registration registration;
	struct connection *connections;
	unsigned int nr_connections, nr_up, granted;
	uint64_t since_ns;
	uint64_t lost_ns; /* when its last connection went without a good-bye, or 0 */
	bool said_bye, by_tcp;
	uint8_t reads_in, reads_out;	 /* that the device has at a time, for each queue pair */
	const struct connection *probed; /* whose probe is not back yet */
};

struct clients {
	struct memory *memory;
	struct background background;
	int news_fd; /* of events: readable when a stream has something to tell */
	uint64_t max_clients, max_queue_pairs;
	uint64_t max_bytes; /* for each client, or 0 */
	/*
	 * A lost client's memory is given up linger_ns after the loss; linger_min_ns after it, when it
	 * makes room for another client.
	 */
	uint64_t linger_ns, linger_min_ns;
	char token[MEMSERVER_TOKEN_MAX];
	struct client *list;
	unsigned int nr;
	uint64_t served, refused, lost; /* since the start */
	bool device_gone; /* of the address that is listened on: nobody can come any more */
};

void connection_close(struct client *client, struct connection *gone);
void client_close_connections(struct client *client);
/* Takes what completed. False when a probe was not answered. */
bool client_read_completions(struct client *client);
/* Frees the client. Whoever takes the memory next is registered after it was cleared: see
 * background.h. */
void client_end(struct clients *c, struct client *gone);
/* What it wrote is kept for as long as it may come back. */
void client_lost(struct clients *c, struct client *client, const char *why);

#endif
