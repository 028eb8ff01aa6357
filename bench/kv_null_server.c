// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands where memcached would (bench/kv.sh): answers each request at once and keeps nothing, so that what
 * is left of a latency is the client's and the kernel's. One thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

struct client {
	int fd;
	size_t skip; /* bytes of a value that are still to come */
	char in[64 << 10];
	size_t len;
	struct buf out;
};

static void answer_line(struct client *c, const char *line)
{
	unsigned long bytes;

	if (sscanf(line, "set %*s %*d %*d %lu", &bytes) == 1) {
		c->skip = bytes + 2;
		buf_adds(&c->out, "STORED\r\n");
	} else {
		buf_adds(&c->out, "END\r\n");
	}
}

static void answer(struct client *c)
{
	size_t at = 0;

	while (at < c->len) {
		size_t left = c->len - at;
		char *end;

		if (c->skip) {
			size_t n = c->skip < left ? c->skip : left;

			c->skip -= n;
			at += n;
			continue;
		}
		end = memchr(c->in + at, '\n', left);
		if (!end)
			break;
		*end = '\0';
		answer_line(c, c->in + at);
		at = (size_t)(end + 1 - c->in);
	}
	memmove(c->in, c->in + at, c->len - at);
	c->len -= at;
	for (size_t sent = 0; sent < c->out.len;) {
		ssize_t n = send(c->fd, c->out.data + sent, c->out.len - sent, MSG_NOSIGNAL);

		if (n < 0)
			break;
		sent += (size_t)n;
	}
	buf_reset(&c->out);
}

static void take(int epoll_fd, int listener)
{
	struct client *c = calloc(1, sizeof(*c));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1024)) {
		perror("kv_null_server");
		exit(1);
	}
	return fd;
}

int main(int argc, char *argv[])
{
	struct epoll_event events[64], event = { .events = EPOLLIN };
	int listener, epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	uint16_t port = 0;

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "-p") == 0)
			port = (uint16_t)atoi(argv[i + 1]);
	listener = listen_on(port);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(epoll_fd, events, 64, -1);

		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;
			ssize_t got;

			if (!c) {
				take(epoll_fd, listener);
				continue;
			}
			got = read(c->fd, c->in + c->len, sizeof(c->in) - c->len);
			if (got > 0) {
				c->len += (size_t)got;
				answer(c);
			} else {
				close(c->fd);
				buf_release(&c->out);
				free(c);
			}
		}
	}
}
