// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keeper's side of pool rdma: two queue pairs of one session, one for loads and one for stores, so that
 * loads don't stand in line behind stores. One thread posts what processes ring for, one takes what has
 * completed. Stores of all processes pass one queue pair, in the order in which they were rung for.
 */
#include "backend/pager/pool_rdma_keeper.h"

#if !__has_include(<rdma/rdma_cma.h>)

int rdma_keeper_start(struct pool_ctx *ctx, const struct pool_server_params *p, struct err *err)
{
	(void)ctx, (void)p;
	return err_missing(err, "pool rdma: built without librdmacm-dev: install that, then `make "
				"clean all pager`");
}

void rdma_keeper_stop(struct pool_ctx *ctx)
{
	(void)ctx;
}

#else

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/memserver/grant.h"
#include "backend/pager/pool_rdma_box.h"
#include "backend/pager/pool_rdma_verbs.h"
#include "base/alloc.h"
#include "base/clock.h"

#define QUEUE_PAIRS 2u
#define QUEUE_DEPTH 1024u /* at least a batch */
#define READS_MOST  16u
#define RETRIES	    6	  /* Soft-RoCE takes the largest count, 7, as "for ever" */
#define ANSWER_MS   10000 /* the server registers the memory first */
#define RESOLVE_MS  2000
#define LOOK_MS	    100
#define GOOD_BYE    UINT64_MAX

struct link {
	struct rdma_cm_id *id;
	_Atomic uint32_t room; /* of its send queue */
	uint64_t came_ns;      /* when something last completed */
};

struct rdma_keeper {
	struct pool_ctx *ctx;
	struct verbs v;
	struct rdma_event_channel *events;
	struct ibv_pd *pd;
	struct ibv_comp_channel *completions;
	struct ibv_cq *cq;
	struct ibv_mr *mrs[RDMA_LANES];
	struct link links[QUEUE_PAIRS]; /* of loads, of stores */
	struct grant_terms terms;
	uint64_t bytes;
	pthread_t poster, taker;
	bool has_poster, has_taker;
	atomic_bool stop, starved, bye_done;
	/* Of a box that is under way. */
	_Atomic uint64_t begun_ns[RDMA_LANES][RDMA_BOXES];
	uint32_t posted[RDMA_LANES][RDMA_BOXES];
	struct ibv_send_wr wrs[POOL_RUNS];
	struct ibv_sge sges[POOL_RUNS];
};

static struct rdma_shared *shared_of(const struct rdma_keeper *k)
{
	return k->ctx->shared;
}

static void lose(struct rdma_keeper *k, const char *why)
{
	struct pool_ctx words = { 0 }; /* the keeper has no last words */

	if (!k->stop)
		pool_server_lose(&shared_of(k)->server, &words, why);
}

/* --- connecting ------------------------------------------------------------------------------------------ */

struct answer {
	enum rdma_cm_event_type type;
	unsigned int depth, len;
	char bytes[UINT8_MAX];
};

static int next_event(struct rdma_keeper *k, int timeout_ms, struct answer *ret)
{
	struct pollfd p = { k->events->fd, POLLIN, 0 };
	struct rdma_cm_event *event;
	int rc;

	do
		rc = poll(&p, 1, timeout_ms);
	while (rc < 0 && errno == EINTR);
	if (rc <= 0)
		return rc ? -errno : -ETIMEDOUT;
	if ((k->v.rdma_get_cm_event)(k->events, &event))
		return -errno;
	*ret = (struct answer){ .type = event->event,
				.depth = event->param.conn.initiator_depth,
				.len = event->param.conn.private_data_len };
	if (event->param.conn.private_data)
		memcpy(ret->bytes, event->param.conn.private_data, ret->len);
	(k->v.rdma_ack_cm_event)(event);
	return 0;
}

