// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How often the group met its limits: memory.events. On v1 memory.failcnt counts the charges that
 * met the hard limit, as v2's `max` does, and memory.oom_control the killed processes.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"
#include "collectors/keyfile.h"

#include "base/alloc.h"

enum { MAX = 2 };

static const struct collector_key keys[] = {
	{ "low", "events", KEY_COUNTER, NULL },
	{ "high", "events", KEY_COUNTER, NULL },
	[MAX] = { "max", "events", KEY_COUNTER, "memory.failcnt" },
	{ "oom", "events", KEY_COUNTER, NULL },
	{ "oom_kill", "events", KEY_COUNTER, "oom_kill" },
	{ "oom_group_kill", "events", KEY_COUNTER, NULL },
};

struct memory_events {
	void *events;		 /* memory.events or memory.oom_control */
	struct keptfile failcnt; /* v1 */
};

static void memory_events_close(void *state)
{
	struct memory_events *m = state;

	if (!m)
		return;
	keyfile_free(m->events);
	keptfile_close(&m->failcnt);
	free(m);
}

static int memory_events_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct memory_events *m = xcalloc(1, sizeof(*m));
	int rc;

	m->failcnt = (struct keptfile)KEPTFILE_NONE;
	if (ctx->cgroup_version == 1) {
		rc = keyfile_new(ctx->memory_dir, "memory.oom_control", keys, NR_KEYS(keys),
				 KEYFILE_ALIASES, &m->events, err);
		if (rc == 0)
			rc = keptfile_open(&m->failcnt, ctx->memory_dir, keys[MAX].alias, err);
	} else {
		rc = keyfile_new(ctx->memory_dir, "memory.events", keys, NR_KEYS(keys),
				 KEYFILE_NAMES, &m->events, err);
	}
	if (rc < 0) {
		memory_events_close(m);
		return rc;
	}
	*ret_state = m;
	return 0;
}

static int memory_events_read(void *state, uint64_t *values, bool *have)
{
	struct memory_events *m = state;
	int rc = keyfile_read(m->events, values, have);

	if (rc == 0 && m->failcnt.fd >= 0)
		rc = keptfile_read_u64(&m->failcnt, &values[MAX], &have[MAX]);
	return rc;
}

const struct collector collector_memory_events = {
	.name = "memory_events",
	.summary = "how often the group met its limits, and OOM kills (memory.events)",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = memory_events_open,
	.read = memory_events_read,
	.close = memory_events_close,
};
