/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Undoing what dead harnesses left: for the janitor, `fmbench recover`, and every new run. */
#ifndef HARNESS_RECOVER_H
#define HARNESS_RECOVER_H

#include "base/err.h"
#include "base/journal.h"

/* All kinds of entries that this program writes, for journal_create() and journal_load(). */
extern const struct journal_op *const recover_ops[];

/* Undo one journal and remove it. Says what it does when verbose. */
int recover_journal(const char *path, struct err *err);
/*
 * Undo every journal below state_dir whose owner is gone. `kept`: also those that belong to no
 * process (what `fmbench backend up` keeps up). *ret_nr: how many. Goes on after a failure.
 */
int recover_all(const char *state_dir, bool kept, int *ret_nr, struct err *err);
/* DIR/journal, below the state directory. dst of PATH_MAX. */
void recover_journal_dir(const char *state_dir, char *dst, size_t size);

#endif
