// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>

#include "backend/pager/policy.h"
#include "backend/pager/pool.h"
#include "backend/pager/prefetch.h"

const struct pool *const pager_pools[] = { &pool_dram, &pool_delay, &pool_compressed,
					   &pool_file, &pool_rdma,  &pool_tcp,
					   NULL };

/* The first of each is the default. */
const struct policy *const pager_policies[] = { &policy_refault, &policy_belady, &policy_clock,
						&policy_fifo,	 &policy_random, NULL };

const struct prefetch *const pager_prefetchers[] = { &prefetch_neighbours, &prefetch_none,
						     &prefetch_recorded, &prefetch_stride, NULL };
