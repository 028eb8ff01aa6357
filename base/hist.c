// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct hist *hist_new(void)
{
	void *h;

	/* Whole cache lines: histograms of two threads never share one. */
	if (posix_memalign(&h, 64, sizeof(struct hist)) != 0)
		abort();
	hist_reset(h);
	return h;
}

void hist_free(struct hist *h)
{
	free(h);
}

void hist_reset(struct hist *h)
{
	/* Unlike memset(), never turned into pages that fault on their first use. */
	explicit_bzero(h, sizeof(*h));
	h->min = UINT64_MAX;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
	into->count += from->count;
	into->sum += from->sum;
	if (from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
}

void hist_bounds(size_t i, uint64_t *ret_low, uint64_t *ret_high)
{
	if (i < 256) {
		*ret_low = *ret_high = i;
		return;
	}

	size_t octave = (i - 256) / 128 + 8; /* as msb in hist_index() */
	uint64_t sub = 128 + (i - 256) % 128;
	unsigned int shift = (unsigned int)octave - HIST_SUB_BITS;

	*ret_low = sub << shift;
	*ret_high = *ret_low + ((1ull << shift) - 1);
}

uint64_t hist_quantile(const struct hist *h, double q)
{
	uint64_t rank, seen = 0, low, high, value;
	size_t i = 0;

	if (h->count == 0)
		return 0;
	if (q <= 0)
		return h->min;
	if (q >= 1)
		return h->max;
	rank = (uint64_t)ceil(q * (double)h->count);
	if (rank < 1)
		rank = 1;
	while (i < HIST_BUCKETS - 1 && seen + h->bucket[i] < rank)
		seen += h->bucket[i++];
	hist_bounds(i, &low, &high);
	value = low + (high - low) / 2;
	if (value < h->min)
		return h->min;
	return value > h->max ? h->max : value;
}

bool hist_has_quantile(const struct hist *h, double q)
{
	/* 0.1 of 100 is a little less than 10 in binary. */
	return (1 - q) * (double)h->count > 10 - 1e-6;
}

double hist_mean(const struct hist *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}
