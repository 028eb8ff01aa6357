// SPDX-License-Identifier: GPL-2.0-or-later
/* The swap areas that are on already, left exactly as they are. */
#include <errno.h>

#include "backend/backend.h"
#include "backend/fastswap_area.h"
#include "backend/swap_areas.h"
#include "base/buf.h"
#include "base/opt.h"

static int none_on(struct err *err)
{
	return err_missing(err,
			   "no swap area is on: turn one on with swapon(8), or let fmbench make "
			   "one with --backend zram or --backend swapfile");
}

static int swap_check(const void *params, struct err *err)
{
	struct swap_areas areas;
	int rc;

	(void)params;
	rc = swap_areas_read(&areas, err);
	if (rc < 0)
		return rc;
	if (areas.nr == 0)
		rc = none_on(err);
	swap_areas_release(&areas);
	return rc;
}

static int swap_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	uint64_t free_bytes = 0;
	struct swap_areas areas;
	int rc;

	(void)j;
	rc = swap_areas_read(&areas, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < areas.nr; i++)
		free_bytes += areas.rows[i].size_bytes - areas.rows[i].used_bytes;
	if (areas.nr == 0) {
		rc = none_on(err);
	} else if (free_bytes < ctx->need_bytes) {
		char has[16], needs[16];

		format_size(has, sizeof(has), free_bytes);
		format_size(needs, sizeof(needs), ctx->need_bytes);
		rc = err_missing(err,
				 "%s of swap are free and %s may be needed: turn on a larger area, "
				 "or use --backend zram",
				 has, needs);
	} else if (areas.nr == 1) {
		rc = swap_area_name(ctx, areas.rows[0].path, err);
	} else {
		ctx->swap_device[0] = '\0';
	}
	swap_areas_release(&areas);
	return rc;
}

static void swap_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	struct buf list = BUF_INIT;
	struct swap_areas areas;

	swap_area_facts(ctx, facts);
	if (ctx->swap_device[0] || swap_areas_read(&areas, NULL) < 0)
		return;
	/* Several: which of them served a page can't be told apart, so name them all. */
	for (size_t i = 0; i < areas.nr; i++)
		buf_addf(&list, "%s%s (priority %d)", i ? ", " : "", areas.rows[i].path,
			 areas.rows[i].priority);
	if (areas.nr)
		facts_set(facts, "swap_devices", "%s", list.data);
	buf_release(&list);
	swap_areas_release(&areas);
}

static int swap_health(struct backend_ctx *ctx, struct err *err)
{
	return ctx->swap_device[0] ? swap_area_health(ctx, err) : swap_check(ctx->params, err);
}

/* One of the areas may be fastswap's. The kernel does not count what its page hook takes as pswpin, so
 * that refaults stand for page-ins; and the modules keep an account of their own. */
static const struct backend_usage usage[] = {
	{ USAGE_LOCAL, "memory_usage", "memory.current" },
	{ USAGE_FAR, "memory_usage", "memory.swap.current" },
	{ USAGE_PAGE_INS, "memory_stat", "workingset_refault_anon" },
	{ USAGE_PAGE_INS, "memory_stat", "pgmajfault" },
	{ USAGE_PAGE_OUTS, "vmstat", "pswpout" },
	FASTSWAP_ACCOUNT,
	{ NULL, NULL, NULL },
};

const struct backend backend_swap = {
	.name = "swap",
	.summary = "the swap areas that are on already, left as they are",
	.caps = CAP_SWAP | CAP_ANY_AREA,
	.usage = usage,
	.check = swap_check,
	.up = swap_up,
	.facts = swap_facts,
	.health = swap_health,
};
