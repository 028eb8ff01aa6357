// SPDX-License-Identifier: GPL-2.0
/*
 * The connections to the server: one per queue pair, by the handshake of memserver.
 *
 * When the server is lost, all requests fail at once, and a worker takes the connections down and
 * tries for the rest of its life to resume the session. Only the server that granted it knows it,
 * and only as long as it keeps its memory: what comes back is what was stored, or nothing ever.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/version.h>

#include "rdma_grace.h"
#include "rdma_link.h"

/* The name of del_timer_sync() since 6.2, and its only one on 7.3. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync del_timer_sync
#endif

/* Soft-RoCE takes the largest count, 7, as "for ever". The server's NIC is told to do the same. */
#define RETRIES 6

/* As many reads as a queue pair may have unanswered; devices may allow fewer. */
#define READS_IN_FLIGHT 16

/* The least time for each first connection: a busy machine needs more than a page may wait. */
#define FIRST_CONNECT_MS 5000u

static struct memserver_head head(enum memserver_kind kind)
{
	return (struct memserver_head){
		.magic = cpu_to_be32(MEMSERVER_MAGIC),
		.version = cpu_to_be16(MEMSERVER_VERSION),
		.kind = cpu_to_be16(kind),
	};
}

static bool is_ours(const struct memserver_head *h, enum memserver_kind kind)
{
	return h->magic == cpu_to_be32(MEMSERVER_MAGIC) && h->kind == cpu_to_be16(kind);
}

#define DOES_IT_ANSWER	"does ping reach it?"
#define IS_IT_RDMA	"is it reached through an RDMA device (rdma link, ip route)?"

/* Attempts to resume fail in silence: the loss itself was told. */
static __printf(2, 3) void complain(const struct rdma_link *link, const char *fmt, ...)
{
	struct va_format complaint = { .fmt = fmt };
	va_list args;

	if (link->opened)
		return;
	va_start(args, fmt);
	complaint.va = &args;
	pr_err(RDMA_NAME ": %s: %pV\n", link->server_name, &complaint);
	va_end(args);
}

static void refused(struct queue *queue, struct rdma_cm_event *event)
{
	struct rdma_link *link = queue->link;
	const struct memserver_refusal *refusal;
	u8 len;

	queue->event_err = -ECONNREFUSED;
	refusal = rdma_consumer_reject_data(queue->id, event, &len);
	if (!refusal) {
		complain(link, "%s: is memserver running there, on this port?",
			 rdma_reject_msg(queue->id, event->status));
	} else if (len < offsetof(struct memserver_refusal, code) ||
		   !is_ours(&refusal->head, MEMSERVER_REFUSAL)) {
		complain(link, "refused by something that is not memserver");
	} else {
		bool transient = len >= sizeof(*refusal) &&
				 refusal->code == cpu_to_be16(MEMSERVER_TRANSIENT);

		if (transient)
			queue->event_err = -EAGAIN;
		else
			link->forgotten = link->opened;
		if (!transient || !link->told)
			pr_err(RDMA_NAME ": %s refuses: %*pE\n", link->server_name,
			       (int)strnlen(refusal->why, MEMSERVER_WHY_MAX), refusal->why);
		link->told |= transient;
	}
}

/* The first grant makes the session, later ones confirm it. */
static int take_grant(struct rdma_link *link, const struct rdma_conn_param *conn)
{
	const struct memserver_grant *grant = conn->private_data;
	const char *fault = grant_fault(grant, grant ? conn->private_data_len : 0,
					conn->initiator_depth, &link->terms);

	if (fault) {
		pr_err_ratelimited(RDMA_NAME ": %s can't be used: %s\n", link->server_name, fault);
		return -EPROTO;
	}
	if (link->session)
		return 0;
	link->session = be64_to_cpu(grant->session);
	link->bytes = be64_to_cpu(grant->bytes);
	link->address = be64_to_cpu(grant->address);
	link->rkey = be32_to_cpu(grant->rkey);
	link->nr_queues = rounddown(be16_to_cpu(grant->queue_pairs), NR_QUEUE_KINDS);
	link->terms = (struct grant_terms){
		.bytes_least = link->bytes,
		.queue_pairs_least = link->nr_queues,
		.queue_pairs_most = link->terms.queue_pairs_most,
		.depth_most = link->terms.depth_most,
		.session = link->session,
		.address = link->address,
		.rkey = link->rkey,
	};
	return 0;
}

