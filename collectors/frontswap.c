// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's frontswap counted, in pages: Linux before 6.6 with CONFIG_FRONTSWAP, debugfs
 * mounted, root. Loads include read-ahead and so are no measure of far page-ins. A failed store is
 * a page that went to the swap device: its area has no page hook, or the hook refused.
 */
#include "collectors/collector.h"
#include "collectors/numbers.h"

static const struct collector_key keys[] = {
	{ "loads", "pages", KEY_COUNTER, NULL },
	{ "succ_stores", "pages", KEY_COUNTER, NULL },
	{ "failed_stores", "pages", KEY_COUNTER, NULL },
	{ "invalidates", "pages", KEY_COUNTER, NULL },
};

static int frontswap_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	(void)ctx;
	return numbers_open("/sys/kernel/debug/frontswap", keys, NR_KEYS(keys), ret_state, err);
}

const struct collector collector_frontswap = {
	.name = "frontswap",
	.summary = "pages that frontswap stored and loaded (debugfs, Linux < 6.6)",
	.scope = SCOPE_BACKEND,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = frontswap_open,
	.read = numbers_read,
	.close = numbers_free,
};
