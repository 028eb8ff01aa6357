// SPDX-License-Identifier: GPL-2.0-or-later
/* The RDMA pool's own account (backend/memserver/README.md): debugfs fastswap/rdma. */
#include "collectors/collector.h"
#include "collectors/keyfile.h"

static const struct collector_key keys[] = {
	{ "connected", "count", KEY_GAUGE, NULL }, { "queue_pairs", "count", KEY_GAUGE, NULL },
	{ "in_flight", "pages", KEY_GAUGE, NULL }, { "sleeps", "events", KEY_COUNTER, NULL },
	{ "errors", "events", KEY_COUNTER, NULL }, { "timeouts", "events", KEY_COUNTER, NULL },
	{ "losses", "events", KEY_COUNTER, NULL }, { "reconnects", "events", KEY_COUNTER, NULL },
};

static int fastswap_rdma_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	(void)ctx;
	return keyfile_new("/sys/kernel/debug/fastswap", "rdma", keys, NR_KEYS(keys), KEYFILE_NAMES,
			   ret_state, err);
}

const struct collector collector_fastswap_rdma = {
	.name = "fastswap_rdma",
	.summary = "the RDMA pool: connection, requests in flight, errors, reconnects",
	.scope = SCOPE_BACKEND,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = fastswap_rdma_open,
	.read = keyfile_read,
	.close = keyfile_free,
};
