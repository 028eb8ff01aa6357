// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How far away each memory node is: one load after the other through a random cycle of cache lines (Intel
 * MLC's idle latency), and the same while other threads read from the node at full speed (its loaded
 * latency). Results are named by node: latency.0, latency.1.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "micro/micro.h"
#include "micro/nodes.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"

struct params {
	uint64_t memory_bytes, load_threads, duration_ns;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "128M", 1 << 16, 1ull << 36,
		 "on each node, twice: several times the last cache"),
	OPT_U64("load-threads", struct params, load_threads, "1", 0, 1024,
		"threads that read from the node in the loaded half; 0: no such half"),
	OPT_DURATION("duration", struct params, duration_ns, "10s", 1e8, 864e11,
		     "for all nodes together"),
	OPT_END
};

static const struct metric metrics[] = {
	{ "latency", "ns", BETTER_LOWER,
	  "of a load from node N, nothing else going on: latency.N" },
	{ "loaded_latency", "ns", BETTER_LOWER, "the same while others read from the node" },
	{ "load", "gb_per_s", BETTER_NEITHER, "what they read meanwhile" },
	{ "nodes", "count", BETTER_NEITHER, "with memory" },
	{ "home", "count", BETTER_NEITHER, "the node of the CPU that it runs on" },
	{ .name = NULL },
};

static int measure_loaded(const struct params *p, void *chase, int node, uint64_t for_ns,
			  struct worker *worker, struct err *err)
{
	char *memory = nodes_alloc(p->memory_bytes, node, err);
	uint64_t begin_ns, moved;
	struct streams load;
	double ns;
	int rc;

	if (!memory)
		return -ENOMEM;
	rc = streams_start(&load, (unsigned int)p->load_threads, 1, memory, p->memory_bytes,
			   STREAM_READ, 0, err);
	if (!rc) {
		begin_ns = clock_ns();
		ns = chase_run(chase, for_ns);
		moved = streams_moved(&load);
		worker_thread_result(worker, "loaded_latency", (unsigned int)node, ns);
		worker_thread_result(worker, "load", (unsigned int)node,
				     (double)moved / (double)(clock_ns() - begin_ns));
		streams_stop(&load);
	}
	nodes_free(memory, p->memory_bytes);
	return rc;
}

static int measure_node(const void *params, const struct nodes *n, int node, struct worker *worker,
			struct err *err)
{
	const struct params *p = params;
	uint64_t for_ns = p->duration_ns / n->nr / (p->load_threads ? 2 : 1);
	void *chase = nodes_alloc(p->memory_bytes, node, err);
	int rc = chase ? 0 : -ENOMEM;

	if (node == n->node[0])
		worker_result(worker, "home", n->home);
	if (rc)
		return rc;
	chase_build(chase, p->memory_bytes, worker_seed(worker));
	chase_run(chase, for_ns / 8);
	worker_thread_result(worker, "latency", (unsigned int)node, chase_run(chase, for_ns));
	if (p->load_threads)
		rc = measure_loaded(p, chase, node, for_ns, worker, err);
	nodes_free(chase, p->memory_bytes);
	return rc;
}

static int tier_latency_main(const void *params, struct worker *worker)
{
	return nodes_measure(params, worker, measure_node);
}

const struct workload micro_tier_latency = {
	.name = "tier_latency",
	.summary = "how long a load from each memory node takes, idle and under load",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = nodes_check,
	.main = tier_latency_main,
	WORKER_HOOKS,
};
