// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the reclaim CPU does, how busy the CPUs of the run's programs are with tasks of anybody's, and
 * the time that a hypervisor took: /proc/stat, in ticks of USER_HZ. Columns: proc_stat(5).
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, NR_COLUMNS };
enum { ALL_STEAL = NR_COLUMNS, RUN_BUSY, RUN_STEAL };

static const struct collector_key keys[] = {
	[USER] = { "reclaim_cpu_user", "us", KEY_COUNTER, NULL },
	[NICE] = { "reclaim_cpu_nice", "us", KEY_COUNTER, NULL },
	[SYSTEM] = { "reclaim_cpu_system", "us", KEY_COUNTER, NULL },
	[IDLE] = { "reclaim_cpu_idle", "us", KEY_COUNTER, NULL },
	[IOWAIT] = { "reclaim_cpu_iowait", "us", KEY_COUNTER, NULL },
	[IRQ] = { "reclaim_cpu_irq", "us", KEY_COUNTER, NULL },
	[SOFTIRQ] = { "reclaim_cpu_softirq", "us", KEY_COUNTER, NULL },
	[STEAL] = { "reclaim_cpu_steal", "us", KEY_COUNTER, NULL },
	[ALL_STEAL] = { "steal", "us", KEY_COUNTER, NULL },
	[RUN_BUSY] = { "run_cpus_busy", "us", KEY_COUNTER, NULL }, /* user, nice, system */
	[RUN_STEAL] = { "run_cpus_steal", "us", KEY_COUNTER, NULL },
};

struct cpu {
	struct keptfile stat;
	char reclaim_line[16]; /* how the reclaim CPU's line begins, "" for none */
	cpu_set_t run_cpus;    /* empty: not known */
	uint64_t usec_per_tick;
};

static void cpu_close(void *state)
{
	struct cpu *c = state;

	if (!c)
		return;
	keptfile_close(&c->stat);
	free(c);
}

static int cpu_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct cpu *c = xcalloc(1, sizeof(*c));
	int rc = keptfile_open(&c->stat, "/proc", "stat", err);

	if (rc < 0) {
		cpu_close(c);
		return rc;
	}
	if (ctx->reclaim_cpu >= 0)
		snprintf(c->reclaim_line, sizeof(c->reclaim_line), "\ncpu%d ", ctx->reclaim_cpu);
	if (ctx->cpus)
		c->run_cpus = *ctx->cpus;
	c->usec_per_tick = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	*ret_state = c;
	return 0;
}

/* The columns behind text; true when all are there. */
static bool parse_columns(const struct cpu *c, const char *text, uint64_t columns[NR_COLUMNS])
{
	for (size_t i = 0; i < NR_COLUMNS; i++) {
		if (!keptfile_parse_u64(&text, &columns[i]))
			return false;
		columns[i] *= c->usec_per_tick;
	}
	return true;
}

/* Lines "cpuN …", in the order of N. */
static void add_run_cpus(const struct cpu *c, uint64_t *values, bool *have)
{
	uint64_t columns[NR_COLUMNS], number;

	values[RUN_BUSY] = values[RUN_STEAL] = 0;
	for (const char *line = strstr(c->stat.data, "\ncpu");
	     line && strncmp(line, "\ncpu", 4) == 0; line = strchr(line + 1, '\n')) {
		const char *text = line + 4;

		if (!keptfile_parse_u64(&text, &number) || number >= CPU_SETSIZE ||
		    !CPU_ISSET(number, &c->run_cpus) || !parse_columns(c, text, columns))
			continue;
		values[RUN_BUSY] += columns[USER] + columns[NICE] + columns[SYSTEM];
		values[RUN_STEAL] += columns[STEAL];
		have[RUN_BUSY] = have[RUN_STEAL] = true;
	}
}

static int cpu_read(void *state, uint64_t *values, bool *have)
{
	struct cpu *c = state;
	uint64_t all[NR_COLUMNS];
	int rc = keptfile_read(&c->stat);

	memset(have, 0, NR_KEYS(keys) * sizeof(*have));
	if (rc < 0)
		return rc;

	if (strncmp(c->stat.data, "cpu ", 4) == 0 && parse_columns(c, c->stat.data + 4, all)) {
		values[ALL_STEAL] = all[STEAL];
		have[ALL_STEAL] = true;
	}

	if (CPU_COUNT(&c->run_cpus))
		add_run_cpus(c, values, have);

	/* An offline CPU has no line. */
	const char *line = *c->reclaim_line ? strstr(c->stat.data, c->reclaim_line) : NULL;

	if (line && parse_columns(c, line + strlen(c->reclaim_line), values))
		memset(have, true, NR_COLUMNS * sizeof(*have));
	return 0;
}

const struct collector collector_cpu = {
	.name = "cpu",
	.summary = "what the reclaim CPU and the run's CPUs do, and stolen time (/proc/stat)",
	.scope = SCOPE_MACHINE,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = cpu_open,
	.read = cpu_read,
	.close = cpu_close,
};
