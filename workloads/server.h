/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server of the run's own: a program that listens on a TCP port of 127.0.0.1, or on a Unix socket,
 * unprivileged where the harness is root, and gone when the harness is.
 */
#ifndef WORKLOADS_SERVER_H
#define WORKLOADS_SERVER_H

#include <stdint.h>

#include "base/child.h"
#include "base/err.h"
#include "base/opt.h"

struct server {
	const char *name; /* the program's */
	struct child child;
	uint16_t port;
	char *log_path;
	/* Instead of the port, see server_use_socket(); NULL: the port. */
	char *socket;	  /* as processes of this user reach it */
	char *socket_dir; /* where the server runs */
	int dir_fd;
};

/* The Unix socket's name, for the server's arguments. */
#define SERVER_SOCKET "socket"

#define SERVER_INIT                                                                                \
	{                                                                                          \
		.child = CHILD_INIT, .dir_fd = -1                                                  \
	}

/* Option rows of every workload with such a server. S has members memory_bytes, server_threads, port. */
/* clang-format off */
#define SERVER_MEMORY_OPT(S, HELP) \
	OPT_SIZE("memory", S, memory_bytes, "512M", 16 << 20, 1ull << 46, HELP)
#define SERVER_OPTS(S) \
	OPT_U64("server-threads", S, server_threads, "0", 0, 1024, \
		"of the server (redis: for input and output); 0: one for each CPU of the group"), \
	OPT_U64("port", S, port, "0", 0, 65535, "on 127.0.0.1; 0: a free one")
/* clang-format on */

/* Are there the program and what takes root's rights from it? `package` is Debian's. */
int server_check(const char *program, const char *package, struct err *err);
/* *s must be SERVER_INIT; server_release() it whatever comes back. port 0: a free one is chosen. */
int server_init(struct server *s, const char *name, uint16_t port, const char *dir,
		struct err *err);
/*
 * After server_init(): the server makes SERVER_SOCKET in a directory below dir, where it runs: it has no right
 * to the directories above. Its path, s->socket, is short whatever dir's is. Removed by server_release().
 */
int server_use_socket(struct server *s, const char *dir, struct err *err);
/* argv is the server's own, ended by NULL, with at most SERVER_ARGS words. Output goes to log_path. */
#define SERVER_ARGS 32
int server_spawn(struct server *s, char *const argv[], const struct place *place, struct err *err);
/* A connection to that Unix socket, or, where it is NULL, to that port of 127.0.0.1, which sends small messages
 * at once: its descriptor, or -errno. */
int server_dial(const char *socket, uint16_t port);
/* Waits until it takes a connection, which is *ret_fd, the caller's. */
int server_connect(struct server *s, int *ret_fd, struct err *err);
/* 0 while it runs; else err says how it ended and what it printed last. */
int server_alive(struct server *s, struct err *err);
void server_stop(struct server *s);
void server_release(struct server *s);

#endif
