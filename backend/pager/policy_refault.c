// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FIFO with credit. How long a page was far before it was asked for, in pages that left meanwhile, tells
 * how often it is wanted: user space sees no accesses but these. A page whose absences are as long as
 * the usual one passes the queue's head twice more; one whose are half as long four times, 31 at most;
 * one whose are more than twice as long not at all. So a page's word is its place in the queue, or while
 * it is far, how many had left before it; above that its credit, and the mean logarithm of its absences.
 */
#include "backend/pager/policy.h"
#include "backend/pager/queue.h"

#define CREDIT_BITS 5
#define MAX_CREDIT  ((1u << CREDIT_BITS) - 1)
#define STEP_BITS   5
#define STEPS	    (1u << STEP_BITS) /* of a logarithm to base 2 */
#define INERTIA	    256		      /* absences, of the usual one's mean */

static struct queue queue;
static uint64_t nr_left;
static unsigned int usual; /* the mean logarithm of all absences, times INERTIA; 0: none yet */

static int refault_start(struct policy_ctx *p)
{
	(void)p;
	nr_left = 0;
	usual = 0;
	return queue_init(&queue);
}

/* In STEPS, straight between powers of two; at least STEPS, so that 0 is none. */
static unsigned int logarithm(uint64_t absence)
{
	uint64_t x = absence + 2;
	unsigned int exponent = 63 - (unsigned int)__builtin_clzll(x);

	return exponent * STEPS + (unsigned int)((x << STEP_BITS >> exponent) - STEPS);
}

/* 2 to such a logarithm, MAX_CREDIT at most. */
static unsigned int power(unsigned int log)
{
	unsigned int exponent = log / STEPS;

	return exponent < CREDIT_BITS ? (STEPS + log % STEPS) << exponent >> STEP_BITS : MAX_CREDIT;
}

static unsigned int credit_of(const uint64_t *word)
{
	return (unsigned int)(*word >> QUEUE_PLACE_BITS) & MAX_CREDIT;
}

static unsigned int mean_of(const uint64_t *word)
{
	return (unsigned int)(*word >> (QUEUE_PLACE_BITS + CREDIT_BITS));
}

static void note(uint64_t *word, uint64_t mean, uint64_t credit)
{
	*word = (*word & QUEUE_PLACE) | credit << QUEUE_PLACE_BITS |
		mean << (QUEUE_PLACE_BITS + CREDIT_BITS);
}

/* It is wanted after such an absence. */
static void came_back(uint64_t *word, unsigned int log)
{
	unsigned int mean = mean_of(word) ? (mean_of(word) + log) / 2 : log, twice;

	usual = usual ? usual + log - usual / INERTIA : log * INERTIA;
	twice = usual / INERTIA + STEPS;
	note(word, mean, twice < mean ? 0 : power(twice - mean));
}

static void refault_arrive(struct policy_ctx *p, uint64_t page, uint64_t *word, enum arrival how)
{
	(void)p;
	if (how == ARRIVED_FAULT)
		came_back(word, logarithm((nr_left - *word) & QUEUE_PLACE));
	else if (how == ARRIVED_NEW)
		note(word, 0, 0);
	queue_put(&queue, page, word);
}

static size_t refault_choose(struct policy_ctx *p, uint64_t *pages, size_t nr)
{
	uint64_t *word;
	size_t i = 0;

	(void)p;
	for (size_t looks = 0; i < nr && queue_take(&queue, &pages[i], &word); looks++) {
		if (credit_of(word) && looks < 8 * nr) {
			note(word, mean_of(word), credit_of(word) - 1);
			queue_put(&queue, pages[i], word);
			continue;
		}
		note(word, mean_of(word), 0);
		*word = (*word & ~QUEUE_PLACE) | (nr_left++ & QUEUE_PLACE);
		i++;
	}
	return i;
}

const struct policy policy_refault = {
	.name = "refault",
	.summary = "FIFO, but a page that is soon missed passes again, the sooner the more often",
	.start = refault_start,
	.arrive = refault_arrive,
	.choose = refault_choose,
};
