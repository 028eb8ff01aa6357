// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FIFO with credit. A page that came back before half of the limit's pages had left after it would have
 * been kept by a better order: it passes the queue's head once more, up to seven times if that happens
 * again. So a page's word is its place in the queue, or while it is far, how many had left before it;
 * and its credit above that.
 */
#include "backend/pager/policy.h"
#include "backend/pager/queue.h"

#define MAX_CREDIT 7u

static struct queue queue;
static uint64_t nr_left;

static int refault_start(struct policy_ctx *p)
{
	(void)p;
	nr_left = 0;
	return queue_init(&queue);
}

static uint64_t credit_of(const uint64_t *word)
{
	return *word >> QUEUE_PLACE_BITS;
}

static void set_credit(uint64_t *word, uint64_t credit)
{
	*word = (*word & QUEUE_PLACE) | credit << QUEUE_PLACE_BITS;
}

static void refault_arrive(struct policy_ctx *p, uint64_t page, uint64_t *word, enum arrival how)
{
	uint64_t credit = credit_of(word);

	if (how == ARRIVED_FAULT && nr_left - (*word & QUEUE_PLACE) < p->limit_pages / 2)
		set_credit(word, credit < 1 ? 1 : credit < 3 ? 2 * credit : MAX_CREDIT);
	else if (how == ARRIVED_FAULT || how == ARRIVED_NEW)
		set_credit(word, 0);
	queue_put(&queue, page, word);
}

static size_t refault_choose(struct policy_ctx *p, uint64_t *pages, size_t nr)
{
	uint64_t *word;
	size_t i = 0;

	(void)p;
	for (size_t looks = 0; i < nr && looks < 8 * nr; looks++) {
		if (!queue_take(&queue, &pages[i], &word))
			break;
		if (credit_of(word)) {
			set_credit(word, credit_of(word) - 1);
			queue_put(&queue, pages[i], word);
			continue;
		}
		*word = nr_left++ & QUEUE_PLACE;
		i++;
	}
	return i;
}

const struct policy policy_refault = {
	.name = "refault",
	.summary = "FIFO, but a page that came back soon passes once more",
	.start = refault_start,
	.arrive = refault_arrive,
	.choose = refault_choose,
};
