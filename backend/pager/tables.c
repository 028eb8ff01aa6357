// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>

#include "backend/pager/policy.h"
#include "backend/pager/pool.h"
#include "backend/pager/prefetch.h"

const struct pool *const pool_table[] = { &pool_dram, NULL };

/* The first of each is the default. */
const struct policy *const policy_table[] = { &policy_refault, &policy_fifo, &policy_random, NULL };

const struct prefetch *const prefetch_table[] = { &prefetch_neighbours, &prefetch_none,
						  &prefetch_stride, NULL };
