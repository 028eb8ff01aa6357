/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads that wait for a lost server to come back, for up to grace_ms from its loss. Stores never do: their
 * pages are better off in memory.
 */
#ifndef FASTSWAP_RDMA_GRACE_H
#define FASTSWAP_RDMA_GRACE_H

#include "rdma_queue.h"

/* Waits killably, between attempts. */
int fsw_grace_load(struct rdma_link *link, pgoff_t slot, struct page *page);

/* Waits in a list. */
void fsw_grace_load_async(struct rdma_link *link, pgoff_t slot, struct page *page, pool_done_t done,
		      void *ctx);

int fsw_grace_init(struct rdma_link *link, unsigned int ms);
void fsw_grace_release(struct rdma_link *link);	/* of a link that is leaving */

/* For so long loads still wait; 0 while there is nothing to wait for. */
unsigned int fsw_grace_left_ms(struct rdma_link *link);

/* The link is back, or never will be: nobody waits any longer. */
void fsw_grace_over(struct rdma_link *link);

#endif
