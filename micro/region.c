// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/region.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"

#define PM_SWAPPED (1ull << 62)
#define PM_PRESENT (1ull << 63)

/* Pages under write-back resist for a moment: how long to go on without a page fewer. */
#define PROVE_NS (5 * NSEC_PER_SEC)
/*
 * A few pages may sit in a CPU's LRU batch (at most 31 each, include/linux/pagevec.h), out of
 * madvise()'s reach until that CPU stirs. These are not worth waiting for; nor is one page in a
 * thousand, a tenth of what counts may differ by.
 */
#define LRU_BATCH 31
#define MAY_STAY  1000
#define FEW_NS	  (200 * NSEC_PER_MSEC)
#define NAP_NS	  (10 * NSEC_PER_MSEC)

#define CHUNK 4096 /* pages looked at in one system call */

static uint64_t content_word(uint64_t stamp, size_t i)
{
	return i ? mix64(stamp + i * GOLDEN_GAMMA) : stamp;
}

void region_fill_page(const struct region *r, uint64_t index)
{
	uint64_t *page = region_page(r, index), stamp = region_stamp(r, index);

	for (size_t i = 0; i < r->content; i++)
		page[i] = content_word(stamp, i);
}

void region_renew_page(struct region *r, uint64_t index)
{
	r->generation[index]++;
	region_fill_page(r, index);
}

void region_check_page(const struct region *r, uint64_t index, struct damage *d)
{
	const uint64_t *page = region_page(r, index);
	uint64_t stamp = region_stamp(r, index), bad = 0;

	d->checked++;
	for (size_t i = 0; i < PAGE_WORDS; i++) {
		uint64_t expected = i < r->content ? content_word(stamp, i) : 0;

		if (__builtin_expect(page[i] == expected, 1))
			continue;
		if (!bad && d->pages < DAMAGE_LOCATED) {
			d->where[d->pages].address = page + i;
			d->where[d->pages].page = index;
			d->where[d->pages].offset = i * sizeof(*page);
			d->where[d->pages].found = page[i];
			d->where[d->pages].expected = expected;
		}
		bad++;
	}
	d->pages += bad > 0;
	d->words += bad;
}

void damage_merge(struct damage *into, const struct damage *from)
{
	for (uint64_t i = 0; i < from->pages && i < DAMAGE_LOCATED; i++) {
		if (into->pages + i < DAMAGE_LOCATED)
			into->where[into->pages + i] = from->where[i];
	}
	into->checked += from->checked;
	into->pages += from->pages;
	into->words += from->words;
}

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int region_init(struct region *r, const struct micro_common *c, uint8_t id, struct err *err)
{
	*r = (struct region){ .pages = c->region_bytes / PAGE_BYTES, .id = id };
	r->content = (size_t)((1 - c->compressible) * PAGE_WORDS);
	if (!r->content)
		r->content = 1;

	r->base = map(r->pages * PAGE_BYTES);
	if (!r->base)
		return err_failed(err, ENOMEM,
				  "no %" PRIu64 " bytes of address space; lower "
				  "-o region",
				  r->pages * PAGE_BYTES);
	/* -EINVAL: this kernel has no huge pages to refuse. */
	if (madvise(r->base, r->pages * PAGE_BYTES, MADV_NOHUGEPAGE) && errno != EINVAL)
		return err_failed(err, errno, "madvise(MADV_NOHUGEPAGE)");
	if (c->verify) {
		size_t bytes = r->pages * sizeof(*r->generation);

		r->generation = map(bytes);
		/* What the pages are judged by must not go the way of the pages. */
		if (!r->generation || mlock(r->generation, bytes))
			return err_failed(err, errno,
					  "verify needs %zu bytes of locked memory "
					  "(ulimit -l)",
					  bytes);
	}
	for (uint64_t i = 0; i < r->pages; i++)
		region_fill_page(r, i);
	return 0;
}

void region_release(struct region *r)
{
	if (r->base)
		munmap(r->base, r->pages * PAGE_BYTES);
	if (r->generation)
		munmap(r->generation, r->pages * sizeof(*r->generation));
	*r = (struct region){ 0 };
}

int region_open_pagemap(struct err *err)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_failed(err, errno, "cannot open /proc/self/pagemap") : fd;
}

static off_t pagemap_offset(const struct region *r, uint64_t index)
{
	return (off_t)((uintptr_t)region_page(r, index) / PAGE_BYTES * sizeof(uint64_t));
}

