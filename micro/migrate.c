// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast pages move to the slow node and back. method=call: move_pages(2), the kernel's migration
 * and nothing else. method=kernel: demoted by writing to this group's memory.reclaim, then promoted by NUMA
 * balancing as this thread touches them, which needs backend tier to have turned both on. Where each page
 * is, move_pages(2) tells.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/sysfile.h"
#include "micro/micro.h"
#include "micro/nodes.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"

#define MOST_LEFT 0.02 /* of the pages may be on the other side when a direction is done */

struct params {
	uint64_t region_bytes, batch_pages, rounds, patience_ns, slow_node;
	char *method;
};

static const struct opt opts[] = {
	OPT_SIZE("region", struct params, region_bytes, "64M", 1 << 20, 1ull << 40,
		 "memory that is moved: small pages"),
	OPT_CHOICE(
		"method", struct params, method, "call", "call|kernel",
		"move_pages(2); or memory.reclaim there and NUMA balancing back (--backend tier)"),
	OPT_U64("batch", struct params, batch_pages, "512", 1, 1 << 20,
		"method=call: pages of one call"),
	OPT_U64("rounds", struct params, rounds, "3", 1, 1000, "there and back so many times"),
	OPT_U64("slow-node", struct params, slow_node, "64", 0, 64,
		"where to; 64: the first node without this thread's CPU"),
	OPT_DURATION("patience", struct params, patience_ns, "30s", 1e9, 3600e9,
		     "method=kernel: how long a direction may take"),
	OPT_END
};

static const struct metric metrics[] = {
	{ "demoted", "per_s", BETTER_HIGHER, "pages to the slow node per second" },
	{ "promoted", "per_s", BETTER_HIGHER, "pages back per second" },
	{ "demote", "s", BETTER_LOWER, "for the region, mean over the rounds" },
	{ "promote", "s", BETTER_LOWER, "and back" },
	{ "left_fast", "share", BETTER_LOWER, "of the pages that did not leave, at the most" },
	{ "left_slow", "share", BETTER_LOWER, "of the pages that did not come back, at the most" },
	{ .name = NULL },
};

struct migrate {
	const struct params *p;
	struct nodes nodes;
	int fast, slow;
	char *memory;
	uint64_t pages;
	void **address;
	int *node, *status;
	char reclaim[PATH_MAX]; /* this group's, method=kernel */
	uint64_t ns[2], moved[2];
	double left[2];
};

static int pick_nodes(const struct params *p, struct nodes *n, int *ret_fast, int *ret_slow,
		      struct err *err)
{
	int rc = nodes_find(n, err);

	if (rc)
		return rc;
	*ret_fast = n->home;
	*ret_slow = -1;
	for (unsigned int i = 0; i < n->nr; i++) {
		if (n->node[i] == *ret_fast)
			continue;
		if (p->slow_node == NODES_MAX ? *ret_slow < 0 : n->node[i] == (int)p->slow_node)
			*ret_slow = n->node[i];
	}
	if (*ret_slow < 0)
		return err_missing(err,
				   "no memory node beside node %d to move pages to (`fmbench "
				   "doctor`; or --in-lab --lab '--kernel 7.3 --tiers 1G,2G')",
				   *ret_fast);
	return 0;
}

static int check(const void *params, char *const *argv, struct err *err)
{
	struct nodes n;
	int fast, slow;

	(void)argv;
	return pick_nodes(params, &n, &fast, &slow, err);
}

/* cgroup v2's path of this process (cgroups(7)): the row "0::PATH". */
static int find_reclaim(char *path, size_t size, struct err *err)
{
	struct buf text = BUF_INIT;
	const char *row;

	sysfile_read("/proc/self/cgroup", &text);
	row = text.data ? strstr(text.data, "0::") : NULL;
	if (row)
		snprintf(path, size, "/sys/fs/cgroup%.*s/memory.reclaim",
			 (int)strcspn(row + 3, "\n"), row + 3);
	buf_release(&text);
	if (row && sysfile_exists(path))
		return 0;
	return err_missing(err,
			   "method=kernel demotes by memory.reclaim of cgroup v2 (Linux 5.19): "
			   "take --backend tier, or -o method=call");
}

static int setup(struct migrate *m, struct err *err)
{
	m->pages = m->p->region_bytes / PAGE_BYTES;
	m->memory = mmap(NULL, m->p->region_bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->memory == MAP_FAILED)
		return err_failed(err, errno, "%" PRIu64 " bytes", m->p->region_bytes);
	madvise(m->memory, m->p->region_bytes, MADV_NOHUGEPAGE);
	memset(m->memory, 1, m->p->region_bytes);
	m->address = xcalloc(m->pages, sizeof(*m->address));
	m->node = xcalloc(m->pages, sizeof(*m->node));
	m->status = xcalloc(m->pages, sizeof(*m->status));
	for (uint64_t i = 0; i < m->pages; i++)
		m->address[i] = m->memory + i * PAGE_BYTES;
	return strcmp(m->p->method, "kernel") ? 0
					      : find_reclaim(m->reclaim, sizeof(m->reclaim), err);
}