static int on_cm_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct queue *queue = id->context;
	struct rdma_link *link = queue->link;

	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		queue->event_err = 0;
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		queue->event_err = take_grant(link, &event->param.conn);
		queue->established = true;
		break;
	case RDMA_CM_EVENT_REJECTED:
		refused(queue, event);
		break;
	case RDMA_CM_EVENT_DISCONNECTED:
		fsw_link_fail(link, -ECONNRESET, "it closed the connection");
		queue->event_err = -ECONNRESET;
		break;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		fsw_link_fail(link, -ENODEV, "the RDMA device is gone");
		queue->event_err = -ENODEV;
		break;
	case RDMA_CM_EVENT_ADDR_ERROR:
	case RDMA_CM_EVENT_ROUTE_ERROR:
		complain(link, "%s (%d): %s", rdma_event_msg(event->event), event->status,
			 event->status == -ETIMEDOUT ? DOES_IT_ANSWER : IS_IT_RDMA);
		queue->event_err = -EHOSTUNREACH;
		break;
	case RDMA_CM_EVENT_CONNECT_ERROR:
	case RDMA_CM_EVENT_UNREACHABLE:
		complain(link, "%s (%d)", rdma_event_msg(event->event), event->status);
		queue->event_err = -EHOSTUNREACH;
		break;
	default:
		return 0;
	}
	complete(&queue->event);
	return 0;
}

/* No page waits for the first connections, only who loads the module. */
static unsigned int connect_ms(const struct rdma_link *link)
{
	return link->opened ? link->timeout_ms : max(link->timeout_ms, FIRST_CONNECT_MS);
}

/* Of one queue pair's connecting, all steps together: what fails is cleared away in time, too. */
static unsigned int patience_ms(const struct rdma_link *link)
{
	return connect_ms(link) * 7 / 8;
}

/* err is what the step's call returned: its outcome comes by an event, or doesn't, for a cause. */
static int await(struct queue *queue, int err, const char *step, const char *cause)
{
	struct rdma_link *link = queue->link;
	unsigned long left;

	if (err) {
		complain(link, "%s fails (%d): " IS_IT_RDMA, step, err);
		return err;
	}
	left = max_t(long, queue->deadline - jiffies, 1);
	if (!wait_for_completion_timeout(&queue->event, left)) {
		complain(link, "%s: no answer within %u ms: %s", step, patience_ms(link), cause);
		return -ETIMEDOUT;
	}
	return queue->event_err;
}

static int resolve(struct queue *queue)
{
	struct rdma_link *link = queue->link;
	struct sockaddr *from = link->has_client ? (struct sockaddr *)&link->client : NULL;
	int err;

	err = await(queue, rdma_resolve_addr(queue->id, from, (struct sockaddr *)&link->server,
					     connect_ms(link)),
		    "resolving the address", DOES_IT_ANSWER);
	if (err)
		return err;
	return await(queue, rdma_resolve_route(queue->id, connect_ms(link)),
		     "resolving the route", "does the fabric have a subnet manager?");
}

static void on_queue_event(struct ib_event *event, void *context)
{
	struct queue *queue = context;

	fsw_link_fail(queue->link, -EIO, ib_event_msg(event->event));
}

static int make_queue_pair(struct queue *queue)
{
	struct rdma_link *link = queue->link;
	struct ib_qp_init_attr attr = {
		.event_handler = on_queue_event,
		.qp_context = queue,
		.qp_type = IB_QPT_RC,
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.cap = { .max_send_wr = QUEUE_DEPTH, .max_recv_wr = 1,
			 .max_send_sge = 1, .max_recv_sge = 1 },
	};
	int err;

	if (!link->device) {
		link->device = queue->id->device;
		link->pd = ib_alloc_pd(link->device, 0);
		if (IS_ERR(link->pd)) {
			err = PTR_ERR(link->pd);
			link->pd = NULL;
			return err;
		}
	}
	if (queue->id->device != link->device)
		return -EXDEV;
	err = fsw_queue_open(queue);
	if (err)
		return err;
	attr.send_cq = attr.recv_cq = queue->cq;
	return rdma_create_qp(queue->id, link->pd, &attr);
}

