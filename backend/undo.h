/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the undo hooks of backends share. The table of hooks is journal_ops_backend (backend.h). */
#ifndef BACKEND_UNDO_H
#define BACKEND_UNDO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define BOOT_ID_SIZE 37

/*
 * Swap, zram devices and modules do not outlive a boot: what carries their names after a reboot
 * is someone else's. Entries for them therefore hold the boot they were made in.
 */
int boot_id(char dst[BOOT_ID_SIZE], struct err *err);
bool boot_is_this(const char *id);

/*
 * udev opens a block device for an instant after each change to it, and the kernel refuses to
 * reset or remove what is open. Sleeps 50 ms; false when about 3 s have passed (start *tries at 0).
 */
bool busy_wait(unsigned int *tries);

#endif
