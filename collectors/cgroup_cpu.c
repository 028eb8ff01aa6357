// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPU time of the group: cpu.stat. On v1 cpuacct.usage has nanoseconds, and cpuacct.stat ticks of
 * USER_HZ, which are all there is about user and system time.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"
#include "collectors/keyfile.h"

#include <unistd.h>

#include "base/alloc.h"

enum { USAGE, USER, SYSTEM };

static const struct collector_key keys[] = {
	[USAGE] = { "usage_usec", "us", KEY_COUNTER, "cpuacct.usage" },
	[USER] = { "user_usec", "us", KEY_COUNTER, "user" },
	[SYSTEM] = { "system_usec", "us", KEY_COUNTER, "system" },
	{ "nr_throttled", "events", KEY_COUNTER, NULL },
	{ "throttled_usec", "us", KEY_COUNTER, NULL },
};

struct cgroup_cpu {
	void *stat;		/* cpu.stat or cpuacct.stat */
	struct keptfile usage;	/* v1 */
	uint64_t usec_per_tick; /* v1 */
};

static void cgroup_cpu_close(void *state)
{
	struct cgroup_cpu *c = state;

	if (!c)
		return;
	keyfile_free(c->stat);
	keptfile_close(&c->usage);
	free(c);
}

static int cgroup_cpu_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct cgroup_cpu *c = xcalloc(1, sizeof(*c));
	int r;

	c->usage = (struct keptfile)KEPTFILE_NONE;
	if (ctx->cgroup_version == 1) {
		c->usec_per_tick = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
		r = keyfile_new(ctx->cpu_dir, "cpuacct.stat", keys, NR_KEYS(keys), KEYFILE_ALIASES,
				&c->stat, err);
		if (r == 0)
			r = keptfile_open(&c->usage, ctx->cpu_dir, keys[USAGE].alias, err);
	} else {
		r = keyfile_new(ctx->cpu_dir, "cpu.stat", keys, NR_KEYS(keys), KEYFILE_NAMES,
				&c->stat, err);
	}
	if (r < 0) {
		cgroup_cpu_close(c);
		return r;
	}
	*ret_state = c;
	return 0;
}

static int cgroup_cpu_read(void *state, uint64_t *values, bool *have)
{
	struct cgroup_cpu *c = state;
	int r = keyfile_read(c->stat, values, have);

	if (r < 0 || c->usage.fd < 0)
		return r;

	r = keptfile_read_u64(&c->usage, &values[USAGE], &have[USAGE]);
	if (have[USAGE])
		values[USAGE] /= 1000;
	if (have[USER])
		values[USER] *= c->usec_per_tick;
	if (have[SYSTEM])
		values[SYSTEM] *= c->usec_per_tick;
	return r;
}

const struct collector collector_cgroup_cpu = {
	.name = "cgroup_cpu",
	.summary = "CPU time of the group (cpu.stat)",
	.scope = SCOPE_JOB,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = cgroup_cpu_open,
	.read = cgroup_cpu_read,
	.close = cgroup_cpu_close,
};
