// SPDX-License-Identifier: GPL-2.0-or-later
/* The handler: one message of the kernel's after the other. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/pager/pager.h"
#include "backend/pager/trace.h"
#include "backend/pager/uffd.h"
#include "base/clock.h"

#define TICK_NS	   2000000ull /* between looks at the process, while there is something to do */
#define IDLE_MS	   20
#define WRITE_RUN  64 /* pages that may be written together */
#define SHARED_RUN 16 /* pages that may be copied are counted as if they were */
#define NOT_ASKED  UINT64_MAX
#define SHARING_MS 1 /* with a forked process, which may want pages given up */

/* Pages that come together: sorted, the one that is asked for among them. */
struct window {
	uint64_t page[PREFETCH_MAX + 1]; /* numbers */
	size_t nr;
	uint64_t asked;
	bool is_new, protect;
	bool woken; /* the kernel wakes who waits for what it copies */
};

static bool is_own(const struct space *s)
{
	return s == &pager.space;
}

/* --- which pages ---------------------------------------------------------------------------------- */

static bool may_come(struct space *s, uint64_t number, enum page_state state)
{
	struct page *page = space_find(s, number * PAGE_BYTES);

	return page && page->state == state && !(page->flags & PAGE_LEAVING);
}

static void add_sorted(struct window *w, uint64_t number)
{
	size_t i = w->nr;

	while (i > 0 && w->page[i - 1] > number)
		i--;
	if (i > 0 && w->page[i - 1] == number)
		return;
	memmove(&w->page[i + 1], &w->page[i], (w->nr - i) * sizeof(*w->page));
	w->page[i] = number;
	w->nr++;
}

/* Those of the pages that may come. */
static void add_those(struct space *s, struct window *w, const uint64_t *pages, size_t nr,
		      enum page_state state)
{
	for (size_t i = 0; i < nr; i++) {
		if (may_come(s, pages[i], state))
			add_sorted(w, pages[i]);
	}
}

/* The page that is asked for, and what the prefetcher adds. Making room for them may change what is far. */
static void choose_window(struct space *s, struct window *w)
{
	uint64_t others[PREFETCH_MAX];
	size_t nr = 0;

	w->page[0] = w->asked;
	w->nr = 1;
	if (is_own(s) && !pager.evicting) { /* while it makes room, nothing comes along */
		nr = pager.prefetch->ahead(&pager.prefetch_ctx, w->asked, w->is_new, others,
					   PREFETCH_MAX);
		evict_for(1 + nr);
	}
	add_those(s, w, others, nr, w->is_new ? PAGE_NEW : PAGE_FAR);
}

/* How many from i on are neighbours, in memory, and in the pool where they are far. */
static size_t run_length(struct space *s, const struct window *w, size_t i)
{
	struct page *first = space_find(s, w->page[i] * PAGE_BYTES);
	size_t n = 1;

	while (n < POOL_RUNS && i + n < w->nr && w->page[i + n] == w->page[i] + n) {
		struct page *page = space_find(s, w->page[i + n] * PAGE_BYTES);

		if (!w->is_new && page->slot != first->slot + n)
			break;
		n++;
	}
	return n;
}

/* --- bringing them ---------------------------------------------------------------------------------- */

static void arrived(struct space *s, const struct window *w, uint64_t number, bool clean)
{
	struct page *page = space_find(s, number * PAGE_BYTES);
	enum arrival how = w->is_new		? ARRIVED_NEW
			   : number == w->asked ? ARRIVED_FAULT
						: ARRIVED_AHEAD;

	space_set(s, page, PAGE_RESIDENT);
	if (clean)
		page->flags |= PAGE_CLEAN;
	if (is_own(s))
		pager.policy->arrive(&pager.policy_ctx, number, &page->word, how);
}

/*
 * The pages of a run, from src. One that was there all the time may be newer than its slot. The kernel
 * copies to one mapping at a time (ENOENT): a run across two goes page by page.
 */
