/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that the server gives out: taken from the system once, carved into one extent per
 * client. Whoever returns an extent sees to it that it's cleared before another client reaches it.
 */
#ifndef MEMSERVER_MEMORY_H
#define MEMSERVER_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MEMORY_ANY_NODE (-1)

struct extent {
	struct extent *next; /* neighbour above */
	size_t offset;
	size_t bytes;
	bool held;
	bool spare; /* memory_choose() looks at what there would be without it */
};

struct memory {
	char *base;
	size_t bytes;
	size_t page_bytes; /* extents begin and end on these */
	struct extent *extents;
};

/* Every page is there when this returns 0. */
int memory_open(struct memory *m, size_t bytes, bool hugepages, int node, struct err *err);
void memory_close(struct memory *m);

/*
 * At least `least` bytes and, but for rounding up to pages, at most `most` (0: no limit). NULL when
 * there isn't as much in one piece.
 */
struct extent *memory_take(struct memory *m, uint64_t least, uint64_t most);
void memory_return(struct memory *m, struct extent *extent);

/*
 * Of n held extents, given in the order in which they may go: as few as make `least` bytes free in one
 * piece come to the front. Returns how many (0: they are free already), or -1 when not even all of the
 * n would do. Nothing else changes: who returns extents has decided before.
 */
int memory_choose(const struct memory *m, struct extent *extents[], unsigned int n, uint64_t least);

/* The largest extent that can be taken, and all that isn't held. */
size_t memory_largest(const struct memory *m);
size_t memory_free_bytes(const struct memory *m);

#endif
