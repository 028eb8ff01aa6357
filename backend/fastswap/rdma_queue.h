/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page's way through a queue pair to the memory that memserver lends. Of fastswap_rdma.ko's files
 *
 *	rdma.c		the module: its parameters, the pool's operations, debugfs
 *	rdma_link.c	connecting, losing the server, coming back to it
 *	rdma_grace.c	loads that wait for it meanwhile
 *	rdma_queue.c	a page's way
 *
 * each uses those below it, and none above.
 */
#ifndef FASTSWAP_RDMA_QUEUE_H
#define FASTSWAP_RDMA_QUEUE_H

#include <linux/completion.h>
#include <linux/dma-direction.h>
#include <linux/inet.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/srcu.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

#include "grant.h"
#include "pool.h"

#define RDMA_NAME "fastswap_rdma"

/* Requests under way on one queue pair: two windows of read-ahead at the largest page-cluster. */
#define QUEUE_DEPTH 128

/*
 * Loads that a task waits for, read-ahead and stores have queue pairs of their own, so that none
 * waits behind the others: a queue pair answers in order. For the first the task polls, and there is no
 * interrupt.
 */
enum queue_kind { QUEUE_LOAD, QUEUE_READAHEAD, QUEUE_STORE, NR_QUEUE_KINDS };

enum request_op { OP_READ, OP_WRITE, OP_PROBE, OP_GOOD_BYE };

struct page_request {
	struct ib_cqe cqe;
	struct list_head entry;		/* of the queue's free, busy or abandoned */
	enum request_op op;
	pgoff_t slot;
	struct page *page;		/* or NULL, for an op without one */
	pool_done_t done;
	void *ctx;
	/* From here on the queue's own. */
	u64 dma;
	unsigned long begin;		/* in jiffies */
	bool abandoned;
};

struct queue {
	struct rdma_link *link;
	enum queue_kind kind;
	unsigned int index;		/* of all of the link's */

	struct rdma_cm_id *id;		/* with its queue pair */
	struct ib_cq *cq;

	spinlock_t lock;		/* of the lists */
	struct list_head free, busy;	/* busy: the oldest first */
	struct list_head abandoned;	/* answered, though the NIC may still hold the page */
	wait_queue_head_t freed;
	struct page_request requests[QUEUE_DEPTH];

	/* While connecting: one event at a time is waited for. */
	struct completion event;
	unsigned long deadline;		/* in jiffies */
	int event_err;
	bool established;
};

struct rdma_counters {
	atomic64_t errors;		/* requests that failed, whatever for */
	atomic64_t timeouts;		/* of them, those that nobody answered in time */
	atomic64_t sleeps;		/* waits that spinning didn't end */
	atomic64_t losses;		/* of the server */
	atomic64_t reconnects;
};

struct rdma_link {
	/* What the module was told. */
	struct sockaddr_storage server, client;
	char server_name[INET6_ADDRSTRLEN + 8];
	bool has_client;		/* a source address was given */
	unsigned int timeout_ms;
	u64 spin_ns;

	/* What the server granted, checked. */
	u64 session;
	u64 bytes, address;
	u32 rkey;
	struct grant_terms terms;	/* that each grant must meet */

	/*
	 * 0 while connected; else the -errno with which all requests fail. Whoever uses a queue's
	 * id or cq does so under srcu and after a look at this.
	 */
	int err;
	bool opened;			/* every queue pair was there once */
	bool leaving;			/* no more reconnecting */
	bool forgotten;			/* the server refuses to resume the session, for good */
	bool told;			/* the log has that the server refuses for now */
	struct srcu_struct users;

	struct ib_device *device;
	struct ib_pd *pd;
	struct queue *queues;
	unsigned int nr_queues, nr_per_kind;

	struct timer_list watchdog;	/* nothing waits for ever: see fsw_link_watch() */
	struct workqueue_struct *works;
	struct delayed_work repair;	/* rdma_link.c's: comes back to the server */
	bool probing;

	/* rdma_grace.c's: loads that wait while the session can be resumed. Jiffies. */
	unsigned long grace, lost_at;
	wait_queue_head_t settled;	/* it was, or never will be */
	spinlock_t waiting_lock;
	struct list_head waiting;
	struct delayed_work grace_work;
	mempool_t *waiting_pool;

	struct rdma_counters counters;
};

int fsw_queue_open(struct queue *queue);	/* its cq, on the link's device; its id is there */
void fsw_queue_close(struct queue *queue);	/* the NIC has let go of all pages then */
void fsw_queue_init(struct queue *queue);
unsigned int fsw_queue_in_flight(struct queue *queue);

/*
 * `as` tells op, slot, page, done and ctx. done is called exactly once, possibly before
 * fsw_request_start() returns; fsw_request_wait() has its own and returns what it was told.
 */
void fsw_request_start(struct rdma_link *link, enum queue_kind kind, const struct page_request *as);
int fsw_request_wait(struct rdma_link *link, enum queue_kind kind, enum request_op op, pgoff_t slot,
		 struct page *page);
void fsw_link_watch(struct timer_list *timer);

/* From any context: every request fails from now on. The first caller's reason is logged. */
void fsw_link_fail(struct rdma_link *link, int err, const char *why);

static inline unsigned long fsw_link_tick(const struct rdma_link *link)
{
	return msecs_to_jiffies(link->timeout_ms / 16);
}

#endif
