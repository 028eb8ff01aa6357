/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --prepare and --cleanup: the user's own commands around a run, outside its groups. */
#ifndef HARNESS_AROUND_H
#define HARNESS_AROUND_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Let a shell run the line to its end; its output goes to DIR/NAME.log. Anything but status 0 is an
 * error with the last lines. until_signal: a signal ends it, too (-EINTR); else it has a minute left
 * from then.
 */
int around_run(const char *name, const char *line, const char *dir, bool until_signal,
	       struct err *err);

#endif
