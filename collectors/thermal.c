// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How often the run's cores, and the packages that they are in, were too hot and slowed down: on
 * Intel processors cpuN/thermal_throttle (arch/x86/kernel/cpu/mce/therm_throt.c). A package's count
 * stands at each of its CPUs: the highest is taken.
 */
#include "collectors/collector.h"
#include "collectors/keptfile.h"

#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"

enum { CORE, PACKAGE, NR_FILES };

static const struct collector_key keys[] = {
	[CORE] = { "core_throttle_count", "events", KEY_COUNTER, NULL },
	[PACKAGE] = { "package_throttle_count", "events", KEY_COUNTER, NULL },
};

#define MAX_CPUS 64 /* two files each, in every tick */

struct thermal {
	struct keptfile file[MAX_CPUS][NR_FILES];
	size_t nr_cpus;
};

static void thermal_close(void *state)
{
	struct thermal *t = state;

	for (size_t i = 0; t && i < t->nr_cpus; i++) {
		keptfile_close(&t->file[i][CORE]);
		keptfile_close(&t->file[i][PACKAGE]);
	}
	free(t);
}

static int add_cpu(struct thermal *t, int cpu, struct err *err)
{
	struct keptfile *f = t->file[t->nr_cpus];
	char dir[80];
	int rc;

	snprintf(dir, sizeof(dir), "/sys/devices/system/cpu/cpu%d/thermal_throttle", cpu);
	f[CORE] = f[PACKAGE] = (struct keptfile)KEPTFILE_NONE;
	rc = keptfile_open(&f[CORE], dir, keys[CORE].name, err);
	if (rc == 0)
		t->nr_cpus++;
	return rc ? rc : keptfile_open_if_there(&f[PACKAGE], dir, keys[PACKAGE].name, err);
}

static int thermal_open(const struct collector_ctx *ctx, void **ret_state, struct err *err)
{
	struct thermal *t = xcalloc(1, sizeof(*t));
	int rc = ctx->cpus ? 0 : err_missing(err, "thermal: the run's CPUs are not known");

	for (int cpu = 0; rc == 0 && cpu < CPU_SETSIZE && t->nr_cpus < MAX_CPUS; cpu++) {
		if (CPU_ISSET(cpu, ctx->cpus))
			rc = add_cpu(t, cpu, err);
	}
	if (rc < 0) {
		thermal_close(t);
		return rc;
	}
	*ret_state = t;
	return 0;
}

static int thermal_read(void *state, uint64_t *values, bool *have)
{
	struct thermal *t = state;
	int rc = 0;

	values[CORE] = values[PACKAGE] = 0;
	have[CORE] = have[PACKAGE] = false;
	for (size_t i = 0; i < t->nr_cpus && rc == 0; i++) {
		uint64_t core, package;
		bool has_core, has_package;

		rc = keptfile_read_u64(&t->file[i][CORE], &core, &has_core);
		if (rc == 0)
			rc = keptfile_read_u64(&t->file[i][PACKAGE], &package, &has_package);
		if (rc == 0 && has_core)
			values[CORE] += core;
		if (rc == 0 && has_package && package > values[PACKAGE])
			values[PACKAGE] = package;
		have[CORE] |= rc == 0 && has_core;
		have[PACKAGE] |= rc == 0 && has_package;
	}
	return rc;
}

const struct collector collector_thermal = {
	.name = "thermal",
	.summary = "how often the run's cores were too hot and slowed down (thermal_throttle)",
	.scope = SCOPE_MACHINE,
	.keys = keys,
	.nr_keys = NR_KEYS(keys),
	.open = thermal_open,
	.read = thermal_read,
	.close = thermal_close,
};
