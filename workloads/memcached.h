/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A memcached server of the run's own and a TCP connection to it, for workloads that load it. The server
 * listens on 127.0.0.1 alone and runs unprivileged. Its LRU crawler is off until it is asked for a
 * dump: left on, it would walk the whole store by itself and bring far memory back.
 */
#ifndef WORKLOADS_MEMCACHED_H
#define WORKLOADS_MEMCACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "workloads/server.h"

struct memcached_config {
	uint16_t port; /* 0: a free one */
	unsigned int threads, connections;
	uint64_t limit_mib; /* memory for items: memcached -m */
};

struct memcached {
	struct server process;
	int fd;		  /* -1: not connected */
	struct buf reply; /* of the last request */
};

#define MEMCACHED_INIT                                                                             \
	{                                                                                          \
		.process = SERVER_INIT, .fd = -1                                                   \
	}

/* Are the programs there that memcached_start() needs? */
int memcached_check(struct err *err);
/*
 * Start it in place, wait until it answers, and connect. *m must be MEMCACHED_INIT;
 * memcached_release() it whatever comes back. A taken port or an early death is an error with the
 * server's last output.
 */
int memcached_start(struct memcached *m, const struct memcached_config *config,
		    const struct place *place, const char *dir, struct err *err);
/* 0 while it runs; else err says how it ended and what it printed last. */
int memcached_alive(struct memcached *m, struct err *err);
void memcached_stop(struct memcached *m);
void memcached_release(struct memcached *m);

/*
 * Requests. Each waits for the whole answer, up to 30 s without a byte; a signal ends the wait
 * (-EINTR).
 */

/* One line, answered by exactly `expect` ("OK"). */
int memcached_request(struct memcached *m, const char *request, const char *expect,
		      struct err *err);
/* "stats" and its kinds ("stats slabs"); the answer's rows "STAT key value" stay in m->reply. */
int memcached_stats(struct memcached *m, const char *request, struct err *err);
/* A number of the last stats; err names it where it is missing. */
int memcached_stat(const struct memcached *m, const char *key, uint64_t *ret, struct err *err);
/*
 * The bytes of store that one object takes: its chunks of whole slab pages. Found by storing one
 * with a key and a value of these sizes in an empty server and deleting it.
 */
int memcached_probe_object(struct memcached *m, size_t key_size, size_t value_size,
			   uint64_t *ret_bytes, struct err *err);
/*
 * Its hash table of 2^power buckets doubles above so many objects, within a second or so of passing that, and
 * reads all objects then: that brings far memory back, and a run that it falls into measures it, too.
 */
static inline uint64_t memcached_hash_holds(uint64_t power)
{
	return 3ull << power >> 1;
}
/* That is over for the objects it has, by the last "stats". */
bool memcached_has_grown(const struct memcached *m);
/* How many objects it holds and how many of them were fetched since they were stored: a dump of
 * all keys, which touches the whole store. */
int memcached_count_fetched(struct memcached *m, uint64_t *ret_objects, uint64_t *ret_fetched,
			    struct err *err);

#endif
