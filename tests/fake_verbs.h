/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A NIC, and a memserver behind it, that exist in this program alone: what the keeper of pool rdma calls, for
 * tests that need no NIC. Include it in one file of a program: it takes the place of verbs_load().
 *
 * WRITEs are under way for as long as wire.holds: as a slow NIC it reads the pages when the test has it do so.
 */
#ifndef TESTS_FAKE_VERBS_H
#define TESTS_FAKE_VERBS_H

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/memserver/handshake.h"
#include "backend/pager/pool.h"
#include "backend/pager/pool_rdma_verbs.h"

#define WIRE_BYTES (8ull << 20) /* what the server grants */
#define WIRE_DEPTH 4096u	/* requests and completions at a time */

static struct {
	pthread_mutex_t lock;
	bool holds;
	struct wire_request {
		struct ibv_send_wr wr;
		struct ibv_sge sge;
	} held[WIRE_DEPTH];
	unsigned int nr_held, nr_done;
	struct ibv_wc done[WIRE_DEPTH];
	struct ibv_cq *cq;
	struct ibv_comp_channel completions;
	int events[2]; /* a pipe of enum rdma_cm_event_type */
	char memory[WIRE_BYTES];
} wire = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- transfers; the lock is held -------------------------------------------------------------------------- */

static void wire_carry_out(const struct wire_request *r)
{
	void *there = (void *)(uintptr_t)r->wr.wr.rdma.remote_addr,
	     *here = (void *)(uintptr_t)r->sge.addr;

	if (r->wr.opcode == IBV_WR_RDMA_WRITE)
		memcpy(there, here, r->sge.length);
	else if (r->wr.opcode == IBV_WR_RDMA_READ)
		memcpy(here, there, r->sge.length);
	if (!(r->wr.send_flags & IBV_SEND_SIGNALED))
		return;
	if (wire.nr_done == WIRE_DEPTH)
		abort();
	wire.done[wire.nr_done++] =
		(struct ibv_wc){ .wr_id = r->wr.wr_id, .status = IBV_WC_SUCCESS };
	eventfd_write(wire.completions.fd, 1);
}

static int wire_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	pthread_mutex_lock(&wire.lock);
	for (; wr; wr = wr->next) {
		struct wire_request r = { .wr = *wr };

		if (wr->num_sge)
			r.sge = wr->sg_list[0];
		if (wire.nr_held == WIRE_DEPTH)
			abort();
		if (wire.holds && wr->opcode == IBV_WR_RDMA_WRITE)
			wire.held[wire.nr_held++] = r;
		else
			wire_carry_out(&r);
	}
	pthread_mutex_unlock(&wire.lock);
	*bad = NULL;
	return qp ? 0 : EINVAL;
}

static int wire_poll_cq(struct ibv_cq *cq, int n, struct ibv_wc *wc)
{
	unsigned int nr;

	(void)cq;
	pthread_mutex_lock(&wire.lock);
	nr = wire.nr_done < (unsigned int)n ? wire.nr_done : (unsigned int)n;
	memcpy(wc, wire.done, nr * sizeof(*wc));
	wire.nr_done -= nr;
	memmove(wire.done, wire.done + nr, wire.nr_done * sizeof(*wc));
	pthread_mutex_unlock(&wire.lock);
	return (int)nr;
}

static int wire_notify(struct ibv_cq *cq, int solicited_only)
{
	return cq && !solicited_only ? 0 : EINVAL;
}

static struct ibv_context wire_device = { .ops = { .poll_cq = wire_poll_cq,
						   .post_send = wire_post_send,
						   .req_notify_cq = wire_notify } };

/* --- what a test does -------------------------------------------------------------------------------------- */

static inline unsigned int wire_held(void)
{
	unsigned int nr;

	pthread_mutex_lock(&wire.lock);
	nr = wire.nr_held;
	pthread_mutex_unlock(&wire.lock);
	return nr;
}

static inline void wire_hold(void)
{
	pthread_mutex_lock(&wire.lock);
	wire.holds = true;
	pthread_mutex_unlock(&wire.lock);
}

/* All that is under way, in its order, and what comes after that. */
static inline void wire_pass(void)
{
	pthread_mutex_lock(&wire.lock);
	wire.holds = false;
	for (unsigned int i = 0; i < wire.nr_held; i++)
		wire_carry_out(&wire.held[i]);
	wire.nr_held = 0;
	pthread_mutex_unlock(&wire.lock);
}

static inline void wire_event(enum rdma_cm_event_type type)
{
	if (write(wire.events[1], &type, sizeof(type)) != sizeof(type))
		abort();
}

/* --- the verbs ---------------------------------------------------------------------------------------------- */

static struct rdma_event_channel *fake_create_event_channel(void)
{
	struct rdma_event_channel *channel = calloc(1, sizeof(*channel));

	if (pipe(wire.events))
		abort();
	channel->fd = wire.events[0];
	return channel;
}

static void fake_destroy_event_channel(struct rdma_event_channel *channel)
{
	close(wire.events[0]);
	close(wire.events[1]);
	free(channel);
}

static int fake_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **ret,
			  void *context, enum rdma_port_space space)
{
	(void)context, (void)space;
	*ret = calloc(1, sizeof(**ret));
	(*ret)->channel = channel;
	(*ret)->verbs = &wire_device;
	return 0;
}

static int fake_destroy_id(struct rdma_cm_id *id)
{
	free(id);
	return 0;
}

