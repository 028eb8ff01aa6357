/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies: which page goes when room is needed.
 *
 * To add one:
 *	1. write backend/pager/policy_NAME.c, ending in its one `const struct policy policy_NAME`;
 *	2. add its row to pager_policies in backend/pager/tables.c and its line to the list below.
 * To try one without a place here: `const struct policy fmpager_policy = { … };` in a file of one's own,
 * `gcc -shared -fPIC -o my.so my.c`, `fmpager --policy ./my.so`. examples/pager_policy.c is one.
 *
 * A page is known by its number: address / 4096. All functions run in the one thread that serves the
 * process's page faults, with the rules of pool.h: no malloc(), no stdio; memory is pager_memory().
 */
#ifndef BACKEND_PAGER_POLICY_H
#define BACKEND_PAGER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a page came to be resident. */
enum arrival {
	ARRIVED_NEW,   /* touched for the first time */
	ARRIVED_FAULT, /* far, and asked for */
	ARRIVED_AHEAD, /* brought along by the prefetcher */
	ARRIVED_BACK,  /* chosen, but could not leave (pinned) */
	ARRIVED_AGAIN, /* here all the time, but wanted soon: pager_keep() */
};

struct policy_ctx {
	uint64_t limit_pages; /* about how many pages stay, now */
	void *state;	      /* the policy's own */
};

struct policy {
	const char *name, *summary;
	bool needs_trace; /* trace.h; its functions may be called */
	/* Once a process, and again in a forked child; then each page that is resident arrives. */
	int (*start)(struct policy_ctx *p);
	/* word: a number of the policy's for this page, kept while it is far, too; 0 at first. */
	void (*arrive)(struct policy_ctx *p, uint64_t page, uint64_t *word, enum arrival how);
	/* Up to nr pages to evict, those first that go first. Each is forgotten by the policy. */
	size_t (*choose)(struct policy_ctx *p, uint64_t *pages, size_t nr);
	/* The program gave it back (munmap, madvise). NULL: choose() finds that out itself. */
	void (*leave)(struct policy_ctx *p, uint64_t page, uint64_t *word);
	/* It was written since it arrived: all that is seen of accesses. NULL: not wanted. */
	void (*written)(struct policy_ctx *p, uint64_t page, uint64_t *word);
};

/* For policies: the word of a page that is resident; NULL: it is not. */
uint64_t *pager_word(uint64_t page);
/* For policies: written() shall be called once more when that page is written; it costs a fault. */
void pager_watch(uint64_t page);
/* For policies, prefetchers and pools: memory that is never paged, zeroed; never freed. NULL: none left. */
void *pager_memory(size_t bytes);

extern const struct policy *const pager_policies[]; /* ended by NULL */

/* One line a policy. */
extern const struct policy policy_belady; /* what a trace says is wanted last */
extern const struct policy policy_clock;  /* who was written since the hand passed stays */
extern const struct policy policy_fifo;
extern const struct policy policy_random;
extern const struct policy policy_refault; /* FIFO; who is soon missed passes more often */

#endif