static int count_on(struct migrate *m, int node, uint64_t *ret, struct err *err)
{
	*ret = 0;
	if (move_pages(0, m->pages, m->address, NULL, m->status, 0) < 0)
		return err_failed(err, errno, "move_pages() as it asks where pages are");
	for (uint64_t i = 0; i < m->pages; i++)
		*ret += m->status[i] == node;
	return 0;
}

static int call_move(struct migrate *m, int to, struct err *err)
{
	for (uint64_t i = 0; i < m->pages; i++)
		m->node[i] = to;
	for (uint64_t i = 0; i < m->pages; i += m->p->batch_pages) {
		uint64_t nr = m->pages - i < m->p->batch_pages ? m->pages - i : m->p->batch_pages;

		if (move_pages(0, nr, m->address + i, m->node + i, m->status + i, MPOL_MF_MOVE) < 0)
			return err_failed(err, errno, "move_pages() to node %d", to);
	}
	return 0;
}

/* Until hardly any page is left on the other node, or patience is over. */
static int kernel_move(struct migrate *m, int from, int to, struct worker *worker, struct err *err)
{
	uint64_t end_ns = clock_ns() + m->p->patience_ns, left = m->pages;

	while (!worker_stopping(worker) && clock_ns() < end_ns) {
		char amount[24];
		int rc = count_on(m, from, &left, err);

		if (rc || (double)left <= MOST_LEFT * (double)m->pages)
			return rc;
		if (to == m->fast) {
			for (uint64_t i = 0; i < m->pages; i++)
				m->memory[i * PAGE_BYTES]++;
			continue;
		}
		snprintf(amount, sizeof(amount), "%" PRIu64, left * PAGE_BYTES);
		rc = sysfile_write(m->reclaim, amount, err);
		if (rc && rc != -EAGAIN && rc != -EINTR)
			return rc;
	}
	return 0;
}

static int move(struct migrate *m, int from, int to, struct worker *worker, struct err *err)
{
	unsigned int way = to == m->fast;
	uint64_t before, left, begin_ns;
	int rc = count_on(m, from, &before, err);

	begin_ns = clock_ns();
	if (!rc)
		rc = strcmp(m->p->method, "kernel") ? call_move(m, to, err)
						    : kernel_move(m, from, to, worker, err);
	m->ns[way] += clock_ns() - begin_ns;
	if (!rc)
		rc = count_on(m, from, &left, err);
	if (rc)
		return rc;
	m->moved[way] += before > left ? before - left : 0;
	if ((double)left / (double)m->pages > m->left[way])
		m->left[way] = (double)left / (double)m->pages;
	return 0;
}

static void report(const struct migrate *m, struct worker *worker)
{
	for (unsigned int way = 0; way < 2; way++) {
		worker_result(worker, metrics[way].name,
			      (double)m->moved[way] * 1e9 / (double)m->ns[way]);
		worker_result(worker, metrics[2 + way].name,
			      (double)m->ns[way] / 1e9 / (double)m->p->rounds);
		worker_result(worker, metrics[4 + way].name, m->left[way]);
	}
	if (m->left[0] > MOST_LEFT || m->left[1] > MOST_LEFT)
		worker_flag(worker, "NOT_MIGRATED", SEVERITY_WARNING,
			    "%.1f %% of the pages did not leave, %.1f %% did not come back: are "
			    "demotion and NUMA balancing on (--backend tier), and has each node "
			    "room?",
			    100 * m->left[0], 100 * m->left[1]);
}

static int migrate_main(const void *arg, struct worker *worker)
{
	struct migrate m = { .p = arg };
	struct err err = { 0 };
	int rc = pick_nodes(m.p, &m.nodes, &m.fast, &m.slow, &err);

	if (!rc)
		rc = setup(&m, &err);
	if (!rc)
		rc = worker_ready(worker);
	if (!rc)
		rc = worker_phase(worker, "measure");
	for (uint64_t i = 0; i < m.p->rounds && !rc && !worker_stopping(worker); i++) {
		rc = move(&m, m.fast, m.slow, worker, &err);
		if (!rc)
			rc = move(&m, m.slow, m.fast, worker, &err);
	}
	if (!rc) {
		report(&m, worker);
		rc = worker_phase(worker, "verify");
	}
	if (rc && err.kind)
		worker_error(worker, "%s", err.msg);
	free(m.address);
	free(m.node);
	free(m.status);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct workload micro_migrate = {
	.name = "migrate",
	.summary = "how many pages a second move to a slow memory node, and back",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	.main = migrate_main,
	WORKER_HOOKS,
};
