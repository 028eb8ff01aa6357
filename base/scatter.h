/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bijection of 0 to n - 1 that looks random and needs no memory: what is popular, or next, must not
 * be a neighbour. Each step is one of (add, xor with own high bits, odd multiplication) modulo a power
 * of two; walking on until within n keeps it a bijection (Black, Rogaway: Ciphers with arbitrary finite
 * domains, 2002). The smallest power of two that holds n is below 2 n: two steps on average.
 */
#ifndef BASE_SCATTER_H
#define BASE_SCATTER_H

#include <stdint.h>

#include "random.h"

#define SCATTER_A 0xbf58476d1ce4e5b9ull
#define SCATTER_B 0x94d049bb133111ebull

struct scatter {
	uint64_t n, key, mask;
	unsigned int shift; /* more than half of the mask's bits: x ^= x >> shift undoes itself */
};

static inline void scatter_init(struct scatter *s, uint64_t n, uint64_t seed)
{
	unsigned int bits = n > 1 ? 64 - (unsigned int)__builtin_clzll(n - 1) : 0;

	*s = (struct scatter){ .n = n,
			       .key = mix64(seed),
			       .mask = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX,
			       .shift = bits / 2 + 1 };
}

static inline uint64_t scatter(const struct scatter *s, uint64_t x)
{
	do {
		x = (x + s->key) & s->mask;
		x ^= x >> s->shift;
		x = (x * SCATTER_A) & s->mask;
		x ^= x >> s->shift;
		x = (x * SCATTER_B) & s->mask;
		x ^= x >> s->shift;
	} while (x >= s->n);
	return x;
}

/* Of an odd number modulo 2^64 (Newton: each round doubles the bits that are right). */
static inline uint64_t scatter_inverse_of(uint64_t odd)
{
	uint64_t x = odd;

	for (int i = 0; i < 5; i++)
		x *= 2 - odd * x;
	return x;
}

/* gather(scatter(x)) is x. */
static inline uint64_t gather(const struct scatter *s, uint64_t x)
{
	const uint64_t a = scatter_inverse_of(SCATTER_A), b = scatter_inverse_of(SCATTER_B);

	do {
		x ^= x >> s->shift;
		x = (x * b) & s->mask;
		x ^= x >> s->shift;
		x = (x * a) & s->mask;
		x ^= x >> s->shift;
		x = (x - s->key) & s->mask;
	} while (x >= s->n);
	return x;
}

#endif
