// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/placement.h"

#include <dirent.h>
#include <hwloc.h>
#include <numa.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/opt.h"

#define MAX_CPUS CPU_SETSIZE

/* Usable CPUs: first hardware threads of cores, those of the preferred node last. */
struct cores {
	int cpu[MAX_CPUS];
	int node[MAX_CPUS]; /* -1: not known */
	size_t nr;
};

/* What this process may use; of another machine's topology: what that one allowed. */
static void allowed_cpus(hwloc_topology_t topology, cpu_set_t *ret)
{
	hwloc_const_cpuset_t allowed = hwloc_topology_get_allowed_cpuset(topology);

	CPU_ZERO(ret);
	if (hwloc_topology_is_thissystem(topology) && sched_getaffinity(0, sizeof(*ret), ret) == 0)
		return;
	for (int cpu = hwloc_bitmap_first(allowed); cpu >= 0 && cpu < MAX_CPUS;
	     cpu = hwloc_bitmap_next(allowed, cpu))
		CPU_SET(cpu, ret);
}

static int parse_cpus(hwloc_topology_t topology, const char *list, const char *what, cpu_set_t *ret,
		      struct err *err)
{
	hwloc_bitmap_t bits = hwloc_bitmap_alloc();
	cpu_set_t allowed;
	int cpu, rc = list_check(list, what, err);

	CPU_ZERO(ret);
	allowed_cpus(topology, &allowed);
	if (rc)
		goto out;
	if (!bits || strspn(list, "0123456789,-") != strlen(list) ||
	    hwloc_bitmap_list_sscanf(bits, list) != 0 || hwloc_bitmap_iszero(bits) ||
	    hwloc_bitmap_weight(bits) < 0) {
		rc = err_usage(err, "%s '%s' is not a list of CPUs such as 0-3,6", what, list);
		goto out;
	}
	for (cpu = hwloc_bitmap_first(bits); cpu >= 0; cpu = hwloc_bitmap_next(bits, cpu)) {
		if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &allowed)) {
			rc = err_usage(err,
				       "%s: this process may not use CPU %d (`nproc`, "
				       "`taskset -p $$` show what there is)",
				       what, cpu);
			goto out;
		}
		CPU_SET(cpu, ret);
	}
out:
	hwloc_bitmap_free(bits);
	return rc;
}

/* The NUMA node of the first RDMA device, or -1. */
static int nic_node(hwloc_topology_t topology)
{
	hwloc_obj_t dev = NULL;

	while ((dev = hwloc_get_next_osdev(topology, dev))) {
		hwloc_obj_t near;

		if (dev->attr->osdev.type != HWLOC_OBJ_OSDEV_OPENFABRICS)
			continue;
		near = hwloc_get_non_io_ancestor_obj(topology, dev);
		if (near && near->nodeset && hwloc_bitmap_weight(near->nodeset) == 1)
			return hwloc_bitmap_first(near->nodeset);
	}
	return -1;
}

static void add_core(struct cores *list, hwloc_obj_t core, const cpu_set_t *allowed)
{
	int node = core->nodeset ? hwloc_bitmap_first(core->nodeset) : -1;

	for (int cpu = hwloc_bitmap_first(core->cpuset); cpu >= 0;
	     cpu = hwloc_bitmap_next(core->cpuset, cpu)) {
		if (cpu < MAX_CPUS && CPU_ISSET(cpu, allowed)) {
			list->node[list->nr] = node;
			list->cpu[list->nr++] = cpu;
			return; /* its SMT siblings stay idle */
		}
	}
}

