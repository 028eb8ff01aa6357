/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that goes far away and comes back. The first word of a page is a stamp: region, index and
 * generation. The words up to `content` are random numbers made from the stamp; the rest are zeros. A
 * check tells a wrong page, an old page and a damaged page apart, and locates the damage.
 */
#ifndef MICRO_REGION_H
#define MICRO_REGION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "micro/micro.h"

#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))

struct region {
	uint64_t *base;
	uint64_t pages;
	size_t content; /* words of a page that are not zeros; at least 1 */
	uint8_t id;
	uint16_t *generation; /* of each page, locked in memory; NULL: all are 0 */
};

/* Reserve and fill it: small pages only. */
int region_init(struct region *r, const struct micro_common *c, uint8_t id, struct err *err);
void region_release(struct region *r);

static inline uint64_t *region_page(const struct region *r, uint64_t index)
{
	return r->base + index * PAGE_WORDS;
}

static inline uint64_t region_stamp(const struct region *r, uint64_t index)
{
	return (uint64_t)r->id << 56 | index << 16 | (r->generation ? r->generation[index] : 0);
}

void region_fill_page(const struct region *r, uint64_t index);
/* Fill it anew as its next generation. For regions with generations only. */
void region_renew_page(struct region *r, uint64_t index);

/* One thread's findings. */
#define DAMAGE_LOCATED 4

struct damage {
	uint64_t checked, pages, words;
	struct {
		const void *address;
		uint64_t page, offset, found, expected;
	} where[DAMAGE_LOCATED];
};

void region_check_page(const struct region *r, uint64_t index, struct damage *d);
void damage_merge(struct damage *into, const struct damage *from);

/*
 * Prove that every page is swapped out and has left the swap cache, by /proc/self/pagemap
 * (Documentation/admin-guide/mm/pagemap.rst) and mincore(2). Pages that are still there are pushed out
 * with MADV_PAGEOUT; *ret_pushed counts them. If more than a few stay, the error says what to look at.
 */
int region_prove_far(const struct region *r, uint64_t *ret_pushed, struct err *err);
/* /proc/self/pagemap, for region_is_mapped(). */
int region_open_pagemap(struct err *err);
/* Is the page mapped? Then touching it is no fault. */
bool region_is_mapped(const struct region *r, int pagemap_fd, uint64_t index);
/* Where each page is: bits of NEAR_*, into near[r->pages]. By pagemap and mincore(2). */
#define NEAR_MAPPED  (1u << 0)
#define NEAR_MEMORY  (1u << 1) /* mapped, or in the swap cache only */
#define NEAR_NOTHING (1u << 2) /* no page there: never written, or given back */

int region_look(const struct region *r, uint8_t *near, struct err *err);

#endif
