/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -o compressible=SHARE: of workloads whose data are random numbers, which a backend that compresses (zram,
 * zswap) would store as they are. That share of the data is zeros: in eighths of every 64 bytes where numbers
 * keep their places, else in the bytes of each number.
 */
#ifndef WORKLOADS_COMPRESSIBLE_H
#define WORKLOADS_COMPRESSIBLE_H

#include <stdint.h>

#include "base/opt.h"

#define COMPRESSIBLE_EIGHTHS 8

/* S: the parameters, with a double of that name. */
#define OPT_COMPRESSIBLE(S, MAX)                                                                   \
	OPT_DOUBLE("compressible", S, compressible, "0", 0, MAX,                                   \
		   "share of the data that is zeros, in eighths; the rest is random")

/* How many eighths are random. */
static inline unsigned int compressible_rest(double share)
{
	return COMPRESSIBLE_EIGHTHS - (unsigned int)(share * COMPRESSIBLE_EIGHTHS + 0.5);
}

/* A number that keeps its place: the i'th 64-bit word of page-aligned memory. */
static inline uint64_t compressible_word(uint64_t random, uint64_t i, unsigned int rest)
{
	return i % COMPRESSIBLE_EIGHTHS < rest ? random : 0;
}

/* A number that does not: its high bytes are zeros. rest: 1 to 8. */
static inline uint64_t compressible_number(uint64_t random, unsigned int rest)
{
	return random >> (64 - 8 * rest);
}

#endif