static void find_cores(hwloc_topology_t topology, int node, struct cores *list)
{
	int nr = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
	cpu_set_t allowed;

	allowed_cpus(topology, &allowed);
	for (int near = 0; near <= 1; near++) {
		for (int i = 0; i < nr; i++) {
			hwloc_obj_t core =
				hwloc_get_obj_by_type(topology, HWLOC_OBJ_CORE, (unsigned int)i);
			bool is_near = node >= 0 && core->nodeset &&
				       hwloc_bitmap_isset(core->nodeset, (unsigned int)node);

			if (is_near == (near == 1))
				add_core(list, core, &allowed);
		}
	}
	if (list->nr)
		return;
	/* Machines that tell nothing about cores still have CPUs. */
	for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (CPU_ISSET(cpu, &allowed)) {
			list->node[list->nr] = -1;
			list->cpu[list->nr++] = cpu;
		}
	}
}

static int wished_reclaim(hwloc_topology_t topology, const struct placement_wish *wish,
			  const struct cores *cores, struct placement *p, struct err *err)
{
	cpu_set_t set;
	int rc;

	if (strcmp(wish->reclaim_cpu, "none") == 0) {
		p->reclaim_cpu = CPU_NONE;
	} else if (strcmp(wish->reclaim_cpu, "auto") == 0) {
		p->reclaim_cpu = cores->nr > 1 ? cores->cpu[cores->nr - 1] : CPU_NONE;
	} else {
		uint64_t cpu;

		if (parse_u64(wish->reclaim_cpu, &cpu) != 0)
			return err_usage(err,
					 "--reclaim-cpu '%s' is neither a CPU's number, auto "
					 "nor none",
					 wish->reclaim_cpu);
		rc = parse_cpus(topology, wish->reclaim_cpu, "--reclaim-cpu", &set, err);
		if (rc)
			return rc;
		p->reclaim_cpu = (int)cpu;
	}
	return 0;
}

/*
 * Split what the housekeeping roles leave. The workload gets the free cores of one node (the
 * preferred one, else the first), load generators the rest; with nothing left for them they get
 * the smaller half, and with a single core they sit beside the sampler and the reclaimer.
 */
static void share_out(const struct placement_wish *wish, const struct cores *cores, int node,
		      struct placement *p)
{
	int home = node >= 0 ? node : cores->node[0];
	int near[MAX_CPUS], rest[MAX_CPUS];
	size_t nr_near = 0, nr_rest = 0;

	for (size_t i = 0; i < cores->nr; i++) {
		int cpu = cores->cpu[i];

		if (cpu == p->reclaim_cpu || (cores->nr >= 4 && cpu == p->sampler_cpu) ||
		    CPU_ISSET(cpu, &p->workload))
			continue;
		if (!wish->cpus && cores->node[i] == home)
			near[nr_near++] = cpu;
		else
			rest[nr_rest++] = cpu;
	}
	while (wish->needs_client && nr_rest < nr_near - 1 && nr_near > 1 &&
	       cores->node[0] == cores->node[cores->nr - 1])
		rest[nr_rest++] = near[--nr_near];
	for (size_t i = 0; i < nr_near; i++)
		CPU_SET(near[i], &p->workload);
	if (CPU_COUNT(&p->workload) == 0)
		CPU_SET(cores->cpu[0], &p->workload);
	if (wish->client_cpus)
		return;
	for (size_t i = 0; i < nr_rest; i++)
		CPU_SET(rest[i], &p->client);
	if (nr_rest == 0)
		CPU_SET(p->reclaim_cpu != CPU_NONE ? p->reclaim_cpu : cores->cpu[cores->nr - 1],
			&p->client);
}

static bool has_cpu(const cpu_set_t *cpus, int cpu)
{
	return cpu != CPU_NONE && CPU_ISSET(cpu, cpus);
}

static void describe_sharing(const struct placement_wish *wish, struct placement *p)
{
	cpu_set_t both;
	const char *who = "";

	CPU_AND(&both, &p->workload, &p->client);
	p->reclaim_shared = has_cpu(&p->workload, p->reclaim_cpu);
	if (wish->needs_client && CPU_COUNT(&both))
		who = "workload and load generator";
	else if (p->reclaim_shared || has_cpu(&p->workload, p->sampler_cpu))
		who = "workload and sampler or reclaim CPU";
	else if (wish->needs_client &&
		 (has_cpu(&p->client, p->sampler_cpu) || has_cpu(&p->client, p->reclaim_cpu)))
		who = "load generator and sampler or reclaim CPU";
	snprintf(p->shared, sizeof(p->shared), "%s", who);
}

