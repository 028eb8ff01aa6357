/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An RDMA device and its connection manager that exist in this program alone: what memserver's
 * clients.c calls, for tests that need no NIC. Include it in one file of a program, and don't link
 * librdmacm or libibverbs. fake_request() is a peer that asks for a connection.
 */
#ifndef TESTS_FAKE_RDMA_H
#define TESTS_FAKE_RDMA_H

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend/memserver/clients.h"

#undef ibv_reg_mr

static struct {
	/* What the next calls do. */
	bool fail_qp, fail_accept, fail_register;
	atomic_bool stall; /* registering does not end */
	struct ibv_device_attr attr;

	/* What was done last. */
	enum { FAKE_NOTHING, FAKE_ACCEPTED, FAKE_REJECTED } answer;
	struct rdma_conn_param accepted;
	struct memserver_grant grant;
	struct memserver_refusal refusal;
	struct rdma_cm_id *id; /* who asked, or was accepted, last */

	unsigned int nr_ids, nr_qps, nr_sent; /* there; there; probes since the start */
	struct ibv_wc completed;
	bool has_completed;
} fake = {
	.attr = { .max_qp = 1000, .max_cqe = 2000, .max_qp_rd_atom = 8, .max_qp_init_rd_atom = 4 }
};

static int fake_poll_cq(struct ibv_cq *cq, int n, struct ibv_wc *wc)
{
	if (!cq || n < 1 || !fake.has_completed)
		return 0;
	*wc = fake.completed;
	fake.has_completed = false;
	return 1;
}

static int fake_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	*bad = wr;
	return qp ? 0 : EINVAL;
}

static int fake_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	*bad = wr;
	fake.nr_sent++;
	return qp ? 0 : EINVAL;
}

static struct ibv_device fake_device;
static struct ibv_context fake_context = {
	.device = &fake_device,
	.ops = { .poll_cq = fake_poll_cq,
		 .post_send = fake_post_send,
		 .post_recv = fake_post_recv },
};

/* The next poll of a completion queue finds it. */
static inline void fake_complete(uint64_t wr_id, enum ibv_wc_status status)
{
	fake.completed = (struct ibv_wc){ .wr_id = wr_id, .status = status };
	fake.has_completed = true;
}

const char *ibv_get_device_name(struct ibv_device *device)
{
	return device ? "fake0" : "none";
}

int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *attr)
{
	*attr = fake.attr;
	return context ? 0 : EINVAL;
}

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
	struct ibv_pd *pd = calloc(1, sizeof(*pd));

	pd->context = context;
	return pd;
}

int ibv_dealloc_pd(struct ibv_pd *pd)
{
	free(pd);
	return 0;
}

struct ibv_cq *ibv_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			     struct ibv_comp_channel *channel, int vector)
{
	struct ibv_cq *cq = calloc(1, sizeof(*cq));

	if (cqe > fake.attr.max_cqe || channel || vector)
		abort();
	cq->context = context;
	cq->cq_context = cq_context;
	return cq;
}

int ibv_destroy_cq(struct ibv_cq *cq)
{
	free(cq);
	return 0;
}

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
				unsigned int access)
{
	struct ibv_mr *mr = calloc(1, sizeof(*mr));

	while (fake.stall)
		sched_yield();
	if (fake.fail_register || !access) {
		free(mr);
		errno = ENOMEM;
		return NULL;
	}
	*mr = (struct ibv_mr){ .pd = pd, .addr = addr, .length = length, .rkey = (uint32_t)iova };
	return mr;
}

struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t length, int access)
{
	return ibv_reg_mr_iova2(pd, addr, length, (uintptr_t)addr, access);
}

int ibv_dereg_mr(struct ibv_mr *mr)
{
	free(mr);
	return 0;
}

int rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	if (fake.fail_qp || !attr->cap.max_send_wr) {
		errno = ENOMEM;
		return -1;
	}
	id->qp = calloc(1, sizeof(*id->qp));
	id->qp->context = pd->context;
	fake.nr_qps++;
	return 0;
}

void rdma_destroy_qp(struct rdma_cm_id *id)
{
	free(id->qp);
	id->qp = NULL;
	fake.nr_qps--;
}

int rdma_set_option(struct rdma_cm_id *id, int level, int name, void *value, size_t size)
{
	return id && level == RDMA_OPTION_ID && name && value && size ? 0 : -1;
}

int rdma_accept(struct rdma_cm_id *id, struct rdma_conn_param *param)
{
	if (fake.fail_accept) {
		errno = ENOMEM;
		return -1;
	}
	fake.answer = FAKE_ACCEPTED;
	fake.accepted = *param;
	memcpy(&fake.grant, param->private_data, sizeof(fake.grant));
	fake.id = id;
	return 0;
}

int rdma_reject(struct rdma_cm_id *id, const void *data, uint8_t len)
{
	if (!id || len != sizeof(fake.refusal))
		abort();
	fake.answer = FAKE_REJECTED;
	memcpy(&fake.refusal, data, len);
	return 0;
}

int rdma_disconnect(struct rdma_cm_id *id)
{
	return id ? 0 : -1;
}

int rdma_destroy_id(struct rdma_cm_id *id)
{
	fake.nr_ids--;
	free(id);
	return 0;
}

int rdma_ack_cm_event(struct rdma_cm_event *event)
{
	/* Whatever is read of an event from here on is not the peer's words. */
	memset(&event->param, 0xff, sizeof(event->param));
	return 0;
}

/* Of the id that asked last, or one that was accepted; the id is gone when its connection ends. */
static inline void fake_event(struct clients *c, struct rdma_cm_id *id,
			      enum rdma_cm_event_type type)
{
	struct rdma_cm_event event = { .event = type, .id = id };

	clients_event(c, &event);
}

/* A peer's request with `len` bytes of private data. */
static inline void fake_request(struct clients *c, const void *data, size_t len, uint8_t depth)
{
	struct rdma_cm_event event = { .event = RDMA_CM_EVENT_CONNECT_REQUEST };
	struct rdma_cm_id *id = calloc(1, sizeof(*id));
	struct sockaddr_in *peer = (struct sockaddr_in *)&id->route.addr.dst_addr;
	void *copy = malloc(len + 1);

	memcpy(copy, data, len);
	peer->sin_family = AF_INET;
	peer->sin_addr.s_addr = htonl(0x0a000001);
	id->verbs = &fake_context;
	event.id = id;
	event.param.conn.private_data = len ? copy : NULL;
	event.param.conn.private_data_len = len;
	event.param.conn.responder_resources = depth;
	event.param.conn.initiator_depth = depth;
	fake.answer = FAKE_NOTHING;
	fake.nr_ids++;
	fake.id = id;
	clients_event(c, &event);
	if (!fake.stall)
		background_drain(&c->background);
	free(copy);
}

#endif