static int expect(struct rdma_keeper *k, enum rdma_cm_event_type wanted, struct err *err)
{
	const char *name = shared_of(k)->server.name;
	struct answer answer;
	int rc = next_event(k, RESOLVE_MS + LOOK_MS, &answer);

	if (!rc && answer.type == wanted)
		return 0;
	return err_missing(err,
			   "pool rdma: target=%s: %s: is it reached through an RDMA device (rdma "
			   "link, ip route)?",
			   name, rc ? strerror(-rc) : (k->v.rdma_event_str)(answer.type));
}

static int resolve(struct rdma_keeper *k, struct rdma_cm_id *id, struct err *err)
{
	struct pool_server *server = &shared_of(k)->server;
	int rc = 0;

	if ((k->v.rdma_resolve_addr)(id, NULL, (struct sockaddr *)&server->address, RESOLVE_MS))
		return err_missing(err,
				   "pool rdma: target=%s: %s: is it reached through an RDMA device "
				   "(rdma link, ip route)?",
				   server->name, strerror(errno));
	rc = expect(k, RDMA_CM_EVENT_ADDR_RESOLVED, err);
	if (!rc && (k->v.rdma_resolve_route)(id, RESOLVE_MS))
		rc = err_missing(err, "pool rdma: target=%s: no route: %s", server->name,
				 strerror(errno));
	return rc ? rc : expect(k, RDMA_CM_EVENT_ROUTE_RESOLVED, err);
}

/* What all queue pairs have in common, of the device that the first one found. */
static int make_common(struct rdma_keeper *k, struct ibv_context *device, struct err *err)
{
	struct ibv_device_attr attr;
	int rc = (k->v.ibv_query_device)(device, &attr);

	if (rc)
		return err_missing(err, "pool rdma: cannot ask the RDMA device: %s", strerror(rc));
	k->terms.depth_most = (uint32_t)attr.max_qp_init_rd_atom;
	if (k->terms.depth_most > READS_MOST)
		k->terms.depth_most = READS_MOST;
	k->pd = (k->v.ibv_alloc_pd)(device);
	k->completions = (k->v.ibv_create_comp_channel)(device);
	if (k->pd && k->completions)
		k->cq = (k->v.ibv_create_cq)(device, QUEUE_PAIRS * QUEUE_DEPTH, NULL,
					     k->completions, 0);
	if (!k->cq || ibv_req_notify_cq(k->cq, 0))
		return err_missing(err, "pool rdma: cannot make a completion queue: %s",
				   strerror(errno));
	return 0;
}

/* 4.096 us * 2^n, seven times: not before the pool's own time is over. */
static uint8_t ack_timeout(uint64_t timeout_ns)
{
	uint8_t n = 14;

	while (n < 31 && (RETRIES + 1) * (4096ull << n) < timeout_ns)
		n++;
	return n;
}

static int make_queue_pair(struct rdma_keeper *k, struct rdma_cm_id *id, struct err *err)
{
	struct ibv_qp_init_attr qp = {
		.qp_type = IBV_QPT_RC,
		.send_cq = k->cq,
		.recv_cq = k->cq,
		.cap = { .max_send_wr = QUEUE_DEPTH,
			 .max_recv_wr = 1,
			 .max_send_sge = 1,
			 .max_recv_sge = 1 },
	};
	uint8_t timeout = ack_timeout(shared_of(k)->server.timeout_ns);

	(k->v.rdma_set_option)(id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT, &timeout,
			       sizeof(timeout));
	return (k->v.rdma_create_qp)(id, k->pd, &qp)
		       ? err_missing(err, "pool rdma: cannot make a queue pair: %s",
				     strerror(errno))
		       : 0;
}

