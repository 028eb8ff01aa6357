// SPDX-License-Identifier: GPL-2.0-or-later
/* The account of a backend that pages the job in user space (base/paging.h). */
#include "base/paging.h"
#include "collectors/collector.h"

static const struct collector_key keys[NR_PAGING] = {
	[PAGING_LOCAL] = { "local", "bytes", KEY_GAUGE, NULL },
	[PAGING_FAR] = { "far", "bytes", KEY_GAUGE, NULL },
	[PAGING_UNPAGED] = { "unpaged", "bytes", KEY_GAUGE, NULL },
	[PAGING_ABOVE] = { "above", "bytes", KEY_GAUGE, NULL },
	[PAGING_FAULTS] = { "faults", "events", KEY_COUNTER, NULL },
	[PAGING_PAGES_IN] = { "pages_in", "pages", KEY_COUNTER, NULL },
	[PAGING_PAGES_OUT] = { "pages_out", "pages", KEY_COUNTER, NULL },
	[PAGING_BARE] = { "bare", "programs", KEY_GAUGE, NULL },
};

static int pager_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	if (!ctx->paging)
		return err_missing(err, "no job that is paged in user space: --backend pager does");
	*ret_state = (void *)ctx->paging;
	return 0;
}

static int pager_read(void *state, uint64_t *values, bool *have)
{
	const struct paging *p = state;

	p->read(p->state, values);
	for (int i = 0; i < NR_PAGING; i++)
		have[i] = true;
	return 0;
}

static void pager_close(void *state)
{
	(void)state; /* the backend's */
}

const struct collector collector_pager = {
	.name = "pager",
	.summary = "the user-space pager: what is local, far, not paged; faults and pages",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_PAGING,
	.open = pager_open,
	.read = pager_read,
	.close = pager_close,
};
