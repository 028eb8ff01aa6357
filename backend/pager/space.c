// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/space.h"

#include <errno.h>
#include <string.h>

#define BLOCK_BYTES (BLOCK_PAGES * PAGE_BYTES)
#define SPACE_END   (1ull << ADDRESS_BITS)

struct block *space_block(struct space *s, uint64_t address)
{
	uint32_t at;

	if (address >= SPACE_END)
		return NULL;
	if (s->directory) {
		at = s->directory[address / BLOCK_BYTES];
		return at == NO_BLOCK ? NULL : board_block(s->board, at);
	}
	for (at = s->process->first_block; at != NO_BLOCK; at = board_block(s->board, at)->next) {
		if (board_block(s->board, at)->address == address / BLOCK_BYTES * BLOCK_BYTES)
			return board_block(s->board, at);
	}
	return NULL;
}

struct page *space_find(struct space *s, uint64_t address)
{
	struct block *block = space_block(s, address);

	return block ? &block->pages[page_index(address)] : NULL;
}

static struct block *add_block(struct space *s, uint64_t address)
{
	uint64_t start = address / BLOCK_BYTES * BLOCK_BYTES;
	uint32_t at = board_take_block(s->board, s->process, start);

	if (at == NO_BLOCK)
		return NULL;
	if (s->directory)
		s->directory[start / BLOCK_BYTES] = at;
	return board_block(s->board, at);
}

struct page *space_get(struct space *s, uint64_t address)
{
	struct block *block = space_block(s, address);

	if (!block)
		block = add_block(s, address);
	return block ? &block->pages[page_index(address)] : NULL;
}

void space_index(struct space *s)
{
	uint32_t at;

	for (at = s->process->first_block; at != NO_BLOCK; at = board_block(s->board, at)->next)
		s->directory[board_block(s->board, at)->address / BLOCK_BYTES] = at;
}

static void count(_Atomic int64_t *own, _Atomic int64_t *sum, int64_t by)
{
	atomic_fetch_add_explicit(own, by, memory_order_relaxed);
	atomic_fetch_add_explicit(sum, by, memory_order_relaxed);
}

void space_set(struct space *s, struct page *page, enum page_state state)
{
	int resident = (state == PAGE_RESIDENT) - (page->state == PAGE_RESIDENT);
	int far = (state == PAGE_FAR) - (page->state == PAGE_FAR);

	if (resident)
		count(&s->process->resident, &s->board->resident, resident);
	if (far)
		count(&s->process->far, &s->board->far, far);
	page->state = (uint8_t)state;
	page->flags = 0;
}

void space_forget(struct space *s, struct page *page)
{
	space_set(s, page, PAGE_NEW);
	if (page->slot)
		board_put_slot(s->board, s->pool, page->slot);
	page->slot = NO_SLOT;
}

void space_each(struct space *s, uint64_t start, uint64_t end,
		void (*fn)(struct space *s, uint64_t address, struct page *page))
{
	uint64_t at = start;

	while (at < end && at < SPACE_END) {
		uint64_t stop = (at / BLOCK_BYTES + 1) * BLOCK_BYTES;
		struct block *block = space_block(s, at);

		if (stop > end)
			stop = end;
		for (; block && at < stop; at += PAGE_BYTES)
			fn(s, at, &block->pages[page_index(at)]);
		at = stop;
	}
}

static int copy_block(struct space *child, const struct block *from)
{
	struct block *to = add_block(child, from->address);

	if (!to)
		return -ENOMEM;
	for (unsigned int i = 0; i < BLOCK_PAGES; i++) {
		struct page *page = &to->pages[i];

		space_set(child, page, from->pages[i].state);
		page->flags = from->pages[i].flags & PAGE_CLEAN;
		page->slot = from->pages[i].slot;
		if (page->slot)
			board_share_slot(child->board, page->slot);
	}
	return 0;
}

int space_copy(struct space *child, struct space *parent)
{
	uint32_t at = parent->process->first_block;
	int rc = 0;

	for (; at != NO_BLOCK && !rc; at = board_block(parent->board, at)->next)
		rc = copy_block(child, board_block(parent->board, at));
	return rc;
}