static int fake_resolve_addr(struct rdma_cm_id *id, struct sockaddr *from, struct sockaddr *to,
			     int timeout_ms)
{
	(void)id, (void)from, (void)to, (void)timeout_ms;
	wire_event(RDMA_CM_EVENT_ADDR_RESOLVED);
	return 0;
}

static int fake_resolve_route(struct rdma_cm_id *id, int timeout_ms)
{
	(void)id, (void)timeout_ms;
	wire_event(RDMA_CM_EVENT_ROUTE_RESOLVED);
	return 0;
}

static int fake_set_option(struct rdma_cm_id *id, int level, int name, void *value, size_t size)
{
	return id && level == RDMA_OPTION_ID && name && value && size ? 0 : -1;
}

static int fake_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	id->qp = calloc(1, sizeof(*id->qp));
	id->qp->context = pd->context;
	return attr->cap.max_send_wr ? 0 : -1;
}

static void fake_destroy_qp(struct rdma_cm_id *id)
{
	free(id->qp);
}

static int fake_connect(struct rdma_cm_id *id, struct rdma_conn_param *param)
{
	(void)id, (void)param;
	wire_event(RDMA_CM_EVENT_ESTABLISHED);
	return 0;
}

static int fake_disconnect(struct rdma_cm_id *id)
{
	return id ? 0 : -1;
}

static int fake_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **ret)
{
	static const struct memserver_grant grant = {
		.head = { __builtin_bswap32(MEMSERVER_MAGIC), __builtin_bswap16(MEMSERVER_VERSION),
			  __builtin_bswap16(MEMSERVER_GRANT) },
		.session = 1,
		.bytes = __builtin_bswap64(WIRE_BYTES),
		.rkey = 1,
		.queue_pairs = __builtin_bswap16(2),
	};
	struct {
		struct rdma_cm_event event;
		struct memserver_grant grant;
	} *e = calloc(1, sizeof(*e));

	if (read(channel->fd, &e->event.event, sizeof(e->event.event)) < 0)
		abort();
	e->grant = grant;
	e->grant.address = htobe64((uintptr_t)wire.memory);
	e->event.param.conn.private_data = &e->grant;
	e->event.param.conn.private_data_len = sizeof(e->grant);
	e->event.param.conn.initiator_depth = 1;
	*ret = &e->event;
	return 0;
}

static int fake_ack_cm_event(struct rdma_cm_event *event)
{
	free(event);
	return 0;
}

static const char *fake_event_str(enum rdma_cm_event_type type)
{
	return type == RDMA_CM_EVENT_REJECTED ? "rejected" : "an event";
}

static int fake_query_device(struct ibv_context *context, struct ibv_device_attr *attr)
{
	*attr = (struct ibv_device_attr){ .max_qp_init_rd_atom = 4 };
	return context ? 0 : EINVAL;
}

static struct ibv_pd *fake_alloc_pd(struct ibv_context *context)
{
	struct ibv_pd *pd = calloc(1, sizeof(*pd));

	pd->context = context;
	return pd;
}

static int fake_dealloc_pd(struct ibv_pd *pd)
{
	free(pd);
	return 0;
}

static struct ibv_comp_channel *fake_create_comp_channel(struct ibv_context *context)
{
	wire.completions = (struct ibv_comp_channel){ context, eventfd(0, EFD_CLOEXEC), 0 };
	return &wire.completions;
}

static int fake_destroy_comp_channel(struct ibv_comp_channel *channel)
{
	return close(channel->fd);
}

static struct ibv_cq *fake_create_cq(struct ibv_context *context, int cqe, void *cq_context,
				     struct ibv_comp_channel *channel, int vector)
{
	(void)cqe, (void)vector;
	wire.cq = calloc(1, sizeof(*wire.cq));
	wire.cq->context = context;
	wire.cq->channel = channel;
	wire.cq->cq_context = cq_context;
	return wire.cq;
}

static int fake_destroy_cq(struct ibv_cq *cq)
{
	free(cq);
	return 0;
}

static int fake_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **ret, void **context)
{
	eventfd_t n;

	*ret = wire.cq;
	*context = wire.cq->cq_context;
	return eventfd_read(channel->fd, &n);
}

static void fake_ack_cq_events(struct ibv_cq *cq, unsigned int nr)
{
	(void)cq, (void)nr;
}

static struct ibv_mr *fake_reg_mr(struct ibv_pd *pd, void *at, size_t length, int access)
{
	struct ibv_mr *mr = calloc(1, sizeof(*mr));

	(void)access;
	*mr = (struct ibv_mr){ .pd = pd, .addr = at, .length = length };
	return mr;
}

static int fake_dereg_mr(struct ibv_mr *mr)
{
	free(mr);
	return 0;
}

static const char *fake_wc_status_str(enum ibv_wc_status status)
{
	return status ? "it failed" : "success";
}

int verbs_load(struct verbs *v, struct err *err)
{
	(void)err;
#define CM(name) (v->rdma_##name) = fake_##name
#define IB(name) (v->ibv_##name) = fake_##name
	CM(create_event_channel), CM(destroy_event_channel), CM(create_id), CM(destroy_id);
	CM(resolve_addr), CM(resolve_route), CM(set_option), CM(create_qp), CM(destroy_qp);
	CM(connect), CM(disconnect), CM(get_cm_event), CM(ack_cm_event), CM(event_str);
	IB(query_device), IB(alloc_pd), IB(dealloc_pd), IB(create_comp_channel);
	IB(destroy_comp_channel), IB(create_cq), IB(destroy_cq), IB(get_cq_event);
	IB(ack_cq_events), IB(reg_mr), IB(dereg_mr), IB(wc_status_str);
#undef CM
#undef IB
	return 0;
}

#endif
