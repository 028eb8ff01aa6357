/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: what one command makes runs with. It holds the store, the machine's row in the store,
 * and the lock that keeps two fmbench from measuring at once.
 */
#ifndef HARNESS_SESSION_H
#define HARNESS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "results/store.h"

struct session {
	struct store *store;
	int64_t machine;
	const char *db_path, *state_dir;
	const char *line;   /* the command as typed */
	const char *config; /* the user's defaults that it took, or NULL */
	const char *fit;    /* fact `fit` of its runs (results/profile.h), or NULL */
	char progress[96];  /* how far the command is; stands before a run's own progress */
	int lock_fd;
	char lab[32]; /* the machine's fact of that name: "tcg", "tcg, exact", "kvm"; "": no guest */
};

/*
 * Takes over the signals, takes the lock (waits for another fmbench and says so), undoes what dead
 * runs left, opens the store, records the machine. The strings stay the caller's and must outlive
 * the session.
 */
int session_open(struct session *s, const char *db_path, const char *state_dir, const char *line,
		 struct err *err);
void session_close(struct session *s);

#endif
