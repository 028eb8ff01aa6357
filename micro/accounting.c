// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does read-ahead count against the limit? With the limit lifted, a few neighbouring pages of each
 * block are touched, which opens the kernel's read-ahead window over pages that nobody then maps.
 * What the group is charged before and after, while the process holds still, tells the rest.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/sysfile.h"
#include "micro/micro.h"
#include "micro/region.h"
#include "micro/verify.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"

#define PAGE_CLUSTER "/proc/sys/vm/page-cluster"

/* Fewer pages than CPUs keep charged in advance say nothing. */
#define MIN_AHEAD 1024

struct params {
	struct micro_common common;
	uint64_t block_pages, burst_pages;
	uint64_t hold_ns;
};

static const struct opt opts[] = {
	MICRO_REGION_OPTS(struct params, "1G", "16M"),
	OPT_U64("block", struct params, block_pages, "64", 2, 1 << 20, "pages of a block"),
	OPT_U64("burst", struct params, burst_pages, "16", 1, 1 << 20,
		"pages touched at the beginning of each block"),
	OPT_DURATION("hold", struct params, hold_ns, "2s", 1e8, 3600e9,
		     "how long memory is held still, before the scan and after it"),
	OPT_END
};

enum { CHARGED, MAPPED, AHEAD, BEFORE, AFTER, CLUSTER };

static const struct metric metrics[] = {
	[CHARGED] = { "read_ahead_charged", "share", BETTER_NEITHER,
		      "of the pages that read-ahead brought and nobody mapped, how many the group "
		      "was charged for" },
	[MAPPED] = { "mapped", "bytes", BETTER_NEITHER,
		     "pages that came and are mapped, by pagemap" },
	[AHEAD] = { "read_ahead", "bytes", BETTER_NEITHER,
		    "pages that came and nobody mapped: in the swap cache, by mincore" },
	[BEFORE] = { "charged_before", "bytes", BETTER_NEITHER,
		     "the group's memory before the scan" },
	[AFTER] = { "charged_after", "bytes", BETTER_NEITHER, "and after it" },
	[CLUSTER] = { "page_cluster", "count", BETTER_NEITHER,
		      "vm.page-cluster: up to 2^this pages are read at once" },
	VERIFY_METRICS,
	{ .name = NULL },
};

static int check(const void *params, char *const *argv, struct err *err)
{
	const struct params *p = params;

	(void)argv;
	if (!sysfile_exists(PAGE_CLUSTER))
		return err_missing(err, "no " PAGE_CLUSTER ": this kernel has no swap");
	if (p->burst_pages >= p->block_pages)
		return err_usage(err, "burst=%" PRIu64 " leaves nothing of a block of %" PRIu64,
				 p->burst_pages, p->block_pages);
	return micro_check(&p->common, err);
}

static void limit(const void *params, uint64_t *ret_local_bytes, bool *ret_lift)
{
	*ret_local_bytes = micro_limit(&((const struct params *)params)->common);
	*ret_lift = true;
}

/* The file that tells what this process's own group is charged, v1 or v2. */
static int find_usage_file(char *path, size_t size)
{
	struct buf text = BUF_INIT;
	char *rest = NULL;
	bool found = false;
	int rc = sysfile_read("/proc/self/cgroup", &text);

	/* ID:CONTROLLERS:PATH, v2's controllers being empty (cgroups(7)). */
	for (char *line = rc ? NULL : strtok_r(text.data, "\n", &rest); line && !found;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *controllers = strchr(line, ':'), *group;

		if (!controllers || !(group = strchr(++controllers, ':')))
			continue;
		*group++ = '\0';
		if (strcmp(controllers, "memory") == 0)
			snprintf(path, size, "/sys/fs/cgroup/memory%s/memory.usage_in_bytes",
				 group);
		else if (!*controllers)
			snprintf(path, size, "/sys/fs/cgroup%s/memory.current", group);
		else
			continue;
		found = sysfile_exists(path);
	}
	buf_release(&text);
	return found ? 0 : -ENOENT;
}

static int hold_and_read(const struct params *p, const char *path, struct worker *worker,
			 uint64_t *ret_bytes)
{
	uint64_t end_ns = clock_ns() + p->hold_ns;

	while (clock_ns() < end_ns) {
		if (worker_stopping(worker))
			return -EPIPE;
		clock_sleep_until(clock_ns() + 50 * NSEC_PER_MSEC);
	}
	if (sysfile_read_u64(path, ret_bytes))
		return worker_error(worker, "cannot read %s", path);
	return 0;
}

static void scan(const struct region *r, const struct params *p)
{
	for (uint64_t block = 0; block < r->pages; block += p->block_pages) {
		for (uint64_t i = 0; i < p->burst_pages && block + i < r->pages; i++)
			(void)*(volatile uint64_t *)region_page(r, block + i);
	}
}

