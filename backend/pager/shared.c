// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that a forked process has, too. They stay in memory when they leave here: only the last that gives
 * such a page up frees it. So the policy is not asked about them: who is chosen and is shared is parked,
 * until it is written (then it is this process's alone), or found to be. When the policy knows no other
 * page, parked ones go after all, in an order that parent and child have in common.
 */
#include <unistd.h>

#include "backend/pager/pager.h"

#define PAGEMAP_PRESENT	  (1ull << 63) /* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_EXCLUSIVE (1ull << 56)
#define LOOK_NS		  10000000ull /* between looks at all that are parked */

static uint64_t nr_parked;
static uint64_t next_look_ns;
static uint32_t cursor; /* a block: those before it were taken */

static bool is_shared(uint64_t entry)
{
	return (entry & (PAGEMAP_PRESENT | PAGEMAP_EXCLUSIVE)) == PAGEMAP_PRESENT;
}

/* Fills entries, of BLOCK_PAGES at most. What can't be read counts as not shared. */
static void read_pagemap(uint64_t address, uint64_t *entries, size_t nr)
{
	size_t have = 0;
	ssize_t got = pread(pager.pagemap_fd, entries, nr * sizeof(*entries),
			    (off_t)(address / PAGE_BYTES * sizeof(*entries)));

	if (got > 0)
		have = (size_t)got / sizeof(*entries);
	while (have < nr)
		entries[have++] = 0;
}

size_t shared_count(uint64_t address, size_t nr)
{
	uint64_t entries[BLOCK_PAGES];
	size_t shared = 0;

	read_pagemap(address, entries, nr);
	for (size_t i = 0; i < nr; i++)
		shared += is_shared(entries[i]);
	return shared;
}

void shared_begin(void)
{
	nr_parked = next_look_ns = 0;
	cursor = NO_BLOCK;
}

bool shared_park(uint64_t number, struct page *page)
{
	if (!(page->flags & PAGE_SHARED) || shared_count(number * PAGE_BYTES, 1) == 0)
		return false;
	page->flags |= PAGE_PARKED;
	nr_parked++;
	return true;
}

void shared_unpark(uint64_t number, struct page *page)
{
	if (!(page->flags & PAGE_PARKED))
		return;
	page->flags &= (uint8_t)~PAGE_PARKED;
	nr_parked--;
	pager.policy->arrive(&pager.policy_ctx, number, &page->word, ARRIVED_BACK);
}

void shared_forget(struct page *page)
{
	if (page->flags & PAGE_PARKED)
		nr_parked--;
	page->flags &= (uint8_t)~PAGE_PARKED;
}

/* The parked pages of a block that are this process's alone by now. Returns how many. */
static size_t unpark_block(struct block *block)
{
	uint64_t entries[BLOCK_PAGES];
	size_t nr = 0;
	bool have = false;

	for (unsigned int i = 0; i < BLOCK_PAGES; i++) {
		struct page *page = &block->pages[i];

		if (!(page->flags & PAGE_PARKED))
			continue;
		if (!have)
			read_pagemap(block->address, entries, BLOCK_PAGES);
		have = true;
		if (is_shared(entries[i]))
			continue;
		shared_unpark(block->address / PAGE_BYTES + i, page);
		nr++;
	}
	return nr;
}

bool shared_look(void)
{
	size_t nr = 0;

	if (!nr_parked || pager_ns() < next_look_ns)
		return false;
	for (uint32_t at = pager.space.process->first_block; at != NO_BLOCK;
	     at = board_block(pager.board, at)->next)
		nr += unpark_block(board_block(pager.board, at));
	if (!nr)
		next_look_ns = pager_ns() + LOOK_NS;
	return nr > 0;
}

static size_t take_from(struct block *block, uint64_t *pages, size_t nr)
{
	size_t n = 0;

	for (unsigned int i = 0; i < BLOCK_PAGES && n < nr; i++) {
		if (!(block->pages[i].flags & PAGE_PARKED))
			continue;
		shared_forget(&block->pages[i]);
		pages[n++] = block->address / PAGE_BYTES + i;
	}
	return n;
}

size_t shared_take(uint64_t *pages, size_t nr)
{
	unsigned int ends = 0; /* of the list of blocks: from the cursor, then once from the first */
	size_t n = 0;

	while (nr_parked && n < nr && ends < 2) {
		if (cursor == NO_BLOCK)
			cursor = pager.space.process->first_block;
		n += take_from(board_block(pager.board, cursor), pages + n, nr - n);
		if (n < nr)
			cursor = board_block(pager.board, cursor)->next;
		ends += n < nr && cursor == NO_BLOCK;
	}
	if (!n)
		nr_parked = 0; /* those were forgotten otherwise */
	return n;
}
