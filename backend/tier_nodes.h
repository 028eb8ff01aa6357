/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which memory nodes are fast and which are slow, as the kernel ranks them:
 * /sys/devices/virtual/memory_tiering/memory_tierN/nodelist (Linux 6.1;
 * Documentation/ABI/testing/sysfs-kernel-mm-memory-tiers). The lowest N is the fastest tier; pages are
 * demoted from one to the next. A set of nodes is a mask: bit i is node i.
 */
#ifndef BACKEND_TIER_NODES_H
#define BACKEND_TIER_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define MAX_TIERS 8
#define MAX_NODES 64

struct tiers {
	uint64_t memory, cpus; /* nodes that have some */
	struct tier {
		unsigned int rank;
		uint64_t nodes;
	} rows[MAX_TIERS]; /* fastest first */
	size_t nr;	   /* 0: the kernel has no tiers */
};

void tiers_read(struct tiers *ret);
/* The place of a node's tier in rows, or -1. */
int tiers_of(const struct tiers *t, unsigned int node);

struct tier_sides {
	uint64_t fast, slow;
	bool ranked; /* every slow node is in a lower tier than every fast one: the kernel demotes */
};

/*
 * Fast and slow nodes: "0:1", as the user says, or of text NULL those of the first tier and of the
 * others; without a second tier those with CPUs and those with memory alone. ERR_MISSING: this machine
 * has no slow memory, and what makes some. ERR_USAGE: what is wrong with text.
 */
int tier_sides_find(const char *text, struct tier_sides *ret, struct err *err);

/* "0-1,3" as a mask; false: it is no list of nodes below MAX_NODES. */
bool nodes_parse(const char *list, uint64_t *ret);
/* The other way round, added to b: "0,1,3". */
void nodes_format(uint64_t nodes, struct buf *b);
unsigned int nodes_first(uint64_t nodes);

/* Memory of these nodes. */
uint64_t nodes_bytes(uint64_t nodes);

#endif