/* The NIC's own time-out, 4.096 us * 2^n: all retries fit in half of ours. */
static u8 ack_timeout(const struct rdma_link *link)
{
	return clamp(ilog2(link->timeout_ms * 1000 / 16 / 4), 1, 31);
}

static int connect_queue(struct queue *queue, const void *hello, u8 len)
{
	struct rdma_link *link = queue->link;
	struct rdma_conn_param param = {
		.private_data = hello,
		.private_data_len = len,
		.retry_count = RETRIES,
		.rnr_retry_count = 7,
	};
	int err;

	reinit_completion(&queue->event);
	queue->established = false;
	queue->deadline = jiffies + msecs_to_jiffies(patience_ms(link));
	queue->id = rdma_create_id(&init_net, on_cm_event, queue, RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(queue->id)) {
		err = PTR_ERR(queue->id);
		queue->id = NULL;
		return err;
	}
	err = resolve(queue);
	if (err)
		return err;
	err = make_queue_pair(queue);
	if (err) {
		complain(link, "cannot make queue pair %u on %s: %d", queue->index,
			 queue->id->device->name, err);
		return err;
	}
	param.initiator_depth = min(link->device->attrs.max_qp_init_rd_atom, READS_IN_FLIGHT);
	link->terms.depth_most = param.initiator_depth;
	rdma_set_ack_timeout(queue->id, ack_timeout(link));
	return await(queue, rdma_connect(queue->id, &param), "connecting",
		     "is it up, and does a firewall let UDP port 4791 through?");
}

/*
 * The first queue pair begins the session by `open`, or resumes the session that there is, the others
 * join.
 */
static int connect_all(struct rdma_link *link, const struct memserver_open *open)
{
	struct memserver_join resume = {
		.head = head(MEMSERVER_RESUME),
		.session = cpu_to_be64(link->session),
	};
	struct memserver_join join = { .head = head(MEMSERVER_JOIN) };
	unsigned int i;
	int err;

	if (link->session)
		err = connect_queue(&link->queues[0], &resume, sizeof(resume));
	else
		err = connect_queue(&link->queues[0], open, sizeof(*open));
	join.session = cpu_to_be64(link->session);
	for (i = 1; !err && i < link->nr_queues; i++)
		err = connect_queue(&link->queues[i], &join, sizeof(join));
	return err;
}

/*
 * Once err is set. Ends within the time-out: see fsw_link_watch(). The end of each id tells the server,
 * one after the other: of several messages at once that it can't send, the interface being down,
 * Soft-RoCE 6.1 completes the first only, and an id waits for its own.
 */
static void link_down(struct rdma_link *link)
{
	struct queue *queue, *end = link->queues + link->nr_queues;
	struct ib_qp_attr failed = { .qp_state = IB_QPS_ERR };

	for (queue = link->queues; queue < end; queue++)
		if (queue->id && queue->established)
			ib_modify_qp(queue->id->qp, &failed, IB_QP_STATE);
	synchronize_srcu(&link->users);
	for (queue = link->queues; queue < end; queue++) {
		while (fsw_queue_in_flight(queue))
			msleep(1);
		fsw_queue_close(queue);
		if (queue->id)
			rdma_destroy_id(queue->id);
		queue->id = NULL;
	}
	if (link->pd)
		ib_dealloc_pd(link->pd);
	link->pd = NULL;
	link->device = NULL;
}

static void link_is_back(struct rdma_link *link)
{
	atomic64_inc(&link->counters.reconnects);
	link->told = false;
	WRITE_ONCE(link->probing, false);
	WRITE_ONCE(link->err, 0);
	fsw_grace_over(link);
	fastswap_pool_recovered();
	pr_notice(RDMA_NAME ": the server %s is back, with all pages\n", link->server_name);
}

