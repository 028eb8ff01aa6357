// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/configfs.h"
#include "backend/module.h"
#include "backend/nbd.h"
#include "backend/nvme_area.h"
#include "backend/ublk.h"
#include "backend/swap_areas.h"
#include "backend/zram.h"
#include "backend/zswap.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/names.h"
#include "base/unit_command.h"

static const struct backend *const built_in[] = {
	&backend_swap,
	&backend_fastswap_dram,
	&backend_fastswap_rdma,
	&backend_zram,
	&backend_swapfile,
	&backend_disk,
	&backend_host,
	&backend_brd,
	&backend_delay,
	&backend_nvme_loop,
	&backend_nvme_tcp,
	&backend_nvme_rdma,
	&backend_nbd,
	&backend_ublk,
	&backend_zswap,
	&backend_tier,
	&backend_pager,
	&backend_none,
	NULL,
};

const struct backend *const *backend_table = built_in;

void backend_add(const struct backend *b)
{
	backend_table = names_add(backend_table, built_in, b);
}

const struct journal_op journal_ops_backend[] = {
	{ "swapon", 2, "turn swap off on", swap_area_undo, true },
	{ "signature", 2, "clear the swap signature of", swap_signature_undo, false },
	{ "zram", 2, "free the memory of zram device", zram_undo, true },
	{ "nvme", 2, "disconnect NVMe host", nvme_undo, true },
	{ "nbd", 2, "disconnect NBD device", nbd_undo, true },
	{ "ublk", 2, "delete ublk device", ublk_undo, true },
	{ "ublk_answer", 4, "answer for the server of ublk device", ublk_answer_undo, true },
	{ "mount", 1, "unmount", configfs_undo, true },
	{ "command", 3, "take down backend", unit_command_undo, true },
	{ "module", 1, "unload kernel module", module_undo, true },
	{ "dependency", 1, "unload kernel module", module_dependency_undo, true },
	{ 0 },
};

#define NR_BUILT_IN (sizeof(built_in) / sizeof(*built_in) - 1)

const struct backend *backend_find(const char *name, struct err *err)
{
	if (strncmp(name, ZSWAP_OVER, strlen(ZSWAP_OVER)) == 0) {
		const struct backend *inner = backend_find(name + strlen(ZSWAP_OVER), err);

		return inner ? zswap_over(inner, err) : NULL;
	}
	return find_by_name(backend_table, name, "backend", "`fmbench backend list` names them",
			    err);
}

const char *backend_key(const struct backend *b, const char *key)
{
	size_t len = strlen(b->name);

	return strncmp(key, b->name, len) == 0 && key[len] == '.' ? key + len + 1 : NULL;
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

	for (size_t i = 0; i < NR_BUILT_IN; i++) {
		const struct backend *b = built_in[i];
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
