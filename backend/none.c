// SPDX-License-Identifier: GPL-2.0-or-later
/* No far memory: the whole of it stays local. What every other backend is compared with. */
#include "backend/backend.h"
#include "backend/swap_areas.h"

static int none_check(const void *params, struct err *err)
{
	(void)params;
	(void)err;
	return 0;
}

static int none_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	(void)j;
	(void)err;
	ctx->swap_device[0] = '\0';
	return 0;
}

static void none_facts(const struct backend_ctx *ctx, struct facts *facts)
{
	(void)ctx;
	(void)facts;
}

const struct backend backend_none = {
	.name = "none",
	.summary = "no far memory: everything stays local",
	.usage = swap_usage,
	.check = none_check,
	.up = none_up,
	.facts = none_facts,
};