static void bring_run(struct space *s, struct window *w, size_t i, size_t nr, const char *src)
{
	size_t done = 0, most = nr;

	while (done < nr) {
		int why;
		size_t filled =
			uffd_copy(s->uffd, w->page[i + done] * PAGE_BYTES, src + done * PAGE_BYTES,
				  most < nr - done ? most : nr - done, w->protect, &why);

		for (size_t k = 0; k < filled; k++) {
			w->woken |= w->page[i + done] == w->asked;
			arrived(s, w, w->page[i + done++], w->protect);
		}
		if (w->is_new)
			COUNT(pages_new, filled);
		else
			COUNT(pages_in, filled);
		COUNT(again, why == EAGAIN);
		if (why == EEXIST)
			arrived(s, w, w->page[i + done++], false);
		else if (why == ENOENT && most > 1)
			most = 1;
		else if (why == ENOENT)
			done++; /* nothing is mapped there */
		else if (why)
			return;
	}
}

static void load_now(const struct pool_run *runs, size_t nr)
{
	if (nr && pager.pool.pool->load(&pager.pool, runs, nr) != 0)
		pager_die_of_pool("the pool has lost pages of this program");
}

/* Load what has no window into the buffer, as many runs at once as the pool takes. */
static void load(struct pool_run *runs, size_t nr)
{
	struct pool_run wanted[POOL_RUNS];
	size_t n = 0, pages = 0;
	char *to = pager.buffer;

	for (size_t i = 0; i < nr; i++) {
		runs[i].pages = pager.pool.pool->window
					? (void *)pager.pool.pool->window(&pager.pool, runs[i].slot)
					: NULL;
		if (runs[i].pages)
			continue;
		if (pages + runs[i].nr > POOL_RUNS) {
			load_now(wanted, n);
			n = pages = 0;
		}
		runs[i].pages = to;
		to += runs[i].nr * PAGE_BYTES;
		pages += runs[i].nr;
		wanted[n++] = runs[i];
	}
	load_now(wanted, n);
}

/* Where the window's far pages are: as many runs as it returns. Their pages are not set. */
static size_t find_runs(struct space *s, const struct window *w, struct pool_run *runs)
{
	size_t nr = 0;

	for (size_t i = 0; i < w->nr; i += runs[nr++].nr) {
		runs[nr].slot = space_find(s, w->page[i] * PAGE_BYTES)->slot;
		runs[nr].nr = (uint32_t)run_length(s, w, i);
	}
	return nr;
}

/* What the next fault will probably want is under way while the program has what this one brought. */
static void preload(void)
{
	static struct pool_run runs[POOL_RUNS];
	uint64_t pages[POOL_RUNS];
	struct window w = { .asked = NOT_ASKED };
	size_t nr;

	if (!pager.pool.pool->preload || !pager.prefetch->next)
		return;
	nr = pager.prefetch->next(&pager.prefetch_ctx, pages, POOL_RUNS);
	add_those(&pager.space, &w, pages, nr, PAGE_FAR);
	nr = find_runs(&pager.space, &w, runs);
	if (nr)
		pager.pool.pool->preload(&pager.pool, runs, nr);
}

/* The page that is asked for comes last, with its run: what the program wants next is there when it goes on. */
static void bring_far(struct space *s, struct window *w)
{
	static struct pool_run runs[PREFETCH_MAX + 1];
	size_t nr = find_runs(s, w, runs), asked = 0, asked_run = SIZE_MAX;

	load(runs, nr);
	if (is_own(s) && w->asked != NOT_ASKED)
		preload();
	for (size_t r = 0, i = 0; r < nr; i += runs[r++].nr) {
		if (w->asked < w->page[i] || w->asked >= w->page[i] + runs[r].nr) {
			bring_run(s, w, i, runs[r].nr, runs[r].pages);
			continue;
		}
		asked = i;
		asked_run = r;
	}
	if (asked_run != SIZE_MAX)
		bring_run(s, w, asked, runs[asked_run].nr, runs[asked_run].pages);
}

