/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sum over 64-bit words that changes with any one word (each counts times an odd number) and, but for
 * a chance in 2^60, with any other damage, such as a page in another's place. Made for the speed of
 * memory, not against malice.
 */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t checksum64(const uint64_t *words, size_t n)
{
	uint64_t sum[4] = { 0 };
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		for (size_t k = 0; k < 4; k++)
			sum[k] += words[i + k] * (2 * (i + k) + 1);
	}
	for (; i < n; i++)
		sum[0] += words[i] * (2 * i + 1);
	return sum[0] + sum[1] + sum[2] + sum[3];
}

#endif
