// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPU time of the group: cpu.stat. On v1 cpuacct.usage has nanoseconds, and cpuacct.stat ticks of
 * USER_HZ, which are all there is about user and system time; the other hierarchy's cpu.stat has
 * throttling alone. Throttling is counted where the group has the controller cpu. Beside these, what the
 * job's load generators used.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"
#include "collectors/keyfile.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"

enum { USAGE, USER, SYSTEM, NR_THROTTLED, THROTTLED, CLIENT_USAGE };

static const struct collector_key keys[] = {
	[USAGE] = { "usage_usec", "us", KEY_COUNTER, "cpuacct.usage" },
	[USER] = { "user_usec", "us", KEY_COUNTER, "user" },
	[SYSTEM] = { "system_usec", "us", KEY_COUNTER, "system" },
	[NR_THROTTLED] = { "nr_throttled", "events", KEY_COUNTER, "nr_throttled" },
	[THROTTLED] = { "throttled_usec", "us", KEY_COUNTER, "throttled_time" },
	[CLIENT_USAGE] = { "client_usage_usec", "us", KEY_COUNTER, "cpuacct.usage" },
};

/* As v2's cpu.stat of the other group names it. */
static const struct collector_key client_keys[] = { { "usage_usec", "us", KEY_COUNTER, NULL } };

#define NR_TIMES      ((size_t)NR_THROTTLED)
#define NR_STAT	      ((size_t)CLIENT_USAGE)
#define NR_THROTTLING (NR_STAT - NR_TIMES)

struct cgroup_cpu {
	void *stat;		      /* cpu.stat or cpuacct.stat */
	void *throttling;	      /* v1: cpu.stat; NULL: none */
	void *client_stat;	      /* v2: the load generators' cpu.stat; NULL: none */
	struct keptfile usage;	      /* v1 */
	struct keptfile client_usage; /* v1 */
	uint64_t usec_per_tick;	      /* v1 */
};

static void cgroup_cpu_close(void *state)
{
	struct cgroup_cpu *c = state;

	if (!c)
		return;
	keyfile_free(c->stat);
	keyfile_free(c->throttling);
	keyfile_free(c->client_stat);
	keptfile_close(&c->usage);
	keptfile_close(&c->client_usage);
	free(c);
}

static int open_v1(struct cgroup_cpu *c, const struct collector_ctx *ctx, struct err *err)
{
	int rc = keyfile_new(ctx->cpuacct_dir, "cpuacct.stat", keys, NR_TIMES, KEYFILE_ALIASES,
			     &c->stat, err);

	c->usec_per_tick = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	if (rc == 0)
		rc = keptfile_open(&c->usage, ctx->cpuacct_dir, keys[USAGE].alias, err);
	if (rc == 0 && ctx->client_cpu_dir)
		rc = keptfile_open_if_there(&c->client_usage, ctx->client_cpu_dir,
					    keys[CLIENT_USAGE].alias, err);
	if (rc < 0)
		return rc;

	/* Not on every kernel, nor is the hierarchy always mounted. */
	rc = keyfile_new(ctx->cpu_dir, "cpu.stat", keys + NR_TIMES, NR_THROTTLING, KEYFILE_ALIASES,
			 &c->throttling, err);
	return rc == -ENOENT ? 0 : rc;
}

static int open_v2(struct cgroup_cpu *c, const struct collector_ctx *ctx, struct err *err)
{
	int rc = keyfile_new(ctx->cpu_dir, "cpu.stat", keys, NR_STAT, KEYFILE_NAMES, &c->stat, err);

	if (rc == 0 && ctx->client_cpu_dir)
		rc = keyfile_new(ctx->client_cpu_dir, "cpu.stat", client_keys, 1, KEYFILE_NAMES,
				 &c->client_stat, err);
	return rc;
}

static int cgroup_cpu_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct cgroup_cpu *c = xcalloc(1, sizeof(*c));
	int rc;

	c->usage = c->client_usage = (struct keptfile)KEPTFILE_NONE;
	rc = ctx->cgroup_version == 1 ? open_v1(c, ctx, err) : open_v2(c, ctx, err);
	if (rc < 0) {
		cgroup_cpu_close(c);
		return rc;
	}
	*ret_state = c;
	return 0;
}

static int read_throttling(struct cgroup_cpu *c, uint64_t *values, bool *have)
{
	int rc;

	have[NR_THROTTLED] = have[THROTTLED] = false;
	if (!c->throttling)
		return 0;
	rc = keyfile_read(c->throttling, values + NR_TIMES, have + NR_TIMES);
	if (have[THROTTLED])
		values[THROTTLED] /= 1000;
	return rc;
}

static int cgroup_cpu_read(void *state, uint64_t *values, bool *have)
{
	struct cgroup_cpu *c = state;
	int rc = keyfile_read(c->stat, values, have);

	have[CLIENT_USAGE] = false;
	if (rc == 0 && c->client_stat)
		rc = keyfile_read(c->client_stat, &values[CLIENT_USAGE], &have[CLIENT_USAGE]);
	if (rc < 0 || c->usage.fd < 0)
		return rc;

	if (c->client_usage.fd >= 0)
		rc = keptfile_read_u64(&c->client_usage, &values[CLIENT_USAGE],
				       &have[CLIENT_USAGE]);
	if (have[CLIENT_USAGE])
		values[CLIENT_USAGE] /= 1000;
	if (rc == 0)
		rc = read_throttling(c, values, have);
	if (rc == 0)
		rc = keptfile_read_u64(&c->usage, &values[USAGE], &have[USAGE]);
	if (have[USAGE])
		values[USAGE] /= 1000;
	if (have[USER])
		values[USER] *= c->usec_per_tick;
	if (have[SYSTEM])
		values[SYSTEM] *= c->usec_per_tick;
	return rc;
}

const struct collector collector_cgroup_cpu = {
	.name = "cgroup_cpu",
	.summary = "CPU time of the group and its load generators (cpu.stat)",
	.scope = SCOPE_JOB,
	.of_run = true,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = cgroup_cpu_open,
	.read = cgroup_cpu_read,
	.close = cgroup_cpu_close,
};
