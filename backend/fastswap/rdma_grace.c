// SPDX-License-Identifier: GPL-2.0
#include <linux/mempool.h>
#include <linux/sched/signal.h>

#include "rdma_grace.h"

/* An asynchronous load, which may have to wait. */
struct waiting {
	struct rdma_link *link;
	struct list_head entry;		/* of link->waiting, while it waits */
	pgoff_t slot;
	pool_done_t done;
	void *ctx;
	struct page *page;
};

/* All that can be under way, and a window of read-ahead that waits to be. */
#define MIN_WAITING (2 * QUEUE_DEPTH)

static bool is_awaited(struct rdma_link *link)
{
	return link->grace && !READ_ONCE(link->leaving) && !READ_ONCE(link->forgotten) &&
	       time_before(jiffies, READ_ONCE(link->lost_at) + link->grace);
}

static unsigned long time_left(struct rdma_link *link)
{
	return max_t(long, READ_ONCE(link->lost_at) + link->grace - jiffies, 1);
}

unsigned int fsw_grace_left_ms(struct rdma_link *link)
{
	return READ_ONCE(link->err) && is_awaited(link) ? jiffies_to_msecs(time_left(link)) : 0;
}

static s64 nr_losses(struct rdma_link *link)
{
	return atomic64_read(&link->counters.losses);
}

/* True: it is worth another attempt. A task that is killed needs the page no more. */
static bool wait_for_server(struct rdma_link *link)
{
	if (is_awaited(link))
		wait_event_killable_timeout(link->settled,
					    !READ_ONCE(link->err) || !is_awaited(link),
					    time_left(link));
	return !READ_ONCE(link->err) && !fatal_signal_pending(current);
}

int fsw_grace_load(struct rdma_link *link, pgoff_t slot, struct page *page)
{
	s64 losses;
	int err;

	do {
		losses = nr_losses(link);
		err = fsw_request_wait(link, QUEUE_LOAD, OP_READ, slot, page);
		if (likely(!err) || !link->grace)
			return err;
		/* The server answered, but not well: that is no loss of it. */
		if (losses == nr_losses(link) && !READ_ONCE(link->err))
			return err;
	} while (wait_for_server(link));
	return err;
}

static void start(struct waiting *waiting);

static void ended(void *ctx, struct page *page, int err)
{
	struct waiting *waiting = ctx;
	struct rdma_link *link = waiting->link;
	pool_done_t done = waiting->done;
	unsigned long flags;
	bool waits = false;

	if (unlikely(err) && READ_ONCE(link->err)) {
		spin_lock_irqsave(&link->waiting_lock, flags);
		waits = is_awaited(link);
		if (waits)
			list_add_tail(&waiting->entry, &link->waiting);
		spin_unlock_irqrestore(&link->waiting_lock, flags);
	}
	if (waits) {
		/* The link may have come back before this was in the list. */
		smp_mb();
		if (READ_ONCE(link->err))
			queue_delayed_work(link->works, &link->grace_work, time_left(link));
		else
			mod_delayed_work(link->works, &link->grace_work, 0);
		return;
	}
	ctx = waiting->ctx;
	mempool_free(waiting, link->waiting_pool);
	done(ctx, page, err);
}

static void start(struct waiting *waiting)
{
	const struct page_request as = { .op = OP_READ, .slot = waiting->slot,
					 .page = waiting->page, .done = ended, .ctx = waiting };

	fsw_request_start(waiting->link, QUEUE_READAHEAD, &as);
}

void fsw_grace_load_async(struct rdma_link *link, pgoff_t slot, struct page *page, pool_done_t done,
		      void *ctx)
{
	struct waiting *waiting = mempool_alloc(link->waiting_pool, GFP_NOIO);

	*waiting = (struct waiting){ .link = link, .slot = slot, .page = page, .done = done,
				     .ctx = ctx };
	start(waiting);
}

/* What still can't be had and may still wait comes back to the list by itself. */
static void start_waiting(struct work_struct *work)
{
	struct rdma_link *link = container_of(to_delayed_work(work), struct rdma_link, grace_work);
	struct waiting *waiting, *next;
	LIST_HEAD(all);

	spin_lock_irq(&link->waiting_lock);
	list_splice_init(&link->waiting, &all);
	spin_unlock_irq(&link->waiting_lock);
	list_for_each_entry_safe(waiting, next, &all, entry)
		start(waiting);
}

void fsw_grace_over(struct rdma_link *link)
{
	wake_up_all(&link->settled);
	if (link->grace)
		mod_delayed_work(link->works, &link->grace_work, 0);
}

int fsw_grace_init(struct rdma_link *link, unsigned int ms)
{
	link->grace = msecs_to_jiffies(ms);
	INIT_LIST_HEAD(&link->waiting);
	spin_lock_init(&link->waiting_lock);
	init_waitqueue_head(&link->settled);
	INIT_DELAYED_WORK(&link->grace_work, start_waiting);
	if (!link->grace)
		return 0;
	link->waiting_pool = mempool_create_kmalloc_pool(MIN_WAITING, sizeof(struct waiting));
	return link->waiting_pool ? 0 : -ENOMEM;
}

void fsw_grace_release(struct rdma_link *link)
{
	fsw_grace_over(link);
	flush_delayed_work(&link->grace_work);
	mempool_destroy(link->waiting_pool);
}
