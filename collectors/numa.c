// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * On which node the group's memory is: cgroup v2's memory.numa_stat, lines "KIND N0=BYTES N1=BYTES …"
 * (Documentation/admin-guide/cgroup-v2.rst). With far memory on a slow node `local` and `far` are what
 * can be there: anon and file (shared memory is part of file). What moves between nodes is counted by
 * memory_stat and vmstat: pgdemote_*, pgpromote_*, pgmigrate_*.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/numa_stat.h"

#define NODES 4 /* each with keys of its own; local and far know 64 */

#define NODE(n)                                                                                    \
	{ "anon_n" #n, "bytes", KEY_GAUGE, NULL }, { "file_n" #n, "bytes", KEY_GAUGE, NULL },      \
		{ "shmem_n" #n, "bytes", KEY_GAUGE, NULL },                                        \
	{                                                                                          \
		"anon_thp_n" #n, "bytes", KEY_GAUGE, NULL                                          \
	}

enum { LOCAL, FAR, FIRST_NODE };

static const struct collector_key keys[] = {
	[LOCAL] = { "local", "bytes", KEY_GAUGE, NULL },
	[FAR] = { "far", "bytes", KEY_GAUGE, NULL },
	NODE(0),
	NODE(1),
	NODE(2),
	NODE(3),
};

/* In the order of NODE()'s keys, with the blank behind each. */
static const char *const kinds[] = { "anon ", "file ", "shmem ", "anon_thp " };

struct numa {
	struct keptfile file;
	uint64_t far_nodes;
};

static void numa_close(void *state)
{
	struct numa *n = state;

	if (!n)
		return;
	keptfile_close(&n->file);
	free(n);
}

static int numa_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct numa *n;
	int rc;

	if (ctx->cgroup_version == 1)
		return err_missing(err, "memory.numa_stat of cgroup v1 is not read, v2's is");
	n = xcalloc(1, sizeof(*n));
	n->far_nodes = ctx->far_nodes;
	rc = keptfile_open(&n->file, ctx->memory_dir, "memory.numa_stat", err);
	if (rc < 0)
		numa_close(n);
	else
		*ret_state = n;
	return rc;
}

static void read_kind(size_t kind, const char *p, uint64_t *values, bool *have)
{
	unsigned int node;
	uint64_t bytes;

	while (numa_stat_next(&p, &node, &bytes)) {
		size_t key = FIRST_NODE + node * NR_KEYS(kinds) + kind;

		if (node >= NODES)
			continue;
		values[key] = bytes;
		have[key] = true;
	}
}

static int numa_read(void *state, uint64_t *values, bool *have)
{
	struct numa *n = state;
	int rc = keptfile_read(&n->file);

	memset(have, 0, NR_KEYS(keys) * sizeof(*have));
	if (rc < 0)
		return rc;
	numa_stat_split(n->file.data, n->far_nodes, &values[FAR], &values[LOCAL]);
	have[LOCAL] = have[FAR] = n->far_nodes;
	for (const char *p = n->file.data; *p; p = strchrnul(p, '\n'), p += *p == '\n') {
		for (size_t kind = 0; kind < NR_KEYS(kinds); kind++) {
			size_t len = strlen(kinds[kind]);

			if (strncmp(p, kinds[kind], len) == 0)
				read_kind(kind, p + len, values, have);
		}
	}
	return 0;
}

const struct collector collector_numa = {
	.name = "numa",
	.summary = "the group's memory on each node, and on fast and slow ones (memory.numa_stat)",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = numa_open,
	.read = numa_read,
	.close = numa_close,
};
