// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/board.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"

#define MAGIC	      0x464d5047u /* "FMPG" */
#define VERSION	      3
#define BLOCKS	      (1u << 18) /* 512 GiB of memory that was touched */
#define MEASURE_SHARE 20 /* the keeper measures for no more of its time than one part in this */
#define EXTENT_CLOSED UINT32_MAX /* its slots are being dropped */

/* --- layout: the board, then slots' and extents' counts, then blocks, each from a page's start -- */

static uint64_t whole_pages(uint64_t bytes)
{
	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static uint64_t slots_at(void)
{
	return whole_pages(sizeof(struct board));
}

static uint64_t extents_at(uint32_t nr_extents)
{
	return slots_at() + whole_pages((uint64_t)nr_extents * BLOCK_PAGES * sizeof(uint16_t));
}

static uint64_t blocks_at(uint32_t nr_extents)
{
	return extents_at(nr_extents) + whole_pages(nr_extents * sizeof(uint32_t));
}

static _Atomic uint16_t *slot_refs(struct board *b, uint32_t slot)
{
	return (_Atomic uint16_t *)((char *)b + slots_at()) + slot;
}

static _Atomic uint32_t *extent_refs(struct board *b, uint32_t extent)
{
	return (_Atomic uint32_t *)((char *)b + extents_at(b->nr_extents)) + extent;
}

struct block *board_block(struct board *b, uint32_t number)
{
	return (struct block *)((char *)b + blocks_at(b->nr_extents)) + number;
}

/* --- making and finding one --------------------------------------------------------------------- */

static int map(int fd, uint64_t bytes, struct board **ret)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	madvise(at, bytes, MADV_DONTDUMP);
	*ret = at;
	return 0;
}

int board_create(uint64_t far_bytes, struct board **ret, struct err *err)
{
	uint32_t nr_extents = (uint32_t)(far_bytes / PAGE_BYTES / BLOCK_PAGES) + 2;
	uint64_t bytes = blocks_at(nr_extents) + (uint64_t)BLOCKS * sizeof(struct block);
	struct board *b = NULL;
	int fd = memfd_create("fmpager", MFD_CLOEXEC), rc;

	if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0 || fchmod(fd, 0600) != 0)
		return err_failed(err, errno, "cannot make the pager's shared memory");
	rc = map(fd, bytes, &b);
	if (rc || !b)
		return err_failed(err, -rc, "cannot map the pager's shared memory");
	b->version = VERSION;
	b->bytes = bytes;
	b->nr_extents = nr_extents;
	b->nr_slots = nr_extents * BLOCK_PAGES;
	b->nr_usable = nr_extents;
	b->nr_blocks = BLOCKS;
	b->keeper = getpid();
	b->pool_fd = b->trace_fd = -1;
	b->limit_pages = NO_LIMIT;
	b->magic = MAGIC;
	*ret = b;
	return fd;
}

int board_open(const char *path, struct board **ret, struct err *err)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC), rc;

	if (fd < 0)
		return err_failed(err, errno, "%s (" BOARD_ENV "): has fmpager ended?", path);
	rc = fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof(struct board)
		     ? map(fd, (uint64_t)st.st_size, ret)
		     : -EINVAL;
	close(fd);
	if (!rc && ((*ret)->magic != MAGIC || (*ret)->version != VERSION)) {
		munmap(*ret, (size_t)st.st_size);
		rc = -EINVAL;
	}
	return rc ? err_failed(err, -rc, "%s (" BOARD_ENV ") is no board of this fmpager", path)
		  : 0;
}

void board_close(struct board *b)
{
	if (b)
		munmap(b, b->bytes);
}

/* --- the limit ----------------------------------------------------------------------------------- */

void board_set_limit(struct board *b, uint64_t pages)
{
	b->lowered = true;
	b->limit_pages = pages;
}

uint64_t board_limit(const struct board *b)
{
	uint32_t ppm = b->limit_ppm;
	int64_t touched = b->resident + b->unpaged - b->shared + b->far;

	if (!ppm)
		return b->limit_pages;
	return (uint64_t)(touched > 0 ? touched : 0) * ppm / 1000000;
}

static void raise_to(_Atomic int64_t *most, int64_t value)
{
	int64_t was = *most;

	while (value > was && !atomic_compare_exchange_weak(most, &was, value))
		;
}

int64_t board_local(struct board *b)
{
	int64_t unpaged = b->unpaged, local = b->resident + unpaged - b->shared;
	uint64_t limit = board_limit(b);

	raise_to(&b->unpaged_peak, unpaged);
	raise_to(&b->peak, local);
	if (b->limit_ppm || limit == NO_LIMIT)
		return local;
	if (local <= (int64_t)limit)
		b->lowered = false;
	else if (!b->lowered)
		raise_to(&b->overshoot, local - (int64_t)limit);
	return local;
}

