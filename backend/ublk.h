/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKEND_UBLK_H
#define BACKEND_UBLK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/journal.h"

/* This kernel is a 6.12, whose ublk_drv oopses in ublk_cancel_cmd() when the server of a device in use is
 * killed (seen on 6.12.117, each time; not on 7.3). */
bool ublk_may_oops(void);

/* Journal kind "ublk N COOKIE": stop and delete the device, unless it is another's by now. */
int ublk_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);
/* Journal kind "ublk_answer N COOKIE PID START": where that server has died, what waits for it must fail
 * before swapoff, which would wait with it. */
int ublk_answer_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

#endif
