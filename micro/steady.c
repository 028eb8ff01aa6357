// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/steady.h"

#include <math.h>

static double rate(const uint64_t *counts, const uint64_t *ns, size_t from, size_t to)
{
	return (double)(counts[to] - counts[from]) * 1e9 / (double)(ns[to] - ns[from]);
}

bool steady(const uint64_t *counts, const uint64_t *ns, size_t n)
{
	if (n < 2 * STEADY_BINS + 1)
		return false;

	double before = rate(counts, ns, n - 1 - 2 * STEADY_BINS, n - 1 - STEADY_BINS);
	double last = rate(counts, ns, n - 1 - STEADY_BINS, n - 1);

	return last > 0 && fabs(last - before) <= STEADY_SHARE * last;
}
