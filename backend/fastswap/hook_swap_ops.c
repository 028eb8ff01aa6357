// SPDX-License-Identifier: GPL-2.0
/*
 * Linux 7.3: a swap area has a table of operations, which get up to SWAP_CLUSTER_MAX folios at once and
 * end them whenever they like. For our area we put our own table there: no function of the kernel is
 * patched or redirected, and no bio is made.
 *
 * Nobody tells us of an area. The first page that goes out to ours comes through the block device,
 * and has us look for the area then.
 */
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/swap_ops.h>
#include <linux/swapops.h>
#include <linux/uio.h>

#include "fastswap.h"

static_assert(SWAP_CLUSTER_MAX <= BITS_PER_LONG, "a bit of a word for each folio of a request");

/* The folios of one request, until the last page of them has its answer. */
struct batch {
	struct swap_iocb *sio;
	atomic_t left;		/* pages without an answer, and one for whoever starts them */
	unsigned long failed;	/* a bit for each folio */
};

#define MIN_BATCHES 16
static mempool_t *batches;

static pgoff_t slot_of(const struct page *page)
{
	return swp_offset(page_swap_entry((struct page *)page));
}

/*
 * Ends the folios that did not fail, and leaves the others in the request: mm ends all that are in it
 * alike.
 */
static void keep_failed(struct swap_iocb *sio, unsigned long failed, void (*end)(struct folio *))
{
	int i, kept = 0;

	for (i = 0; i < sio->nr_bvecs; i++) {
		if (test_bit(i, &failed)) {
			sio->bvecs[kept++] = sio->bvecs[i];
			continue;
		}
		sio->len -= sio->bvecs[i].bv_len;
		end(page_folio(sio->bvecs[i].bv_page));
	}
	sio->nr_bvecs = kept;
}

static void end_load(struct folio *folio)
{
	folio_mark_uptodate(folio);
	folio_unlock(folio);
}

static void complete_sio(struct swap_iocb *sio, unsigned long failed, void (*end)(struct folio *))
{
	if (unlikely(failed))
		keep_failed(sio, failed, end);
	sio->iocb.ki_complete(&sio->iocb, failed ? -EIO : sio->len);
}

static void put_batch(struct batch *batch, void (*end)(struct folio *))
{
	struct swap_iocb *sio = batch->sio;
	unsigned long failed;

	if (!atomic_dec_and_test(&batch->left))
		return;
	failed = READ_ONCE(batch->failed);
	mempool_free(batch, batches);
	complete_sio(sio, failed, end);
}

static void fail_page(struct batch *batch, const struct page *page)
{
	const struct folio *folio = page_folio(page);
	int i;

	for (i = 0; i < batch->sio->nr_bvecs; i++)
		if (page_folio(batch->sio->bvecs[i].bv_page) == folio)
			set_bit(i, &batch->failed);
}

static void loaded(void *ctx, struct page *page, int err)
{
	struct batch *batch = ctx;

	if (unlikely(fastswap_load_ended(slot_of(page), page, err)))
		fail_page(batch, page);
	put_batch(batch, end_load);
}

static void stored(void *ctx, struct page *page, int err)
{
	struct batch *batch = ctx;

	if (unlikely(fastswap_store_ended(slot_of(page), err)))
		fail_page(batch, page);
	put_batch(batch, folio_end_writeback);
}

static struct batch *new_batch(struct swap_iocb *sio)
{
	struct batch *batch = mempool_alloc(batches, GFP_NOIO);

	batch->sio = sio;
	batch->failed = 0;
	atomic_set(&batch->left, 1 + (sio->len >> PAGE_SHIFT));
	return batch;
}

/* The request may be gone before the last of its pages is started here: its length is read before. */
static void start_batch(struct swap_iocb *sio,
			void (*start)(pgoff_t slot, struct page *page, pool_done_t done, void *ctx),
			pool_done_t done, void (*end)(struct folio *))
{
	struct batch *batch = new_batch(sio);
	int i, j, nr = sio->nr_bvecs;

	for (i = 0; i < nr; i++) {
		struct folio *folio = page_folio(sio->bvecs[i].bv_page);
		pgoff_t slot = swp_offset(folio->swap);
		int nr_pages = folio_nr_pages(folio);

		for (j = 0; j < nr_pages; j++)
			start(slot + j, folio_page(folio, j), done, batch);
	}
	put_batch(batch, end);
}

static void run_through(struct swap_iocb *sio,
			int (*one)(pgoff_t slot, struct page *page, enum fastswap_via via),
			void (*end)(struct folio *))
{
	unsigned long failed = 0;
	int i, j;

	for (i = 0; i < sio->nr_bvecs; i++) {
		struct folio *folio = page_folio(sio->bvecs[i].bv_page);
		pgoff_t slot = swp_offset(folio->swap);
		int nr_pages = folio_nr_pages(folio);

		for (j = 0; j < nr_pages; j++)
			if (one(slot + j, folio_page(folio, j), VIA_HOOK))
				__set_bit(i, &failed);
	}
	complete_sio(sio, failed, end);
}

/* A single folio has a task that waits for it: that one polls. */
static void submit_read(struct swap_io_ctx *ctx)
{
	struct swap_iocb *sio = ctx->sio;
	struct iov_iter iter;

	swap_fs_prepare_rw(ctx, READ, &iter);
	if (static_branch_unlikely(&fastswap_async_windows) &&
	    (sio->nr_bvecs > 1 || fastswap_in_window()))
		start_batch(sio, fastswap_load_async, loaded, end_load);
	else
		run_through(sio, fastswap_load, end_load);
}

static void submit_write(struct swap_io_ctx *ctx)
{
	struct swap_iocb *sio = ctx->sio;
	struct iov_iter iter;

	swap_fs_prepare_rw(ctx, WRITE, &iter);
	if (fastswap_pool->ops->store_async)
		start_batch(sio, fastswap_store_async, stored, folio_end_writeback);
	else
		run_through(sio, fastswap_store, folio_end_writeback);
}

/* Slots need not follow each other. */
static bool can_merge(struct folio *folio, struct folio *before, size_t size, int rw)
{
	return true;
}

static const struct swap_ops ops = {
	.can_merge = can_merge,
	.submit_write = submit_write,
	.submit_read = submit_read,
};

FASTSWAP_SAME_PROTOTYPE(ops.can_merge, &can_merge, "swap_ops.can_merge");
FASTSWAP_SAME_PROTOTYPE(ops.submit_write, &submit_write, "swap_ops.submit_write");
FASTSWAP_SAME_PROTOTYPE(ops.submit_read, &submit_read, "swap_ops.submit_read");
FASTSWAP_SAME_PROTOTYPE(swap_fs_prepare_rw, void (struct swap_io_ctx *, int, struct iov_iter *),
			"swap_fs_prepare_rw()");

/* swapon sets it anew, so nothing is to be put back. */
static void take_area(struct swap_info_struct *area)
{
	WRITE_ONCE(area->ops, &ops);
}

static int install(void)
{
	batches = mempool_create_kmalloc_pool(MIN_BATCHES, sizeof(struct batch));
	return batches ? 0 : -ENOMEM;
}

static void remove(void)
{
	mempool_destroy(batches);
}

const struct fastswap_hook fastswap_hook_swap_ops = {
	.name = "swap_ops",
	.install = install,
	.remove = remove,
	.take_area = take_area,
};
