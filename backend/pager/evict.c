// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages leave in batches. Linux 6.8 and later: UFFDIO_MOVE takes them out of the program's memory into
 * the staging area at once, writes included, and only while the layout stays as the handler knows it;
 * then they are stored from there. A page that a child of fork shares can't be moved (EBUSY) before it is
 * copied, as a write would do.
 *
 * Earlier kernels: write-protect, read, store, madvise(MADV_DONTNEED). The last raises an event that the
 * handler must read, so the helper calls it. Meanwhile the pages are LEAVING: a fault on one of them
 * waits until the batch has gone.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/pager/pager.h"
#include "backend/pager/uffd.h"
#include "base/clock.h"

#ifndef MADV_POPULATE_WRITE /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

#define MOST_TRIES  4
#define WAIT_US	    200
#define MAX_WAITS   500 /* for other processes' pages */
#define READY_PAGES 256u
#define HELD_MAX    64
#define LEAST_PAGES                                                                                \
	256 /* stay in any case, or threads would lose pages before they have used them */

#define PAGEMAP_PRESENT	  (1ull << 63) /* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_EXCLUSIVE (1ull << 56)

struct batch {
	uint64_t page[BATCH_PAGES]; /* numbers, sorted */
	bool gone[BATCH_PAGES];	    /* its content is in staging */
	size_t nr;
};

static struct page *page_of(uint64_t number)
{
	return space_find(&pager.space, number * PAGE_BYTES);
}

/* --- which ------------------------------------------------------------------------------------------ */

static void sort(uint64_t *v, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		uint64_t x = v[i];
		size_t j = i;

		for (; j > 0 && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
}

size_t pages_shared(uint64_t address, size_t nr)
{
	uint64_t entries[BATCH_PAGES];
	ssize_t got = pread(pager.pagemap_fd, entries, nr * sizeof(*entries),
			    (off_t)(address / PAGE_BYTES * sizeof(*entries)));
	size_t shared = 0;

	for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(*entries); i++)
		shared += (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_EXCLUSIVE)) == PAGEMAP_PRESENT;
	return shared;
}

static void choose(struct batch *b, size_t nr)
{
	size_t chosen = pager.policy->choose(&pager.policy_ctx, b->page,
					     nr < BATCH_PAGES ? nr : BATCH_PAGES);

	sort(b->page, chosen);
	b->nr = 0;
	for (size_t i = 0; i < chosen; i++) {
		struct page *page = page_of(b->page[i]);
		bool again = b->nr && b->page[b->nr - 1] == b->page[i];

		if (page && page->state == PAGE_RESIDENT && !again)
			b->page[b->nr++] = b->page[i];
	}
}

/* It could not leave. */
static void put_back(uint64_t number)
{
	struct page *page = page_of(number);

	if (!pager.changing)
		COUNT(stuck, 1);
	if (page->state == PAGE_RESIDENT)
		pager.policy->arrive(&pager.policy_ctx, number, &page->word, ARRIVED_BACK);
}

static size_t neighbours(const struct batch *b, size_t i)
{
	size_t n = 1;

	while (i + n < b->nr && b->page[i + n] == b->page[i] + n)
		n++;
	return n;
}

/* --- room in the pool -------------------------------------------------------------------------------- */

/* A slot of its own for page i of the batch, unless its slot holds the same already. False: none is left. */
static bool has_slot(struct batch *b, size_t i)
{
	struct block *block = space_block(&pager.space, b->page[i] * PAGE_BYTES);

	return page_of(b->page[i])->flags & PAGE_CLEAN ||
	       board_take_slot(pager.board, &pager.pool, block,
			       page_index(b->page[i] * PAGE_BYTES));
}

/* Before any page leaves its place: those that the pool has no room for stay. */
static void find_room(struct batch *b)
{
	size_t nr = b->nr;

	b->nr = 0;
	for (size_t i = 0; i < nr; i++) {
		if (has_slot(b, i)) {
			b->page[b->nr++] = b->page[i];
			continue;
		}
		COUNT(pool_full, 1);
		pager.policy->arrive(&pager.policy_ctx, b->page[i], &page_of(b->page[i])->word,
				     ARRIVED_BACK);
	}
	if (b->nr < nr && !atomic_exchange(&pager.board->full_told, true))
		pager_say("the pool is full: pages stay in memory above the limit; give it more "
			  "room (--far SIZE, or what the pool is on)");
}

