// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/dirs.h"
#include "base/find_program.h"

#define START_NS (15 * NSEC_PER_SEC)
#define GRACE_MS 2000

/*
 * A server's own option for another user would do, but a change of user clears PR_SET_PDEATHSIG
 * (prctl(2)), and the server would outlive a killed harness.
 */
static const char *const unprivileged[] = { "setpriv",	      "--reuid=nobody",	  "--regid=nogroup",
					    "--clear-groups", "--pdeathsig=KILL", "--" };
#define UNPRIVILEGED (sizeof(unprivileged) / sizeof(unprivileged[0]))

int server_check(const char *program, const char *package, struct err *err)
{
	if (!find_program(program, NULL, 0))
		return err_missing(err, "no program %s; install Debian's package %s", program,
				   package);
	if (geteuid() == 0 && !find_program("setpriv", NULL, 0))
		return err_missing(err,
				   "no program setpriv, which takes root's rights from %s; install "
				   "Debian's package util-linux",
				   program);
	return 0;
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int find_port(uint16_t *ret, struct err *err)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		rc = err_failed(err, errno, "finding a free port on 127.0.0.1");
	else
		*ret = ntohs(addr.sin_port);
	if (fd >= 0)
		close(fd);
	return rc;
}

int server_init(struct server *s, const char *name, uint16_t port, const char *dir, struct err *err)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/%s.log", dir, name);
	s->name = name;
	s->log_path = buf_steal(&path);
	s->port = port;
	return port ? 0 : find_port(&s->port, err);
}

int server_use_socket(struct server *s, const char *dir, struct err *err)
{
	struct buf path = BUF_INIT, at = BUF_INIT;

	buf_addf(&path, "%s/%s-socket", dir, s->name);
	s->socket_dir = buf_steal(&path);
	/* The server may be another user. */
	if ((mkdir(s->socket_dir, 0700) != 0 && errno != EEXIST) || chmod(s->socket_dir, 0777) != 0)
		return err_failed(err, errno, "cannot make %s for the socket", s->socket_dir);
	s->dir_fd = open(s->socket_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0)
		return err_failed(err, errno, "cannot open %s", s->socket_dir);
	buf_addf(&at, "/proc/%d/fd/%d/" SERVER_SOCKET, (int)getpid(), s->dir_fd);
	s->socket = buf_steal(&at);
	return 0;
}

int server_spawn(struct server *s, char *const argv[], const struct place *place, struct err *err)
{
	struct place there = *place;
	char *words[UNPRIVILEGED + SERVER_ARGS + 1] = { NULL };
	size_t n = 0;

	if (geteuid() == 0 && !place->same_user)
		for (; n < UNPRIVILEGED; n++)
			words[n] = (char *)(uintptr_t)unprivileged[n];
	for (size_t i = 0; argv[i] && i < SERVER_ARGS; i++)
		words[n++] = argv[i];
	if (s->socket_dir)
		there.dir = s->socket_dir;
	return child_spawn(&s->child, words, &there, CHILD_LOG, s->log_path, err);
}

static void server_where(const struct server *s, char *dst, size_t size)
{
	if (s->socket)
		snprintf(dst, size, "its socket");
	else
		snprintf(dst, size, "port %u", (unsigned int)s->port);
}

int server_alive(struct server *s, struct err *err)
{
	char how[128], tail[512], where[32];
	int ended = child_wait(&s->child, 0, err);

	if (ended <= 0)
		return ended;
	child_describe(&s->child, how, sizeof(how));
	child_log_tail(s->log_path, tail, sizeof(tail));
	server_where(s, where, sizeof(where));
	return err_failed(err, 0, "%s on %s %s; %s%s", s->name, where, how,
			  *tail ? "its last output: " : "it printed nothing", tail);
}

static int dial_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int rc, fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int dial_port(uint16_t port)
{
	struct sockaddr_in addr = loopback(port);
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

int server_dial(const char *socket, uint16_t port)
{
	return socket ? dial_socket(socket) : dial_port(port);
}

int server_connect(struct server *s, int *ret_fd, struct err *err)
{
	uint64_t deadline_ns = clock_ns() + START_NS;
	char where[32];

	while ((*ret_fd = server_dial(s->socket, s->port)) < 0) {
		int alive = server_alive(s, err);

		if (alive)
			return alive;
		if (clock_ns() > deadline_ns) {
			server_where(s, where, sizeof(where));
			return err_failed(err, -*ret_fd,
					  "%s does not answer on %s after %llu s; see %s", s->name,
					  where, START_NS / NSEC_PER_SEC, s->log_path);
		}
		if (clock_sleep_until(clock_ns() + 10 * NSEC_PER_MSEC))
			return err_failed(err, EINTR, "waiting for %s", s->name);
	}
	return 0;
}

void server_stop(struct server *s)
{
	child_stop(&s->child, GRACE_MS);
}

void server_release(struct server *s)
{
	struct err ignored;

	child_release(&s->child);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	if (s->socket_dir)
		remove_tree(s->socket_dir, &ignored);
	free(s->socket_dir);
	free(s->socket);
	free(s->log_path);
	*s = (struct server)SERVER_INIT;
}