bool region_is_mapped(const struct region *r, int pagemap_fd, uint64_t index)
{
	uint64_t entry = 0;

	return pread(pagemap_fd, &entry, sizeof(entry), pagemap_offset(r, index)) ==
		       sizeof(entry) &&
	       (entry & PM_PRESENT);
}

/* pagemap's entries of the pages from `first`; returns how many, or -errno. */
static ssize_t read_pagemap(const struct region *r, int fd, uint64_t first, uint64_t entries[CHUNK],
			    struct err *err)
{
	size_t want = r->pages - first < CHUNK ? r->pages - first : CHUNK;
	ssize_t n = pread(fd, entries, want * sizeof(uint64_t), pagemap_offset(r, first));

	if (n < (ssize_t)sizeof(uint64_t))
		return err_failed(err, n < 0 ? errno : 0, "cannot read /proc/self/pagemap");
	return n / (ssize_t)sizeof(uint64_t);
}

/* pagemap's and mincore's word on the pages from `first`: NEAR_*. How many pages, or -errno. */
static ssize_t look_at(const struct region *r, int fd, uint64_t first, uint8_t near[CHUNK],
		       struct err *err)
{
	uint64_t entries[CHUNK];
	unsigned char in_core[CHUNK];
	ssize_t n = read_pagemap(r, fd, first, entries, err);

	if (n > 0 && mincore(region_page(r, first), (size_t)n * PAGE_BYTES, in_core))
		return err_failed(err, errno, "mincore");
	for (ssize_t i = 0; i < n; i++)
		near[i] = (uint8_t)((entries[i] & PM_PRESENT ? NEAR_MAPPED : 0) |
				    (in_core[i] & 1 ? NEAR_MEMORY : 0) |
				    (entries[i] & (PM_PRESENT | PM_SWAPPED) ? 0 : NEAR_NOTHING));
	return n;
}

/*
 * Push out every page that is mapped or in the swap cache. Returns how many that were, or -errno.
 * MADV_PAGEOUT passes over pages that are in the swap cache only: a touch maps them again.
 */
static int64_t push_out(const struct region *r, int fd, struct err *err)
{
	uint8_t state[CHUNK];
	int64_t near = 0;

	for (uint64_t first = 0; first < r->pages;) {
		ssize_t n = look_at(r, fd, first, state, err);
		ssize_t i = 0;

		if (n < 0)
			return n;
		while (i < n) {
			ssize_t from = i;

			for (; i < n && state[i]; i++, near++) {
				if (!(state[i] & NEAR_MAPPED))
					(void)*(volatile uint64_t *)region_page(
						r, first + (uint64_t)i);
			}
			if (i > from && madvise(region_page(r, first + (uint64_t)from),
						(size_t)(i - from) * PAGE_BYTES, MADV_PAGEOUT))
				return err_failed(err, errno, "madvise(MADV_PAGEOUT)");
			i += i == from;
		}
		first += (uint64_t)n;
	}
	return near;
}

int region_prove_far(const struct region *r, uint64_t *ret_pushed, struct err *err)
{
	int64_t few = (int64_t)(r->pages / MAY_STAY) + LRU_BATCH * get_nprocs();
	uint64_t since_ns = 0;
	int64_t near, least = INT64_MAX, pushed = -1;
	int fd = region_open_pagemap(err);

	if (fd < 0)
		return fd;
	for (;;) {
		near = push_out(r, fd, err);
		if (pushed < 0)
			pushed = near;
		if (near < least) {
			least = near;
			since_ns = clock_ns();
		}
		if (near <= 0 || clock_ns() - since_ns > (near <= few ? FEW_NS : PROVE_NS))
			break;
		clock_sleep_until(clock_ns() + NAP_NS);
	}
	close(fd);
	if (near < 0)
		return (int)near;
	if (near > few)
		return err_failed(err, 0,
				  "%" PRId64 " of %" PRIu64
				  " pages stay in memory: the kernel does "
				  "not swap them out (no swap area on? full? backend none takes no "
				  "pages: choose another with --backend)",
				  near, r->pages);
	*ret_pushed = (uint64_t)pushed;
	return 0;
}

int region_look(const struct region *r, uint8_t *near, struct err *err)
{
	uint8_t state[CHUNK];
	int fd = region_open_pagemap(err), rc = fd < 0 ? fd : 0;

	for (uint64_t first = 0; first < r->pages && !rc;) {
		ssize_t n = look_at(r, fd, first, state, err);

		if (n < 0)
			rc = (int)n;
		else
			memcpy(near + first, state, (size_t)n);
		first += n < 0 ? 0 : (uint64_t)n;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}
