/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory nodes, for micro-benchmarks of what each is like. */
#ifndef MICRO_NODES_H
#define MICRO_NODES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NODES_MAX  64
#define LINE_BYTES 64

struct worker;

struct nodes {
	unsigned int nr;
	int node[NODES_MAX]; /* with memory that this process may use, in order */
	int home;	     /* the one of the CPU that this thread is on */
};

int nodes_find(struct nodes *n, struct err *err);
/* A micro-benchmark's check(): there are nodes. */
int nodes_check(const void *params, char *const *argv, struct err *err);
/* Its main(): calls measure for each node, and reports how many there are. An exit status. */
int nodes_measure(const void *params, struct worker *worker,
		  int (*measure)(const void *params, const struct nodes *n, int node,
				 struct worker *worker, struct err *err));

/* Memory on that node, written to, of large pages where the kernel has some: else misses of the TLB are
 * part of each access. NULL: it does not fit there, err says so. */
void *nodes_alloc(size_t bytes, int node, struct err *err);
void nodes_free(void *memory, size_t bytes);

/* A cycle through all cache lines in random order; each holds the address of the next. */
void chase_build(void *memory, size_t bytes, uint64_t seed);
/* ns for one step, over ns of time. Nothing overlaps: each load waits for the one before. */
double chase_run(void *memory, uint64_t for_ns);

enum stream_kind { STREAM_READ, STREAM_WRITE, STREAM_COPY, NR_STREAM_KINDS };

/* Threads that go over a part each of memory on one node, until they are stopped. */
struct streams {
	unsigned int nr;
	struct stream {
		pthread_t thread;
		char *memory;
		size_t bytes;
		enum stream_kind kind;
		uint64_t gap_ns; /* waited after each MiB; 0: none */
		int cpu;
		const atomic_bool *stop;
		_Atomic uint64_t moved_bytes; /* copy: what is read and what is written */
	} * rows;
	atomic_bool stop;
};

/* Each thread on one of cpus, from number first on. */
int streams_start(struct streams *s, unsigned int nr, unsigned int first, char *memory,
		  size_t bytes, enum stream_kind kind, uint64_t gap_ns, struct err *err);
uint64_t streams_moved(const struct streams *s);
void streams_stop(struct streams *s);

#endif