static char *staging(size_t i)
{
	return pager.staging + i * PAGE_BYTES;
}

/* --- moving ------------------------------------------------------------------------------------------ */

/* Page i did not move. Shared ones are tried again after the batch. */
static void refused(struct batch *b, size_t i, int why, struct batch *shared)
{
	struct page *page = page_of(b->page[i]);

	pager.changing |= why == EAGAIN;
	if (why == EBUSY && shared)
		shared->page[shared->nr++] = b->page[i];
	else if (why == ENOENT)
		space_forget(&pager.space, page); /* the program has given it back */
	else
		put_back(b->page[i]);
}

/* Pages i up to end. */
static void take_run(struct batch *b, size_t i, size_t end, struct batch *shared)
{
	while (i < end) {
		int why;
		size_t moved = uffd_move(pager.space.uffd, (uint64_t)staging(i),
					 b->page[i] * PAGE_BYTES, end - i, &why);

		memset(&b->gone[i], true, moved);
		i += moved;
		if (i == end)
			break;
		refused(b, i++, why, shared);
	}
}

static void take_by_move(struct batch *b, struct batch *shared)
{
	for (size_t i = 0, nr; i < b->nr; i += nr) {
		nr = pager.changing ? 1 : neighbours(b, i);
		if (pager.changing)
			put_back(b->page[i]);
		else
			take_run(b, i, i + nr, shared);
	}
}

/* The staging area is registered, so that moving to it respects changes of the layout; emptying it must
 * not raise an event. */
static void empty_staging(size_t nr)
{
	struct uffdio_range all = { (uint64_t)pager.staging, STAGING_PAGES * PAGE_BYTES };

	uffd_unregister(pager.space.uffd, all.start, all.len);
	madvise(pager.staging, nr * PAGE_BYTES, MADV_DONTNEED);
	if (uffd_register(pager.space.uffd, all.start, all.len) != 0)
		pager_die("the staging area can't be registered again");
}

static void copy_shared(void *batch)
{
	const struct batch *b = batch;

	for (size_t i = 0, nr; i < b->nr; i += nr) {
		nr = neighbours(b, i);
		madvise((void *)(b->page[i] * PAGE_BYTES), nr * PAGE_BYTES, MADV_POPULATE_WRITE);
	}
}

/* --- storing ------------------------------------------------------------------------------------------ */

/* Each has a slot of its own. */
static void store(struct batch *b)
{
	struct pool_run runs[BATCH_PAGES];
	size_t nr = 0;

	for (size_t i = 0; i < b->nr; i++) {
		uint32_t slot;

		if (!b->gone[i])
			continue;
		if (page_of(b->page[i])->flags & PAGE_CLEAN) {
			COUNT(pages_clean, 1);
			continue;
		}
		COUNT(pages_out, 1);
		slot = page_of(b->page[i])->slot;
		if (nr && runs[nr - 1].slot + runs[nr - 1].nr == slot &&
		    (char *)runs[nr - 1].pages + runs[nr - 1].nr * PAGE_BYTES == staging(i))
			runs[nr - 1].nr++;
		else
			runs[nr++] = (struct pool_run){ slot, 1, staging(i) };
	}
	if (nr && pager.pool.pool->store(&pager.pool, runs, nr) != 0)
		pager_die_of_pool("the pool can't take pages of this program");
}

/* --- without UFFDIO_MOVE ------------------------------------------------------------------------------- */

struct range {
	uint64_t number;
	size_t nr, to;
	bool done;
};

static void read_pages(void *arg)
{
	struct range *r = arg;
	struct iovec from = { (void *)(r->number * PAGE_BYTES), r->nr * PAGE_BYTES };
	struct iovec to = { staging(r->to), r->nr * PAGE_BYTES };

	r->done = process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)from.iov_len;
}

static void discard_pages(void *arg)
{
	struct range *r = arg;

	r->done = madvise((void *)(r->number * PAGE_BYTES), r->nr * PAGE_BYTES, MADV_DONTNEED) == 0;
}

