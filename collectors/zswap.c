// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compressed pages in front of the swap area, of the whole machine: debugfs zswap/
 * (Documentation/admin-guide/mm/zswap.rst), which newer kernels make when zswap is first turned on. A
 * group's share is memory_stat's zswap, zswapped, zswpin, zswpout and zswpwb.
 */
#include "collectors/collector.h"
#include "collectors/numbers.h"

static const struct collector_key keys[] = {
	{ "pool_total_size", "bytes", KEY_GAUGE, NULL },
	{ "stored_pages", "pages", KEY_GAUGE, NULL },
	{ "stored_incompressible_pages", "pages", KEY_GAUGE, NULL },
	{ "same_filled_pages", "pages", KEY_GAUGE, NULL },
	{ "written_back_pages", "pages", KEY_COUNTER, NULL },
	{ "pool_limit_hit", "events", KEY_COUNTER, NULL },
	{ "duplicate_entry", "events", KEY_COUNTER, NULL },
	{ "decompress_fail", "events", KEY_COUNTER, NULL },
	{ "reject_alloc_fail", "pages", KEY_COUNTER, NULL },
	{ "reject_compress_fail", "pages", KEY_COUNTER, NULL },
	{ "reject_compress_poor", "pages", KEY_COUNTER, NULL },
	{ "reject_kmemcache_fail", "pages", KEY_COUNTER, NULL },
	{ "reject_reclaim_fail", "pages", KEY_COUNTER, NULL },
};

static int zswap_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	(void)ctx;
	return numbers_open("/sys/kernel/debug/zswap", keys, NR_KEYS(keys), ret_state, err);
}

const struct collector collector_zswap = {
	.name = "zswap",
	.summary = "zswap's pool, what it stored, wrote back and refused (debugfs zswap)",
	.scope = SCOPE_MACHINE,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = zswap_open,
	.read = numbers_read,
	.close = numbers_free,
};
