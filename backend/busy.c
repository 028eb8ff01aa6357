// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/busy.h"

#include <time.h>

#define BUSY_WAIT_NSEC	(50l * 1000 * 1000)
#define BUSY_WAIT_TRIES 60

bool busy_wait(unsigned int *tries)
{
	const struct timespec pause = { .tv_nsec = BUSY_WAIT_NSEC };

	if (++*tries > BUSY_WAIT_TRIES)
		return false;
	nanosleep(&pause, NULL);
	return true;
}
