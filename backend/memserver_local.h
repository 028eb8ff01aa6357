/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A memory server (backend/memserver/) that fmbench starts on this machine, over TCP or RDMA. */
#ifndef BACKEND_MEMSERVER_LOCAL_H
#define BACKEND_MEMSERVER_LOCAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/server_group.h"
#include "base/child.h"
#include "base/clock.h"

/* What its clients wait for an answer at least: the program takes the server's CPUs. */
#define MEMSERVER_LOCAL_TIMEOUT_NS (20 * NSEC_PER_SEC)

struct memserver_wish {
	bool rdma; /* on the address of the first RDMA device; false: over TCP, on the loopback */
	bool outlives; /* it serves on when this process has ended */
	uint64_t size_bytes;
	const char *advice; /* where it doesn't serve: "name one that serves (-o …)" */
};

/* It serves whoever has its token: in a group of its own, and in the journal, which ends it. */
struct memserver_local {
	struct child child; /* pid 0: none */
	struct server_group group;
	char address[64]; /* "127.0.0.1:43211" */
	char token_file[PATH_MAX];
};

/* Is there what it takes? */
int memserver_local_check(bool rdma, struct err *err);
/* Returns when it serves. After a failure, too, release it. */
int memserver_local_start(struct memserver_local *m, const struct memserver_wish *wish,
			  const char *state_dir, struct journal *j, struct err *err);
/* Ending it is the journal's; here it is reaped, and its descriptors are closed. */
void memserver_local_release(struct memserver_local *m);

#endif
