// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/zipf.h"

#include <math.h>
#include <string.h>

#define GROUPS_AN_OCTAVE 64

/* The sum of (r + 1) ^ -exponent over a group: exact, or an integral that is within 1e-6 of it. */
static double weight_of(const struct zipf_group *g, double exponent)
{
	double low = (double)g->first + 0.5, high = low + (double)g->ranks, e = 1 - exponent;

	if (g->ranks == 1)
		return pow((double)g->first + 1, -exponent);
	if (fabs(e) < 1e-9)
		return log(high / low);
	return pow(low, e) * expm1(e * log(high / low)) / e;
}

static uint32_t divide(struct zipf *z, uint64_t n, double exponent, double weight[ZIPF_CELLS])
{
	uint64_t ranks = 1;
	uint32_t nr = 0;

	for (uint64_t first = 0; first < n; first += ranks, nr++) {
		if (first >= ZIPF_EXACT && (first & (first - 1)) == 0)
			ranks = first / GROUPS_AN_OCTAVE;
		z->group[nr].first = first;
		z->group[nr].ranks = ranks < n - first ? ranks : n - first;
		weight[nr] = weight_of(&z->group[nr], exponent);
	}
	return nr;
}

void zipf_init(struct zipf *z, uint64_t n, double exponent)
{
	double weight[ZIPF_CELLS] = { 0 }, total = 0;
	uint32_t small[ZIPF_CELLS], large[ZIPF_CELLS], nr_small = 0, nr_large = 0, nr;

	memset(z, 0, sizeof(*z));
	nr = divide(z, n, exponent, weight);
	for (uint32_t i = 0; i < nr; i++)
		total += weight[i];
	for (uint32_t i = 0; i < ZIPF_CELLS; i++) {
		weight[i] *= ZIPF_CELLS / total;
		if (weight[i] < 1)
			small[nr_small++] = i;
		else
			large[nr_large++] = i;
	}
	/* A cell that is not full is filled from one that has too much. */
	while (nr_small && nr_large) {
		uint32_t s = small[--nr_small], l = large[nr_large - 1];

		z->cell[s].below = (uint32_t)fmin(weight[s] * 0x1p32, 0x1p32 - 1);
		z->cell[s].alias = l;
		weight[l] -= 1 - weight[s];
		if (weight[l] < 1) {
			nr_large--;
			small[nr_small++] = l;
		}
	}
	/* What is left is full but for rounding. */
	while (nr_large)
		small[nr_small++] = large[--nr_large];
	while (nr_small) {
		uint32_t s = small[--nr_small];

		z->cell[s].below = UINT32_MAX;
		z->cell[s].alias = s < nr ? s : 0;
	}
}