static int take_answer(struct rdma_keeper *k, const struct answer *answer, struct err *err)
{
	const char *name = shared_of(k)->server.name, *fault;
	struct memserver_refusal refusal;
	struct memserver_grant grant;

	memcpy(&refusal, answer->bytes, sizeof(refusal));
	memcpy(&grant, answer->bytes, sizeof(grant));
	if (answer->type == RDMA_CM_EVENT_REJECTED &&
	    refusal.head.magic == htobe32(MEMSERVER_MAGIC) &&
	    refusal.head.kind == htobe16(MEMSERVER_REFUSAL))
		return err_missing(err, "pool rdma: memserver %s refuses: %.*s", name,
				   (int)sizeof(refusal.why), refusal.why);
	if (answer->type != RDMA_CM_EVENT_ESTABLISHED)
		return err_missing(err,
				   "pool rdma: target=%s: %s: is memserver --listen running there, "
				   "on this port?",
				   name, (k->v.rdma_event_str)(answer->type));
	fault = grant_fault(&grant, answer->len, answer->depth, &k->terms);
	if (fault)
		return err_missing(err, "pool rdma: target=%s: %s", name, fault);
	k->terms.session = be64toh(grant.session);
	k->terms.address = be64toh(grant.address);
	k->terms.rkey = be32toh(grant.rkey);
	k->bytes = be64toh(grant.bytes);
	return 0;
}

static int connect_one(struct rdma_keeper *k, struct link *link, const void *hello, size_t size,
		       struct err *err)
{
	struct rdma_conn_param param = { .private_data = hello,
					 .private_data_len = (uint8_t)size,
					 .retry_count = RETRIES };
	const char *name = shared_of(k)->server.name;
	struct answer answer;
	int rc;

	if ((k->v.rdma_create_id)(k->events, &link->id, NULL, RDMA_PS_TCP))
		return err_missing(err, "pool rdma: target=%s: %s", name, strerror(errno));
	rc = resolve(k, link->id, err);
	if (!rc && !k->pd)
		rc = make_common(k, link->id->verbs, err);
	if (!rc)
		rc = make_queue_pair(k, link->id, err);
	if (rc)
		return rc;
	param.initiator_depth = (uint8_t)k->terms.depth_most;
	rc = (k->v.rdma_connect)(link->id, &param) ? -errno : next_event(k, ANSWER_MS, &answer);
	if (rc)
		return err_missing(err, "pool rdma: target=%s: no answer: %s", name, strerror(-rc));
	link->room = QUEUE_DEPTH;
	return take_answer(k, &answer, err);
}

static int join(struct rdma_keeper *k, struct err *err)
{
	struct memserver_open hello = { 0 }; /* the server asks for as much of each request */
	struct memserver_join *join = (struct memserver_join *)&hello;

	join->head = (struct memserver_head){ htobe32(MEMSERVER_MAGIC), htobe16(MEMSERVER_VERSION),
					      htobe16(MEMSERVER_JOIN) };
	join->session = htobe64(k->terms.session);
	return connect_one(k, &k->links[1], &hello, sizeof(hello), err);
}

static int connect_all(struct rdma_keeper *k, const struct pool_server_params *p, struct err *err)
{
	struct memserver_open open;
	int rc = pool_server_open(&open, k->ctx, p, QUEUE_PAIRS, err);

	open.queue_pairs_most = htobe16(QUEUE_PAIRS);
	k->terms = (struct grant_terms){ .bytes_least = be64toh(open.bytes_least),
					 .queue_pairs_least = QUEUE_PAIRS,
					 .queue_pairs_most = QUEUE_PAIRS };
	if (!rc) {
		k->events = (k->v.rdma_create_event_channel)();
		if (!k->events)
			rc = err_missing(err,
					 "pool rdma: no RDMA here (%s): modprobe rdma_ucm; rdma "
					 "link shows the devices",
					 strerror(errno));
	}
	if (!rc)
		rc = connect_one(k, &k->links[0], &open, sizeof(open), err);
	explicit_bzero(&open, sizeof(open));
	return rc ? rc : join(k, err);
}

/* --- the thread that posts -------------------------------------------------------------------------------- */

