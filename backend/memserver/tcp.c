/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/memserver/admit.h"
#include "base/clock.h"
#include "base/opt.h"

#define HELLO_NS (5 * NSEC_PER_SEC)

/* --- listening ---------------------------------------------------------------------------------- */

static int resolve(const char *text, struct addrinfo **ret, struct err *err)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	char host[128];
	const char *port = split_host_port(text, host, sizeof(host));
	uint64_t number;
	int rc;

	if (parse_u64(port ? port : text, &number) || number > UINT16_MAX)
		rc = EAI_SERVICE;
	else
		rc = getaddrinfo(port ? host : "127.0.0.1", port ? port : text, &hints, ret);
	return rc ? err_usage(err, "--tcp %s: %s: give PORT or ADDRESS:PORT", text,
			      gai_strerror(rc))
		  : 0;
}

void format_address(char dst[ADDRESS_SIZE], const struct sockaddr *at)
{
	bool is_v6 = at->sa_family == AF_INET6;
	char host[56] = "?", port[8] = "?";

	getnameinfo(at, is_v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in), host,
		    sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(dst, ADDRESS_SIZE, is_v6 ? "[%s]:%s" : "%s:%s", host, port);
}

static void note_address(struct tcp *t)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof(at);

	getsockname(t->fd, (struct sockaddr *)&at, &len);
	format_address(t->address, (struct sockaddr *)&at);
}

int tcp_open(struct tcp *t, const char *text, struct err *err)
{
	struct addrinfo *address;
	int one = 1, rc;

	*t = (struct tcp){ .fd = -1 };
	rc = resolve(text, &address, err);
	if (rc)
		return rc;
	t->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd >= 0)
		setsockopt(t->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (t->fd < 0 || bind(t->fd, address->ai_addr, address->ai_addrlen) || listen(t->fd, 128)) {
		rc = err_usage(err,
			       "--tcp %s: %s: give an address of this machine and a port that is "
			       "free",
			       text, strerror(errno));
		tcp_close(t);
	} else {
		note_address(t);
	}
	freeaddrinfo(address);
	return rc;
}

void tcp_close(struct tcp *t)
{
	while (t->nr)
		close(t->arrivals[--t->nr].fd);
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* --- arrivals ----------------------------------------------------------------------------------- */

size_t tcp_poll_fds(const struct tcp *t, struct pollfd *fds)
{
	bool full = t->nr == TCP_ARRIVALS;

	fds[0] = (struct pollfd){ .fd = full ? -1 : t->fd, .events = POLLIN };
	for (size_t i = 0; i < t->nr; i++)
		fds[1 + i] = (struct pollfd){ .fd = t->arrivals[i].fd, .events = POLLIN };
	return 1 + t->nr;
}

static void accept_all(struct tcp *t)
{
	while (t->nr < TCP_ARRIVALS) {
		int fd = accept4(t->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		t->arrivals[t->nr++] = (struct arrival){ .fd = fd, .since_ns = clock_ns() };
	}
}

enum progress { WAITS, IS_GONE, IS_WHOLE };

static enum progress read_hello(struct arrival *a)
{
	ssize_t n = recv(a->fd, a->hello + a->have, sizeof(a->hello) - a->have, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return WAITS;
	if (n <= 0)
		return IS_GONE;
	a->have += (size_t)n;
	return a->have == sizeof(a->hello) ? IS_WHOLE : WAITS;
}

void tcp_serve(struct tcp *t, struct clients *c, const struct pollfd *fds)
{
	uint64_t now_ns = clock_ns();
	size_t kept = 0, nr = t->nr;

	for (size_t i = 0; i < nr; i++) {
		struct arrival *a = &t->arrivals[i];
		enum progress how = fds[1 + i].revents ? read_hello(a) : WAITS;

		if (how == WAITS && now_ns - a->since_ns < HELLO_NS) {
			t->arrivals[kept++] = *a;
		} else if (how == IS_WHOLE) {
			/* From here on a thread waits for it. */
			fcntl(a->fd, F_SETFL, 0);
			admit_stream(c, a->fd, a->hello);
		} else {
			close(a->fd);
		}
	}
	t->nr = kept;
	if (fds[0].revents)
		accept_all(t);
}
