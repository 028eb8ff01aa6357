/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --prepare and --cleanup: the user's own commands around a run, outside its groups. */
#ifndef HARNESS_AROUND_H
#define HARNESS_AROUND_H

#include <stdbool.h>

#include "base/err.h"
#include "base/journal.h"

/*
 * Let a shell run the line to its end; its output goes to DIR/NAME.log. Anything but status 0 is an
 * error with the last lines. until_signal: a signal ends it, too (-EINTR); else it has a minute left
 * from then.
 */
int around_run(const char *name, const char *line, const char *dir, bool until_signal,
	       struct err *err);

/*
 * Write --cleanup down: whoever undoes the journal runs the line in today's working directory, unless
 * DIR/cleanup.log says that it was begun. It gets one try: its failure is logged. Returns the entry's
 * number, or -errno.
 */
int around_journal(struct journal *j, const char *line, const char *dir, struct err *err);
/* Kind "cleanup LINE DIR CWD". */
extern const struct journal_op journal_ops_around[];

#endif
