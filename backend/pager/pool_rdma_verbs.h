/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs, loaded when a pool needs these: neither fmpager nor fmbench asks for the libraries otherwise.
 * Calls read (v->rdma_connect)(…): some names are macros.
 */
#ifndef BACKEND_PAGER_POOL_RDMA_VERBS_H
#define BACKEND_PAGER_POOL_RDMA_VERBS_H

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#include "base/err.h"

#define VERBS_OF_CM(X)                                                                             \
	X(rdma_create_event_channel)                                                               \
	X(rdma_destroy_event_channel)                                                              \
	X(rdma_create_id)                                                                          \
	X(rdma_destroy_id)                                                                         \
	X(rdma_resolve_addr)                                                                       \
	X(rdma_resolve_route)                                                                      \
	X(rdma_set_option)                                                                         \
	X(rdma_create_qp)                                                                          \
	X(rdma_destroy_qp)                                                                         \
	X(rdma_connect)                                                                            \
	X(rdma_disconnect)                                                                         \
	X(rdma_get_cm_event)                                                                       \
	X(rdma_ack_cm_event)                                                                       \
	X(rdma_event_str)

#define VERBS_OF_IB(X)                                                                             \
	X(ibv_query_device)                                                                        \
	X(ibv_alloc_pd)                                                                            \
	X(ibv_dealloc_pd)                                                                          \
	X(ibv_create_comp_channel)                                                                 \
	X(ibv_destroy_comp_channel)                                                                \
	X(ibv_create_cq)                                                                           \
	X(ibv_destroy_cq)                                                                          \
	X(ibv_get_cq_event)                                                                        \
	X(ibv_ack_cq_events)                                                                       \
	X(ibv_reg_mr)                                                                              \
	X(ibv_dereg_mr)                                                                            \
	X(ibv_wc_status_str)

struct verbs {
#define VERBS_FIELD(name) __typeof__(name) *name;
	VERBS_OF_CM(VERBS_FIELD)
	VERBS_OF_IB(VERBS_FIELD)
#undef VERBS_FIELD
};

int verbs_load(struct verbs *v, struct err *err);

#endif
