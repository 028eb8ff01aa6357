// SPDX-License-Identifier: GPL-2.0-or-later
/* Any resident page goes, whatever it did. A policy that loses to this one is harmful. */
#include "backend/pager/policy.h"

#include <errno.h>
#include <stdbool.h>

#include "base/random.h"

/* Resident pages in no order, each word its index + 1; those that went by themselves are found out when
 * they are met. */
static uint64_t *pages_of;
static uint64_t size, nr_pages, seed;

static int random_start(struct policy_ctx *p)
{
	(void)p;
	size = 4096;
	nr_pages = 0;
	seed = 1;
	pages_of = pager_memory(size * sizeof(*pages_of));
	return pages_of ? 0 : -ENOMEM;
}

static bool is_valid(uint64_t i, uint64_t **ret_word)
{
	*ret_word = pager_word(pages_of[i]);
	return *ret_word && **ret_word == i + 1;
}

/* The last takes its place. */
static void take_out(uint64_t i)
{
	uint64_t *word;

	nr_pages--;
	if (i == nr_pages || !is_valid(nr_pages, &word))
		return;
	pages_of[i] = pages_of[nr_pages];
	*word = i + 1;
}

static bool grow(void)
{
	uint64_t *larger = pager_memory(2 * size * sizeof(*larger));

	for (uint64_t i = 0; larger && i < nr_pages; i++)
		larger[i] = pages_of[i];
	if (!larger)
		return false;
	pages_of = larger;
	size *= 2;
	return true;
}

static void random_arrive(struct policy_ctx *p, uint64_t page, uint64_t *word, enum arrival how)
{
	(void)p, (void)how;
	if (nr_pages == size && !grow())
		nr_pages--; /* no memory: that one is forgotten, and stays */
	pages_of[nr_pages++] = page;
	*word = nr_pages;
}

static size_t random_choose(struct policy_ctx *p, uint64_t *pages, size_t nr)
{
	uint64_t *word;
	size_t n = 0;

	(void)p;
	while (n < nr && nr_pages) {
		uint64_t i = random_next(&seed) % nr_pages;

		if (is_valid(i, &word)) {
			pages[n++] = pages_of[i];
			*word = 0;
		}
		take_out(i);
	}
	return n;
}

const struct policy policy_random = {
	.name = "random",
	.summary = "any page goes: what every other policy has to beat",
	.start = random_start,
	.arrive = random_arrive,
	.choose = random_choose,
};
