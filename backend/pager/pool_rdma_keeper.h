/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the keeper: the session of pool rdma, and the threads that serve boxes. */
#ifndef BACKEND_PAGER_POOL_RDMA_KEEPER_H
#define BACKEND_PAGER_POOL_RDMA_KEEPER_H

#include "backend/pager/pool_server.h"

int rdma_keeper_start(struct pool_ctx *ctx, const struct pool_server_params *p, struct err *err);
/* Also after a start that failed, or none. */
void rdma_keeper_stop(struct pool_ctx *ctx);

#endif
