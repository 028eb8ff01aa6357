// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy of one's own for fmpager: the last come goes first (LIFO), but never one of the 1,024 youngest,
 * which are in use. Good for programs that read a large array from begin to end, again and again.
 *
 *	gcc -O2 -shared -fPIC -I/usr/local/share/fmbench -o lifo.so pager_policy.c
 *	fmpager --limit 50% --policy ./lifo.so -- COMMAND
 *
 * backend/pager/policy.h says what each function may do.
 */
#include <errno.h>

#include "backend/pager/policy.h"

#define IN_USE 1024u
#define PAGES  (1ull << 22) /* 16 GiB in memory at most */

static uint64_t *stack; /* a page's word is its place here + 1 */
static uint64_t depth;

static int lifo_start(struct policy_ctx *p)
{
	(void)p;
	stack = pager_memory(PAGES * sizeof(*stack));
	depth = 0;
	return stack ? 0 : -ENOMEM;
}

/* Has the page at that place left since, or come again? */
static int is_stale(uint64_t place)
{
	uint64_t *word = pager_word(stack[place]);

	return !word || *word != place + 1;
}

static void lifo_arrive(struct policy_ctx *p, uint64_t page, uint64_t *word, enum arrival how)
{
	(void)p, (void)how;
	while (depth && is_stale(depth - 1))
		depth--;
	if (depth == PAGES)
		return; /* it stays */
	stack[depth++] = page;
	*word = depth;
}

static size_t lifo_choose(struct policy_ctx *p, uint64_t *pages, size_t nr)
{
	uint64_t keep = depth > IN_USE ? depth - IN_USE : 0, place = keep;
	size_t n = 0;

	(void)p;
	while (n < nr && place > 0) {
		place--;
		if (!is_stale(place))
			pages[n++] = stack[place];
	}
	/* The young ones move down to where the others were. */
	for (uint64_t i = keep; i < depth; i++) {
		uint64_t *word = pager_word(stack[i]);

		if (!word || *word != i + 1)
			continue;
		stack[place] = stack[i];
		*word = ++place;
	}
	depth = place;
	if (n == 0 && depth) /* only young ones are left */
		pages[n++] = stack[--depth];
	return n;
}

const struct policy fmpager_policy = {
	.name = "lifo",
	.summary = "the last come but the youngest goes first",
	.start = lifo_start,
	.arrive = lifo_arrive,
	.choose = lifo_choose,
};