static void bring_new(struct space *s, struct window *w)
{
	for (size_t i = 0, nr; i < w->nr; i += nr) {
		nr = run_length(s, w, i);
		bring_run(s, w, i, nr, pager.zeros);
	}
}

/*
 * A page that is brought for reading is worth protecting if it is seldom written: then it need not be
 * stored again; else the write is one more fault. How often, in 1/1024 of those that were protected.
 */
static unsigned int written, nr_probes;

static bool stays_clean(void)
{
	return written < 256 || ++nr_probes % 16 == 0;
}

bool bring_meanwhile(void)
{
	struct window w = { .asked = NOT_ASKED, .protect = stays_clean() };
	uint64_t pages[BATCH_PAGES];
	size_t nr = pager.prefetch->meanwhile
			    ? pager.prefetch->meanwhile(&pager.prefetch_ctx, pages, BATCH_PAGES)
			    : 0;

	if (!nr)
		return false;
	evict_for(nr);
	add_those(&pager.space, &w, pages, nr, PAGE_FAR);
	if (w.nr)
		bring_far(&pager.space, &w);
	return true;
}

/* --- faults --------------------------------------------------------------------------------------- */

static void serve_missing(struct space *s, uint64_t address, struct page *page, bool writes)
{
	struct window w = { .asked = address / PAGE_BYTES, .is_new = page->state != PAGE_FAR };

	w.protect = !w.is_new && !writes && stays_clean();
	if (w.protect)
		written -= written / 200;
	if (is_own(s))
		COUNT(off_trace, !trace_asked(w.asked, board_limit(pager.board)));
	choose_window(s, &w);
	if (w.is_new && page->state != PAGE_FAR) {
		space_set(s, page, PAGE_NEW); /* if it was believed resident: it was given back */
		COUNT(faults_new, 1);
		bring_new(s, &w);
	} else if (!w.is_new && page->state == PAGE_FAR) {
		COUNT(faults_far, 1);
		bring_far(s, &w);
	}
	/* Nothing came: the layout is changing, and the thread shall fault again. */
	if (!w.woken)
		uffd_wake(s->uffd, address, PAGE_BYTES);
}

/* How many pages from address on are protected as this one: one that is written has neighbours that will be. */
static size_t protected_run(struct space *s, uint64_t address, uint8_t flags)
{
	size_t n = 1, most = flags & PAGE_SHARED ? SHARED_RUN : WRITE_RUN;

	if (flags & PAGE_WATCHED)
		most = 1; /* each tells of itself */
	for (; n < most; n++) {
		struct page *page = space_find(s, address + n * PAGE_BYTES);

		if (!page || page->state != PAGE_RESIDENT || page->flags != flags)
			break;
	}
	return n;
}

/* Make room for the copies that the kernel makes of pages that a forked process has, too. How many? */
static size_t make_room_for_copies(struct space *s, uint64_t address, size_t nr)
{
	size_t shared = is_own(s) ? pages_shared(address, nr) : nr;

	if (is_own(s) && shared)
		evict_for(shared);
	return shared;
}

/* A write to a page that is there, but protected: it was clean, or shared with a forked process. */
static void serve_write(struct space *s, uint64_t address, struct page *page)
{
	uint8_t flags = page->flags;
	size_t nr = protected_run(s, address, flags), copies = 0;

	COUNT(faults_write, 1);
	if (flags & PAGE_SHARED)
		copies = make_room_for_copies(s, address, nr);
	if (page->flags != flags || uffd_protect(s->uffd, address, nr * PAGE_BYTES, false) != 0) {
		uffd_wake(s->uffd, address, PAGE_BYTES); /* it has left, or the layout changes */
		return;
	}
	board_share(s->board, -(int64_t)copies);
	if (flags & PAGE_CLEAN)
		written += (1024 - written) / 50;
	for (size_t i = 0; i < nr; i++)
		space_find(s, address + i * PAGE_BYTES)->flags &=
			(uint8_t) ~(PAGE_CLEAN | PAGE_SHARED | PAGE_WATCHED);
	if (is_own(s) && page->state == PAGE_RESIDENT && pager.policy->written)
		pager.policy->written(&pager.policy_ctx, address / PAGE_BYTES, &page->word);
}

