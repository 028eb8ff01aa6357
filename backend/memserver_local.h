/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A memory server (backend/memserver/) of a run's own, over TCP. */
#ifndef BACKEND_MEMSERVER_LOCAL_H
#define BACKEND_MEMSERVER_LOCAL_H

#include <limits.h>
#include <stdint.h>

#include "backend/server_group.h"
#include "base/child.h"

/* It serves on the loopback whoever has its token: in a group of its own, and in the journal, which ends it. */
struct memserver_local {
	struct child child; /* pid 0: none */
	struct server_group group;
	char address[64]; /* "127.0.0.1:43211" */
	char token_file[PATH_MAX];
};

/* Returns when it serves. */
int memserver_local_start(struct memserver_local *m, uint64_t size_bytes, const char *state_dir,
			  struct journal *j, struct err *err);
/* Ending it is the journal's; here it is reaped, and its descriptors are closed. */
void memserver_local_release(struct memserver_local *m);

#endif
