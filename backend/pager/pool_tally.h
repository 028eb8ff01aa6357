/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often a pool moved pages one way, how many, and how long that took: counted and told by pools alike. */
#ifndef BACKEND_PAGER_POOL_TALLY_H
#define BACKEND_PAGER_POOL_TALLY_H

#include "backend/pager/pool.h"
#include "base/clock.h"

#define POOL_TALLY_FACTS 3u

/* In memory that all processes of the job share. */
struct pool_tally {
	_Atomic uint64_t nr, pages, ns;
};

static inline void pool_tally_add(struct pool_tally *t, uint64_t nr, uint64_t pages,
				  uint64_t begin_ns)
{
	t->nr += nr;
	t->pages += pages;
	t->ns += clock_ns() - begin_ns;
}

/* names: of the number, and of the means of pages and ns. what, until: what is counted, and timed. */
static inline size_t pool_tally_facts(const struct pool_tally *t,
				      const char *const names[POOL_TALLY_FACTS], const char *what,
				      const char *until, struct pool_fact *facts)
{
	double nr = (double)t->nr, one = nr > 0 ? nr : 1;

	facts[0] = (struct pool_fact){ names[0], nr, what };
	facts[1] = (struct pool_fact){ names[1], (double)t->pages / one, "of each, in the mean" };
	facts[2] = (struct pool_fact){ names[2], (double)t->ns / one, until };
	return POOL_TALLY_FACTS;
}

#endif
