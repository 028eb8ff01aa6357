// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that could not be loaded stay in the swap cache, not up to date, and mm answers every further
 * fault on them by SIGBUS: those that read-ahead asked for, too, whom nobody missed then. When the
 * pool serves again they are loaded after all, each into the page that waits for it.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "compat.h"
#include "fastswap.h"

static void heal(struct work_struct *work);

static struct pool *pool;

/* By slot. Each page is held, so that it remains the one that the slot belongs to. */
static DEFINE_XARRAY_FLAGS(failed, XA_FLAGS_LOCK_IRQ);
static atomic_long_t nr_failed;
static DECLARE_DELAYED_WORK(heal_work, heal);

/* page_private() of a page in the swap cache is its entry, on all kernels. */
static bool is_failed(struct page *page, pgoff_t slot)
{
	return compat_in_swap_cache(page) && !PageUptodate(page) &&
	       swp_offset((swp_entry_t){ page_private(page) }) == slot;
}

/* Where memory is short the page remains failed. A large folio is never read ahead. */
void fastswap_heal_later(pgoff_t slot, struct page *page)
{
	unsigned long flags;
	struct page *old;

	if (PageCompound(page) || !is_failed(page, slot))
		return;
	get_page(page);
	xa_lock_irqsave(&failed, flags);
	old = __xa_store(&failed, slot, page, GFP_ATOMIC | __GFP_NOWARN);
	xa_unlock_irqrestore(&failed, flags);
	if (!old)
		atomic_long_inc(&nr_failed);
	else
		put_page(xa_is_err(old) ? page : old);
	schedule_delayed_work(&heal_work, HZ);
}

/* The page of the first slot from *slot on, held, or NULL. */
static struct page *next_failed(unsigned long *slot)
{
	struct page *page;

	xa_lock_irq(&failed);
	page = xa_find(&failed, slot, ULONG_MAX, XA_PRESENT);
	if (page)
		get_page(page);
	xa_unlock_irq(&failed);
	return page;
}

static void forget(pgoff_t slot, struct page *page)
{
	if (xa_cmpxchg_irq(&failed, slot, page, NULL, 0) != page)
		return;
	atomic_long_dec(&nr_failed);
	put_page(page);
}

/* True: there is nothing more to do for this page. In the swap cache it keeps its slot from reuse. */
static bool heal_page(struct page *page, pgoff_t slot)
{
	bool over = true;

	if (!trylock_page(page))
		return false;
	if (is_failed(page, slot))
		over = !pool->ops->load(pool, slot, page);
	if (over && is_failed(page, slot))
		SetPageUptodate(page);
	unlock_page(page);
	return over;
}

/* A page that nobody has any more is let go of even while the pool fails. */
static void heal(struct work_struct *work)
{
	bool serves = !pool->ops->health(pool);
	unsigned long slot = 0;
	struct page *page;

	while ((page = next_failed(&slot))) {
		if (!is_failed(page, slot) || (serves && heal_page(page, slot)))
			forget(slot, page);
		put_page(page);
		slot++;
		cond_resched();
	}
	if (fastswap_nr_failed())
		schedule_delayed_work(&heal_work, HZ);
}

long fastswap_nr_failed(void)
{
	return atomic_long_read(&nr_failed);
}

void fastswap_heal_init(struct pool *of)
{
	pool = of;
}

/* Once nothing more can fail. */
void fastswap_heal_release(void)
{
	unsigned long slot = 0;
	struct page *page;

	cancel_delayed_work_sync(&heal_work);
	while ((page = next_failed(&slot))) {
		forget(slot, page);
		put_page(page);
		cond_resched();
	}
}

void fastswap_pool_recovered(void)
{
	cancel_delayed_work(&heal_work);
	schedule_delayed_work(&heal_work, 0);
}
EXPORT_SYMBOL_GPL(fastswap_pool_recovered);
