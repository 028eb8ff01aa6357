// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much of the group's memory is near and far. v1 has no count of its swapped memory alone, but
 * that of both together: the difference, of two files read one after the other, stands in.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include "base/alloc.h"

enum { CURRENT, SWAP, PEAK, NR_FILES };

static const struct collector_key keys[] = {
	[CURRENT] = { "memory.current", "bytes", KEY_GAUGE, "memory.usage_in_bytes" },
	[SWAP] = { "memory.swap.current", "bytes", KEY_GAUGE, "memory.memsw.usage_in_bytes" },
	[PEAK] = { "memory.peak", "bytes", KEY_GAUGE, "memory.max_usage_in_bytes" },
};

struct memory_usage {
	bool swap_includes_memory; /* v1 */
	struct keptfile file[NR_FILES];
};

static void memory_usage_close(void *state)
{
	struct memory_usage *m = state;

	if (!m)
		return;
	for (size_t i = 0; i < NR_FILES; i++)
		keptfile_close(&m->file[i]);
	free(m);
}

static int memory_usage_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct memory_usage *m = xcalloc(1, sizeof(*m));
	const char *names[NR_FILES];

	m->swap_includes_memory = ctx->cgroup_version == 1;
	for (size_t i = 0; i < NR_FILES; i++) {
		names[i] = m->swap_includes_memory ? keys[i].alias : keys[i].name;
		m->file[i] = (struct keptfile)KEPTFILE_NONE;
	}

	int rc = keptfile_open(&m->file[CURRENT], ctx->memory_dir, names[CURRENT], err);

	/* Not on every kernel: swap accounting can be off, memory.peak came with Linux 5.19. */
	for (size_t i = SWAP; i < NR_FILES && rc == 0; i++)
		rc = keptfile_open_if_there(&m->file[i], ctx->memory_dir, names[i], err);
	if (rc < 0) {
		memory_usage_close(m);
		return rc;
	}
	*ret_state = m;
	return 0;
}

static int memory_usage_read(void *state, uint64_t *values, bool *have)
{
	struct memory_usage *m = state;

	for (size_t i = 0; i < NR_FILES; i++) {
		int rc = keptfile_read_u64(&m->file[i], &values[i], &have[i]);

		if (rc < 0)
			return rc;
	}
	if (m->swap_includes_memory) {
		have[SWAP] = have[SWAP] && have[CURRENT];
		if (have[SWAP])
			values[SWAP] -=
				values[SWAP] < values[CURRENT] ? values[SWAP] : values[CURRENT];
	}
	return 0;
}

const struct collector collector_memory_usage = {
	.name = "memory_usage",
	.summary = "the group's local and swapped memory (memory.current, memory.swap.current)",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = memory_usage_open,
	.read = memory_usage_read,
	.close = memory_usage_close,
};
