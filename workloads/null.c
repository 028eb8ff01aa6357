// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does nothing, or touches some memory once and then does nothing: makes every path of a run
 * testable and shows what fmbench itself costs.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"
#include "workloads/workload.h"

struct params {
	uint64_t idle_ns;
	uint64_t memory_bytes;
};

static const struct opt opts[] = {
	OPT_DURATION("seconds", struct params, idle_ns, "0", 0, 86400e9, "how long to do nothing"),
	OPT_SIZE("memory", struct params, memory_bytes, "0", 0, 1ull << 46,
		 "touch so much first, each page once"),
	OPT_END,
};

static const struct metric metrics[] = {
	{ "elapsed", "s", BETTER_LOWER, "from its start to its end" },
	{ .name = NULL },
};

static int null_main(const void *arg, struct worker *worker)
{
	const struct params *p = arg;
	uint64_t end_ns = clock_ns() + p->idle_ns;

	if (p->memory_bytes) {
		/* One byte a page, written through a volatile: the pages must become real. */
		volatile char *memory = mmap(NULL, p->memory_bytes, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			return worker_error(worker,
					    "null: no %llu bytes of address space; lower "
					    "-o memory",
					    (unsigned long long)p->memory_bytes);
		for (uint64_t at = 0; at < p->memory_bytes; at += 4096)
			memory[at] = 1;
	}

	while (clock_ns() < end_ns)
		clock_sleep_until(end_ns);
	return EXIT_SUCCESS;
}

const struct workload workload_null = {
	.name = "null",
	.summary = "does nothing: what a run itself costs",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.main = null_main,
	WORKER_HOOKS,
};
