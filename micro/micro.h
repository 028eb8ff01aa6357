/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Micro-benchmarks: what one fault costs, and how many a machine can take.
 *
 * To add one:
 *	1. write micro/NAME.c, ending in its one `const struct workload micro_NAME`: a LOOP with .main
 *	   and WORKER_HOOKS, whose parameters have a struct micro_common and whose options begin with
 *	   MICRO_REGION_OPTS (and MICRO_WALK_OPTS);
 *	2. add its row to micro/table.c and its line to the list below.
 *
 * .main maps and fills its region, calls worker_ready(), proves that the region is far away
 * (region.h), begins phase "measure" (worker.h), lets its threads touch it (team.h), begins phase
 * "verify" and returns; it detects its own warm-up and ends by itself. .limit states how much
 * memory stays local.
 */
#ifndef MICRO_MICRO_H
#define MICRO_MICRO_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/workload.h"

#define PAGE_BYTES ((uint64_t)4096)

/* The region, how threads walk through it, and what they do to each page. What a micro-benchmark
 * has no option for is zero. */
struct micro_common {
	uint64_t region_bytes, local_bytes;
	char *pattern; /* order.h */
	uint64_t stride_pages;
	double zipf_exponent;
	char *access; /* loop.h */
	double compressible;
	bool verify;
	uint64_t threads;
	bool shared, smt;
	uint64_t duration_ns;
};

#define MICRO_PATTERNS "sequential|random|stride|zipf"
#define MICRO_ACCESSES "read|write|read-then-write"

/* Rows of an option table; S: the parameters, whose member `common` is a struct micro_common. */
#define MICRO_REGION_OPTS(S, region_def, local_def)                                                \
	OPT_SIZE("region", S, common.region_bytes, region_def, 1 << 20, 1ull << 44,                \
		 "memory that is filled and sent far away"),                                       \
		OPT_SIZE("local", S, common.local_bytes, local_def, 1 << 20, 1ull << 44,           \
			 "how much of it may be near again at once"),                              \
		OPT_DOUBLE("compressible", S, common.compressible, "0.5", 0, 0.998,                \
			   "share of each page that is zeros; the rest is random"),                \
		OPT_BOOL("verify", S, common.verify, "no",                                         \
			 "check all of each page that comes back against its stamp")

#define MICRO_WALK_OPTS(S, pattern_def)                                                            \
	OPT_CHOICE("pattern", S, common.pattern, pattern_def, MICRO_PATTERNS,                      \
		   "order in which pages are touched; all but zipf touch each once a pass"),       \
		OPT_U64("stride", S, common.stride_pages, "16", 1, 1 << 30,                        \
			"pages from one touch to the next in pattern stride"),                     \
		OPT_DOUBLE("zipf", S, common.zipf_exponent, "0.99", 0.01, 10,                      \
			   "exponent of pattern zipf"),                                            \
		OPT_CHOICE("access", S, common.access, "read", MICRO_ACCESSES,                     \
			   "what is done to a page: 8 bytes are read, written or both"),           \
		OPT_U64("threads", S, common.threads, "1", 1, 1024,                                \
			"each pinned to a core of its own"),                                       \
		OPT_BOOL("smt", S, common.smt, "no", "let two threads share a physical core"),     \
		OPT_DURATION("duration", S, common.duration_ns, "10s", 1e8, 864e11,                \
			     "the measured window")

#define MICRO_SHARED_OPT(S)                                                                        \
	OPT_BOOL("shared", S, common.shared, "no",                                                 \
		 "all threads walk all pages; no: each a slice of its own")

/* Do the common parameters make sense? */
int micro_check(const struct micro_common *c, struct err *err);
/* .limit: what stays local, and what the process needs beside its region. */
uint64_t micro_limit(const struct micro_common *c);

extern const struct workload *const micro_table[]; /* ended by NULL */
/* Exact name; else NULL and err says what was meant. */
const struct workload *micro_find(const char *name, struct err *err);

/* One line a micro-benchmark; the rows of table.c. */
extern const struct workload micro_accounting;
extern const struct workload micro_fault_latency;
extern const struct workload micro_fault_throughput;
extern const struct workload micro_migrate;
extern const struct workload micro_readahead;
extern const struct workload micro_shrink;
extern const struct workload micro_tier_bandwidth;
extern const struct workload micro_tier_latency;
extern const struct workload micro_uffd;

#endif