void pager_watch(uint64_t number)
{
	struct page *page = space_find(&pager.space, number * PAGE_BYTES);

	if (page && page->state == PAGE_RESIDENT && !page->flags &&
	    uffd_protect(pager.space.uffd, number * PAGE_BYTES, PAGE_BYTES, true) == 0)
		page->flags |= PAGE_WATCHED;
}

bool pager_keep(uint64_t number)
{
	struct page *page = space_find(&pager.space, number * PAGE_BYTES);

	if (!page || page->state != PAGE_RESIDENT)
		return false;
	pager.policy->arrive(&pager.policy_ctx, number, &page->word, ARRIVED_AGAIN);
	return true;
}

/* In this process's memory, or in that of a child that has no handler yet. */
static void fault_serve(struct space *s, const struct uffd_msg *m)
{
	uint64_t address = m->arg.pagefault.address & ~(PAGE_BYTES - 1);
	uint64_t flags = m->arg.pagefault.flags;
	struct page *page = space_get(s, address);

	if (!page)
		pager_die("no page table is left (more than 512 GiB touched?)");
	if (page->flags & PAGE_LEAVING) {
		if ((pid_t)m->arg.pagefault.feat.ptid != pager.helper_tid)
			return; /* evict() wakes it when it is done */
		page->flags &= (uint8_t)~PAGE_LEAVING;
	}
	if (is_own(s) && evict_holds(address, (pid_t)m->arg.pagefault.feat.ptid))
		return;
	if (flags & UFFD_PAGEFAULT_FLAG_WP)
		serve_write(s, address, page);
	else
		serve_missing(s, address, page, flags & UFFD_PAGEFAULT_FLAG_WRITE);
}

void pager_settle(void)
{
	if (pager.pool.pool->settle && pager.pool.pool->settle(&pager.pool) != 0)
		pager_die_of_pool("the pool has lost pages of this program");
}

/* --- the loop --------------------------------------------------------------------------------------- */

static void serve(struct space *s, const struct uffd_msg *m)
{
	if (m->event == UFFD_EVENT_PAGEFAULT) {
		fault_serve(s, m);
		return;
	}
	pager_settle(); /* slots become free, or a child's, too */
	event_serve(s, m);
}

bool handler_step(void)
{
	struct uffd_msg m;

	if (read(pager.space.uffd, &m, sizeof(m)) != sizeof(m))
		return false;
	serve(&pager.space, &m);
	return true;
}

/* Sleep until the kernel, a child or another thread has something. */
static void wait_for_work(int timeout_ms)
{
	struct pollfd fds[2 + 2 * MAX_WARDS] = { { pager.space.uffd, POLLIN, 0 },
						 { pager.wake_fd, POLLIN, 0 } };
	size_t nr = 2 + fork_poll_fds(fds + 2, 2 * MAX_WARDS);
	eventfd_t count;

	if (poll(fds, nr, timeout_ms) <= 0)
		return;
	if (fds[1].revents)
		eventfd_read(pager.wake_fd, &count);
	fork_serve(fds + 2, nr - 2, serve);
}

void handler_run(void)
{
	uint64_t next_tick = 0, begin;
	bool busy = false;

	for (;;) {
		begin = clock_ns();
		while (handler_step())
			busy = true;
		if (begin >= next_tick) {
			adopt_tick();
			next_tick = begin + TICK_NS;
		}
		if (evict_ahead() || bring_meanwhile())
			busy = true;
		pager.rounds++;
		if (busy)
			COUNT(handler_ns, clock_ns() - begin);
		else
			wait_for_work(pager.board->shared ? SHARING_MS : IDLE_MS);
		busy = false;
	}
}
