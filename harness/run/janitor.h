/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The janitor: a process that outlives a killed harness and undoes what it left. It holds the
 * read end of a pipe; when the harness dies, however it dies, the pipe closes. It then undoes
 * the journal and marks the run failed. After a normal end the journal is gone already and it
 * leaves at once.
 */
#ifndef HARNESS_JANITOR_H
#define HARNESS_JANITOR_H

#include <sys/types.h>

#include "base/err.h"

struct janitor {
	pid_t pid;
	int pipe_fd;
};

/* Forks: call it while the process has one thread. db_path: where the run is recorded,
 * NULL: nowhere. */
int janitor_start(struct janitor *jan, const char *journal_path, const char *db_path,
		  struct err *err);
/* Let it look and leave; waits for it. */
void janitor_end(struct janitor *jan);

#endif
