// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/verify.h"

#include <inttypes.h>

#include "base/buf.h"

static void report_damage(const struct damage *d, struct worker *worker)
{
	struct buf where = BUF_INIT;

	for (size_t i = 0; i < d->pages && i < DAMAGE_LOCATED; i++)
		buf_addf(&where,
			 "; page %" PRIu64 " at %p, offset %" PRIu64 ": 0x%016" PRIx64
			 " instead of 0x%016" PRIx64,
			 d->where[i].page, d->where[i].address, d->where[i].offset,
			 d->where[i].found, d->where[i].expected);
	worker_flag(worker, "PAGE_CORRUPTED", SEVERITY_FATAL,
		    "%" PRIu64 " of %" PRIu64 " checks found their page changed (%" PRIu64
		    " words)%s%s",
		    d->pages, d->checked, d->words, where.data,
		    d->pages > DAMAGE_LOCATED ? "; …" : "");
	buf_release(&where);
}

void verify_region(const struct region *r, const struct damage *so_far, struct worker *worker)
{
	struct damage all = { 0 };

	if (so_far)
		all = *so_far;
	for (uint64_t page = 0; page < r->pages; page++)
		region_check_page(r, page, &all);
	worker_result(worker, "pages_verified", (double)all.checked);
	worker_result(worker, "pages_damaged", (double)all.pages);
	if (all.pages)
		report_damage(&all, worker);
}
