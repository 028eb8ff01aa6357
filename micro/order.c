// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/order.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static const char *const names[] = {
	[ORDER_SEQUENTIAL] = "sequential",
	[ORDER_RANDOM] = "random",
	[ORDER_STRIDE] = "stride",
	[ORDER_ZIPF] = "zipf",
};

enum order_kind order_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return (enum order_kind)i;
	}
	assert(!"a pattern that its option let pass");
	return ORDER_SEQUENTIAL;
}

void zipf_init(struct zipf *z, uint64_t n, double exponent)
{
	double total = 0, below = 0;
	size_t cell = 0;

	for (uint64_t rank = 0; rank < n; rank++)
		total += pow((double)(rank + 1), -exponent);
	for (uint64_t rank = 0; rank < n; rank++) {
		below += pow((double)(rank + 1), -exponent);
		for (; cell < ZIPF_CELLS && (double)cell * total < below * ZIPF_CELLS; cell++)
			z->knot[cell] = rank;
	}
	for (; cell <= ZIPF_CELLS; cell++)
		z->knot[cell] = n;
}

void order_init(struct order *o, enum order_kind kind, uint64_t first, uint64_t n, uint64_t stride,
		const struct zipf *z, uint64_t seed)
{
	unsigned int bits = n > 1 ? 64 - (unsigned int)__builtin_clzll(n - 1) : 0;

	*o = (struct order){
		.kind = kind,
		.first = first,
		.n = n,
		.at = kind == ORDER_ZIPF ? seed : 0,
		.key = mix64(seed),
		.mask = (1ull << bits) - 1,
		.shift = bits / 2 + 1,
		.stride = stride,
		.zipf = z,
	};
}
