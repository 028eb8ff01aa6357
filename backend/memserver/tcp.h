/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening on TCP, and what comes before a connection is a client's: its first message. Whoever sends
 * none is disconnected after a few seconds; so many may be at it at once that none keeps others out.
 */
#ifndef MEMSERVER_TCP_H
#define MEMSERVER_TCP_H

#include "backend/memserver/clients.h"
#include "backend/memserver/wire.h"

#define TCP_ARRIVALS 64
#define ADDRESS_SIZE 80

struct pollfd;
struct sockaddr;

struct arrival {
	int fd;
	uint64_t since_ns;
	size_t have;
	uint8_t hello[WIRE_HELLO_BYTES];
};

struct tcp {
	int fd; /* -1: closed */
	char address[ADDRESS_SIZE];
	size_t nr;
	struct arrival arrivals[TCP_ARRIVALS];
};

/* "10.0.0.2:50001", "[fd00::2]:50001" */
void format_address(char dst[ADDRESS_SIZE], const struct sockaddr *at);
/* [ADDRESS:]PORT; without ADDRESS on the loopback alone. PORT 0: any; ->address says which. */
int tcp_open(struct tcp *t, const char *text, struct err *err);
/* What to poll. Returns how many, at most 1 + TCP_ARRIVALS. */
size_t tcp_poll_fds(const struct tcp *t, struct pollfd *fds);
/* After each poll(), also one that timed out. fds: as tcp_poll_fds() filled them. */
void tcp_serve(struct tcp *t, struct clients *c, const struct pollfd *fds);
void tcp_close(struct tcp *t);

#endif
