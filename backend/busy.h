/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a device that somebody else has open. */
#ifndef BACKEND_BUSY_H
#define BACKEND_BUSY_H

#include <stdbool.h>

/*
 * udev opens a block device for an instant after each change to it, and the kernel refuses to
 * reset or remove what is open. Sleeps 50 ms; false when about 3 s have passed (start *tries at 0).
 */
bool busy_wait(unsigned int *tries);

#endif
