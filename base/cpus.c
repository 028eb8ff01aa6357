// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cpus.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/sysfile.h"

/* Is it the first hardware thread of its core among those we may use? */
static bool leads_core(int cpu, const cpu_set_t *allowed)
{
	char path[96], list[256], *rest = NULL;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
		 cpu);
	if (sysfile_read_line(path, list, sizeof(list)))
		return true;
	for (char *part = strtok_r(list, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
		int low, high, n = sscanf(part, "%d-%d", &low, &high);

		for (int i = low; n > 0 && i <= (n > 1 ? high : low) && i < cpu; i++) {
			if (CPU_ISSET(i, allowed))
				return false;
		}
	}
	return true;
}

void cpus_among(struct cpus *c, const cpu_set_t *allowed)
{
	*c = (struct cpus){ 0 };
	for (int siblings = 0; siblings <= 1; siblings++) {
		for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
			if (CPU_ISSET(cpu, allowed) && leads_core(cpu, allowed) == (siblings == 0))
				c->cpu[c->nr++] = cpu;
		}
		if (!siblings)
			c->cores = c->nr;
	}
}

int cpus_init(struct cpus *c, struct err *err)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return err_failed(err, errno, "sched_getaffinity");
	cpus_among(c, &allowed);
	return 0;
}
