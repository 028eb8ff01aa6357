// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/module.h"
#include "backend/swap_areas.h"
#include "backend/zram.h"
#include "base/alloc.h"
#include "base/buf.h"

const struct backend *const backend_table[] = {
	&backend_swap, &backend_fastswap_dram, &backend_fastswap_rdma,
	&backend_zram, &backend_swapfile,      &backend_none,
	NULL,
};

const struct journal_op journal_ops_backend[] = {
	{ "swapon", 2, "turn swap off on", swap_area_undo, true },
	{ "zram", 2, "free the memory of zram device", zram_undo, true },
	{ "module", 1, "unload kernel module", module_undo, true },
	{ 0 },
};

#define NR_BACKENDS (sizeof(backend_table) / sizeof(*backend_table) - 1)

const struct backend *backend_find(const char *name, struct err *err)
{
	const char *names[NR_BACKENDS + 1] = { 0 };
	const char *near;

	for (size_t i = 0; i < NR_BACKENDS; i++) {
		if (strcmp(backend_table[i]->name, name) == 0)
			return backend_table[i];
		names[i] = backend_table[i]->name;
	}
	near = did_you_mean(name, names);
	if (near)
		err_usage(err, "no backend \"%s\": did you mean %s?", name, near);
	else
		err_usage(err, "no backend \"%s\": `fmbench backend list` names them", name);
	return NULL;
}

static int check_defaults(const struct backend *b, struct err *err)
{
	void *params = xcalloc(1, b->params_size + 1); /* + 1: params_size may be 0 */
	int rc;

	opt_defaults(b->opts, params);
	rc = b->check(params, err);
	opt_release(b->opts, params);
	free(params);
	return rc;
}

const struct backend *backend_auto(struct err *err)
{
	struct buf reasons = BUF_INIT;

	for (size_t i = 0; i < NR_BACKENDS; i++) {
		const struct backend *b = backend_table[i];
		struct err why = { 0 };

		if (!backend_is_far(b))
			continue;
		if (check_defaults(b, &why) == 0) {
			buf_release(&reasons);
			return b;
		}
		buf_addf(&reasons, "%s%s: %s", reasons.len ? "; " : "", b->name, why.msg);
	}
	err_missing(err, "no far memory here. %s", reasons.data);
	buf_release(&reasons);
	return NULL;
}
