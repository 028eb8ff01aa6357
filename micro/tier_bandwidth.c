// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much each memory node gives in a second: threads read, write or copy a part each of memory on one
 * node (Intel MLC's bandwidth matrix). Results are named by node: read.0, read.1.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "micro/micro.h"
#include "micro/nodes.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"

struct params {
	uint64_t memory_bytes, threads, gap_ns, duration_ns;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 1 << 20, 1ull << 40,
		 "on each node, for all threads: several times the last cache"),
	OPT_U64("threads", struct params, threads, "1", 1, 1024, "each on a CPU of its own"),
	OPT_DURATION("gap", struct params, gap_ns, "0", 0, 1e9,
		     "waited after each MiB: less load, for a curve of latency over bandwidth"),
	OPT_DURATION("duration", struct params, duration_ns, "10s", 1e8, 864e11,
		     "for all nodes together"),
	OPT_END
};

static const struct metric metrics[] = {
	{ "read", "gb_per_s", BETTER_HIGHER, "read from node N: read.N" },
	{ "write", "gb_per_s", BETTER_HIGHER, "written to node N" },
	{ "copy", "gb_per_s", BETTER_HIGHER, "read and written, from node N to itself, added up" },
	{ "nodes", "count", BETTER_NEITHER, "with memory" },
	{ .name = NULL },
};

static int measure_node(const void *params, const struct nodes *n, int node, struct worker *worker,
			struct err *err)
{
	const struct params *p = params;
	uint64_t for_ns = p->duration_ns / n->nr / NR_STREAM_KINDS;
	char *memory = nodes_alloc(p->memory_bytes, node, err);
	int rc = memory ? 0 : -ENOMEM;

	for (enum stream_kind kind = 0; kind < NR_STREAM_KINDS && !rc; kind++) {
		struct streams s;
		uint64_t begin_ns, begin_bytes;

		rc = streams_start(&s, (unsigned int)p->threads, 0, memory, p->memory_bytes, kind,
				   p->gap_ns, err);
		if (rc)
			break;
		/* Threads start one after the other. */
		clock_sleep_until(clock_ns() + for_ns / 8);
		begin_ns = clock_ns();
		begin_bytes = streams_moved(&s);
		clock_sleep_until(begin_ns + for_ns);
		worker_thread_result(worker, metrics[kind].name, (unsigned int)node,
				     (double)(streams_moved(&s) - begin_bytes) /
					     (double)(clock_ns() - begin_ns));
		streams_stop(&s);
	}
	nodes_free(memory, p->memory_bytes);
	return rc;
}

static int tier_bandwidth_main(const void *params, struct worker *worker)
{
	return nodes_measure(params, worker, measure_node);
}

const struct workload micro_tier_bandwidth = {
	.name = "tier_bandwidth",
	.summary = "how much each memory node reads, writes and copies in a second",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = nodes_check,
	.main = tier_bandwidth_main,
	WORKER_HOOKS,
};
