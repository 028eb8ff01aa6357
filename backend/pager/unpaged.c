// SPDX-License-Identifier: GPL-2.0-or-later
/* In fmpager itself nothing is paged: what pools and policies ask of the pager is trivial there. */
#include <sys/mman.h>

#include "backend/pager/policy.h"
#include "backend/pager/prefetch.h"

uint64_t *pager_word(uint64_t page)
{
	(void)page;
	return NULL;
}

void pager_watch(uint64_t page)
{
	(void)page;
}

bool pager_keep(uint64_t page)
{
	(void)page;
	return false;
}

void *pager_memory(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}
