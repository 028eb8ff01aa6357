// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/order.h"

#include <assert.h>
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

void order_init(struct order *o, enum order_kind kind, uint64_t first, uint64_t n, uint64_t stride,
		const struct zipf *z, uint64_t seed)
{
	*o = (struct order){
		.kind = kind,
		.first = first,
		.n = n,
		.at = kind == ORDER_ZIPF ? seed : 0,
		.stride = stride,
		.zipf = z,
	};
	scatter_init(&o->scatter, n, seed);
}
