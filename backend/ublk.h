/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKEND_UBLK_H
#define BACKEND_UBLK_H

#include "base/err.h"
#include "base/journal.h"

/* Journal kind "ublk N COOKIE": stop and delete the device, unless it is another's by now. */
int ublk_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);
/* Journal kind "ublk_answer N COOKIE PID START": where that server has died, what waits for it must fail
 * before swapoff, which would wait with it. */
int ublk_answer_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

#endif
