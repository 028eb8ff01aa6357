/* SPDX-License-Identifier: GPL-2.0-or-later */
/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

#define GOLDEN_GAMMA 0x9e3779b97f4a7c15ull

/* A bijection whose result looks random. */
static inline uint64_t mix64(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint64_t random_next(uint64_t *state)
{
	return mix64(*state += GOLDEN_GAMMA);
}

/* From 0 to below 1, of 64 random bits. */
static inline double random_unit(uint64_t random)
{
	return (double)(random >> 11) * 0x1p-53;
}

#endif
