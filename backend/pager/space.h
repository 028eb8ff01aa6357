/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An address space as the pager knows it: the state of each of its pages. One thread alone changes it,
 * the handler of the process that serves it.
 *
 * What the pager believes may lag behind, always to the safe side:
 *	- a page that is believed FAR may be in memory. UFFDIO_COPY never overwrites, so nothing is lost;
 *	- a page that is believed RESIDENT may be missing, as the program gave it back: its next fault is
 *	  filled with zeros.
 * A page whose only copy is in its slot is always FAR.
 */
#ifndef BACKEND_PAGER_SPACE_H
#define BACKEND_PAGER_SPACE_H

#include "backend/pager/board.h"

struct space {
	struct board *board;
	struct process *process;
	struct pool_ctx *pool;
	int uffd;
	uint32_t *directory; /* by address / 2 MiB, numbers of blocks; NULL: few lookups (fork.c) */
};

#define ADDRESS_BITS	47
#define DIRECTORY_BYTES ((1ull << (ADDRESS_BITS - 21)) * sizeof(uint32_t))

/* Where an address's page stands. NULL: space_find() nothing is known of it; space_get() none left. */
struct block *space_block(struct space *s, uint64_t address);
struct page *space_find(struct space *s, uint64_t address);
struct page *space_get(struct space *s, uint64_t address);
/* The directory anew, from the process's list of blocks. */
void space_index(struct space *s);

static inline unsigned int page_index(uint64_t address)
{
	return (unsigned int)(address / PAGE_BYTES % BLOCK_PAGES);
}

/* Change a page's state and count it, in the process and in the job. */
void space_set(struct space *s, struct page *page, enum page_state state);
/* The program gave it back: new, and its slot is free. */
void space_forget(struct space *s, struct page *page);

/* Calls fn for each page of a known block in [start, end). */
void space_each(struct space *s, uint64_t start, uint64_t end,
		void (*fn)(struct space *s, uint64_t address, struct page *page));

/* As fork leaves it: all pages of parent again, for the child, which shares the slots. -ENOMEM */
int space_copy(struct space *child, struct space *parent);

#endif
