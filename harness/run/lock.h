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

/*
 * In a child that holds the lock and is about to exec what may be fmbench itself: fmbench below it
 * finds the lock taken on its behalf, and takes `instead` among its like. The descriptor goes down
 * with it, so that the machine stays locked for as long as anyone relies on that.
 */
void machine_lock_hand_down(int fd, const char *instead);
bool machine_lock_handed_down(void);

#endif
