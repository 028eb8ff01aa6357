// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Port counters of the first RDMA device, whatever its name: /sys/class/infiniband/DEV/ports/1/
 * counters (InfiniBand Architecture, PortCounters) and hw_counters (the driver's own; those of
 * Soft-RoCE here). Data is counted in units of four bytes.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sysfile.h"
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#define INFINIBAND "/sys/class/infiniband"

static const struct collector_key keys[] = {
	{ "port_rcv_data", "words", KEY_COUNTER, NULL },
	{ "port_xmit_data", "words", KEY_COUNTER, NULL },
	{ "port_rcv_packets", "packets", KEY_COUNTER, "rcvd_pkts" },
	{ "port_xmit_packets", "packets", KEY_COUNTER, "sent_pkts" },
	{ "port_rcv_errors", "packets", KEY_COUNTER, "rcvd_seq_err" },
	{ "port_xmit_discards", "packets", KEY_COUNTER, "send_err" },
	{ "port_xmit_wait", "ticks", KEY_COUNTER, NULL },
	{ "out_of_sequence", "packets", KEY_COUNTER, "out_of_seq_request" },
	{ "local_ack_timeout_err", "events", KEY_COUNTER, "completer_retry_err" },
};

struct rdma {
	struct keptfile file[NR_KEYS(keys)];
};

static void rdma_close(void *state)
{
	struct rdma *r = state;

	for (size_t i = 0; r && i < NR_KEYS(keys); i++)
		keptfile_close(&r->file[i]);
	free(r);
}

/* The first by name, so that it is the same one each time. */
static bool first_device(char *dst, size_t size)
{
	char root[PATH_MAX];
	struct dirent **names;
	int nr, found = -1;

	if (sysfile_path(root, sizeof(root), INFINIBAND) != 0)
		return false;
	nr = scandir(root, &names, NULL, alphasort);
	for (int i = 0; i < nr; i++) {
		if (found < 0 && names[i]->d_name[0] != '.')
			found = snprintf(dst, size, "%s", names[i]->d_name);
		free(names[i]);
	}
	if (nr >= 0)
		free(names);
	return found > 0;
}

static int open_in(struct keptfile *f, const char *device, const char *folder, const char *name,
		   struct err *err)
{
	char dir[PATH_MAX];

	if (f->fd >= 0 || !name)
		return 0;
	snprintf(dir, sizeof(dir), INFINIBAND "/%s/ports/1/%s", device, folder);
	return keptfile_open_if_there(f, dir, name, err);
}

/* Where the device has the key, if it has. */
static int open_key(struct keptfile *f, const char *device, const struct collector_key *key,
		    struct err *err)
{
	int rc;

	*f = (struct keptfile)KEPTFILE_NONE;
	rc = open_in(f, device, "counters", key->name, err);
	if (rc == 0)
		rc = open_in(f, device, "hw_counters", key->name, err);
	if (rc == 0)
		rc = open_in(f, device, "hw_counters", key->alias, err);
	return rc;
}

static int rdma_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	char device[128];
	struct rdma *r;
	bool any = false;
	int rc = 0;

	(void)ctx;
	if (!first_device(device, sizeof(device)))
		return err_missing(err, "no RDMA device in " INFINIBAND);
	r = xcalloc(1, sizeof(*r));
	for (size_t i = 0; i < NR_KEYS(keys); i++) {
		int one = open_key(&r->file[i], device, &keys[i], err);

		/* A port that refuses one counter has others. */
		if (one < 0)
			rc = one;
		any |= r->file[i].fd >= 0;
	}
	if (!any) {
		rdma_close(r);
		return rc ? rc : err_missing(err, "RDMA device %s counts nothing", device);
	}
	*ret_state = r;
	return 0;
}

static int rdma_read(void *state, uint64_t *values, bool *have)
{
	struct rdma *r = state;
	int rc = 0;

	for (size_t i = 0; i < NR_KEYS(keys) && rc == 0; i++)
		rc = keptfile_read_u64(&r->file[i], &values[i], &have[i]);
	return rc;
}

const struct collector collector_rdma = {
	.name = "rdma",
	.summary = "port counters of the first RDMA device",
	.scope = SCOPE_BACKEND,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = rdma_open,
	.read = rdma_read,
	.close = rdma_close,
};
