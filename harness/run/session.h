/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: what one command makes runs with. It holds the store, the machine's place in it, the
 * lock that keeps two fmbench from measuring at once, and the wish to stop.
 */
#ifndef HARNESS_SESSION_H
#define HARNESS_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "results/store.h"

struct session {
	struct store *store;
	int64_t machine;
	const char *db_path, *state_dir;
	const char *line;  /* the command as typed */
	char progress[96]; /* how far the command is; stands before a run's own progress */
	int lock_fd;
};

/*
 * Takes the lock (waits for another fmbench and says so), undoes what dead runs left, opens the
 * store, records the machine, takes over SIGINT, SIGTERM and SIGHUP.
 */
int session_open(struct session *s, const char *line, struct err *err);
void session_close(struct session *s);

/* The signal that asked for an end, or 0. Waiting loops look at it ten times a second. */
int session_signal(void);
/* -EINTR with err "interrupted by SIGINT" when one came, else 0. */
int session_check_signal(struct err *err);

#endif
