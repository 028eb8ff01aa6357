/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKEND_NBD_H
#define BACKEND_NBD_H

#include "base/err.h"
#include "base/journal.h"

/* Journal kind "nbd N IDENTIFIER": disconnect the device, unless it is another's by now. */
int nbd_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

#endif
