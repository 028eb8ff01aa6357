/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control group for a server that a run starts, so that its memory is charged to nobody else. */
#ifndef BACKEND_SERVER_GROUP_H
#define BACKEND_SERVER_GROUP_H

#include <sys/types.h>

#include "base/err.h"
#include "base/journal.h"

struct server_group {
	char dir[256]; /* "" where there is no memory controller */
	struct journal *journal;
};

/* The journal removes it. */
int server_group_make(struct server_group *g, struct journal *j, struct err *err);
/* For struct place: the server waits until its pid is in the journal and it is in its group. */
int server_group_join(void *group, pid_t pid, struct err *err);

#endif
