// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's frontswap counted, in pages: Linux before 6.6 with CONFIG_FRONTSWAP, debugfs
 * mounted, root. Loads include read-ahead and so are no measure of far page-ins. A failed store is
 * a page that went to the swap device: its area has no page hook, or the hook refused.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include "base/alloc.h"

static const struct collector_key keys[] = {
	{ "loads", "pages", KEY_COUNTER, NULL },
	{ "succ_stores", "pages", KEY_COUNTER, NULL },
	{ "failed_stores", "pages", KEY_COUNTER, NULL },
	{ "invalidates", "pages", KEY_COUNTER, NULL },
};

struct frontswap {
	struct keptfile file[NR_KEYS(keys)];
};

static void frontswap_close(void *state)
{
	struct frontswap *f = state;

	if (!f)
		return;
	for (size_t i = 0; i < NR_KEYS(keys); i++)
		keptfile_close(&f->file[i]);
	free(f);
}

static int frontswap_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct frontswap *f = xcalloc(1, sizeof(*f));
	int rc = 0;

	(void)ctx;
	for (size_t i = 0; i < NR_KEYS(keys); i++)
		f->file[i] = (struct keptfile)KEPTFILE_NONE;
	for (size_t i = 0; i < NR_KEYS(keys) && rc == 0; i++)
		rc = keptfile_open(&f->file[i], "/sys/kernel/debug/frontswap", keys[i].name, err);
	if (rc < 0) {
		frontswap_close(f);
		return rc;
	}
	*ret_state = f;
	return 0;
}

static int frontswap_read(void *state, uint64_t *values, bool *have)
{
	struct frontswap *f = state;
	int rc = 0;

	for (size_t i = 0; i < NR_KEYS(keys) && rc == 0; i++)
		rc = keptfile_read_u64(&f->file[i], &values[i], &have[i]);
	return rc;
}

const struct collector collector_frontswap = {
	.name = "frontswap",
	.summary = "pages that frontswap stored and loaded (debugfs, Linux < 6.6)",
	.scope = SCOPE_BACKEND,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = frontswap_open,
	.read = frontswap_read,
	.close = frontswap_close,
};