static bool register_lane(struct rdma_keeper *k, uint32_t lane)
{
	if (!k->mrs[lane])
		k->mrs[lane] = (k->v.ibv_reg_mr)(k->pd, rdma_box(k->ctx, lane, 0), RDMA_LANE_BYTES,
						 IBV_ACCESS_LOCAL_WRITE);
	if (!k->mrs[lane])
		lose(k, "fmpager cannot register memory: see ulimit -l");
	return k->mrs[lane];
}

/* A box is a process's word: copied once, then checked. Returns the number of requests; 0: it is wrong. */
static uint32_t fill_requests(struct rdma_keeper *k, uint32_t lane, uint32_t box,
			      enum ibv_wr_opcode opcode)
{
	const struct rdma_box *b = rdma_box(k->ctx, lane, box);
	uint32_t nr = b->nr_runs, pages = 0;

	if (nr == 0 || nr > POOL_RUNS)
		return 0;
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t slot = b->runs[i].slot, run = b->runs[i].nr;

		if (run == 0 || run > POOL_RUNS - pages || slot < POOL_SERVER_FIRST_SLOT ||
		    (slot - POOL_SERVER_FIRST_SLOT + run) * POOL_PAGE > k->bytes)
			return 0;
		k->sges[i] = (struct ibv_sge){ (uintptr_t)(b->pages + pages * POOL_PAGE),
					       (uint32_t)(run * POOL_PAGE), k->mrs[lane]->lkey };
		k->wrs[i] = (struct ibv_send_wr){
			.wr_id = lane * RDMA_BOXES + box,
			.next = i + 1 < nr ? &k->wrs[i + 1] : NULL,
			.sg_list = &k->sges[i],
			.num_sge = 1,
			.opcode = opcode,
			.send_flags = i + 1 < nr ? 0 : IBV_SEND_SIGNALED,
			.wr.rdma = { k->terms.address + (slot - POOL_SERVER_FIRST_SLOT) * POOL_PAGE,
				     k->terms.rkey },
		};
		pages += (uint32_t)run;
	}
	return nr;
}

static bool has_room(struct rdma_keeper *k, struct link *link, uint32_t nr)
{
	if (link->room >= nr)
		return true;
	k->starved = true; /* the taker rings when there is more */
	return link->room >= nr;
}

static void finish_box(struct rdma_keeper *k, uint32_t lane, uint32_t box)
{
	_Atomic uint32_t *state = &shared_of(k)->states[lane][box];

	*state = BOX_DONE;
	rdma_wake(state);
}

/* True: it was begun. */
static bool begin_box(struct rdma_keeper *k, uint32_t lane, uint32_t box, uint32_t nr)
{
	uint32_t state = BOX_REQUESTED;

	k->posted[lane][box] = nr;
	k->begun_ns[lane][box] = clock_ns();
	return atomic_compare_exchange_strong(&shared_of(k)->states[lane][box], &state,
					      BOX_UNDER_WAY);
}

static bool transfer(struct rdma_keeper *k, uint32_t lane, uint32_t box, bool in)
{
	struct link *link = &k->links[in ? 0 : 1];
	struct ibv_send_wr *bad;
	uint32_t nr = k->mrs[lane] ? fill_requests(k, lane, box,
						   in ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE)
				   : 0;

	if (!nr) {
		lose(k, "a process asked for slots that there are not");
		return false;
	}
	if (!has_room(k, link, nr) || !begin_box(k, lane, box, nr))
		return false;
	link->room -= nr;
	if (ibv_post_send(link->id->qp, k->wrs, &bad))
		lose(k, "fmpager cannot post a request");
	return true;
}

static bool serve_box(struct rdma_keeper *k, uint32_t lane, uint32_t box)
{
	uint32_t kind = rdma_box(k->ctx, lane, box)->kind;

	if (kind != RDMA_REGISTER)
		return transfer(k, lane, box, kind == RDMA_READ);
	if (!begin_box(k, lane, box, 0) || !register_lane(k, lane))
		return false;
	finish_box(k, lane, box);
	return true;
}

