/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/memserver/memory.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/opt.h"
#include "base/sysfile.h"

#define HUGE_PAGE_BYTES (2ul << 20)

static int check_available(size_t bytes, struct err *err)
{
	char wanted[16], there[16];
	uint64_t available_kib;
	struct buf meminfo = BUF_INIT;
	int rc = sysfile_read("/proc/meminfo", &meminfo);

	if (!rc)
		rc = sysfile_find_key(meminfo.data, "MemAvailable:", &available_kib);
	buf_release(&meminfo);
	if (rc || bytes / 1024 <= available_kib)
		return 0;
	format_size(wanted, sizeof(wanted), bytes);
	format_size(there, sizeof(there), available_kib * 1024);
	return err_missing(err, "--size %s is more than the %s that this machine has left", wanted,
			   there);
}

static int bind_to_node(struct memory *m, int node, struct err *err)
{
	struct bitmask *nodes;
	int rc = -1;

	if (node == MEMORY_ANY_NODE)
		return 0;
	if (numa_available() == 0 && node <= numa_max_node()) {
		nodes = numa_allocate_nodemask();
		numa_bitmask_setbit(nodes, node);
		rc = mbind(m->base, m->bytes, MPOL_BIND, nodes->maskp, nodes->size + 1, 0);
		numa_bitmask_free(nodes);
	}
	if (rc)
		return err_usage(err,
				 "--numa-node %d: this machine has no memory on such a node "
				 "(see numactl -H)",
				 node);
	return 0;
}

/* Before Linux 5.14 there is no MADV_POPULATE_WRITE. */
static int populate(struct memory *m, struct err *err)
{
	if (!madvise(m->base, m->bytes, MADV_POPULATE_WRITE))
		return 0;
	if (errno != EINVAL)
		return err_failed(err, errno, "cannot take the memory of --size from this node");
	for (size_t at = 0; at < m->bytes; at += m->page_bytes)
		*(volatile char *)(m->base + at) = 0;
	return 0;
}

int memory_open(struct memory *m, size_t bytes, bool hugepages, int node, struct err *err)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (hugepages ? MAP_HUGETLB : 0);
	int rc = 0;

	*m = (struct memory){ .page_bytes = HUGE_PAGE_BYTES };
	if (!hugepages)
		m->page_bytes = sysconf(_SC_PAGESIZE);
	m->bytes = (bytes + m->page_bytes - 1) & ~(m->page_bytes - 1);
	if (!hugepages)
		rc = check_available(m->bytes, err);
	if (rc)
		return rc;
	m->base = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (m->base == MAP_FAILED) {
		m->base = NULL;
		if (hugepages)
			return err_missing(err,
					   "--hugepages: fewer than %zu huge pages are free: "
					   "raise /proc/sys/vm/nr_hugepages",
					   m->bytes / HUGE_PAGE_BYTES);
		return err_failed(err, errno, "cannot map %zu bytes", m->bytes);
	}
	/* Registering takes a step per page, so large ones are welcome even when not demanded. */
	if (!hugepages)
		madvise(m->base, m->bytes, MADV_HUGEPAGE);
	/* What clients store stays out of core dumps. */
	madvise(m->base, m->bytes, MADV_DONTDUMP);
	rc = bind_to_node(m, node, err);
	if (!rc)
		rc = populate(m, err);
	if (rc) {
		memory_close(m);
		return rc;
	}
	m->extents = xcalloc(1, sizeof(*m->extents));
	m->extents->bytes = m->bytes;
	return 0;
}

void memory_close(struct memory *m)
{
	struct extent *next;

	for (struct extent *e = m->extents; e; e = next) {
		next = e->next;
		free(e);
	}
	if (m->base)
		munmap(m->base, m->bytes);
	*m = (struct memory){ 0 };
}

static void merge_with_next(struct extent *e)
{
	struct extent *gone = e->next;

	e->bytes += gone->bytes;
	e->next = gone->next;
	free(gone);
}

static void merge_free(struct memory *m)
{
	for (struct extent *e = m->extents; e; e = e->next)
		while (!e->held && e->next && !e->next->held)
			merge_with_next(e);
}

static struct extent *largest_free(const struct memory *m)
{
	struct extent *best = NULL;

	for (struct extent *e = m->extents; e; e = e->next)
		if (!e->held && (!best || e->bytes > best->bytes))
			best = e;
	return best;
}

size_t memory_largest(const struct memory *m)
{
	size_t largest = 0, run = 0;

	for (const struct extent *e = m->extents; e; e = e->next) {
		run = e->held && !e->spare ? 0 : run + e->bytes;
		if (run > largest)
			largest = run;
	}
	return largest;
}

size_t memory_free_bytes(const struct memory *m)
{
	size_t bytes = 0;

	for (const struct extent *e = m->extents; e; e = e->next)
		bytes += e->held ? 0 : e->bytes;
	return bytes;
}

struct extent *memory_take(struct memory *m, uint64_t least, uint64_t most)
{
	uint64_t wanted = memory_largest(m);
	struct extent *e = largest_free(m), *rest;

	if (wanted < least || !wanted)
		return NULL;
	if (most && most < wanted)
		wanted = (most + m->page_bytes - 1) & ~(m->page_bytes - 1);
	if (wanted < e->bytes) {
		rest = xcalloc(1, sizeof(*rest));
		*rest = (struct extent){ .next = e->next,
					 .offset = e->offset + wanted,
					 .bytes = e->bytes - wanted };
		e->next = rest;
		e->bytes = wanted;
	}
	e->held = true;
	return e;
}

void memory_return(struct memory *m, struct extent *extent)
{
	extent->held = false;
	merge_free(m);
}

/* Leaves out again what is not needed after all, the last ones to go first. */
static void choose_fewer(const struct memory *m, struct extent *extents[], int n, uint64_t least)
{
	while (n--) {
		extents[n]->spare = false;
		if (memory_largest(m) < least)
			extents[n]->spare = true;
	}
}

int memory_choose(const struct memory *m, struct extent *extents[], unsigned int n, uint64_t least)
{
	unsigned int looked_at = 0;
	int chosen = 0;
	bool fits;

	while (memory_largest(m) < least && looked_at < n)
		extents[looked_at++]->spare = true;
	fits = memory_largest(m) >= least;
	choose_fewer(m, extents, looked_at, least);
	for (unsigned int i = 0; i < looked_at; i++) {
		struct extent *e = extents[i];

		if (!e->spare)
			continue;
		e->spare = false;
		extents[i] = extents[chosen];
		extents[chosen++] = e;
	}
	return fits ? chosen : -1;
}
