// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/undo.h"

#include <string.h>
#include <time.h>

#include "backend/backend.h"
#include "backend/module.h"
#include "backend/swap_areas.h"
#include "backend/zram.h"
#include "base/sysfile.h"

#define BUSY_WAIT_NSEC	(50l * 1000 * 1000)
#define BUSY_WAIT_TRIES 60

const struct journal_op journal_ops_backend[] = {
	{ "swapon", 2, "turn swap off on", swap_area_undo },
	{ "zram", 3, "free the memory of zram device", zram_undo },
	{ "module", 2, "unload kernel module", module_undo },
	{ 0 },
};

int boot_id(char dst[BOOT_ID_SIZE], struct err *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	int rc = sysfile_read_line(path, dst, BOOT_ID_SIZE);

	return rc ? err_failed(err, -rc, "%s", path) : 0;
}

bool boot_is_this(const char *id)
{
	char now[BOOT_ID_SIZE];

	return boot_id(now, NULL) == 0 && strcmp(id, now) == 0;
}

bool busy_wait(unsigned int *tries)
{
	const struct timespec pause = { .tv_nsec = BUSY_WAIT_NSEC };

	if (++*tries > BUSY_WAIT_TRIES)
		return false;
	nanosleep(&pause, NULL);
	return true;
}
