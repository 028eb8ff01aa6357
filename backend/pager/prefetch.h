/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefetchers: which pages come along with one that is asked for.
 *
 * To add one:
 *	1. write backend/pager/prefetch_NAME.c, ending in its one `const struct prefetch prefetch_NAME`;
 *	2. add its row to pager_prefetchers in backend/pager/tables.c and its line to the list below.
 * One's own: `const struct prefetch fmpager_prefetch`, as in policy.h, whose rules hold here, too.
 */
#ifndef BACKEND_PAGER_PREFETCH_H
#define BACKEND_PAGER_PREFETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prefetch_ctx {
	uint64_t limit_pages; /* as policy.h */
	void *state;
};

#define PREFETCH_MAX 1024 /* pages with one fault */

struct prefetch {
	const char *name, *summary;
	bool needs_trace; /* trace.h; its functions may be called */
	/* Once a process, and again in a forked child. */
	int (*start)(struct prefetch_ctx *p);
	/*
	 * Page is asked for; is_new: for the first time, so that those that come along are fresh zeros.
	 * Fills pages with others that should come, at most nr, and returns how many. What is resident,
	 * of the other kind, or not the program's is passed over.
	 */
	size_t (*ahead)(struct prefetch_ctx *p, uint64_t page, bool is_new, uint64_t *pages,
			size_t nr);
	/*
	 * After ahead(): the far page that is asked for next, if this goes on, and what will come along with it,
	 * at most nr. A pool with a latency begins to load them; they come when that page is asked for. NULL: none.
	 */
	size_t (*next)(struct prefetch_ctx *p, uint64_t *pages, size_t nr);
	/* Nothing is asked for just now: far pages that should come meanwhile, at most nr. NULL: none. */
	size_t (*meanwhile)(struct prefetch_ctx *p, uint64_t *pages, size_t nr);
};

/* For prefetchers: that page is wanted soon; if it is resident, it arrives for the policy once more. True: it is. */
bool pager_keep(uint64_t page);

extern const struct prefetch *const pager_prefetchers[]; /* ended by NULL */

/* One line a prefetcher. */
extern const struct prefetch prefetch_neighbours; /* streams, up or down, in growing windows */
extern const struct prefetch prefetch_none;
extern const struct prefetch prefetch_recorded; /* what a trace says comes next (3PO) */
extern const struct prefetch
	prefetch_stride; /* the stride that most of the last faults had (Leap) */

#endif
