/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DAMON moves a group's pages between a fast and a slow node until the group's share of the fast node
 * is the one that is wanted: two schemes over physical memory, migrate_cold and migrate_hot, each with
 * a goal and for this group's pages only (Documentation/admin-guide/mm/damon/usage.rst). The goals
 * by group came with Linux 6.19.
 */
#ifndef BACKEND_TIER_DAMOS_H
#define BACKEND_TIER_DAMOS_H

#include <stdint.h>

#include "base/err.h"
#include "base/journal.h"

struct damos {
	unsigned int fast_node, slow_node;
	const char *memory_dir; /* of the group */
	uint64_t local_bytes;	/* the group's on the fast node */
	uint64_t move_bytes;	/* at most so many a second and direction */
};

/* Is there a DAMON that nobody uses? ERR_MISSING, with the next step. */
int damos_check(struct err *err);
/* Start it. Journaled: undoing turns it off. */
int damos_start(const struct damos *d, struct journal *j, struct err *err);
/* Does it still run? <0 with the reason. */
int damos_health(struct err *err);

#endif
