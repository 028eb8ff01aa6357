/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command lines of a unit's file. Without a shell a line is cut into words at blanks; '…' and "…"
 * hold a word with blanks together; there are no other signs. Placeholders are filled after that:
 * their values stay one word. With `shell = yes` the line goes to sh -c.
 */
#ifndef BASE_UNIT_COMMAND_H
#define BASE_UNIT_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/child.h"
#include "base/err.h"
#include "base/journal.h"
#include "base/unit.h"

struct unit_command {
	char *text; /* NULL: there is none */
	bool shell;
	char *user; /* root starts it as this user; NULL: as who runs fmbench */
};

/*
 * Take the section's command of that key, and its `shell` and `user`. known: a value of any kind for
 * each placeholder that will be filled. ERR_USAGE with file and line: a quote that stays open, a
 * placeholder nobody fills.
 */
int unit_command_read(struct unit_command *c, const struct unit *u, const struct ini_section *s,
		      const char *key, const struct unit_values *known, struct err *err);

/* Its words, ended by NULL; unit_argv_free(). */
int unit_command_argv(const struct unit_command *c, const struct unit_values *v, char ***ret,
		      struct err *err);
void unit_argv_free(char **argv);

int unit_command_spawn(const struct unit_command *c, const struct unit_values *v,
		       const struct place *place, const char *log_path, struct child *child,
		       struct err *err);

/* While something is waited for: at least ten times a second; non-zero ends the wait. */
struct unit_patience {
	const char *what; /* for messages: "workload redis: prepare" */
	uint64_t timeout_ns;
	int (*idle)(void *arg, struct err *err); /* NULL: nothing to do */
	void *arg;
};

/*
 * Wait until it has ended, and end it after the timeout. A status other than 0 is an error that
 * shows the log's last lines.
 */
int unit_child_finish(struct child *child, const char *log_path, const struct unit_patience *p,
		      struct err *err);
/* "WHAT exited with status 3; its last output: …": for a child that has ended. */
int unit_child_failed(const struct child *child, const char *log_path, const char *what,
		      struct err *err);
/* Start it and wait for its end. */
int unit_command_run(const struct unit_command *c, const struct unit_values *v,
		     const struct place *place, const char *log_path, const struct unit_patience *p,
		     struct err *err);

/*
 * Write the command down, to be run when the journal is undone; it must succeed when there is nothing to
 * undo. Kind "command NAME LOG WORDS", unit_command_undo(). A word has no newline in it: an ini file's
 * value has none.
 */
int unit_command_journal(const struct unit_command *c, const struct unit_values *v,
			 const char *name, const char *log_path, struct journal *j,
			 struct err *err);
int unit_command_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

#endif
