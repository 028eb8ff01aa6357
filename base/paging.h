/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a backend that pages in user space counts of one job, for collector `pager`. */
#ifndef BASE_PAGING_H
#define BASE_PAGING_H

#include <stdint.h>

struct facts;

enum paging_value {
	PAGING_LOCAL,	  /* gauge, bytes in memory, those that can't be paged included */
	PAGING_FAR,	  /* gauge, bytes */
	PAGING_UNPAGED,	  /* gauge, bytes, private: stacks, small mappings, data, locked memory */
	PAGING_ABOVE,	  /* gauge, bytes: the most that local memory was above its limit, so far */
	PAGING_FAULTS,	  /* counter, faults on far pages */
	PAGING_PAGES_IN,  /* counter, pages that came back, read-ahead included */
	PAGING_PAGES_OUT, /* counter, pages that left */
	PAGING_BARE, /* gauge, programs of the job that are not paged at all: static, set-uid … */
	NR_PAGING
};

/* The backend's, from its prepare() to its forget(). read() may be called in any thread. */
struct paging {
	void (*read)(void *state, uint64_t values[NR_PAGING]);
	void *state;
	/* What its pool has to tell when the run has ended, as facts of that run. */
	void (*facts)(void *state, struct facts *facts);
};

#endif