/* --- what is shared ------------------------------------------------------------------------------ */

void board_share(struct board *b, int64_t pages)
{
	int64_t was = b->shared;

	b->sharings += pages > 0;
	/* What is counted as parted twice, by both sides, ends at nothing. */
	while (!atomic_compare_exchange_weak(&b->shared, &was, was + pages > 0 ? was + pages : 0))
		;
}

/* A key of /proc/PID/smaps_rollup in pages. -1: it isn't there. */
static int64_t rollup(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoll(at + strlen(key), NULL, 10) / 4 : -1;
}

/* How much of a process's anonymous memory counts for others. -1: not to be had. */
static int64_t read_shared(pid_t pid)
{
	char path[64], text[2048];
	int64_t all, share;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	all = rollup(text, "\nAnonymous:");
	share = rollup(text, "\nPss_Anon:");
	return all < 0 || share < 0 ? -1 : all - share;
}

/* Of all processes. -1: one is only beginning or ending, and what the others share with it can't be told. */
static int64_t sum_shared(const struct board *b)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < BOARD_PROCESSES; i++) {
		uint32_t state = b->processes[i].state;
		int64_t shared = state == PROCESS_LIVE ? read_shared(b->processes[i].pid) : 0;

		if (shared < 0 || state == PROCESS_WARD || state == PROCESS_MAKING)
			return -1;
		sum += shared;
	}
	return sum;
}

static uint32_t count_live(const struct board *b)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < BOARD_PROCESSES; i++)
		live += b->processes[i].state == PROCESS_LIVE;
	return live;
}

/* One after the other is read: a fork or an end meanwhile would make of them a state that never was. */
void board_measure_shared(struct board *b)
{
	static uint64_t next_ns;
	uint64_t begin = clock_ns();
	uint32_t sharings, live;
	int64_t sum, was;

	if (!b->shared || begin < next_ns)
		return;
	sharings = b->sharings;
	live = count_live(b);
	sum = sum_shared(b);
	next_ns = clock_ns() + MEASURE_SHARE * (clock_ns() - begin);
	was = b->shared;
	if (sum >= 0 && b->sharings == sharings && count_live(b) == live)
		atomic_compare_exchange_strong(&b->shared, &was, sum);
}

/* --- processes ------------------------------------------------------------------------------------ */

uint32_t board_index(const struct board *b, const struct process *p)
{
	return (uint32_t)(p - b->processes);
}

struct process *board_add_process(struct board *b)
{
	for (uint32_t i = 0; i < BOARD_PROCESSES; i++) {
		struct process *p = &b->processes[i];
		uint32_t state = PROCESS_FREE;

		if (!atomic_compare_exchange_strong(&p->state, &state, PROCESS_MAKING))
			continue;
		p->pid = 0;
		p->name[0] = '\0';
		p->first_block = NO_BLOCK;
		p->resident = p->unpaged = p->far = p->ask = 0;
		p->pool_owner = 0;
		p->seen = 0;
		memset(&p->counters, 0, sizeof(p->counters));
		b->nr_seen++;
		return p;
	}
	return NULL;
}

void counters_add(struct counters *sum, const struct counters *c)
{
#define X(name, help) sum->name += c->name;
	BOARD_COUNTERS(X)
#undef X
}

static void put_extent(struct board *b, struct pool_ctx *pool, uint32_t extent)
{
	_Atomic uint32_t *refs = extent_refs(b, extent);
	uint32_t was = *refs;

	while (!atomic_compare_exchange_weak(refs, &was, was == 1 ? EXTENT_CLOSED : was - 1))
		;
	if (was != 1)
		return;
	if (pool->pool->drop)
		pool->pool->drop(pool, extent * BLOCK_PAGES, BLOCK_PAGES);
	*refs = 0;
	b->nr_freed++;
}

/* Returns how many of its pages were shared. */
static int64_t free_block(struct board *b, struct pool_ctx *pool, struct block *block)
{
	int64_t shared = 0;

	for (unsigned int i = 0; i < BLOCK_PAGES; i++) {
		shared += block->pages[i].flags & PAGE_SHARED ? 1 : 0;
		if (block->pages[i].slot)
			board_put_slot(b, pool, block->pages[i].slot);
	}
	if (block->extent)
		put_extent(b, pool, block->extent);
	memset(block->pages, 0, sizeof(block->pages));
	block->owner = 0;
	return shared;
}

