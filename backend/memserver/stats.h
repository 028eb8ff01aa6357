/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the server is doing, for whoever connects to a local socket: one `name value` per line,
 * then one line per client, and the end of the file.
 */
#ifndef MEMSERVER_STATS_H
#define MEMSERVER_STATS_H

#include "backend/memserver/clients.h"

struct stats {
	const char *path; /* or NULL: closed */
	int fd;
};

/*
 * A listening socket in the file system. Takes the place of one that a killed server left there, and
 * of nothing else. `path` must outlive it.
 */
int stats_open(struct stats *stats, const char *path, struct err *err);

/* Removes the socket's file, unless another server has its name by now. */
void stats_close(struct stats *stats);
void stats_answer(const struct stats *stats, const struct clients *c);

#endif
