/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One fmbench at a time measures on a machine or changes it: two runs at once would swap to each
 * other's areas, and settings changed under a run would be in its numbers.
 */
#ifndef HARNESS_LOCK_H
#define HARNESS_LOCK_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Take the machine's lock; wait for who has it, and say for whom. Makes state_dir. Returns a
 * descriptor that holds the lock until it is closed, or -errno; -EINTR when a signal came first
 * that signals_take() has taken over.
 */
int machine_lock(const char *state_dir, struct err *err);

/* Whether machine_lock() waits, which it does unless told otherwise; else it fails. */
void machine_lock_set_wait(bool wait);

/*
 * For a child that holds the lock and is about to exec a command that may run fmbench itself. That
 * fmbench finds the machine locked on its behalf, and takes the lock file `instead` against its
 * siblings. The descriptor stays open across exec: the machine stays locked until the last of them
 * has ended.
 */
void machine_lock_hand_down(int fd, const char *instead);
bool machine_lock_handed_down(void);

#endif
