/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block device that was there before, lent for the time of a run. */
#ifndef BACKEND_DISK_H
#define BACKEND_DISK_H

#include "backend/backend.h"

struct disk_params {
	char *device;
	uint64_t priority;
};

/* Nobody uses it, nothing is on it, and this process may swap there. ERR_USAGE: which of these is not so. */
int disk_check_device(const char *path, struct err *err);

#endif
