/* SPDX-License-Identifier: GPL-2.0 */
/* Internal to fastswap.ko; what pools see is pool.h. */
#ifndef FASTSWAP_H
#define FASTSWAP_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/fs.h>
#include <linux/jump_label.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "pool.h"

#define FASTSWAP_NAME "fastswap"

/*
 * path.c: the way of a page to the pool and back, shared by the hook and the block device. The
 * pool in charge is set and cleared while the device is closed and no area is on, so the page path
 * reads it without lock or reference.
 */
enum fastswap_via { VIA_HOOK, VIA_DEVICE };

extern struct pool *fastswap_pool;

int fastswap_path_init(struct pool *pool);
void fastswap_path_release(void);
int fastswap_store(pgoff_t slot, struct page *page, enum fastswap_via via);
int fastswap_load(pgoff_t slot, struct page *page, enum fastswap_via via);
/* Whoever starts one passes what done is told to the function that ends it, which returns it. */
void fastswap_load_async(pgoff_t slot, struct page *page, pool_done_t done, void *ctx);
int fastswap_load_ended(pgoff_t slot, struct page *page, int err);
void fastswap_store_async(pgoff_t slot, struct page *page, pool_done_t done, void *ctx);
int fastswap_store_ended(pgoff_t slot, int err);
void fastswap_discard(pgoff_t slot);
bool fastswap_holds(pgoff_t slot);

/*
 * heal.c: a page in the swap cache that could not be loaded from its slot, which holds it, is loaded later, as
 * soon as can be.
 */
void fastswap_heal_init(struct pool *pool);
void fastswap_heal_later(pgoff_t slot, struct page *page);
long fastswap_nr_failed(void);
void fastswap_heal_release(void);

/*
 * blkdev.c; closed() is called whenever someone closes the device, and swapped(), if there is one, when
 * swap sends a page that way.
 */
int fastswap_blkdev_add(struct pool *pool, void (*closed)(void), void (*swapped)(void));
void fastswap_blkdev_remove(void);
bool fastswap_is_our_device(const struct block_device *bdev);

struct swap_info_struct;

/*
 * hook_*.c: those are built that the kernel has a place for. install finds what it needs and goes
 * live, or says in the log why it can't and returns -errno. take_area is for a hook that hears of no
 * area: it is called with ours, perhaps more than once.
 */
struct fastswap_hook {
	const char *name;
	int (*install)(void);
	void (*remove)(void);
	void (*take_area)(struct swap_info_struct *area);
};

extern const struct fastswap_hook fastswap_hook_of_version;
extern const struct fastswap_hook fastswap_hook_swap_ops;

/* A kernel that changed what a hook intercepts must not compile: a page would be lost, or worse. */
#define FASTSWAP_SAME_PROTOTYPE(theirs, as, name)						\
	static_assert(__same_type(theirs, as), "this kernel has another " name " than the hook "	\
		      "was written for: write a variant of the hook, see README.md")

/*
 * area.c: which swap type is ours. The hook reports areas as they come and go; of all areas only
 * the one that lies on our device is served, whatever its type number was used for before.
 */
extern int fastswap_type;

int fastswap_area_init(void (*take)(struct swap_info_struct *area));
void fastswap_area_on(unsigned int type);
void fastswap_area_off(unsigned int type);

/* Looks for ours, where the hook takes areas. */
void fastswap_area_seek(void);

/* To call when someone closed the device: a swapon that failed after it was reported, perhaps. */
void fastswap_area_closed(void);

static inline bool fastswap_owns(unsigned int type)
{
	return type == READ_ONCE(fastswap_type);
}

/*
 * Does the current task read a window of read-ahead? Around one, and not around a single page, mm
 * plugs the block layer: more reads are to come. They are all under way at once when none of them
 * is waited for here, not even the one that the task is after.
 */
DECLARE_STATIC_KEY_FALSE(fastswap_async_windows);

static inline bool fastswap_in_window(void)
{
	return static_branch_unlikely(&fastswap_async_windows) && current->plug;
}

/* symbols.c: the address of a kernel symbol that is not exported, or NULL */
void *fastswap_symbol(const char *name);

/* inject.c */
DECLARE_STATIC_KEY_FALSE(fastswap_injecting);

bool fastswap_inject_load_fail(void);
bool fastswap_inject_store_fail(void);
void fastswap_inject_flip(struct page *page);

/* path.c counts, stats.c shows. */
enum fastswap_stat {
	STAT_LOADS,
	STAT_LOADS_ASYNC,
	STAT_STORES,
	STAT_STORES_ASYNC,
	STAT_FAILED_LOADS,
	STAT_FAILED_STORES,
	STAT_INVALIDATES,
	NR_FASTSWAP_STATS
};

enum fastswap_timed { TIMED_LOAD, TIMED_STORE, NR_TIMED };

#define FASTSWAP_BUCKETS 40	/* of log2 ns: the last one begins at nine minutes */

struct fastswap_counters {
	u64 stat[NR_FASTSWAP_STATS];
	s64 curr_pages;		/* this CPU's share: only the sum means anything */
	u64 total_ns[NR_TIMED];
	u64 bucket[NR_TIMED][FASTSWAP_BUCKETS];
};

DECLARE_PER_CPU(struct fastswap_counters, fastswap_counters);
DECLARE_STATIC_KEY_FALSE(fastswap_timing);

static inline void fastswap_count(enum fastswap_stat which)
{
	this_cpu_inc(fastswap_counters.stat[which]);
}

void fastswap_stats_init(const struct file_operations *pool_fops);
void fastswap_stats_release(void);

#endif
