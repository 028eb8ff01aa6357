// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/undo.h"

#include <time.h>

#include "backend/backend.h"
#include "backend/module.h"
#include "backend/swap_areas.h"
#include "backend/zram.h"

#define BUSY_WAIT_NSEC	(50l * 1000 * 1000)
#define BUSY_WAIT_TRIES 60

const struct journal_op journal_ops_backend[] = {
	{ "swapon", 2, "turn swap off on", swap_area_undo, true },
	{ "zram", 2, "free the memory of zram device", zram_undo, true },
	{ "module", 1, "unload kernel module", module_undo, true },
	{ 0 },
};

bool busy_wait(unsigned int *tries)
{
	const struct timespec pause = { .tv_nsec = BUSY_WAIT_NSEC };

	if (++*tries > BUSY_WAIT_TRIES)
		return false;
	nanosleep(&pause, NULL);
	return true;
}