static bool serve_all(struct rdma_keeper *k)
{
	struct rdma_shared *s = shared_of(k);
	bool any = false;

	for (uint32_t lane = 0; lane < RDMA_LANES; lane++) {
		for (uint32_t box = 0; box < RDMA_BOXES && s->lanes[lane]; box++) {
			if (s->states[lane][box] == BOX_REQUESTED && !s->server.lost)
				any |= serve_box(k, lane, box);
		}
	}
	return any;
}

static void *post(void *arg)
{
	struct rdma_keeper *k = arg;
	struct rdma_shared *s = shared_of(k);

	while (!k->stop) {
		uint32_t bell = s->bell;

		if (serve_all(k))
			continue;
		s->asleep = 1;
		rdma_wait(&s->bell, bell, LOOK_MS * NSEC_PER_MSEC);
		s->asleep = 0;
	}
	return NULL;
}

/* --- the thread that takes what has completed ---------------------------------------------------------------- */

static void take_completion(struct rdma_keeper *k, const struct ibv_wc *wc)
{
	uint32_t lane = (uint32_t)(wc->wr_id / RDMA_BOXES), box = wc->wr_id % RDMA_BOXES;
	struct link *link = &k->links[box == LOAD_BOX ? 0 : 1];

	if (wc->wr_id == GOOD_BYE) {
		k->bye_done = true;
		return;
	}
	if (wc->status != IBV_WC_SUCCESS) {
		lose(k, (k->v.ibv_wc_status_str)(wc->status));
		return;
	}
	link->room += k->posted[lane][box];
	link->came_ns = clock_ns();
	k->begun_ns[lane][box] = 0;
	finish_box(k, lane, box);
	if (atomic_exchange(&k->starved, false))
		rdma_ring(shared_of(k));
}

static void take_completions(struct rdma_keeper *k)
{
	struct ibv_wc wc[16];
	struct ibv_cq *cq;
	void *unused;
	int n;

	if ((k->v.ibv_get_cq_event)(k->completions, &cq, &unused))
		return;
	(k->v.ibv_ack_cq_events)(cq, 1);
	if (ibv_req_notify_cq(cq, 0))
		lose(k, "the RDMA device reports no completions");
	while ((n = ibv_poll_cq(cq, 16, wc)) > 0) {
		for (int i = 0; i < n; i++)
			take_completion(k, &wc[i]);
	}
}

static void look_at_times(struct rdma_keeper *k)
{
	struct rdma_shared *s = shared_of(k);
	uint64_t now_ns = clock_ns();
	char why[64];

	s->keeper_ns = now_ns;
	for (uint32_t i = 0; i < RDMA_LANES * RDMA_BOXES; i++) {
		uint32_t lane = i / RDMA_BOXES, box = i % RDMA_BOXES;
		const struct link *link = &k->links[box == LOAD_BOX ? 0 : 1];
		uint64_t since_ns = k->begun_ns[lane][box];

		if (s->states[lane][box] != BOX_UNDER_WAY || !since_ns)
			continue;
		/* Those before it in its queue may take their time. */
		since_ns = link->came_ns > since_ns ? link->came_ns : since_ns;
		if (now_ns < since_ns + s->server.timeout_ns)
			continue;
		snprintf(why, sizeof(why), "nothing came from it for %llu ms",
			 (unsigned long long)(s->server.timeout_ns / NSEC_PER_MSEC));
		lose(k, why);
	}
}

static void take_event(struct rdma_keeper *k)
{
	struct answer event;

	if (next_event(k, 0, &event))
		return;
	if (event.type == RDMA_CM_EVENT_DISCONNECTED)
		lose(k, "it closed the connection");
	else if (event.type == RDMA_CM_EVENT_DEVICE_REMOVAL)
		lose(k, "the RDMA device is gone");
}

