// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stride that more than half of the last faults had, if there is one: majority vote over a short
 * history, then over longer ones (Leap, USENIX ATC 2020, section 3.2.1).
 */
#include "backend/pager/prefetch.h"

#include <string.h>

#define HISTORY	   32u
#define FIRST_LOOK 8u
#define WINDOW	   8u

static int64_t strides[HISTORY];
static uint64_t nr_faults, last;

static int stride_start(struct prefetch_ctx *p)
{
	(void)p;
	memset(strides, 0, sizeof(strides));
	nr_faults = last = 0;
	return 0;
}

/* Boyer and Moore's vote over the last nr; 0: no majority. */
static int64_t majority(unsigned int nr)
{
	int64_t candidate = 0;
	unsigned int votes = 0, count = 0;

	for (unsigned int i = 1; i <= nr; i++) {
		int64_t stride = strides[(nr_faults - i) % HISTORY];

		if (!votes)
			candidate = stride;
		votes = stride == candidate ? votes + 1 : votes - 1;
	}
	for (unsigned int i = 1; i <= nr; i++)
		count += strides[(nr_faults - i) % HISTORY] == candidate;
	return count > nr / 2 ? candidate : 0;
}

static int64_t trend(void)
{
	int64_t stride = 0;

	for (unsigned int nr = FIRST_LOOK; nr <= HISTORY && nr <= nr_faults && !stride; nr *= 2)
		stride = majority(nr);
	return stride;
}

static size_t stride_ahead(struct prefetch_ctx *p, uint64_t page, bool is_new, uint64_t *pages,
			   size_t nr)
{
	int64_t stride;
	size_t n = 0;

	(void)p, (void)is_new;
	strides[nr_faults++ % HISTORY] = (int64_t)(page - last);
	last = page;
	stride = trend();
	while (stride && n < nr && n < WINDOW) {
		last += (uint64_t)stride;
		pages[n++] = last;
	}
	return n;
}

const struct prefetch prefetch_stride = {
	.name = "stride",
	.summary = "the stride that most of the last faults had, 8 pages ahead",
	.start = stride_start,
	.ahead = stride_ahead,
};
