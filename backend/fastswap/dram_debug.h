/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For a test of dram.c: fastswap_dram_debug.ko is built from it with FASTSWAP_DEBUG. There every 16th load
 * lingers between finding its page and copying it, until the slot is discarded meanwhile; a page that
 * was given back is poisoned and kept for a while, and whoever reads or writes it nevertheless is told.
 * Else all of this is nothing.
 */
#ifndef FASTSWAP_DRAM_DEBUG_H
#define FASTSWAP_DRAM_DEBUG_H

#include <linux/mm.h>

#ifdef FASTSWAP_DEBUG

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#define POISON		0x6b5a6b5a6b5a6b5aULL
#define NR_KEPT		256

static uint delay_us;
module_param(delay_us, uint, 0444);
MODULE_PARM_DESC(delay_us, "a load lingers for so long at most");

static uint met;
module_param(met, uint, 0444);
MODULE_PARM_DESC(met, "loads that lingered until their slot was discarded");

static DEFINE_SPINLOCK(kept_lock);
static struct page *kept[NR_KEPT];
static unsigned int next_kept;

static inline void debug_linger(struct page *const *slot, const struct page *found)
{
	static atomic_t nr_loads;
	u64 end_ns = ktime_get_ns() + delay_us * NSEC_PER_USEC;

	if (!delay_us || atomic_inc_return(&nr_loads) % 16)
		return;
	while (READ_ONCE(*slot) == found && ktime_get_ns() < end_ns)
		cpu_relax();
	if (READ_ONCE(*slot) == found)
		return;
	met++;
	/* Time for the page to be poisoned, if it may be. */
	udelay(100);
}

static inline void debug_loaded(pgoff_t slot, struct page *page)
{
	WARN_ONCE(*(u64 *)page_address(page) == POISON, "slot %lu: a freed page was read\n", slot);
}

/* Returns the page to free in the place of this one, or NULL. */
static inline struct page *debug_keep(struct page *page)
{
	u64 *word = page_address(page);
	struct page *old;
	unsigned long flags;

	memset64(word, POISON, PAGE_SIZE / sizeof(*word));
	spin_lock_irqsave(&kept_lock, flags);
	old = kept[next_kept];
	kept[next_kept] = page;
	next_kept = (next_kept + 1) % NR_KEPT;
	spin_unlock_irqrestore(&kept_lock, flags);
	WARN_ONCE(old && *(u64 *)page_address(old) != POISON, "a freed page was written to\n");
	return old;
}

static inline void debug_release(void)
{
	unsigned int i;

	for (i = 0; i < NR_KEPT; i++)
		if (kept[i])
			__free_page(kept[i]);
}

#else

static inline void debug_linger(struct page *const *slot, const struct page *found)
{
}

static inline void debug_loaded(pgoff_t slot, struct page *page)
{
}

static inline struct page *debug_keep(struct page *page)
{
	return page;
}

static inline void debug_release(void)
{
}

#endif
#endif
