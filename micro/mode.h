/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings in which papers state fault throughput: with the limit lifted, so that pages only
 * come; and with the limit in place, so that each page that comes pushes one out, clean or dirty.
 */
#ifndef MICRO_MODE_H
#define MICRO_MODE_H

#include <stdbool.h>
#include <string.h>

#include "micro/micro.h"

#define MODES "noevict|evict-clean|evict-dirty"

static inline bool mode_evicts(const char *mode)
{
	return strcmp(mode, "noevict") != 0;
}

/* access=read is the default, and means writing where pages have to be dirty. */
static inline const char *mode_access(const char *mode, const struct micro_common *c)
{
	return strcmp(mode, "evict-dirty") == 0 && strcmp(c->access, "read") == 0 ? "write"
										  : c->access;
}

static inline int mode_check(const char *mode, const struct micro_common *c, struct err *err)
{
	if (strcmp(mode, "evict-clean") == 0 && strcmp(c->access, "read") != 0)
		return err_usage(err,
				 "mode=evict-clean reads only: access=%s makes dirty pages "
				 "(mode=evict-dirty)",
				 c->access);
	if (!mode_evicts(mode) && strcmp(c->pattern, "zipf") == 0)
		return err_usage(err, "mode=noevict touches each page once, pattern=zipf does not");
	return 0;
}

#endif
