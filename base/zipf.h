/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Draws from a bounded Zipf distribution: rank r of 0 to n - 1 with a probability in proportion to
 * (r + 1) ^ -exponent. An alias table (Walker 1977, Vose 1991) over groups of ranks: each of the first
 * 512 ranks is a group; beyond, a group is a 64th of an octave, whose share is exact and whose ranks are
 * taken as equally likely (a rank's probability is off by at most exponent / 128 of itself). A few
 * nanoseconds and 100 KiB, whatever n.
 */
#ifndef BASE_ZIPF_H
#define BASE_ZIPF_H

#include <stdint.h>

#include "random.h"

#define ZIPF_CELL_BITS 12
#define ZIPF_CELLS     (1u << ZIPF_CELL_BITS)
#define ZIPF_EXACT     512u
#define ZIPF_MAX_N     (1ull << 46)

struct zipf_cell {
	uint32_t below; /* of 2^32: how often the cell's own group is drawn */
	uint32_t alias; /* else this one */
};

struct zipf_group {
	uint64_t first, ranks;
};

struct zipf {
	struct zipf_cell cell[ZIPF_CELLS];
	struct zipf_group group[ZIPF_CELLS];
};

/* n from 1 to ZIPF_MAX_N, exponent from 0. */
void zipf_init(struct zipf *z, uint64_t n, double exponent);

/* random: 64 fresh bits. */
static inline uint64_t zipf_rank(const struct zipf *z, uint64_t random)
{
	uint64_t own = random >> (64 - ZIPF_CELL_BITS);
	const struct zipf_cell *c = &z->cell[own];
	uint32_t part = (uint32_t)(random >> 20);
	const struct zipf_group *g = &z->group[part < c->below ? own : c->alias];

	return g->first + (uint64_t)(((unsigned __int128)mix64(random) * g->ranks) >> 64);
}

#endif
