/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -o verify: what is said of a region's damage. */
#ifndef MICRO_VERIFY_H
#define MICRO_VERIFY_H

#include "micro/region.h"
#include "workloads/worker.h"

#define VERIFY_METRICS                                                                             \
	{ "pages_verified", "count", BETTER_NEITHER, "checks of a page against its stamp" },       \
	{                                                                                          \
		"pages_damaged", "count", BETTER_NEITHER, "of these, how many found it changed"    \
	}

/* Check every page (which brings all of them back) and report, with what was found before (NULL:
 * nothing). Damage is located and makes the run untrusted. */
void verify_region(const struct region *r, const struct damage *so_far, struct worker *worker);

#endif
