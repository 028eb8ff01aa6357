/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs that this process may run on, in the order in which threads should take them. */
#ifndef BASE_CPUS_H
#define BASE_CPUS_H

#include <sched.h>

#include "err.h"

struct cpus {
	unsigned int nr, cores; /* the first `cores` are one hardware thread of each core */
	int cpu[CPU_SETSIZE];
};

int cpus_init(struct cpus *c, struct err *err);
/* The same of these CPUs. */
void cpus_among(struct cpus *c, const cpu_set_t *allowed);

#endif
