// SPDX-License-Identifier: GPL-2.0-or-later
/* Only the page that is asked for. */
#include "backend/pager/prefetch.h"

static int none_start(struct prefetch_ctx *p)
{
	(void)p;
	return 0;
}

static size_t none_ahead(struct prefetch_ctx *p, uint64_t page, bool is_new, uint64_t *pages,
			 size_t nr)
{
	(void)p, (void)page, (void)is_new, (void)pages, (void)nr;
	return 0;
}

const struct prefetch prefetch_none = {
	.name = "none",
	.summary = "only the page that is asked for",
	.start = none_start,
	.ahead = none_ahead,
};
