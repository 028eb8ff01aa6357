// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/tier_nodes.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysfile.h"

#define NODES	 "/sys/devices/system/node"
#define TIERING	 "/sys/devices/virtual/memory_tiering"
#define LIST_MAX 256

bool nodes_parse(const char *list, uint64_t *ret)
{
	uint64_t nodes = 0;

	while (isdigit((unsigned char)*list)) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (last < first || last >= MAX_NODES)
			return false;
		for (; first <= last; first++)
			nodes |= 1ull << first;
		list = *end == ',' ? end + 1 : end;
	}
	if (*list || !nodes)
		return false;
	*ret = nodes;
	return true;
}

void nodes_format(uint64_t nodes, struct buf *b)
{
	const char *comma = "";

	for (unsigned int i = 0; i < MAX_NODES; i++) {
		if (nodes >> i & 1) {
			buf_addf(b, "%s%u", comma, i);
			comma = ",";
		}
	}
}

unsigned int nodes_first(uint64_t nodes)
{
	return nodes ? (unsigned int)__builtin_ctzll(nodes) : 0;
}

uint64_t nodes_bytes(uint64_t nodes)
{
	uint64_t sum_kib = 0;

	for (unsigned int i = 0; i < MAX_NODES; i++) {
		char path[64], key[32];
		uint64_t kib;

		if (!(nodes >> i & 1))
			continue;
		snprintf(path, sizeof(path), NODES "/node%u/meminfo", i);
		snprintf(key, sizeof(key), "Node %u MemTotal:", i);
		if (sysfile_read_key(path, key, &kib) == 0)
			sum_kib += kib;
	}
	return sum_kib * 1024;
}

static uint64_t read_list(const char *path)
{
	char list[LIST_MAX];
	uint64_t nodes = 0;

	if (sysfile_read_line(path, list, sizeof(list)) != 0 || !nodes_parse(list, &nodes))
		return 0;
	return nodes;
}

static int by_rank(const void *a, const void *b)
{
	const struct tier *x = a, *y = b;

	return (x->rank > y->rank) - (x->rank < y->rank);
}

void tiers_read(struct tiers *ret)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = NULL;

	*ret = (struct tiers){ .memory = read_list(NODES "/has_memory"),
			       .cpus = read_list(NODES "/has_cpu") };
	if (sysfile_path(path, sizeof(path), TIERING) == 0)
		dir = opendir(path);
	while (dir && (entry = readdir(dir)) && ret->nr < MAX_TIERS) {
		struct tier *tier = &ret->rows[ret->nr];
		int end = 0;

		if (sscanf(entry->d_name, "memory_tier%u%n", &tier->rank, &end) != 1 ||
		    entry->d_name[end])
			continue;
		snprintf(path, sizeof(path), TIERING "/%s/nodelist", entry->d_name);
		tier->nodes = read_list(path);
		ret->nr += tier->nodes != 0;
	}
	if (dir)
		closedir(dir);
	qsort(ret->rows, ret->nr, sizeof(ret->rows[0]), by_rank);
}

int tiers_of(const struct tiers *t, unsigned int node)
{
	for (size_t i = 0; i < t->nr; i++) {
		if (t->rows[i].nodes >> node & 1)
			return (int)i;
	}
	return -1;
}

static bool is_ranked(const struct tiers *t, const struct tier_sides *s)
{
	int slowest = -1, fastest = MAX_TIERS;

	for (unsigned int i = 0; i < MAX_NODES; i++) {
		int of = tiers_of(t, i);

		if (s->fast >> i & 1 && of > slowest)
			slowest = of;
		if (s->slow >> i & 1 && of < fastest)
			fastest = of;
	}
	return slowest >= 0 && fastest > slowest && fastest < MAX_TIERS;
}

static int parse_sides(const char *text, const struct tiers *t, struct tier_sides *ret,
		       struct err *err)
{
	const char *colon = strchr(text, ':');
	char fast[LIST_MAX];
	struct buf has = BUF_INIT;
	int rc = 0;

	snprintf(fast, sizeof(fast), "%.*s", colon ? (int)(colon - text) : 0, text);
	nodes_format(t->memory, &has);
	if (!colon || !nodes_parse(fast, &ret->fast) || !nodes_parse(colon + 1, &ret->slow))
		rc = err_usage(err,
			       "tier.nodes=%s: give fast nodes, a colon and slow ones, as 0:1 or "
			       "0,1:2,3 (`numactl -H` lists them)",
			       text);
	else if (ret->fast & ret->slow)
		rc = err_usage(err, "tier.nodes=%s: a node is fast or slow, not both", text);
	else if ((ret->fast | ret->slow) & ~t->memory)
		rc = err_usage(err, "tier.nodes=%s: this machine has memory on node %s only", text,
			       has.data ? has.data : "0");
	else if (!(ret->fast & t->cpus))
		rc = err_usage(err, "tier.nodes=%s: none of the fast nodes has a CPU", text);
	buf_release(&has);
	return rc;
}

static int no_slow(const struct tiers *t, struct err *err)
{
	if (__builtin_popcountll(t->memory) < 2)
		return err_missing(err, "this machine has one memory node, and a tier needs a slow "
					"one beside it (`fmbench doctor` says what can make one; "
					"or --in-lab --lab '--kernel 7.3 --tiers 1G,2G')");
	return err_missing(err, "all memory nodes of this machine have CPUs and are in one tier: "
				"take a remote node for the slow one, as tier.nodes=0:1 with "
				"tier.method=bind");
}

int tier_sides_find(const char *text, struct tier_sides *ret, struct err *err)
{
	struct tier_sides s = { 0 };
	struct tiers t;
	int rc = 0;

	tiers_read(&t);
	if (text) {
		rc = parse_sides(text, &t, &s, err);
	} else {
		s.fast = t.nr > 1 ? t.rows[0].nodes : t.memory & t.cpus;
		s.slow = t.memory & ~s.fast;
		if (!s.fast || !s.slow)
			rc = no_slow(&t, err);
	}
	if (rc)
		return rc;
	s.ranked = is_ranked(&t, &s);
	*ret = s;
	return 0;
}
