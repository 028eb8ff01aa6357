/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who runs where. hwloc knows cores, SMT siblings and nodes. Claims in order: the reclaim CPU
 * (default: the last core near the NIC, else the last core), the sampler beside it, the workload
 * on the physical cores of one node, load generators on what is left. Several jobs divide the
 * workload's cores. With too few cores roles or jobs share one, and the run is flagged SHARED_CORES;
 * where the user's CPUs put two roles on one core's hardware threads, SMT_SIBLING.
 */
#ifndef HARNESS_PLACEMENT_H
#define HARNESS_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/result.h"

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
	char siblings[128];  /* "" or whose CPUs are hardware threads of one core, in words */
};

/*
 * Fill p[0] to p[nr - 1], a job each. Jobs get disjoint CPUs where there is one for each; they share
 * the load generators' CPUs, the sampler's and the reclaim CPU. ERR_USAGE: a CPU or node that is not
 * there, a list that is none.
 */
int placement_choose(const struct placement_wish *wish, struct placement *p, size_t nr,
		     struct err *err);
/* The same on a topology of the caller's, such as another machine's. */
struct hwloc_topology;
int placement_choose_on(struct hwloc_topology *topology, const struct placement_wish *wish,
			struct placement *p, size_t nr, struct err *err);
/* As facts of the run: "placement.sampler_cpu" … and PREFIX.workload_cpus, PREFIX.client_cpus. */
void placement_facts(const struct placement *p, const char *prefix, struct facts *facts);

#endif
