// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a trace says is wanted next: with each page that is asked for, and more while nothing is asked for
 * (3PO, Branner-Augmon et al., arXiv 2207.07688, which records the order of accesses, too).
 */
#include "backend/pager/prefetch.h"

#include "backend/pager/trace.h"

#define MOST_LOOKS 16384u

static uint64_t asked_for; /* the trace up to there: here already, or under way */
static uint64_t brought;   /* since a page was asked for last */

static int recorded_start(struct prefetch_ctx *p)
{
	(void)p;
	asked_for = brought = 0;
	return 0;
}

/*
 * How many pages the program waits for; it gets as many more while it goes on. Many, as it may use pages
 * faster than they come. Few of the limit: what is further ahead may have to leave before it is used.
 */
static uint64_t reach(const struct prefetch_ctx *p)
{
	return p->limit_pages / 8;
}

static size_t go_on(struct prefetch_ctx *p, uint64_t *pages, size_t nr)
{
	uint64_t end = trace_now() + p->limit_pages;
	size_t n = 0;

	if (asked_for < trace_now() || asked_for > end)
		asked_for = trace_now();
	if (end > trace_length())
		end = trace_length();
	for (unsigned int looks = 0; n < nr && asked_for < end && looks < MOST_LOOKS; looks++) {
		uint64_t page = trace_page(asked_for++);

		if (!pager_keep(page))
			pages[n++] = page;
	}
	brought += n;
	return n;
}

static size_t recorded_ahead(struct prefetch_ctx *p, uint64_t page, bool is_new, uint64_t *pages,
			     size_t nr)
{
	(void)page;
	if (is_new)
		return 0;
	brought = 0;
	asked_for =
		trace_now(); /* what was passed over as resident may have left, as this one has */
	return go_on(p, pages, nr < reach(p) ? nr : reach(p));
}

static size_t recorded_meanwhile(struct prefetch_ctx *p, uint64_t *pages, size_t nr)
{
	return brought < 2 * reach(p) ? go_on(p, pages, nr) : 0;
}

const struct prefetch prefetch_recorded = {
	.name = "recorded",
	.summary = "what a trace of an earlier run says comes next",
	.needs_trace = true,
	.start = recorded_start,
	.ahead = recorded_ahead,
	.meanwhile = recorded_meanwhile,
};
