// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Same-page merging: pages of the machine that share another's frame cost no memory, and one that is
 * written to faults. Names: Documentation/admin-guide/mm/ksm.rst.
 */
#include "collectors/collector.h"
#include "collectors/numbers.h"

static const struct collector_key keys[] = {
	{ "pages_shared", "pages", KEY_GAUGE, NULL },
	{ "pages_sharing", "pages", KEY_GAUGE, NULL },
	{ "full_scans", "events", KEY_COUNTER, NULL },
};

static int ksm_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	(void)ctx;
	return numbers_open("/sys/kernel/mm/ksm", keys, NR_KEYS(keys), ret_state, err);
}

const struct collector collector_ksm = {
	.name = "ksm",
	.summary = "pages that same-page merging shares (/sys/kernel/mm/ksm)",
	.scope = SCOPE_MACHINE,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = ksm_open,
	.read = numbers_read,
	.close = numbers_free,
};
