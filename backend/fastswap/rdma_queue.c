// SPDX-License-Identifier: GPL-2.0
/*
 * One page per request, one request per page. A request ends exactly once: by its completion, or
 * abandoned by the watchdog when even a queue pair in error state doesn't give it back. Then the
 * page is kept from reuse, since a NIC may still write to it.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "rdma_queue.h"

static const struct {
	enum ib_wr_opcode opcode;
	enum dma_data_direction dir;
} ops[] = {
	[OP_READ] = { IB_WR_RDMA_READ, DMA_FROM_DEVICE },
	[OP_WRITE] = { IB_WR_RDMA_WRITE, DMA_TO_DEVICE },
	[OP_PROBE] = { IB_WR_RDMA_WRITE, DMA_NONE },
	[OP_GOOD_BYE] = { IB_WR_SEND, DMA_NONE },
};

/* What the watchdog does to a request of this age. It comes round every sixteenth of it all. */
static unsigned long fail_age(const struct rdma_link *link)
{
	return msecs_to_jiffies(link->timeout_ms * 3 / 4);
}

static unsigned long abandon_age(const struct rdma_link *link)
{
	return msecs_to_jiffies(link->timeout_ms * 7 / 8);
}

void fsw_link_fail(struct rdma_link *link, int err, const char *why)
{
	if (READ_ONCE(link->err))
		return;
	/* Before anybody can see that it is lost. */
	WRITE_ONCE(link->lost_at, jiffies);
	if (cmpxchg(&link->err, 0, err))
		return;
	atomic64_inc(&link->counters.losses);
	pr_err(RDMA_NAME ": lost the server %s: %s\n", link->server_name, why);
	queue_delayed_work(link->works, &link->repair, 0);
}

static void give_back(struct queue *queue, struct page_request *request)
{
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	list_add(&request->entry, &queue->free);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (wq_has_sleeper(&queue->freed))
		wake_up(&queue->freed);
}

static void unmap(struct queue *queue, struct page_request *request)
{
	struct ib_device *device = queue->link->device;

	if (request->page && !ib_dma_mapping_error(device, request->dma))
		ib_dma_unmap_page(device, request->dma, PAGE_SIZE, ops[request->op].dir);
}

/* The NIC is done with it. */
static void end_request(struct queue *queue, struct page_request *request, int err)
{
	struct page *page = request->page;
	pool_done_t done = request->done;
	void *ctx = request->ctx;
	unsigned long flags;
	bool abandoned;

	spin_lock_irqsave(&queue->lock, flags);
	abandoned = request->abandoned;
	list_del(&request->entry);
	spin_unlock_irqrestore(&queue->lock, flags);
	unmap(queue, request);
	give_back(queue, request);
	if (!abandoned)
		done(ctx, page, err);
	else if (page)
		put_page(page);
}

static void completed(struct ib_cq *cq, struct ib_wc *wc)
{
	struct page_request *request = container_of(wc->wr_cqe, struct page_request, cqe);
	struct queue *queue = cq->cq_context;

	if (likely(wc->status == IB_WC_SUCCESS)) {
		end_request(queue, request, 0);
		return;
	}
	atomic64_inc(&queue->link->counters.errors);
	fsw_link_fail(queue->link, -EIO, ib_wc_status_msg(wc->status));
	end_request(queue, request, READ_ONCE(queue->link->err) ?: -EIO);
}

/* NULL: as many as the queue pair takes are under way. */
static struct page_request *claim(struct queue *queue, const struct page_request *as)
{
	struct page_request *request;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	request = list_first_entry_or_null(&queue->free, struct page_request, entry);
	if (request) {
		list_del(&request->entry);
		*request = *as;
		request->cqe.done = completed;
		request->begin = jiffies;
		list_add_tail(&request->entry, &queue->busy);
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	return request;
}

void fsw_queue_init(struct queue *queue)
{
	int i;

	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->free);
	INIT_LIST_HEAD(&queue->busy);
	INIT_LIST_HEAD(&queue->abandoned);
	init_waitqueue_head(&queue->freed);
	init_completion(&queue->event);
	for (i = 0; i < QUEUE_DEPTH; i++)
		list_add_tail(&queue->requests[i].entry, &queue->free);
}

int fsw_queue_open(struct queue *queue)
{
	struct ib_device *device = queue->link->device;
	int vector = queue->index / NR_QUEUE_KINDS % device->num_comp_vectors;
	enum ib_poll_context by = queue->kind == QUEUE_LOAD ? IB_POLL_DIRECT : IB_POLL_SOFTIRQ;
	struct ib_cq *cq = ib_alloc_cq(device, queue, QUEUE_DEPTH, vector, by);

	if (IS_ERR(cq))
		return PTR_ERR(cq);
	queue->cq = cq;
	return 0;
}

