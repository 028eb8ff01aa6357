/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The servers that workload kv can ask. */
#ifndef WORKLOADS_KV_SERVERS_H
#define WORKLOADS_KV_SERVERS_H

#include <stdint.h>

#include "base/child.h"
#include "base/err.h"
#include "workloads/kv/protocol.h"
#include "workloads/server.h"

#define KV_SERVERS "memcached|redis|valkey"

struct kv_server {
	const char *name, *program, *package;
	const struct kv_protocol *protocol;
	/* After the program, NULL-ended: where it listens, on a port or on a Unix socket, and the rest.
	 * {port}, {threads}, {connections}, {mib}, {bytes} are filled in. */
	const char *const *port_args, *const *socket_args, *const *args;
};

struct kv_needs {
	uint64_t threads, connections, keys;
	uint64_t expected_bytes; /* of all keys and values: so that nothing is evicted */
	uint64_t limit_bytes;	 /* instead: it may use so much, and evicts; 0: no */
};

/* One of KV_SERVERS. */
const struct kv_server *kv_server_find(const char *name);
/* Is it installed, and may a process have so many connections? Changes nothing. */
int kv_server_check(const struct kv_server *kind, uint64_t connections, struct err *err);
/* s after server_init(). Returns once it takes connections. This process, and so its children, may then
 * open as many files as that needs. */
int kv_server_start(const struct kv_server *kind, const struct kv_needs *needs,
		    const struct place *inside, struct server *s, struct err *err);

#endif
