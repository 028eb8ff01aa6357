// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Streams: a fault close behind where an earlier one's window ended goes on in that direction. The first
 * two of a direction bring nothing along: a record that lies across two pages makes as many faults, and
 * the page behind it is not wanted. From the third on each brings twice what the one before it brought.
 * A fault that belongs to no stream begins one.
 */
#include "backend/pager/prefetch.h"

#include <string.h>

#define NR_STREAMS 16
#define MOST_PAGES 64u
#define NEAR	   16u /* pages: as close belongs to a stream */

struct stream {
	uint64_t up, down; /* the first pages beyond its window */
	uint64_t used;	   /* when; 0: never */
	uint32_t window;   /* pages that come with a fault, itself among them; 0: itself alone */
	int direction;	   /* 0: only one fault yet */
};

static struct stream streams[NR_STREAMS];
static struct stream *last; /* that the last fault on a far page went on with; NULL: none */
static uint64_t now;

static int neighbours_start(struct prefetch_ctx *p)
{
	(void)p;
	memset(streams, 0, sizeof(streams));
	last = NULL;
	now = 0;
	return 0;
}

static void follow(struct stream *s, int direction)
{
	/* 0: a first step that way, which a second must confirm. */
	if (s->direction != direction)
		s->window = 0;
	else
		s->window = s->window ? 2 * s->window : 2;
	if (s->window > MOST_PAGES)
		s->window = MOST_PAGES;
	s->direction = direction;
}

static struct stream *find(uint64_t page)
{
	struct stream *oldest = &streams[0];

	for (struct stream *s = streams; s < streams + NR_STREAMS; s++) {
		if (s->used && page - s->up < NEAR) {
			follow(s, 1);
			return s;
		}
		if (s->used && s->down - page < NEAR) {
			follow(s, -1);
			return s;
		}
		if (s->used < oldest->used)
			oldest = s;
	}
	oldest->window = 0;
	oldest->direction = 0;
	return oldest;
}

static size_t neighbours_ahead(struct prefetch_ctx *p, uint64_t page, bool is_new, uint64_t *pages,
			       size_t nr)
{
	struct stream *s = find(page);
	size_t n = 0;

	(void)p;
	/* Zeros cost little: wide at once. */
	if (is_new && s->direction > 0)
		s->window = MOST_PAGES;
	s->used = ++now;
	last = is_new ? NULL : s;
	while (n < nr && n + 1 < s->window) {
		n++;
		pages[n - 1] = s->direction < 0 ? page - n : page + n;
	}
	s->up = s->direction < 0 ? page + 1 : page + n + 1;
	s->down = s->direction < 0 ? page - n - 1 : page - 1;
	return n;
}

/* Of a stream that has lasted for a while: the next window. */
static size_t neighbours_next(struct prefetch_ctx *p, uint64_t *pages, size_t nr)
{
	size_t n = 0;

	(void)p;
	if (!last || last->window < MOST_PAGES)
		return 0;
	for (; n < nr && n < MOST_PAGES; n++)
		pages[n] = last->direction < 0 ? last->down - n : last->up + n;
	return n;
}

const struct prefetch prefetch_neighbours = {
	.name = "neighbours",
	.summary = "streams, up or down, in windows of 2 to 64 pages",
	.start = neighbours_start,
	.ahead = neighbours_ahead,
	.next = neighbours_next,
};
