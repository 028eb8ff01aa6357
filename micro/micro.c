// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/micro.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* The worker's own code, stacks and histograms. */
#define OWN_BYTES (8ull << 20)

uint64_t micro_limit(const struct micro_common *c)
{
	/* Page tables (8 bytes a page) are charged too, and verify's generations (2 a page). */
	uint64_t per_page = 8 + (c->verify ? 2 : 0);

	return c->local_bytes + OWN_BYTES + c->region_bytes / PAGE_BYTES * per_page;
}

static int check_walk(const struct micro_common *c, struct err *err)
{
	uint64_t pages = c->region_bytes / PAGE_BYTES / c->threads;

	if (pages < 2)
		return err_usage(err, "region=%" PRIu64 " is too small for %" PRIu64 " threads",
				 c->region_bytes, c->threads);
	if (strcmp(c->pattern, "stride") == 0 && c->stride_pages >= pages)
		return err_usage(err, "stride=%" PRIu64 " leaps over a thread's %" PRIu64 " pages",
				 c->stride_pages, pages);
	if (c->shared && c->verify && strcmp(c->access, "read") != 0)
		return err_usage(err, "verify cannot tell whose write of a shared page came last: "
				      "take access=read or shared=no");
	return 0;
}

int micro_check(const struct micro_common *c, struct err *err)
{
	if ((uint64_t)sysconf(_SC_PAGESIZE) != PAGE_BYTES)
		return err_missing(err,
				   "micro-benchmarks count pages of %" PRIu64 " bytes; this "
				   "kernel's have %ld",
				   PAGE_BYTES, sysconf(_SC_PAGESIZE));
	if (c->region_bytes <= c->local_bytes)
		return err_usage(err,
				 "region=%" PRIu64 " fits in local=%" PRIu64
				 ": nothing would be far away; raise region",
				 c->region_bytes, c->local_bytes);
	return c->threads ? check_walk(c, err) : 0;
}
