/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two hot loops. Each writes only its thread's own cache lines; what the threads share (the
 * order to stop, the order to record) is only read. bench/micro_loops.c shows what they cost.
 */
#ifndef MICRO_LOOP_H
#define MICRO_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "micro/order.h"
#include "micro/region.h"
#include "micro/ticks.h"

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_READ_THEN_WRITE };

/* By its name in MICRO_ACCESSES, which must be one. */
enum access access_kind(const char *name);

/* One thread's way through a region. */
struct walk {
	struct region *region;
	struct order order;
	enum access access;
	bool verify;
	uint64_t most; /* touches before it ends by itself */
	const atomic_bool *stop;
	struct damage damage;
	int pagemap_fd;
	uint64_t until_look; /* touches before the next look into pagemap; 0: none is taken */
	uint64_t looked, near;
};

/*
 * How often the kernel kept a page that is touched again can't be told from its counters. So
 * loop_count() looks into pagemap before one touch in so many: a prime, as strides are powers of
 * two. At some 300 ns a look this is a nanosecond a touch.
 */
#define LOOK_EVERY 251

/* Count touches in *touched, which others may read at any time, until stop or walk->most. */
void loop_count(struct walk *w, _Atomic uint64_t *touched);

/* What the kernel says a touch was, by this thread's rusage before and after it. */
enum fault_kind { FAULT_MAJOR, FAULT_MINOR, FAULT_NONE, NR_FAULT_KINDS };

/*
 * Time each touch into the histogram of its kind. The kind costs a system call, outside of what is
 * timed. interval_ns above 0: touches are due at that pace, and a latency counts from when its
 * touch was due, so that a slow one makes those queued behind it slow too (no coordinated
 * omission); *late counts touches that began after they were due.
 */
struct timing {
	const struct ticks *ticks;
	uint64_t interval_ns;
	const atomic_bool *recording;
	struct hist *hist[NR_FAULT_KINDS];
	uint64_t late;
};

void loop_time(struct walk *w, struct timing *t, _Atomic uint64_t *touched);

/* The touch itself: 8 bytes. value is what the page's first word holds already. */
static inline void touch(volatile uint64_t *word, enum access access, uint64_t value, bool verify)
{
	if (access != ACCESS_WRITE)
		(void)*word;
	if (access == ACCESS_READ)
		return;
	if (!verify) {
		*word = value;
		return;
	}
	/* A plain store would hide damage to what it overwrites: this one writes what is there. */
	uint64_t expected = value;

	__atomic_compare_exchange_n(word, &expected, value, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
}

/* After the touch, with verify: check the page, and where it is written make it a new one. */
static inline void walk_verify(struct walk *w, uint64_t page)
{
	region_check_page(w->region, page, &w->damage);
	if (w->access != ACCESS_READ)
		region_renew_page(w->region, page);
}

#endif
