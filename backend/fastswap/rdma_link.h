/* SPDX-License-Identifier: GPL-2.0 */
/* The connections to one server: made, lost and made again. */
#ifndef FASTSWAP_RDMA_LINK_H
#define FASTSWAP_RDMA_LINK_H

#include "rdma_queue.h"

struct link_demand {
	u64 bytes_least, bytes_most;		/* GRANT_BYTES_MAX at most */
	unsigned int nr_least, nr_most;		/* queue pairs */
	const char *token;
	unsigned int grace_ms;
};

int fsw_link_open(struct rdma_link *link, const struct link_demand *demand);
void fsw_link_close(struct rdma_link *link);

#endif
