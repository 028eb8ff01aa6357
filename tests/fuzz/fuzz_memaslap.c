// SPDX-License-Identifier: GPL-2.0-or-later
/* memaslap's output, in pieces of any size. */
#include "tests/fuzz/fuzz.h"

#include "workloads/memaslap_output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memaslap_output out = MEMASLAP_OUTPUT_INIT;
	size_t piece = size ? data[0] % 64u + 1 : 1;

	for (size_t at = 0; at < size; at += piece)
		memaslap_output_feed(&out, (const char *)data + at,
				     size - at < piece ? size - at : piece, at * 1000);
	memaslap_output_sum(&out, 0, UINT64_MAX);
	memaslap_output_sum(&out, size * 100, size * 900);
	memaslap_output_release(&out);
	return 0;
}