void board_bury(struct board *b, struct pool_ctx *pool, struct process *p)
{
	int64_t shared = 0;
	uint32_t next;

	if (p->pool_owner && pool->pool->bury)
		pool->pool->bury(pool, p->pool_owner);
	for (uint32_t at = p->first_block; at != NO_BLOCK; at = next) {
		struct block *block = board_block(b, at);

		next = block->next;
		shared += free_block(b, pool, block);
	}
	p->first_block = NO_BLOCK;
	b->resident -= p->resident;
	b->unpaged -= p->unpaged;
	b->far -= p->far;
	board_share(b, -shared);
	counters_add(&b->past, &p->counters);
	p->state = PROCESS_FREE;
}

/* When a process started is noted here, when it is first seen: in a time namespace it would itself say
 * something else. */
static bool has_ended(struct process *p)
{
	uint64_t pid = (uint32_t)p->pid, ticks, now;

	if (process_start((pid_t)pid, &ticks) != 0)
		return true;
	now = pid << 32 | (uint32_t)ticks;
	if (p->seen >> 32 != pid)
		p->seen = now;
	return p->seen != now;
}

void board_bury_dead(struct board *b, struct pool_ctx *pool)
{
	for (uint32_t i = 0; i < BOARD_PROCESSES; i++) {
		struct process *p = &b->processes[i];
		uint32_t state = p->state;

		if ((state == PROCESS_LIVE || state == PROCESS_WARD) && has_ended(p))
			atomic_compare_exchange_strong(&p->state, &state, PROCESS_DEAD);
		if (p->state == PROCESS_DEAD)
			board_bury(b, pool, p);
	}
}

/* --- blocks and slots ----------------------------------------------------------------------------- */

uint32_t board_take_block(struct board *b, struct process *owner, uint64_t address)
{
	uint32_t hint = b->block_hint, mine = board_index(b, owner) + 1;

	for (uint32_t i = 0; i < b->nr_blocks - 1; i++) {
		uint32_t at = 1 + (hint + i) % (b->nr_blocks - 1), none = 0;
		struct block *block = board_block(b, at);

		if (!atomic_compare_exchange_strong(&block->owner, &none, mine))
			continue;
		b->block_hint = at;
		block->address = address;
		block->extent = NO_BLOCK;
		block->next = owner->first_block;
		owner->first_block = at;
		return at;
	}
	return NO_BLOCK;
}

bool board_is_full(const struct board *b)
{
	return b->full_at == b->nr_freed + 1;
}

static bool reserve(struct pool_ctx *pool, uint32_t extent)
{
	return !pool->pool->reserve ||
	       pool->pool->reserve(pool, extent * BLOCK_PAGES, BLOCK_PAGES) == 0;
}

/* One that nobody uses; held by the caller. The lowest first: the pool may have its memory ready. */
static uint32_t take_extent(struct board *b, struct pool_ctx *pool)
{
	uint32_t nr_freed = b->nr_freed;

	if (board_is_full(b))
		return NO_BLOCK;
	for (uint32_t e = 1; e < b->nr_usable; e++) {
		uint32_t none = 0;

		if (*extent_refs(b, e) != 0 ||
		    !atomic_compare_exchange_strong(extent_refs(b, e), &none, EXTENT_CLOSED))
			continue;
		if (reserve(pool, e)) {
			*extent_refs(b, e) = 1;
			return e;
		}
		*extent_refs(b, e) = 0;
		break;
	}
	b->full_at = nr_freed + 1;
	return NO_BLOCK;
}

static bool try_slot(struct board *b, struct block *block, unsigned int i, uint32_t *ret)
{
	uint32_t slot = block->extent * BLOCK_PAGES + i;
	uint16_t none = 0;

	if (!block->extent || !atomic_compare_exchange_strong(slot_refs(b, slot), &none, 1))
		return false;
	atomic_fetch_add(extent_refs(b, block->extent), 1);
	*ret = slot;
	return true;
}

uint32_t board_take_slot(struct board *b, struct pool_ctx *pool, struct block *block,
			 unsigned int i)
{
	struct page *page = &block->pages[i];
	uint32_t slot = page->slot;

	if (slot && *slot_refs(b, slot) == 1)
		return slot;
	if (!try_slot(b, block, i, &slot)) {
		/* A forked process still holds that one. */
		uint32_t extent = take_extent(b, pool);

		if (extent == NO_BLOCK)
			return NO_SLOT;
		if (block->extent)
			put_extent(b, pool, block->extent);
		block->extent = extent;
		try_slot(b, block, i, &slot);
	}
	if (page->slot)
		board_put_slot(b, pool, page->slot);
	page->slot = slot;
	return slot;
}

void board_share_slot(struct board *b, uint32_t slot)
{
	atomic_fetch_add(slot_refs(b, slot), 1);
	atomic_fetch_add(extent_refs(b, slot / BLOCK_PAGES), 1);
}

void board_put_slot(struct board *b, struct pool_ctx *pool, uint32_t slot)
{
	atomic_fetch_sub(slot_refs(b, slot), 1);
	put_extent(b, pool, slot / BLOCK_PAGES);
}
