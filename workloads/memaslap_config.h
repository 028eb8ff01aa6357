/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's file for memaslap's -F: ranges of sizes and their shares, as libmemcached's documentation
 * has them.
 *
 *	key			value			cmd
 *	16 16 1			16 512 0.9		0 0.05	(sets)
 *				1 15 0.1		1 0.95	(gets)
 */
#ifndef WORKLOADS_MEMASLAP_CONFIG_H
#define WORKLOADS_MEMASLAP_CONFIG_H

#include <stdint.h>

#include "base/err.h"

struct memaslap_config {
	uint64_t key_bytes, value_bytes; /* the mean; a range's sizes are equally likely */
	double get_share;
};

/* ERR_USAGE names file and line. */
int memaslap_config_read(const char *path, struct memaslap_config *ret, struct err *err);

#endif