static bool is_leaving(uint64_t number)
{
	return page_of(number)->flags & PAGE_LEAVING;
}

static int protect(uint64_t number)
{
	int rc = uffd_protect(pager.space.uffd, number * PAGE_BYTES, PAGE_BYTES, true);

	pager.changing |= rc == -EAGAIN;
	return rc;
}

static void stay(uint64_t number)
{
	page_of(number)->flags = 0; /* neither leaving nor clean: it may be written again */
	uffd_protect(pager.space.uffd, number * PAGE_BYTES, PAGE_BYTES, false);
	put_back(number);
}

/* Read a page of the batch into staging while nobody can write to it. */
static void copy_out(struct batch *b, size_t i)
{
	struct range r = { b->page[i], 1, i, false };

	if (page_of(r.number)->state != PAGE_RESIDENT || protect(r.number) != 0) {
		put_back(r.number);
		return;
	}
	page_of(r.number)->flags |= PAGE_LEAVING;
	helper_do(read_pages, &r);
	b->gone[i] = r.done && is_leaving(r.number);
	if (!b->gone[i])
		stay(r.number);
}

/* It is stored: take it away, unless the program has changed its layout since. */
static void discard(struct batch *b, size_t i, bool held)
{
	struct range r = { b->page[i], 1, i, false };
	struct page *page = page_of(r.number);
	bool shared = page->flags & PAGE_SHARED;

	if (held && is_leaving(r.number) && protect(r.number) == 0) {
		space_set(&pager.space, page, PAGE_FAR);
		page->flags |= PAGE_LEAVING;
		pager.discarded = r.number * PAGE_BYTES;
		helper_do(discard_pages, &r);
		pager.discarded = 0;
	}
	b->gone[i] = r.done && page->state == PAGE_FAR;
	if (b->gone[i] && shared)
		board_share(pager.board, -1);
	if (!b->gone[i] && (page->state == PAGE_FAR || is_leaving(r.number))) {
		space_set(&pager.space, page, PAGE_RESIDENT);
		page->flags = PAGE_CLEAN; /* protected, and stored */
		put_back(r.number);
	}
	page->flags &= (uint8_t)~PAGE_LEAVING;
	uffd_wake(pager.space.uffd, r.number * PAGE_BYTES, PAGE_BYTES);
}

static void take_by_copy(struct batch *b)
{
	bool held;

	for (size_t i = 0; i < b->nr; i++) {
		if (pager.changing)
			put_back(b->page[i]);
		else
			copy_out(b, i);
	}
	for (size_t i = 0; i < b->nr; i++) { /* a fork meanwhile shares slots */
		if (b->gone[i] && !has_slot(b, i)) {
			b->gone[i] = false;
			stay(b->page[i]);
		}
	}
	store(b);
	held = !pager.past_libc && hook_hold();
	pager.changing |= !held;
	for (size_t i = 0; i < b->nr; i++) {
		if (b->gone[i])
			discard(b, i, held);
	}
	hook_release();
}

/* --- a batch -------------------------------------------------------------------------------------------- */

static size_t finish(struct batch *b)
{
	size_t went = 0;

	for (size_t i = 0; i < b->nr; i++) {
		struct page *page = page_of(b->page[i]);

		if (!b->gone[i])
			continue;
		went++;
		if (page->state == PAGE_RESIDENT)
			space_set(&pager.space, page, PAGE_FAR);
	}
	return went;
}

/*
 * Nothing is read from the kernel meanwhile: what is in staging has left its place, and is not far yet. A
 * thread that faults on such a page waits until the handler reads that fault: nobody need wake it.
 */
static size_t move_batch(struct batch *b, struct batch *shared)
{
	size_t went;

	take_by_move(b, shared);
	store(b);
	went = finish(b);
	if (went)
		empty_staging(b->nr);
	return went;
}

/* Meanwhile the program may have given some back, and mapped what it likes in their place. */
static void copy_all(struct batch *shared)
{
	size_t nr = shared->nr;

	helper_do(copy_shared, shared);
	shared->nr = 0;
	for (size_t i = 0; i < nr; i++) {
		if (page_of(shared->page[i])->state == PAGE_RESIDENT)
			shared->page[shared->nr++] = shared->page[i];
	}
}

