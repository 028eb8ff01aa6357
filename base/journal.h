/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The undo journal: every change to the machine is written down, on disk, *before* it is made,
 * and undone in reverse order on normal end, on error, by the janitor when the harness is killed,
 * or by `fmbench recover`. It never touches what fmbench did not change.
 *
 * One journal is one file DIR/UUID.journal. First line: "fmbench-journal 1 PID STARTTIME BOOTID".
 * Then one line an entry: KIND and its arguments, tab-separated, with \t \n \\ escaped; an entry
 * that was undone alone is followed by a line "-N" (N: its number from 0). Appended with one
 * write() and fdatasync() each, so a torn last line is the only possible damage; it is ignored.
 *
 * What a kind undoes is given by the caller's table (base knows none but those in journal_ops_base:
 * files and values). An undo gets its entry's arguments; it must succeed when the change was never
 * made or is gone already.
 */
#ifndef BASE_JOURNAL_H
#define BASE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

#define JOURNAL_MAX_ARGS 4

struct journal_op {
	const char *kind;
	size_t nr_args;
	const char *does; /* what undoing does, for messages: "turn swap off on" */
	int (*undo)(char *const args[JOURNAL_MAX_ARGS], struct err *err);
	bool reboot_undoes; /* a reboot has undone it: what has its name after that is someone else's */
};

/*
 * Kinds that base knows, ended by an all-zero row:
 *	file PATH		unlink it
 *	dir PATH		rmdir it
 *	write PATH OLD		write OLD back, unless the file is gone; PATH without sysroot
 *	pid PID STARTTIME	SIGKILL, unless that process is gone (STARTTIME: field 22 of
 *				/proc/PID/stat, so that a recycled pid is never hit)
 * A reboot undoes write and pid.
 */
extern const struct journal_op journal_ops_base[];

struct journal;

/*
 * ops: tables ended by all-zero rows, array ended by NULL; they and dir outlive the journal.
 * Creates dir (0700) where needed.
 */
int journal_create(const char *dir, const char *uuid, const struct journal_op *const *ops,
		   struct journal **ret, struct err *err);
/* An existing one, to undo it. */
int journal_load(const char *path, const struct journal_op *const *ops, struct journal **ret,
		 struct err *err);
/*
 * Closes; the file stays where entries are left. NULL is fine. A forked process (the janitor) must
 * load the file again: its copy of the journal no longer changes.
 */
void journal_free(struct journal *j);

const char *journal_path(const struct journal *j);
/* The owner is alive: same boot, same pid, same start time. */
bool journal_owned(const struct journal *j);
/* From now on it belongs to no process: what `fmbench backend up` leaves up. */
int journal_keep(struct journal *j, struct err *err);
bool journal_kept(const struct journal *j);

/* Write an entry down. args: nr_args strings of that kind. Returns its number, or -errno. */
int journal_add(struct journal *j, struct err *err, const char *kind, ...)
	__attribute__((sentinel)); /* const char * arguments, then NULL */
/* "pid": a child that waits until it is written down. Returns the entry's number, or -errno. */
int journal_process(struct journal *j, pid_t pid, struct err *err);
/*
 * Read PATH's present value (of "always [madvise] never" the choice), journal it, then write value
 * into PATH. A write that fails and changes nothing leaves no entry.
 */
int journal_write(struct journal *j, const char *path, const char *value, struct err *err);

/*
 * Undo all entries from number `mark` on (journal_add() returns numbers), last first. Goes on after a failure, keeps what failed, and
 * returns the first error. With nothing left and mark 0 the file is removed.
 */
int journal_undo_to(struct journal *j, size_t mark, struct err *err);

/* Calls fn for each NAME.journal in dir, oldest first; a missing dir is no error. Stops on non-zero. */
int journal_each(const char *dir, int (*fn)(const char *path, void *arg), void *arg);

#endif
