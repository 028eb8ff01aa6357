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
#include "base/scatter.h"
#include "base/zipf.h"

enum order_kind { ORDER_SEQUENTIAL, ORDER_RANDOM, ORDER_STRIDE, ORDER_ZIPF };

struct order {
	enum order_kind kind;
	uint64_t first, n; /* pages first to first + n - 1 */
	uint64_t at;	   /* zipf: generator; else the next page, or its place in the order */
	struct scatter scatter;
	uint64_t stride, lane;
	const struct zipf *zipf;
};

/* kind by its name in MICRO_PATTERNS, which must be one. */
enum order_kind order_kind(const char *name);
/* z: for ORDER_ZIPF only, over n ranks. */
void order_init(struct order *o, enum order_kind kind, uint64_t first, uint64_t n, uint64_t stride,
		const struct zipf *z, uint64_t seed);

static inline uint64_t order_next(struct order *o)
{
	uint64_t x;

	switch (o->kind) {
	case ORDER_RANDOM:
		x = o->at;
		o->at = x + 1 < o->n ? x + 1 : 0;
		return o->first + scatter(&o->scatter, x);
	case ORDER_ZIPF:
		/* Popular ranks must not be neighbours. */
		return o->first + scatter(&o->scatter, zipf_rank(o->zipf, random_next(&o->at)));
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
