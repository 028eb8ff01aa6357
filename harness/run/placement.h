/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who runs where. hwloc knows cores, SMT siblings and nodes. Claims in order: the reclaim CPU
 * (default: the last core near the NIC, else the last core), the sampler beside it, the workload
 * on the physical cores of one node, load generators on what is left. With too few cores roles
 * share one, and the run is flagged SHARED_CORES.
 */
#ifndef HARNESS_PLACEMENT_H
#define HARNESS_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/result.h"

#define CPU_AUTO (-1)
#define CPU_NONE (-2)

struct placement_wish {
	const char *cpus;	 /* list "0-3,6" for the workload, NULL: chosen */
	const char *client_cpus; /* for load generators, NULL: chosen */
	const char *reclaim_cpu; /* "auto", "none" or a number */
	int mem_node;		 /* -1: any */
	bool needs_client;	 /* a load generator will run */
};

struct placement {
	cpu_set_t workload, client;
	int sampler_cpu;
	int reclaim_cpu; /* CPU_NONE: no CPU is kept free */
	int mem_node;
	bool reclaim_shared; /* the workload may use the reclaim CPU */
	char shared[128];    /* "" or who shares, in words */
};

/* ERR_USAGE: a CPU or node that is not there, a list that is none. */
int placement_choose(const struct placement_wish *wish, struct placement *p, struct err *err);
/* As facts of the run: "placement.workload" = "0-3" … */
void placement_facts(const struct placement *p, struct facts *facts);

#endif
