/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wish to stop: SIGINT, SIGTERM and SIGHUP are noted, and waiting loops look for them. */
#ifndef HARNESS_SIGNALS_H
#define HARNESS_SIGNALS_H

#include "base/err.h"

/* Take over the three signals; ignore SIGPIPE. System calls that wait return EINTR. */
void signals_take(void);
/* The signal that asked for an end, or 0. Waiting loops look at it ten times a second. */
int signals_seen(void);
/* -EINTR with err "interrupted by SIGINT" when one came, else 0. */
int signals_check(struct err *err);

#endif
