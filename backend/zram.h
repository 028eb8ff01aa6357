/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BACKEND_ZRAM_H
#define BACKEND_ZRAM_H

#include "base/err.h"
#include "base/journal.h"

/*
 * Journal kind "zram N BOOT AFTER": give the device's memory back; AFTER is "remove" where fmbench
 * made the device, else the compressor it had.
 */
int zram_undo(char *const args[JOURNAL_MAX_ARGS], struct err *err);

#endif