void fsw_queue_close(struct queue *queue)
{
	struct page_request *request, *next;

	if (queue->id && queue->id->qp)
		rdma_destroy_qp(queue->id);
	if (queue->cq)
		ib_free_cq(queue->cq);
	queue->cq = NULL;
	/* What the NIC never gave back it can't touch any more. */
	list_for_each_entry_safe(request, next, &queue->abandoned, entry)
		end_request(queue, request, 0);
}

unsigned int fsw_queue_in_flight(struct queue *queue)
{
	struct list_head *entry;
	unsigned long flags;
	unsigned int n = 0;

	spin_lock_irqsave(&queue->lock, flags);
	list_for_each(entry, &queue->busy)
		n++;
	spin_unlock_irqrestore(&queue->lock, flags);
	return n;
}

static int post(struct queue *queue, struct page_request *request)
{
	struct rdma_link *link = queue->link;
	struct ib_sge sge = { .length = PAGE_SIZE, .lkey = link->pd->local_dma_lkey };
	struct ib_rdma_wr wr = {
		.wr = {
			.wr_cqe = &request->cqe,
			.opcode = ops[request->op].opcode,
			.send_flags = IB_SEND_SIGNALED,
			.sg_list = &sge,
		},
		.remote_addr = link->address + ((u64)request->slot << PAGE_SHIFT),
		.rkey = link->rkey,
	};
	int err;

	if (request->page) {
		request->dma = ib_dma_map_page(link->device, request->page, 0, PAGE_SIZE,
					       ops[request->op].dir);
		if (ib_dma_mapping_error(link->device, request->dma))
			return -ENOMEM;
		sge.addr = request->dma;
		wr.wr.num_sge = 1;
	}
	/*
	 * A software NIC's work is a soft interrupt that this raises. It shall run right here, at
	 * the end of the block, and not in a thread that has yet to be scheduled.
	 */
	local_bh_disable();
	err = ib_post_send(queue->id->qp, &wr.wr, NULL);
	local_bh_enable();
	if (unlikely(err))
		fsw_link_fail(link, -EIO, "the RDMA device takes no more requests");
	return err;
}

/* The CPU is a hint: a task that moves on shares another CPU's queue pair for once. */
static struct queue *pick_queue(struct rdma_link *link, enum queue_kind kind)
{
	return &link->queues[raw_smp_processor_id() % link->nr_per_kind * NR_QUEUE_KINDS + kind];
}

/* The end of a request that could not be posted is no different from any other. */
static void launch(struct queue *queue, struct page_request *request)
{
	int err = post(queue, request);

	if (likely(!err))
		return;
	atomic64_inc(&queue->link->counters.errors);
	end_request(queue, request, err);
}

/*
 * Under link->users. Returns the queue that has the request, or NULL when there is no server. A
 * queue that stays full has late requests, and these fail the link: the wait has an end.
 */
static struct queue *start(struct rdma_link *link, enum queue_kind kind,
			   const struct page_request *as)
{
	struct queue *queue = pick_queue(link, kind);
	struct page_request *request = NULL;

	if (likely(!READ_ONCE(link->err)))
		request = claim(queue, as);
	if (unlikely(!request))
		wait_event(queue->freed, READ_ONCE(link->err) || (request = claim(queue, as)));
	if (unlikely(!request)) {
		as->done(as->ctx, as->page, READ_ONCE(link->err) ?: -EIO);
		return NULL;
	}
	launch(queue, request);
	return queue;
}

void fsw_request_start(struct rdma_link *link, enum queue_kind kind, const struct page_request *as)
{
	int user = srcu_read_lock(&link->users);

	start(link, kind, as);
	srcu_read_unlock(&link->users, user);
}

struct waiter {
	struct completion over;
	int err;
};

static void wake(void *ctx, struct page *page, int err)
{
	struct waiter *waiter = ctx;

	waiter->err = err;
	complete(&waiter->over);
}

/*
 * A few microseconds are too short to sleep. Bottom halves and other tasks get their turn, as the
 * answer may come through either: Soft-RoCE's does.
 */
static bool spin(struct queue *queue, struct waiter *waiter, u64 spin_ns)
{
	u64 end_ns = ktime_get_ns() + spin_ns;

	do {
		ib_process_cq_direct(queue->cq, -1);
		if (completion_done(&waiter->over))
			return true;
		local_bh_disable();
		local_bh_enable();
		cond_resched();
		cpu_relax();
	} while (ktime_get_ns() < end_ns);
	return false;
}

