// SPDX-License-Identifier: GPL-2.0-or-later
/* The page that came first goes first. */
#include "backend/pager/policy.h"
#include "backend/pager/queue.h"

static struct queue queue;

static int fifo_start(struct policy_ctx *p)
{
	(void)p;
	return queue_init(&queue);
}

static void fifo_arrive(struct policy_ctx *p, uint64_t page, uint64_t *word, enum arrival how)
{
	(void)p, (void)how;
	queue_put(&queue, page, word);
}

static size_t fifo_choose(struct policy_ctx *p, uint64_t *pages, size_t nr)
{
	uint64_t *word;
	size_t i = 0;

	(void)p;
	while (i < nr && queue_take(&queue, &pages[i], &word))
		i++;
	return i;
}

const struct policy policy_fifo = {
	.name = "fifo",
	.summary = "the page that came first goes first",
	.start = fifo_start,
	.arrive = fifo_arrive,
	.choose = fifo_choose,
};