/* The role's CPU among a core's, or -1. */
static int cpu_on_core(hwloc_obj_t core, const cpu_set_t *cpus)
{
	for (int cpu = hwloc_bitmap_first(core->cpuset); cpu >= 0 && cpu < MAX_CPUS;
	     cpu = hwloc_bitmap_next(core->cpuset, cpu)) {
		if (CPU_ISSET(cpu, cpus))
			return cpu;
	}
	return -1;
}

/* Two roles on hardware threads of one core; on one and the same CPU they share it. */
static void describe_siblings(hwloc_topology_t topology, const struct placement_wish *wish,
			      struct placement *p)
{
	cpu_set_t reclaim;
	const struct {
		const char *name;
		const cpu_set_t *cpus;
	} roles[] = {
		{ "workload", &p->workload },
		{ "load generator", &p->client },
		{ "reclaim CPU", &reclaim },
	};
	int nr = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);

	CPU_ZERO(&reclaim);
	if (p->reclaim_cpu != CPU_NONE)
		CPU_SET(p->reclaim_cpu, &reclaim);
	for (int pair = 0; pair < 3 && !p->siblings[0]; pair++) {
		size_t a = pair == 2, b = pair == 0 ? 1 : 2;

		if (!wish->needs_client && (a == 1 || b == 1))
			continue;
		for (int i = 0; i < nr && !p->siblings[0]; i++) {
			hwloc_obj_t core =
				hwloc_get_obj_by_type(topology, HWLOC_OBJ_CORE, (unsigned int)i);
			int first = cpu_on_core(core, roles[a].cpus);
			int second = cpu_on_core(core, roles[b].cpus);

			if (first >= 0 && second >= 0 && first != second)
				snprintf(p->siblings, sizeof(p->siblings),
					 "%s and %s (CPUs %d and %d)", roles[a].name, roles[b].name,
					 first, second);
		}
	}
}

/* nic_node() looks for nothing else among devices. */
static bool any_rdma_device(void)
{
	DIR *dir = opendir("/sys/class/infiniband");
	struct dirent *entry;
	bool any = false;

	while (dir && !any && (entry = readdir(dir)))
		any = entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return any;
}

/*
 * Only what placement asks for: reading the configuration of each PCI device and CPUID on each CPU
 * takes tens of milliseconds in a virtual machine. Cores and nodes are sysfs's.
 */
static void discover_little(hwloc_topology_t topology)
{
	hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
	if (any_rdma_device())
		hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
}

/* Loaded once: neither cores nor nodes move meanwhile. */
static int load_topology(hwloc_topology_t *ret, struct err *err)
{
	static hwloc_topology_t topology;
	static bool loaded;

	if (!loaded) {
		if (hwloc_topology_init(&topology) != 0)
			return err_failed(err, ENOMEM, "hwloc");
		discover_little(topology);
		if (hwloc_topology_load(topology) != 0) {
			hwloc_topology_destroy(topology);
			return err_failed(err, errno, "hwloc cannot read this machine's topology");
		}
		loaded = true;
	}
	*ret = topology;
	return 0;
}

static int check_node(int node, struct err *err)
{
	if (node < 0 || (numa_available() >= 0 && node <= numa_max_node() &&
			 numa_bitmask_isbitset(numa_all_nodes_ptr, (unsigned int)node)))
		return 0;
	return err_usage(err,
			 "--mem-node %d: there is no such node with memory here (`numactl -H` "
			 "lists them)",
			 node);
}

/* One job's claims, as if it were alone. */
static int place_one(hwloc_topology_t topology, const struct placement_wish *wish,
		     struct placement *p, struct err *err)
{
	struct cores cores = { .nr = 0 };
	int node = wish->mem_node >= 0 ? wish->mem_node : nic_node(topology), rc;

