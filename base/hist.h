/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log-linear histogram of uint64_t values (nanoseconds): exact below 256, then 128 buckets per
 * octave, so that a bucket's middle is within 0.4 % of any value in it, up to UINT64_MAX.
 * hist_add() is a few instructions and touches one cache line; one histogram per thread, merged
 * after the window.
 */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HIST_SUB_BITS 7
#define HIST_BUCKETS  (256 + (64 - 8) * 128)

struct hist {
	uint64_t count, sum, min, max; /* min is UINT64_MAX while empty */
	uint64_t bucket[HIST_BUCKETS];
};

struct hist *hist_new(void); /* heap, zeroed, pages touched */
void hist_free(struct hist *h);
void hist_reset(struct hist *h);
void hist_merge(struct hist *into, const struct hist *from);
/* Value below which a share q (0..1) of the values lies: bucket's middle, clamped to min..max.
 * 0 when empty. */
uint64_t hist_quantile(const struct hist *h, double q);
/* Do at least 10 values lie beyond that share? With fewer the quantile is a matter of chance. */
bool hist_has_quantile(const struct hist *h, double q);
double hist_mean(const struct hist *h); /* 0 when empty */
/* Inclusive bounds of bucket i. */
void hist_bounds(size_t i, uint64_t *ret_low, uint64_t *ret_high);

static inline size_t hist_index(uint64_t v)
{
	if (v < 256)
		return (size_t)v;

	unsigned int msb = 63u - (unsigned int)__builtin_clzll(v); /* 8..63 */

	return 256 + (msb - 8) * 128 + (size_t)((v >> (msb - HIST_SUB_BITS)) & 127);
}

/* The same value n times. */
static inline void hist_add_many(struct hist *h, uint64_t v, uint64_t n)
{
	h->bucket[hist_index(v)] += n;
	h->count += n;
	h->sum += v * n;
	if (n && v < h->min)
		h->min = v;
	if (n && v > h->max)
		h->max = v;
}

static inline void hist_add(struct hist *h, uint64_t v)
{
	hist_add_many(h, v, 1);
}

#endif
