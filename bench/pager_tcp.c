// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What TCP over loopback gives a plain program, to put beside the pager's pool tcp. Two processes, one
 * connection:
 *	ping	a request of 24 bytes and a page's answer in turn: microseconds of wall time, a page
 *	stream	256 MiB of memory to as many, four times, written and read by 256 KiB: GB/s
 * Prints a line each: name, value. Medians of ROUNDS.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stats.h"

#define PAGE	     4096u
#define REQUEST	     24u /* struct wire_head and one struct wire_run (backend/memserver/wire.h) */
#define ANSWER	     (12u + PAGE)
#define PINGS	     20000u
#define CHUNK	     (256u << 10)
#define MEMORY_BYTES (256ull << 20) /* of each: more than a cache holds, as the pager's pages are */
#define STREAM_BYTES (4 * MEMORY_BYTES)
#define ROUNDS	     5

static char *memory;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* False: the peer has closed. */
static bool receive(int fd, char *to, size_t bytes)
{
	ssize_t n = recv(fd, to, bytes, MSG_WAITALL);

	if (n < 0)
		die("recv");
	return (size_t)n == bytes;
}

static void send_all(int fd, const char *from, size_t bytes)
{
	ssize_t n;

	for (size_t sent = 0; sent < bytes; sent += (size_t)n) {
		n = send(fd, from + sent, bytes - sent, MSG_NOSIGNAL);
		if (n < 0)
			die("send");
	}
}

/* A page for each request, then, at a request for the stream, all of that. */
static void serve(int fd)
{
	char request[REQUEST];

	while (receive(fd, request, REQUEST)) {
		if (request[0] != 's') {
			send_all(fd, memory, ANSWER);
			continue;
		}
		for (uint64_t sent = 0; sent < STREAM_BYTES; sent += CHUNK)
			send_all(fd, memory + sent % MEMORY_BYTES, CHUNK);
	}
}

static void connect_to_child(int *ret_fd)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, one = 1;

	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(listener, 1) || getsockname(listener, (struct sockaddr *)&at, &len))
		die("a listener");
	switch (fork()) {
	case -1:
		die("fork");
		break;
	case 0:
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die("accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		serve(fd);
		_exit(0);
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		die("connect");
	close(listener);
	*ret_fd = fd;
}

static double ping_us(int fd)
{
	const char request[REQUEST] = "p";
	uint64_t begin_ns = clock_ns();

	for (unsigned int i = 0; i < PINGS; i++) {
		send_all(fd, request, REQUEST);
		if (!receive(fd, memory, ANSWER))
			die("the server");
	}
	return (double)(clock_ns() - begin_ns) / NSEC_PER_USEC / PINGS;
}

static double stream_gb_per_s(int fd)
{
	const char request[REQUEST] = "s";
	uint64_t begin_ns = clock_ns();

	send_all(fd, request, REQUEST);
	for (uint64_t received = 0; received < STREAM_BYTES; received += CHUNK) {
		if (!receive(fd, memory + received % MEMORY_BYTES, CHUNK))
			die("the server");
	}
	return (double)STREAM_BYTES / (double)(clock_ns() - begin_ns);
}

int main(void)
{
	double ping[ROUNDS], stream[ROUNDS];
	int fd;

	memory = malloc(MEMORY_BYTES);
	if (!memory)
		die("memory");
	/* Both have it, each its own from the first stream on. */
	memset(memory, 1, MEMORY_BYTES);
	connect_to_child(&fd);
	for (int i = 0; i < ROUNDS; i++) {
		ping[i] = ping_us(fd);
		stream[i] = stream_gb_per_s(fd);
	}
	printf("ping %.2f\n", stats_median(ping, ROUNDS));
	printf("stream %.2f\n", stats_median(stream, ROUNDS));
	return 0;
}