static void *take(void *arg)
{
	struct rdma_keeper *k = arg;
	struct pollfd fds[] = { { k->completions->fd, POLLIN, 0 }, { k->events->fd, POLLIN, 0 } };

	while (!k->stop || !k->bye_done) {
		if (poll(fds, 2, LOOK_MS) > 0) {
			if (fds[0].revents)
				take_completions(k);
			if (fds[1].revents)
				take_event(k);
		}
		look_at_times(k);
	}
	return NULL;
}

/* --- begin and end -------------------------------------------------------------------------------------------- */

static int start_thread(pthread_t *thread, void *(*fn)(void *), void *arg, bool *ret_runs,
			struct err *err)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	*ret_runs = rc == 0;
	return rc ? err_failed(err, rc, "pool rdma: cannot start a thread") : 0;
}

int rdma_keeper_start(struct pool_ctx *ctx, const struct pool_server_params *p, struct err *err)
{
	struct rdma_shared *s = ctx->shared;
	struct rdma_keeper *k = xcalloc(1, sizeof(*k));
	int rc;

	k->ctx = ctx;
	s->keeper = k;
	s->keeper_ns = clock_ns();
	rc = verbs_load(&k->v, err);
	if (!rc)
		rc = connect_all(k, p, err);
	if (rc)
		return rc;
	pool_server_granted(ctx, k->bytes);
	rc = start_thread(&k->taker, take, k, &k->has_taker, err);
	return rc ? rc : start_thread(&k->poster, post, k, &k->has_poster, err);
}

/* Its memory is another's at once; without it the server keeps the memory for a while. */
static void say_bye(struct rdma_keeper *k)
{
	struct ibv_send_wr wr = { .wr_id = GOOD_BYE,
				  .opcode = IBV_WR_SEND,
				  .send_flags = IBV_SEND_SIGNALED },
			   *bad;
	uint64_t end_ns = clock_ns() + shared_of(k)->server.timeout_ns;

	if (shared_of(k)->server.lost || ibv_post_send(k->links[0].id->qp, &wr, &bad))
		return;
	while (!k->bye_done && clock_ns() < end_ns)
		poll(NULL, 0, 1);
}

static void end_threads(struct rdma_keeper *k)
{
	k->stop = true;
	if (k->has_poster) {
		rdma_ring(shared_of(k));
		pthread_join(k->poster, NULL);
	}
	if (k->has_taker) {
		say_bye(k);
		k->bye_done = true;
		pthread_join(k->taker, NULL);
	}
}

static void disconnect(struct rdma_keeper *k)
{
	for (size_t i = 0; i < QUEUE_PAIRS; i++) {
		struct rdma_cm_id *id = k->links[i].id;

		if (!id)
			continue;
		if (id->qp) {
			(k->v.rdma_disconnect)(id);
			(k->v.rdma_destroy_qp)(id);
		}
		(k->v.rdma_destroy_id)(id);
	}
}

void rdma_keeper_stop(struct pool_ctx *ctx)
{
	struct rdma_shared *s = ctx->shared;
	struct rdma_keeper *k = s->keeper;

	if (!k)
		return;
	end_threads(k);
	disconnect(k);
	for (size_t i = 0; i < RDMA_LANES; i++) {
		if (k->mrs[i])
			(k->v.ibv_dereg_mr)(k->mrs[i]);
	}
	if (k->cq)
		(k->v.ibv_destroy_cq)(k->cq);
	if (k->completions)
		(k->v.ibv_destroy_comp_channel)(k->completions);
	if (k->pd)
		(k->v.ibv_dealloc_pd)(k->pd);
	if (k->events)
		(k->v.rdma_destroy_event_channel)(k->events);
	free(k);
	s->keeper = NULL;
}

#endif
