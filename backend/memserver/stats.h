/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the server is doing, for whoever connects to a local socket: one `name value` per line,
 * then one line per client, and the end of the file.
 */
#ifndef MEMSERVER_STATS_H
#define MEMSERVER_STATS_H

#include "backend/memserver/clients.h"

/* A listening socket in the file system, or -errno with err filled. */
int stats_listen(const char *path, struct err *err);
void stats_answer(int listener, const struct clients *c);

#endif
