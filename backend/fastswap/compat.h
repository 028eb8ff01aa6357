/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between 5.10 and 7.3 in the block layer's interface and in pages. Hooks have own files. */
#ifndef FASTSWAP_COMPAT_H
#define FASTSWAP_COMPAT_H

#include <linux/blkdev.h>
#include <linux/page-flags.h>
#include <linux/version.h>

#ifndef PAGE_SECTORS_SHIFT
#define PAGE_SECTORS_SHIFT	(PAGE_SHIFT - SECTOR_SHIFT)
#define PAGE_SECTORS		(1 << PAGE_SECTORS_SHIFT)
#endif

/* Up to 5.15 submit_bio has a result; up to 6.4 open is given the block device, later the disk. */
#define COMPAT_SUBMIT_RETURNS (LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0))
#define COMPAT_OPEN_HAS_BDEV (LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0))

#if COMPAT_SUBMIT_RETURNS
#include <linux/genhd.h>
#endif

/*
 * Limits, in words: only whole pages, discards of any length, no seek cost (so that swap allocates
 * per CPU). Up to 6.2 it is rw_page that makes a device synchronous for swap, later a flag.
 */
#define COMPAT_HAS_RW_PAGE (LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0))
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)
#define compat_req_op unsigned int
#else
#define compat_req_op enum req_op
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)

static inline void compat_set_limits(struct request_queue *q)
{
	blk_queue_logical_block_size(q, PAGE_SIZE);
	blk_queue_physical_block_size(q, PAGE_SIZE);
	blk_queue_dma_alignment(q, PAGE_SIZE - 1);
	blk_queue_max_discard_sectors(q, UINT_MAX);
	q->limits.discard_granularity = PAGE_SIZE;
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	blk_queue_flag_clear(QUEUE_FLAG_ADD_RANDOM, q);
#ifdef QUEUE_FLAG_DISCARD
	blk_queue_flag_set(QUEUE_FLAG_DISCARD, q);
#endif
}

#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)

static inline struct gendisk *compat_alloc_disk(int node, bool synchronous)
{
	struct request_queue *q = blk_alloc_queue(node);
	struct gendisk *disk;

	if (!q)
		return ERR_PTR(-ENOMEM);
	disk = alloc_disk_node(0, node);
	if (!disk) {
		blk_cleanup_queue(q);
		return ERR_PTR(-ENOMEM);
	}
	disk->queue = q;
	disk->flags |= GENHD_FL_EXT_DEVT | GENHD_FL_NO_PART_SCAN;
	compat_set_limits(q);
	return disk;
}

static inline int compat_add_disk(struct gendisk *disk)
{
	add_disk(disk);
	return 0;
}

static inline void compat_free_disk(struct gendisk *disk)
{
	blk_cleanup_queue(disk->queue);
	put_disk(disk);
}

#else

static inline struct gendisk *compat_alloc_disk(int node, bool synchronous)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
	struct gendisk *disk = blk_alloc_disk(node);

	if (!disk)
		return ERR_PTR(-ENOMEM);
	compat_set_limits(disk->queue);
#else
	struct queue_limits limits = {
		.logical_block_size = PAGE_SIZE,
		.physical_block_size = PAGE_SIZE,
		.dma_alignment = PAGE_SIZE - 1,
		.max_hw_discard_sectors = UINT_MAX,
		.discard_granularity = PAGE_SIZE,
		.features = synchronous ? BLK_FEAT_SYNCHRONOUS : 0,
	};
	struct gendisk *disk = blk_alloc_disk(&limits, node);

	if (IS_ERR(disk))
		return disk;
#endif
	disk->flags |= GENHD_FL_NO_PART;
	return disk;
}

static inline int compat_add_disk(struct gendisk *disk)
{
	return add_disk(disk);
}

static inline void compat_free_disk(struct gendisk *disk)
{
	put_disk(disk);
}

#endif

/* Is this page, the target of a read, one that mm swaps in? Not yet up to date, and anonymous. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)

static inline bool compat_is_swap_in(struct page *page)
{
	return PageSwapBacked(page) && !PageUptodate(page);
}

static inline bool compat_in_swap_cache(struct page *page)
{
	return PageSwapCache(page);
}

#else

static inline bool compat_is_swap_in(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_test_swapbacked(folio) && !folio_test_uptodate(folio);
}

static inline bool compat_in_swap_cache(struct page *page)
{
	return folio_test_swapcache(page_folio(page));
}

#endif

#endif
