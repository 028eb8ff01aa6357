/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order in which a thread touches its pages, computed as it goes: a list of page numbers would
 * itself be memory that competes for the limit. order_next() is a few nanoseconds and writes
 * nothing but the struct.
 *
 * sequential, random and stride visit every page once a pass, then start over in the same order,
 * so that the next page is always the one that was left alone longest. zipf draws independently.
 */
#ifndef MICRO_ORDER_H
#define MICRO_ORDER_H

#include <stdint.h>

#include "base/random.h"

enum order_kind { ORDER_SEQUENTIAL, ORDER_RANDOM, ORDER_STRIDE, ORDER_ZIPF };

/*
 * Quantiles of a bounded Zipf distribution over ranks: between two of them (a share of 1/4096) all
 * ranks are taken as equally likely.
 */
#define ZIPF_CELLS 4096

struct zipf {
	uint64_t knot[ZIPF_CELLS + 1]; /* rank below which i / ZIPF_CELLS of the draws lie */
};

void zipf_init(struct zipf *z, uint64_t n, double exponent);

struct order {
	enum order_kind kind;
	uint64_t first, n; /* pages first to first + n - 1 */
	uint64_t at;	   /* sequential, stride: next page; random: counter; zipf: generator */
	uint64_t key, mask;
	unsigned int shift;
	uint64_t stride, lane;
	const struct zipf *zipf;
};

/* kind by its name in MICRO_PATTERNS, which must be one. */
enum order_kind order_kind(const char *name);
/* z: for ORDER_ZIPF only, over n ranks. */
void order_init(struct order *o, enum order_kind kind, uint64_t first, uint64_t n, uint64_t stride,
		const struct zipf *z, uint64_t seed);

/* A bijection of 0..mask: each step is one (add, xor with own high bits, odd multiplication). */
static inline uint64_t order_scatter(const struct order *o, uint64_t x)
{
	x = (x + o->key) & o->mask;
	x ^= x >> o->shift;
	x = (x * 0xbf58476d1ce4e5b9) & o->mask;
	x ^= x >> o->shift;
	x = (x * 0x94d049bb133111eb) & o->mask;
	return x ^ (x >> o->shift);
}

static inline uint64_t zipf_rank(const struct zipf *z, uint64_t random)
{
	uint64_t low = z->knot[random >> 52], high = z->knot[(random >> 52) + 1];

	return low + (((high - low) * ((random >> 20) & 0xffffffff)) >> 32);
}

static inline uint64_t order_next(struct order *o)
{
	uint64_t x;

	switch (o->kind) {
	case ORDER_RANDOM:
		/* The smallest power of two that holds n is below 2 n: two tries on average. */
		do
			x = order_scatter(o, o->at++);
		while (x >= o->n);
		return o->first + x;
	case ORDER_ZIPF:
		/* Popular ranks must not be neighbours; walking on until within n keeps it a
		 * bijection (Black, Rogaway: Ciphers with arbitrary finite domains, 2002). */
		x = zipf_rank(o->zipf, random_next(&o->at));
		do
			x = order_scatter(o, x);
		while (x >= o->n);
		return o->first + x;
	case ORDER_STRIDE:
		x = o->at;
		o->at += o->stride;
		if (o->at >= o->n) {
			o->lane = o->lane + 1 < o->stride ? o->lane + 1 : 0;
			o->at = o->lane;
		}
		return o->first + x;
	default:
		x = o->at;
		o->at = x + 1 < o->n ? x + 1 : 0;
		return o->first + x;
	}
}

#endif
