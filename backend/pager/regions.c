// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "backend/pager/pager.h"

#define MAX_REGIONS 16384u
#define MAX_KEPT    1024u

struct range {
	uint64_t start, end;
};

/* Sorted by address, apart from each other. */
static struct {
	atomic_flag lock;
	size_t nr;
	struct range *range; /* MAX_REGIONS: pager_memory() */
} regions = { .lock = ATOMIC_FLAG_INIT };

/* A ring: what was kept out long ago has most likely gone. */
static struct range kept_out[MAX_KEPT];
static _Atomic uint32_t nr_kept_out;

int regions_init(void)
{
	regions.range = pager_memory(MAX_REGIONS * sizeof(*regions.range));
	regions.nr = 0;
	atomic_flag_clear(&regions.lock);
	return regions.range ? 0 : -ENOMEM;
}

static void lock(void)
{
	while (atomic_flag_test_and_set_explicit(&regions.lock, memory_order_acquire))
		sched_yield();
}

static void unlock(void)
{
	atomic_flag_clear_explicit(&regions.lock, memory_order_release);
}

/* The first that ends beyond address. */
static size_t find(uint64_t address)
{
	size_t low = 0, high = regions.nr;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (regions.range[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Replace ranges [from, to) by the nr of with. Too many: the rest is looked at again and again. */
static void replace(size_t from, size_t to, const struct range *with, size_t nr)
{
	if (regions.nr + nr - (to - from) > MAX_REGIONS)
		return;
	memmove(&regions.range[from + nr], &regions.range[to],
		(regions.nr - to) * sizeof(*regions.range));
	memcpy(&regions.range[from], with, nr * sizeof(*with));
	regions.nr = regions.nr + nr - (to - from);
}

void region_add(uint64_t start, uint64_t end)
{
	struct range r = { start, end };
	size_t from, to;

	lock();
	from = find(start ? start - 1 : 0);
	for (to = from; to < regions.nr && regions.range[to].start <= end; to++) {
		if (regions.range[to].start < r.start)
			r.start = regions.range[to].start;
		if (regions.range[to].end > r.end)
			r.end = regions.range[to].end;
	}
	replace(from, to, &r, 1);
	unlock();
}

void region_remove(uint64_t start, uint64_t end)
{
	struct range rest[2];
	size_t from, to, nr = 0;

	lock();
	from = find(start);
	for (to = from; to < regions.nr && regions.range[to].start < end; to++)
		;
	if (to > from && regions.range[from].start < start)
		rest[nr++] = (struct range){ regions.range[from].start, start };
	if (to > from && regions.range[to - 1].end > end)
		rest[nr++] = (struct range){ end, regions.range[to - 1].end };
	replace(from, to, rest, nr);
	unlock();
}

bool region_gap(uint64_t start, uint64_t end, uint64_t *ret_start, uint64_t *ret_end)
{
	size_t i;

	lock();
	for (i = find(start); i < regions.nr && regions.range[i].start <= start; i++)
		start = regions.range[i].end;
	if (i < regions.nr && regions.range[i].start < end)
		end = regions.range[i].start;
	unlock();
	*ret_start = start;
	*ret_end = end;
	return start < end;
}

void region_keep_out(uint64_t start, uint64_t end)
{
	kept_out[nr_kept_out++ % MAX_KEPT] = (struct range){ start, end };
}

bool region_is_kept_out(uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < MAX_KEPT; i++) {
		if (kept_out[i].start < end && kept_out[i].end > start)
			return true;
	}
	return false;
}
