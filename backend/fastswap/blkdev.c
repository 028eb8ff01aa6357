// SPDX-License-Identifier: GPL-2.0
/*
 * The swap area: a block device exactly as large as its pool, whose page N is the pool's slot N.
 * The hook and the device reach the same slots, so a page stored through one loads through the
 * other, and neither depends on which pages the other saw.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>

#include "compat.h"
#include "fastswap.h"

static struct gendisk *disk;
static void (*on_close)(void), (*on_swap)(void);

static pgoff_t slot_in(struct bio *bio, const struct page *page)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter)
		if (bv.bv_page == page)
			break;
	return iter.bi_sector >> PAGE_SECTORS_SHIFT;
}

/*
 * On 7.3 a bio has up to 32 pages of swap. Where one can't be loaded mm takes none of them for loaded:
 * all are healed.
 */
static void heal_later(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		pgoff_t slot = iter.bi_sector >> PAGE_SECTORS_SHIFT;

		if (fastswap_holds(slot))
			fastswap_heal_later(slot, bv.bv_page);
	}
}

static void end_load(void *ctx, struct page *page, int err)
{
	struct bio *bio = ctx;

	err = fastswap_load_ended(unlikely(err) ? slot_in(bio, page) : 0, page, err);
	if (unlikely(err)) {
		if (!bio->bi_status)
			heal_later(bio);
		bio->bi_status = errno_to_blk_status(err);
	}
	bio_endio(bio);
}

/*
 * Reads of slots that were never written: the tools that look for signatures on a device want
 * zeros; mm, which reads only what it wrote, must get an error.
 */
static void start_load(struct bio *bio, pgoff_t slot, struct page *page)
{
	if (unlikely(!fastswap_holds(slot)) && !compat_is_swap_in(page)) {
		clear_highpage(page);
		return;
	}
	bio_inc_remaining(bio);
	fastswap_load_async(slot, page, end_load, bio);
}

static void transfer(struct bio *bio)
{
	pgoff_t slot = bio->bi_iter.bi_sector >> PAGE_SECTORS_SHIFT;
	struct bvec_iter iter;
	struct bio_vec bv;
	int err;

	bio_for_each_segment(bv, bio, iter) {
		if (bv.bv_offset || bv.bv_len != PAGE_SIZE) {
			bio->bi_status = BLK_STS_NOTSUPP;
			return;
		}
		if (bio_op(bio) == REQ_OP_READ) {
			start_load(bio, slot++, bv.bv_page);
			continue;
		}
		err = fastswap_store(slot++, bv.bv_page, VIA_DEVICE);
		if (err) {
			bio->bi_status = errno_to_blk_status(err);
			return;
		}
	}
}

static void discard(struct bio *bio)
{
	pgoff_t slot = bio->bi_iter.bi_sector >> PAGE_SECTORS_SHIFT;
	pgoff_t end = bio_end_sector(bio) >> PAGE_SECTORS_SHIFT;

	for (; slot < end; slot++) {
		fastswap_discard(slot);
		if (!(slot % 1024))
			cond_resched();
	}
}

static void handle_bio(struct bio *bio)
{
	if (on_swap && (bio->bi_opf & REQ_SWAP))
		on_swap();
	switch (bio_op(bio)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		if (bio->bi_iter.bi_sector & (PAGE_SECTORS - 1))
			bio->bi_status = BLK_STS_NOTSUPP;
		else
			transfer(bio);
		break;
	case REQ_OP_DISCARD:
		discard(bio);
		break;
	case REQ_OP_FLUSH:
		break;
	default:
		bio->bi_status = BLK_STS_NOTSUPP;
	}
	bio_endio(bio);
}

static int open_pool(void)
{
	return try_module_get(fastswap_pool->ops->owner) ? 0 : -ENXIO;
}

static void release_pool(void)
{
	on_close();
	module_put(fastswap_pool->ops->owner);
}

static void slot_free_notify(struct block_device *bdev, unsigned long slot)
{
	fastswap_discard(slot);
}

#if COMPAT_SUBMIT_RETURNS

static blk_qc_t blkdev_submit_bio(struct bio *bio)
{
	handle_bio(bio);
	return BLK_QC_T_NONE;
}

#else

static void blkdev_submit_bio(struct bio *bio)
{
	handle_bio(bio);
}

#endif

#if COMPAT_OPEN_HAS_BDEV

static int blkdev_open(struct block_device *bdev, fmode_t mode)
{
	return open_pool();
}

static void blkdev_release(struct gendisk *gd, fmode_t mode)
{
	release_pool();
}

#else

static int blkdev_open(struct gendisk *gd, blk_mode_t mode)
{
	return open_pool();
}

static void blkdev_release(struct gendisk *gd)
{
	release_pool();
}

#endif

static const struct block_device_operations blkdev_ops = {
	.owner = THIS_MODULE,
	.submit_bio = blkdev_submit_bio,
	.open = blkdev_open,
	.release = blkdev_release,
	.swap_slot_free_notify = slot_free_notify,
};

#if COMPAT_HAS_RW_PAGE

static int rw_page(struct block_device *bdev, sector_t sector, struct page *page,
		   compat_req_op op)
{
	pgoff_t slot = sector >> PAGE_SECTORS_SHIFT;
	int err;

	/* What this declines comes again as a bio. */
	if (PageTransHuge(page) || (!op_is_write(op) && !fastswap_holds(slot)))
		return -EOPNOTSUPP;
	if (op_is_write(op))
		err = fastswap_store(slot, page, VIA_DEVICE);
	else
		err = fastswap_load(slot, page, VIA_DEVICE);
	if (!err)
		page_endio(page, op_is_write(op), 0);
	return err;
}

static const struct block_device_operations synchronous_ops = {
	.owner = THIS_MODULE,
	.submit_bio = blkdev_submit_bio,
	.rw_page = rw_page,
	.open = blkdev_open,
	.release = blkdev_release,
	.swap_slot_free_notify = slot_free_notify,
};

#else
#define synchronous_ops blkdev_ops
#endif

bool fastswap_is_our_device(const struct block_device *bdev)
{
	return disk && bdev && bdev->bd_disk == disk;
}

int fastswap_blkdev_add(struct pool *pool, void (*closed)(void), void (*swapped)(void))
{
	int err;

	on_close = closed;
	on_swap = swapped;
	disk = compat_alloc_disk(pool->node, pool->synchronous);
	if (IS_ERR(disk)) {
		err = PTR_ERR(disk);
		disk = NULL;
		return err;
	}
	disk->fops = pool->synchronous ? &synchronous_ops : &blkdev_ops;
	strscpy(disk->disk_name, FASTSWAP_NAME "0", sizeof(disk->disk_name));
	set_capacity(disk, (sector_t)pool->nr_pages << PAGE_SECTORS_SHIFT);
	err = compat_add_disk(disk);
	if (err) {
		compat_free_disk(disk);
		disk = NULL;
	}
	return err;
}

void fastswap_blkdev_remove(void)
{
	del_gendisk(disk);
	compat_free_disk(disk);
	disk = NULL;
}