	memset(p, 0, sizeof(*p));
	p->mem_node = wish->mem_node;
	find_cores(topology, node, &cores);
	rc = wished_reclaim(topology, wish, &cores, p, err);
	if (!rc && wish->cpus)
		rc = parse_cpus(topology, wish->cpus, "--cpus", &p->workload, err);
	if (!rc && wish->client_cpus)
		rc = parse_cpus(topology, wish->client_cpus, "--client-cpus", &p->client, err);
	if (rc)
		return rc;

	/* The sampler sits beside the reclaim CPU from four cores on, else on it. */
	p->sampler_cpu = cores.cpu[cores.nr - 1];
	if (cores.nr >= 4 && p->sampler_cpu == p->reclaim_cpu)
		p->sampler_cpu = cores.cpu[cores.nr - 2];
	share_out(wish, &cores, node, p);
	return 0;
}

/*
 * Divide the workload's CPUs among nr jobs, neighbours together. Too few: each takes one, in turns.
 * Returns whether there was one for each.
 */
static bool divide(struct placement *p, size_t nr)
{
	int cpus[MAX_CPUS];
	size_t nr_cpus = 0;

	for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (CPU_ISSET(cpu, &p[0].workload))
			cpus[nr_cpus++] = cpu;
	}
	for (size_t i = 0; i < nr; i++) {
		size_t first = nr_cpus >= nr ? nr_cpus * i / nr : i % nr_cpus;
		size_t end = nr_cpus >= nr ? nr_cpus * (i + 1) / nr : first + 1;

		p[i] = p[0];
		CPU_ZERO(&p[i].workload);
		for (size_t c = first; c < end; c++)
			CPU_SET(cpus[c], &p[i].workload);
	}
	return nr_cpus >= nr;
}

int placement_choose_on(hwloc_topology_t topology, const struct placement_wish *wish,
			struct placement *p, size_t nr, struct err *err)
{
	int rc = place_one(topology, wish, &p[0], err);
	bool enough;

	if (rc)
		return rc;
	enough = divide(p, nr);
	for (size_t i = 0; i < nr; i++) {
		describe_sharing(wish, &p[i]);
		describe_siblings(topology, wish, &p[i]);
		if (!enough)
			snprintf(p[i].shared, sizeof(p[i].shared), "%zu jobs", nr);
	}
	return 0;
}

int placement_choose(const struct placement_wish *wish, struct placement *p, size_t nr,
		     struct err *err)
{
	hwloc_topology_t topology = NULL;
	int rc = check_node(wish->mem_node, err);

	if (!rc)
		rc = load_topology(&topology, err);
	return rc ? rc : placement_choose_on(topology, wish, p, nr, err);
}

static void fact_cpus(struct facts *facts, const char *name, const cpu_set_t *cpus)
{
	hwloc_bitmap_t bits = hwloc_bitmap_alloc();
	char *text = NULL;

	for (int cpu = 0; bits && cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, cpus))
			hwloc_bitmap_set(bits, (unsigned int)cpu);
	}
	if (bits && hwloc_bitmap_list_asprintf(&text, bits) >= 0)
		facts_set(facts, name, "%s", text);
	free(text);
	hwloc_bitmap_free(bits);
}

void placement_facts(const struct placement *p, const char *prefix, struct facts *facts)
{
	char name[64];

	snprintf(name, sizeof(name), "%.40s.workload_cpus", prefix);
	fact_cpus(facts, name, &p->workload);
	snprintf(name, sizeof(name), "%.40s.client_cpus", prefix);
	fact_cpus(facts, name, &p->client);
	facts_set(facts, "placement.sampler_cpu", "%d", p->sampler_cpu);
	if (p->reclaim_cpu == CPU_NONE)
		facts_set(facts, "placement.reclaim_cpu", "none");
	else
		facts_set(facts, "placement.reclaim_cpu", "%d", p->reclaim_cpu);
	if (p->mem_node >= 0)
		facts_set(facts, "placement.mem_node", "%d", p->mem_node);
}
