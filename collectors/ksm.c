// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Same-page merging: pages of the machine that share another's frame cost no memory, and one that is
 * written to faults. Names: Documentation/admin-guide/mm/ksm.rst.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <errno.h>

#include "base/alloc.h"

static const struct collector_key keys[] = {
	{ "pages_shared", "pages", KEY_GAUGE, NULL },
	{ "pages_sharing", "pages", KEY_GAUGE, NULL },
	{ "full_scans", "events", KEY_COUNTER, NULL },
};

struct ksm {
	struct keptfile file[NR_KEYS(keys)];
};

static void ksm_close(void *state)
{
	struct ksm *k = state;

	if (!k)
		return;
	for (size_t i = 0; i < NR_KEYS(keys); i++)
		keptfile_close(&k->file[i]);
	free(k);
}

static int ksm_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct ksm *k = xcalloc(1, sizeof(*k));
	int rc = 0;

	(void)ctx;
	for (size_t i = 0; i < NR_KEYS(keys); i++)
		k->file[i] = (struct keptfile)KEPTFILE_NONE;
	for (size_t i = 0; i < NR_KEYS(keys) && rc == 0; i++)
		rc = keptfile_open(&k->file[i], "/sys/kernel/mm/ksm", keys[i].name, err);
	if (rc < 0) {
		ksm_close(k);
		return rc;
	}
	*ret_state = k;
	return 0;
}

static int ksm_read(void *state, uint64_t *values, bool *have)
{
	struct ksm *k = state;
	int rc = 0;

	for (size_t i = 0; i < NR_KEYS(keys) && rc == 0; i++)
		rc = keptfile_read_u64(&k->file[i], &values[i], &have[i]);
	return rc;
}

const struct collector collector_ksm = {
	.name = "ksm",
	.summary = "pages that same-page merging shares (/sys/kernel/mm/ksm)",
	.scope = SCOPE_MACHINE,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = ksm_open,
	.read = ksm_read,
	.close = ksm_close,
};
