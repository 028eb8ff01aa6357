// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/group/shrink.h"

#include <stdbool.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/opt.h"
#include "base/sysfile.h"

#define SETTLED	       1.01 /* memory is there when it is within 1 % of the limit */
#define ABOVE	       1.02 /* of the limit: no more what was asked for */
#define STEPS	       64u
#define MIN_STEP_BYTES (4ull << 20)

static bool is_full(uint64_t total_kib, uint64_t free_kib)
{
	return free_kib * 100 < total_kib;
}

/* Why does memory not leave? The first thing every new user of far memory meets. */
static int explain_stuck(const struct shrink *s, uint64_t usage, struct err *err)
{
	uint64_t total = 0, free_kib = 0, unevictable = 0, anon = 0, zswap = 0;
	char is[16], should[16], locked[16], swap[16], more[16], pool[16];

	sysfile_read_key("/proc/meminfo", "SwapTotal:", &total);
	sysfile_read_key("/proc/meminfo", "SwapFree:", &free_kib);
	if (s->group) {
		group_stat(s->group, "unevictable", "total_unevictable", &unevictable);
		group_stat(s->group, "anon", "total_rss", &anon);
		group_stat(s->group, "zswap", "zswap", &zswap); /* v1 counts no pool to a group */
	}
	format_size(is, sizeof(is), usage);
	format_size(should, sizeof(should), s->limit_bytes);
	format_size(locked, sizeof(locked), unevictable);
	format_size(swap, sizeof(swap), total * 1024);
	format_size(pool, sizeof(pool), zswap);
	format_size(more, sizeof(more), usage > s->limit_bytes ? usage - s->limit_bytes : 0);

	if (s->backend->caps & CAP_TIER)
		return err_failed(
			err, 0,
			"memory on the fast node stays at %s, %s wanted, and the kernel "
			"demotes no more: is there room on the slow node (`numactl -H`), or "
			"is memory locked (%s)?",
			is, should, locked);
	if (s->backend->caps & CAP_PAGER)
		return err_failed(err, 0,
				  "memory stays at %s, %s wanted: the rest can't be paged "
				  "(stacks, small mappings, locked or shared memory), or the pool "
				  "is full; take a larger ratio, or more of the workload's memory",
				  is, should);
	if (total == 0)
		return err_failed(err, 0,
				  "memory stays at %s, %s wanted: no swap area is on (choose a "
				  "backend that brings one: --backend zram)",
				  is, should);
	if (is_full(total, free_kib))
		return err_failed(err, 0,
				  "memory stays at %s, %s wanted: the swap area of %s is full, "
				  "and %s more have to leave (give it more room: -o %s.size=...)",
				  is, should, swap, more, s->backend->name);
	if (unevictable > s->limit_bytes / 2)
		return err_failed(err, 0,
				  "memory stays at %s, %s wanted: %s of it are locked (mlock) and "
				  "can't leave",
				  is, should, locked);
	if (zswap > s->limit_bytes / 2)
		return err_failed(err, 0,
				  "memory stays at %s, %s wanted: %s of it are what zswap keeps, "
				  "compressed as far as it can be, and counts as local; take data "
				  "that compresses, or a far memory without zswap",
				  is, should, pool);
	if (s->group && anon < usage / 2)
		return err_failed(err, 0,
				  "memory stays at %s, %s wanted: less than half of it is "
				  "anonymous; page cache or shared memory charged to the "
				  "group does not go to swap",
				  is, should);
	return err_failed(err, 0,
			  "memory stays at %s, %s wanted, and the kernel reclaims no more (swap "
			  "accounting or memory.swap.max? huge pages?)",
			  is, should);
}

/* In steps, so that a signal ends it and progress shows; a v1 limit is refused (-EBUSY) when the
 * kernel can't get there at once. */
int shrink_run(const struct shrink *s, struct err *err)
{
	uint64_t usage, best = UINT64_MAX, step, limit, patience;
	int rc = s->usage(s->arg, &usage, err);

	if (rc)
		return rc;
	limit = usage > s->limit_bytes ? usage : s->limit_bytes;
	step = (limit - s->limit_bytes) / STEPS;
	if (step < MIN_STEP_BYTES)
		step = MIN_STEP_BYTES;
	patience = clock_ns() + s->patience_ns;

	for (;;) {
		uint64_t next = limit > s->limit_bytes + step ? limit - step : s->limit_bytes;

		rc = s->set_limit(s->arg, next, err);
		if (rc && rc != -EBUSY)
			return rc;
		if (!rc)
			limit = next;
		rc = s->idle(s->idle_arg, err);
		if (!rc)
			rc = s->usage(s->arg, &usage, err);
		if (rc)
			return rc;
		if (limit == s->limit_bytes && (double)usage <= (double)limit * SETTLED)
			return 0;
		if (usage < best) {
			best = usage;
			patience = clock_ns() + s->patience_ns;
		} else if (clock_ns() > patience) {
			return explain_stuck(s, usage, err);
		} else {
			usleep(1000);
		}
	}
}

int shrink_watch(const struct shrink *s, uint64_t usage, uint64_t *since_ns, struct err *err)
{
	uint64_t total, free_kib, now = clock_ns();

	if ((double)usage <= (double)s->limit_bytes * ABOVE ||
	    sysfile_read_key("/proc/meminfo", "SwapTotal:", &total) != 0 ||
	    sysfile_read_key("/proc/meminfo", "SwapFree:", &free_kib) != 0 ||
	    !is_full(total, free_kib)) {
		*since_ns = 0;
		return 0;
	}
	if (!*since_ns)
		*since_ns = now;
	return now - *since_ns > s->patience_ns ? explain_stuck(s, usage, err) : 0;
}
