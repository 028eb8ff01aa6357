/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handshake: who is let in, with how much memory and how many queue pairs, or connections over TCP;
 * handshake.h has the messages. */
#ifndef MEMSERVER_ADMIT_H
#define MEMSERVER_ADMIT_H

#include "backend/memserver/client.h"

/* A client's request to connect: accepted, or refused in words that the client prints. Takes the id. */
void admit_request(struct clients *c, struct rdma_cm_id *id, const struct rdma_conn_param *asked);
/* The same over TCP, from the first WIRE_HELLO_BYTES that it sent. Takes the descriptor. */
void admit_stream(struct clients *c, int fd, const void *hello);
/* The peer went while its memory is being registered. False: the id is nobody's who waits. */
bool admit_forget(struct clients *c, struct rdma_cm_id *id);

#endif
