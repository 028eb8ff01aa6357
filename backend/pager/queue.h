/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages in the order in which they were put, for policies. A page's word holds its place in its low bits,
 * so that an entry is void once the page went or was put again; the high bits are the policy's.
 */
#ifndef BACKEND_PAGER_QUEUE_H
#define BACKEND_PAGER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue {
	uint64_t *pages; /* a ring */
	uint64_t size;	 /* power of two */
	uint64_t first, end;
};

#define QUEUE_PLACE_BITS 48
#define QUEUE_PLACE	 ((1ull << QUEUE_PLACE_BITS) - 1)

/* Policies' start(). 0 or -ENOMEM */
int queue_init(struct queue *q);
/* Put it last. The policy's bits of the word stay. */
void queue_put(struct queue *q, uint64_t page, uint64_t *word);
/* The first that is resident and has its place still; its word, too. False: none. */
bool queue_take(struct queue *q, uint64_t *ret_page, uint64_t **ret_word);

#endif
