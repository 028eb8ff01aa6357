// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/nodes.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "base/random.h"
#include "workloads/worker.h"

#define BATCH	    4096
#define CHUNK_BYTES ((size_t)1 << 20)

int nodes_find(struct nodes *n, struct err *err)
{
	struct bitmask *allowed;

	*n = (struct nodes){ 0 };
	if (numa_available() < 0)
		return err_missing(err,
				   "this kernel has no NUMA memory policies, so memory can't be "
				   "put on a node");
	allowed = numa_get_mems_allowed();
	for (int i = 0; i <= numa_max_node() && n->nr < NODES_MAX; i++) {
		if (numa_bitmask_isbitset(allowed, (unsigned int)i) &&
		    numa_node_size64(i, NULL) > 0)
			n->node[n->nr++] = i;
	}
	numa_bitmask_free(allowed);
	n->home = numa_node_of_cpu(sched_getcpu());
	return n->nr ? 0 : err_missing(err, "no memory node may be used");
}

int nodes_check(const void *params, char *const *argv, struct err *err)
{
	struct nodes n;

	(void)params;
	(void)argv;
	return nodes_find(&n, err);
}

int nodes_measure(const void *params, struct worker *worker,
		  int (*measure)(const void *params, const struct nodes *n, int node,
				 struct worker *worker, struct err *err))
{
	struct err err = { 0 };
	struct nodes n;
	int rc = nodes_find(&n, &err);

	if (!rc)
		rc = worker_ready(worker);
	if (!rc)
		rc = worker_phase(worker, "measure");
	for (unsigned int i = 0; i < n.nr && !rc && !worker_stopping(worker); i++)
		rc = measure(params, &n, n.node[i], worker, &err);
	if (!rc) {
		worker_result(worker, "nodes", n.nr);
		rc = worker_phase(worker, "verify");
	}
	if (rc && err.kind)
		worker_error(worker, "%s", err.msg);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

void *nodes_alloc(size_t bytes, int node, struct err *err)
{
	struct bitmask *mask = numa_allocate_nodemask();
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long long free_bytes = 0;
	int rc = memory == MAP_FAILED ? -errno : 0;

	numa_bitmask_setbit(mask, (unsigned int)node);
	numa_node_size64(node, &free_bytes);
	/* A node that is full has the kernel kill, not refuse. */
	if (!rc && free_bytes < (long long)(bytes + bytes / 8))
		rc = -ENOMEM;
	if (!rc && mbind(memory, bytes, MPOL_BIND, mask->maskp, mask->size + 1, 0) != 0)
		rc = -errno;
	numa_free_nodemask(mask);
	if (rc) {
		if (memory != MAP_FAILED)
			munmap(memory, bytes);
		err_failed(err, -rc, "%zu MiB on node %d (`numactl -H` shows what is free)",
			   bytes >> 20, node);
		return NULL;
	}
	madvise(memory, bytes, MADV_HUGEPAGE);
	memset(memory, 1, bytes);
	return memory;
}

void nodes_free(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, bytes);
}

/* Sattolo's algorithm: a permutation of one cycle. */
void chase_build(void *memory, size_t bytes, uint64_t seed)
{
	uint64_t lines = bytes / LINE_BYTES;
	uint32_t *next = xcalloc(lines, sizeof(*next));
	char *base = memory;

	for (uint64_t i = 0; i < lines; i++)
		next[i] = (uint32_t)i;
	for (uint64_t i = lines - 1; i > 0; i--) {
		uint64_t j = random_next(&seed) % i;
		uint32_t swapped = next[i];

		next[i] = next[j];
		next[j] = swapped;
	}
	for (uint64_t i = 0; i < lines; i++)
		*(void **)(base + i * LINE_BYTES) = base + (uint64_t)next[i] * LINE_BYTES;
	free(next);
}

double chase_run(void *memory, uint64_t for_ns)
{
	uint64_t begin_ns = clock_ns(), now_ns, steps = 0;
	void *volatile *at = memory;

	do {
		for (unsigned int i = 0; i < BATCH; i++)
			at = *at;
		steps += BATCH;
		now_ns = clock_ns();
	} while (now_ns - begin_ns < for_ns);
	return (double)(now_ns - begin_ns) / (double)steps;
}

/* Four sums, so that no addition waits for the one before. */
static uint64_t read_all(const char *memory, size_t bytes)
{
	const uint64_t *word = (const uint64_t *)memory;
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (size_t i = 0; i + 4 <= bytes / sizeof(*word); i += 4) {
		a += word[i];
		b += word[i + 1];
		c += word[i + 2];
		d += word[i + 3];
	}
	return a + b + c + d;
}

static void move_chunk(const struct stream *s, size_t at, size_t bytes)
{
	volatile uint64_t sum;

	if (s->kind == STREAM_READ) {
		sum = read_all(s->memory + at, bytes);
		(void)sum;
	} else if (s->kind == STREAM_WRITE) {
		memset(s->memory + at, (int)at, bytes);
	} else {
		/* From the first half into the second. */
		memcpy(s->memory + s->bytes / 2 + at / 2, s->memory + at / 2, bytes / 2);
	}
}

static void *stream(void *arg)
{
	struct stream *s = arg;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(s->cpu, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	while (!atomic_load_explicit(s->stop, memory_order_relaxed)) {
		for (size_t at = 0; at < s->bytes && !*s->stop; at += CHUNK_BYTES) {
			size_t bytes = s->bytes - at < CHUNK_BYTES ? s->bytes - at : CHUNK_BYTES;

			move_chunk(s, at, bytes);
			atomic_fetch_add_explicit(&s->moved_bytes, bytes, memory_order_relaxed);
			if (s->gap_ns)
				clock_sleep_until(clock_ns() + s->gap_ns);
		}
	}
	return NULL;
}

int streams_start(struct streams *s, unsigned int nr, unsigned int first, char *memory,
		  size_t bytes, enum stream_kind kind, uint64_t gap_ns, struct err *err)
{
	size_t each = bytes / (nr ? nr : 1) / (2 * LINE_BYTES) * (2 * LINE_BYTES);
	struct cpus cpus;
	int rc = cpus_init(&cpus, err);

	*s = (struct streams){ .rows = xcalloc(nr ? nr : 1, sizeof(*s->rows)) };
	for (; s->nr < nr && !rc; s->nr++) {
		struct stream *row = &s->rows[s->nr];

		*row = (struct stream){ .memory = memory + s->nr * each,
					.bytes = each,
					.kind = kind,
					.gap_ns = gap_ns,
					.cpu = cpus.cpu[(first + s->nr) % cpus.nr],
					.stop = &s->stop };
		rc = pthread_create(&row->thread, NULL, stream, row);
		if (rc)
			rc = err_failed(err, rc, "cannot start a thread");
		if (rc)
			break;
	}
	if (rc)
		streams_stop(s);
	return rc;
}

uint64_t streams_moved(const struct streams *s)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < s->nr; i++)
		sum += atomic_load(&s->rows[i].moved_bytes);
	return sum;
}

void streams_stop(struct streams *s)
{
	atomic_store(&s->stop, true);
	for (unsigned int i = 0; i < s->nr; i++)
		pthread_join(s->rows[i].thread, NULL);
	free(s->rows);
	*s = (struct streams){ 0 };
}