static size_t evict_batch(size_t nr)
{
	static struct batch b, shared;
	size_t went;

	b = shared = (struct batch){ .nr = 0 };
	choose(&b, nr);
	find_room(&b);
	if (!pager.can_move) {
		take_by_copy(&b);
		return finish(&b);
	}
	went = move_batch(&b, &shared);
	if (!shared.nr)
		return went; /* while the helper copies, faults are served, and no room is made for them */
	copy_all(&shared);
	find_room(&shared); /* a copy is clean no more */
	return went + move_batch(&shared, NULL);
}

/* --- how many ----------------------------------------------------------------------------------------- */

/* Kept ready: a part of the limit. */
static int64_t ready(void)
{
	uint64_t part = board_limit(pager.board) / 16;

	return part < READY_PAGES ? (int64_t)part : READY_PAGES;
}

/* What forked processes share leaves by being copied first. */
static int64_t above(size_t more)
{
	uint64_t limit = board_limit(pager.board);
	int64_t local = board_local(pager.board) + (int64_t)more;

	if (limit == NO_LIMIT)
		return -1;
	if (pager.board->shared > 0)
		local += ready();
	return local - (int64_t)limit;
}

/* Of threads that wait for the eviction to be over. */
static uint64_t held[HELD_MAX];
static size_t nr_held;

/* Never the helper: before it has begun it is any thread. */
bool evict_holds(uint64_t address, pid_t tid)
{
	if (!pager.evicting || !pager.helper_tid || tid == pager.helper_tid ||
	    nr_held == HELD_MAX || above(1) <= 0)
		return false;
	held[nr_held++] = address;
	return true;
}

static void release_held(void)
{
	while (nr_held)
		uffd_wake(pager.space.uffd, held[--nr_held], PAGE_BYTES);
}

size_t evict(size_t nr)
{
	uint64_t begin = clock_ns();
	size_t went;

	if (pager.evicting || pager.past_libc)
		return 0;
	pager.evicting = true;
	pager.changing = false;
	nr_held = 0; /* a forked child has its parent's */
	pager.policy_ctx.limit_pages = pager.prefetch_ctx.limit_pages = board_limit(pager.board);
	went = evict_batch(nr);
	pager.evicting = false;
	release_held();
	COUNT(evict_ns, clock_ns() - begin);
	return went;
}

/* The process that has most, of those that have more than this one. */
static struct process *largest(void)
{
	struct process *most = pager.space.process;

	for (uint32_t i = 0; i < BOARD_PROCESSES; i++) {
		struct process *p = &pager.board->processes[i];

		if (p->state == PROCESS_LIVE && p->resident > most->resident)
			most = p;
	}
	return most == pager.space.process ? NULL : most;
}

/* Have the largest other process take pages away. False: there is none. */
static bool ask_others(int64_t pages)
{
	struct process *p = largest();

	if (p && !p->ask)
		p->ask = pages > BATCH_PAGES ? pages : BATCH_PAGES;
	return p;
}

static void wait_for_others(size_t nr)
{
	for (int i = 0; i < MAX_WAITS && above(nr) > 0; i++) {
		if (!ask_others(above(nr)))
			return;
		usleep(WAIT_US);
	}
}

void evict_for(size_t nr)
{
	int tries = 0;

	if (pager.evicting)
		return;
	pager.changing = false;
	while (above(nr) > 0 && !pager.changing && pager.space.process->resident > LEAST_PAGES &&
	       tries < MOST_TRIES) {
		if (evict(BATCH_PAGES) == 0)
			tries += board_is_full(pager.board) ? MOST_TRIES : 1;
	}
	if (above(nr) > 0 && !pager.changing && !board_is_full(pager.board))
		wait_for_others(nr);
}

bool evict_ahead(void)
{
	struct process *self = pager.space.process;
	size_t went;

	if (board_limit(pager.board) == NO_LIMIT)
		return false;
	if (self->ask <= 0 && (above(0) <= -ready() || self->resident <= LEAST_PAGES))
		return false;
	went = evict(BATCH_PAGES);
	if (self->ask > 0)
		self->ask = self->ask > (int64_t)went && went ? self->ask - (int64_t)went : 0;
	return went > 0;
}
