// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clock: pages stand in a circle, and a hand that looks for one to go passes those that were used since
 * it came by last. Of what a program does with its pages user space sees writes alone, by write protection:
 * a page that the hand passes is protected, so that the next write to it is told (and costs a fault). One
 * that is only read goes at the hand's next round, as with FIFO.
 */
#include "backend/pager/policy.h"
#include "backend/pager/queue.h"

#define USED (1ull << QUEUE_PLACE_BITS)

static struct queue circle;

static int clock_start(struct policy_ctx *p)
{
	(void)p;
	return queue_init(&circle);
}

static void clock_arrive(struct policy_ctx *p, uint64_t page, uint64_t *word, enum arrival how)
{
	(void)p;
	if (how == ARRIVED_FAULT || how == ARRIVED_NEW)
		*word |= USED;
	else if (how == ARRIVED_AHEAD)
		*word &= ~USED;
	queue_put(&circle, page, word);
}

static void clock_written(struct policy_ctx *p, uint64_t page, uint64_t *word)
{
	(void)p, (void)page;
	*word |= USED;
}

static size_t clock_choose(struct policy_ctx *p, uint64_t *pages, size_t nr)
{
	uint64_t *word;
	size_t i = 0;

	(void)p;
	for (size_t looks = 0; i < nr && queue_take(&circle, &pages[i], &word); looks++) {
		if (*word & USED && looks < 8 * nr) {
			*word &= ~USED;
			pager_watch(pages[i]);
			queue_put(&circle, pages[i], word);
			continue;
		}
		*word &= ~USED;
		i++;
	}
	return i;
}

const struct policy policy_clock = {
	.name = "clock",
	.summary = "FIFO, but a page that was written since the hand passed stays",
	.start = clock_start,
	.arrive = clock_arrive,
	.choose = clock_choose,
	.written = clock_written,
};