static void link_repair(struct work_struct *work)
{
	struct rdma_link *link = container_of(to_delayed_work(work), struct rdma_link, repair);
	unsigned long next = jiffies + msecs_to_jiffies(link->timeout_ms);

	link_down(link);
	if (READ_ONCE(link->leaving))
		return;
	if (!connect_all(link, NULL)) {
		link_is_back(link);
		return;
	}
	link_down(link);
	if (link->forgotten) {
		pr_err(RDMA_NAME ": pages stored on %s are lost; this pool stays failed\n",
		       link->server_name);
		fsw_grace_over(link);
	} else {
		queue_delayed_work(link->works, &link->repair, max_t(long, next - jiffies, 0));
	}
}

/* A transient refusal may have passed a moment later. */
static int open_session(struct rdma_link *link, const struct memserver_open *open)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(link->timeout_ms);
	int err;

	for (;;) {
		err = connect_all(link, open);
		if (!err)
			return 0;
		link_down(link);
		if (err != -EAGAIN || time_after(jiffies, deadline))
			return err == -EAGAIN ? -ECONNREFUSED : err;
		msleep(link->timeout_ms / 16);
	}
}

int fsw_link_open(struct rdma_link *link, const struct link_demand *demand)
{
	struct memserver_open open = {
		.head = head(MEMSERVER_OPEN),
		.bytes_least = cpu_to_be64(demand->bytes_least),
		.bytes_most = cpu_to_be64(demand->bytes_most),
		.queue_pairs_least = cpu_to_be16(demand->nr_least),
		.queue_pairs_most = cpu_to_be16(demand->nr_most),
	};
	unsigned int i;
	int err;

	memcpy(open.token, demand->token, min(strlen(demand->token), sizeof(open.token)));
	err = init_srcu_struct(&link->users);
	if (err)
		return err;
	err = fsw_grace_init(link, demand->grace_ms);
	if (err)
		goto clean_users;
	err = -ENOMEM;
	/* Pages may wait for what it does, and memory for them. */
	link->works = alloc_workqueue(RDMA_NAME, WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!link->works)
		goto release_grace;
	link->nr_queues = demand->nr_most;
	link->queues = kvcalloc(link->nr_queues, sizeof(*link->queues), GFP_KERNEL);
	if (!link->queues)
		goto destroy_works;
	for (i = 0; i < link->nr_queues; i++) {
		link->queues[i].link = link;
		link->queues[i].kind = i % NR_QUEUE_KINDS;
		link->queues[i].index = i;
		fsw_queue_init(&link->queues[i]);
	}
	INIT_DELAYED_WORK(&link->repair, link_repair);
	timer_setup(&link->watchdog, fsw_link_watch, 0);
	link->err = -ENOTCONN;
	link->terms = (struct grant_terms){
		.bytes_least = demand->bytes_least,
		.queue_pairs_least = demand->nr_least,
		.queue_pairs_most = demand->nr_most,
	};
	err = open_session(link, &open);
	if (err)
		goto free_queues;
	link->opened = true;
	link->told = false;
	link->nr_per_kind = link->nr_queues / NR_QUEUE_KINDS;
	WRITE_ONCE(link->err, 0);
	mod_timer(&link->watchdog, jiffies + fsw_link_tick(link));
	return 0;

free_queues:
	kvfree(link->queues);
destroy_works:
	destroy_workqueue(link->works);
release_grace:
	mempool_destroy(link->waiting_pool);
clean_users:
	cleanup_srcu_struct(&link->users);
	return err;
}

void fsw_link_close(struct rdma_link *link)
{
	WRITE_ONCE(link->leaving, true);
	fsw_grace_over(link);
	cancel_delayed_work_sync(&link->repair);
	/* One that is queued from here on takes the link down, and no more. */
	fsw_request_wait(link, QUEUE_STORE, OP_GOOD_BYE, 0, NULL);
	cmpxchg(&link->err, 0, -ESHUTDOWN);
	cancel_delayed_work_sync(&link->repair);
	link_down(link);
	timer_delete_sync(&link->watchdog);
	fsw_grace_release(link);
	destroy_workqueue(link->works);
	kvfree(link->queues);
	cleanup_srcu_struct(&link->users);
}