/* Which pages are near, and what the group is charged for, at one moment. */
struct charge {
	uint8_t *near; /* region_look() */
	uint64_t charged_bytes;
};

static int charge_take(struct charge *m, const struct region *r, const struct params *p,
		       const char *path, struct worker *worker)
{
	struct err err = { 0 };
	int rc;

	/* Before the hold: the looks of the first moment must not be the charge of the second. */
	m->near = xcalloc(r->pages, sizeof(*m->near));
	memset(m->near, 0, r->pages * sizeof(*m->near));
	rc = hold_and_read(p, path, worker, &m->charged_bytes);
	if (!rc && region_look(r, m->near, &err))
		rc = worker_error(worker, "%s", err.msg);
	return rc;
}

/* The question's answer, in words. */
static void answer(double share, uint64_t pages, struct worker *worker)
{
	if (share > 0.1 && share < 0.9)
		worker_flag(worker, "READ_AHEAD_UNCLEAR", SEVERITY_WARNING,
			    "of %" PRIu64 " pages that read-ahead brought and nobody mapped the "
			    "group was charged for %.1f %%: neither all nor none",
			    pages, 100 * share);
	else
		worker_flag(worker, share > 0.5 ? "READ_AHEAD_COUNTS" : "READ_AHEAD_FREE",
			    SEVERITY_NOTE,
			    "read-ahead %s against the limit: of %" PRIu64 " pages that it brought "
			    "and nobody mapped the group was charged for %.1f %%",
			    share > 0.5 ? "counts" : "does not count", pages, 100 * share);
}

static void report(const struct region *r, const struct charge *before, const struct charge *after,
		   struct worker *worker)
{
	uint64_t mapped = 0, ahead = 0, cluster = 0;
	double charged = (double)after->charged_bytes - (double)before->charged_bytes;

	/* What the swap cache held before the scan was charged before, or not, already. */
	for (uint64_t i = 0; i < r->pages; i++) {
		bool came = (after->near[i] & NEAR_MEMORY) && !(before->near[i] & NEAR_MEMORY);

		mapped += came && (after->near[i] & NEAR_MAPPED);
		ahead += came && !(after->near[i] & NEAR_MAPPED);
	}
	if (ahead >= MIN_AHEAD) {
		double share =
			(charged - (double)(mapped * PAGE_BYTES)) / (double)(ahead * PAGE_BYTES);

		worker_result(worker, metrics[CHARGED].name, share);
		answer(share, ahead, worker);
	} else {
		worker_flag(worker, "NO_READ_AHEAD", SEVERITY_WARNING,
			    "read-ahead brought only %" PRIu64 " of %" PRIu64 " pages: too few to "
			    "tell what they cost (vm.page-cluster=0? a device that the kernel "
			    "reads without it, such as zram? else raise -o region)",
			    ahead, r->pages);
	}
	worker_result(worker, metrics[MAPPED].name, (double)(mapped * PAGE_BYTES));
	worker_result(worker, metrics[AHEAD].name, (double)(ahead * PAGE_BYTES));
	worker_result(worker, metrics[BEFORE].name, (double)before->charged_bytes);
	worker_result(worker, metrics[AFTER].name, (double)after->charged_bytes);
	if (sysfile_read_u64(PAGE_CLUSTER, &cluster) == 0)
		worker_result(worker, metrics[CLUSTER].name, (double)cluster);
}

static int account(const struct params *p, struct region *r, struct worker *worker)
{
	struct charge before = { 0 }, after = { 0 };
	struct err err = { 0 };
	char path[4096];
	uint64_t pushed;
	int rc;

	if (find_usage_file(path, sizeof(path)))
		return worker_error(worker, "this process's group has no memory.current: is the "
					    "memory controller mounted in /sys/fs/cgroup?");
	rc = region_init(r, &p->common, 1, &err);
	if (!rc)
		rc = worker_ready(worker);
	if (!rc)
		rc = region_prove_far(r, &pushed, &err);
	if (rc && err.kind)
		return worker_error(worker, "%s", err.msg);
	if (!rc)
		rc = charge_take(&before, r, p, path, worker);
	if (!rc)
		rc = worker_phase(worker, "measure");
	if (!rc) {
		scan(r, p);
		rc = charge_take(&after, r, p, path, worker);
	}
	if (!rc)
		rc = worker_phase(worker, "verify");
	if (!rc)
		report(r, &before, &after, worker);
	if (!rc && p->common.verify)
		verify_region(r, NULL, worker);
	free(before.near);
	free(after.near);
	return rc;
}

static int accounting_main(const void *arg, struct worker *worker)
{
	struct region region = { 0 };
	int rc = account(arg, &region, worker);

	region_release(&region);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct workload micro_accounting = {
	.name = "accounting",
	.summary = "whether pages that read-ahead brings count against the limit",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	.limit = limit,
	.main = accounting_main,
	WORKER_HOOKS,
};
