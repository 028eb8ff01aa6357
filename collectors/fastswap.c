// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the fastswap modules count, in pages (backend/fastswap/README.md): debugfs fastswap/stats.
 * Unlike frontswap's, its loads leave read-ahead out where the pool serves that asynchronously.
 */
#include "collectors/collector.h"
#include "collectors/keyfile.h"

static const struct collector_key keys[] = {
	{ "loads", "pages", KEY_COUNTER, NULL },
	{ "loads_async", "pages", KEY_COUNTER, NULL },
	{ "stores", "pages", KEY_COUNTER, NULL },
	{ "stores_async", "pages", KEY_COUNTER, NULL },
	{ "failed_loads", "pages", KEY_COUNTER, NULL },
	{ "failed_stores", "pages", KEY_COUNTER, NULL },
	{ "invalidates", "pages", KEY_COUNTER, NULL },
	{ "curr_pages", "pages", KEY_GAUGE, NULL },
	{ "pool_bytes", "bytes", KEY_GAUGE, NULL },
	{ "load_ns", "ns", KEY_COUNTER, NULL },
	{ "load_timed", "pages", KEY_COUNTER, NULL },
	{ "store_ns", "ns", KEY_COUNTER, NULL },
	{ "store_timed", "pages", KEY_COUNTER, NULL },
};

static int fastswap_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	(void)ctx;
	return keyfile_new("/sys/kernel/debug/fastswap", "stats", keys, NR_KEYS(keys),
			   KEYFILE_NAMES, ret_state, err);
}

const struct collector collector_fastswap = {
	.name = "fastswap",
	.summary = "pages that the fastswap modules stored and loaded, and how long it took",
	.scope = SCOPE_BACKEND,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = fastswap_open,
	.read = keyfile_read,
	.close = keyfile_free,
};