#define NAP_LEAST_US	10
#define NAP_MOST_US	1000

/* For a queue that nobody else polls. A nap is no longer than what was waited already. */
static void poll(struct queue *queue, struct waiter *waiter)
{
	unsigned int us = NAP_LEAST_US;

	while (!completion_done(&waiter->over)) {
		usleep_range(us, 2 * us);
		us = min_t(unsigned int, 2 * us, NAP_MOST_US);
		ib_process_cq_direct(queue->cq, -1);
	}
}

int fsw_request_wait(struct rdma_link *link, enum queue_kind kind, enum request_op op, pgoff_t slot,
		 struct page *page)
{
	struct waiter waiter = { .over = COMPLETION_INITIALIZER_ONSTACK(waiter.over) };
	struct page_request as = { .op = op, .slot = slot, .page = page, .done = wake,
				   .ctx = &waiter };
	int user = srcu_read_lock(&link->users);
	struct queue *queue = start(link, kind, &as);

	if (queue && !spin(queue, &waiter, link->spin_ns)) {
		atomic64_inc(&link->counters.sleeps);
		if (queue->kind == QUEUE_LOAD)
			poll(queue, &waiter);
	}
	/* Every request comes to an end: see fsw_link_watch(). */
	wait_for_completion_io(&waiter.over);
	srcu_read_unlock(&link->users, user);
	return waiter.err;
}

/* Answers the oldest request in the place of its completion. False: none is that old. */
static bool abandon_oldest(struct queue *queue)
{
	struct rdma_link *link = queue->link;
	struct page_request *request;
	struct page *page;
	pool_done_t done;
	unsigned long flags;
	void *ctx;

	spin_lock_irqsave(&queue->lock, flags);
	request = list_first_entry_or_null(&queue->busy, struct page_request, entry);
	if (!request || time_before(jiffies, request->begin + abandon_age(link))) {
		spin_unlock_irqrestore(&queue->lock, flags);
		return false;
	}
	page = request->page;
	done = request->done;
	ctx = request->ctx;
	if (page)
		get_page(page);
	request->abandoned = true;
	list_move_tail(&request->entry, &queue->abandoned);
	spin_unlock_irqrestore(&queue->lock, flags);
	done(ctx, page, -ETIMEDOUT);
	return true;
}

static bool is_late(struct queue *queue)
{
	struct page_request *request;
	unsigned long flags;
	bool late;

	spin_lock_irqsave(&queue->lock, flags);
	request = list_first_entry_or_null(&queue->busy, struct page_request, entry);
	late = request && time_after(jiffies, request->begin + fail_age(queue->link));
	spin_unlock_irqrestore(&queue->lock, flags);
	return late;
}

static void probed(void *ctx, struct page *page, int err)
{
	struct rdma_link *link = ctx;

	WRITE_ONCE(link->probing, false);
}

/*
 * A write of no bytes: the server's NIC answers it, so silence is noticed without any load. Not
 * among reads: Soft-RoCE (as of 6.12) takes the length of a read that it answers once more from
 * whatever came last, and fails the read when that had none.
 */
static void probe(struct rdma_link *link)
{
	const struct page_request as = { .op = OP_PROBE, .done = probed, .ctx = link };
	struct queue *queue = &link->queues[QUEUE_STORE];
	int user = srcu_read_lock(&link->users);
	struct page_request *request;

	if (!READ_ONCE(link->err) && !READ_ONCE(link->probing)) {
		request = claim(queue, &as);
		WRITE_ONCE(link->probing, request);
		if (request)
			launch(queue, request);
	}
	srcu_read_unlock(&link->users, user);
}

/*
 * A late request fails the link, which ends all requests by putting their queue pairs in error
 * state; one that comes to no end even so is abandoned. A timer and no work, since whoever waits
 * for memory may wait for this.
 */
void fsw_link_watch(struct timer_list *timer)
{
	struct rdma_link *link = container_of(timer, struct rdma_link, watchdog);
	struct queue *queue;

	for (queue = link->queues; queue < link->queues + link->nr_queues; queue++) {
		if (!READ_ONCE(link->err) && is_late(queue)) {
			atomic64_inc(&link->counters.timeouts);
			fsw_link_fail(link, -ETIMEDOUT, "it does not answer");
		}
		while (abandon_oldest(queue))
			atomic64_inc(&link->counters.errors);
		if (READ_ONCE(link->err))
			wake_up_all(&queue->freed);
	}
	probe(link);
	mod_timer(&link->watchdog, jiffies + fsw_link_tick(link));
}
