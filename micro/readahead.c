// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What read-ahead brings: one scan over far pages, and how many of its touches had to wait for far
 * memory, at the page-cluster the machine has now (stored with the result; `fmbench micro` sweeps
 * it).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/sysfile.h"
#include "micro/micro.h"
#include "micro/team.h"
#include "workloads/worker_host.h"

#define PAGE_CLUSTER "/proc/sys/vm/page-cluster"

struct params {
	struct micro_common common;
};

static const struct opt opts[] = { MICRO_REGION_OPTS(struct params, "1G", "64M"),
				   MICRO_WALK_OPTS(struct params, "sequential"),
				   MICRO_SHARED_OPT(struct params), OPT_END };

static const struct metric metrics[] = {
	{ "pages", "per_s", BETTER_HIGHER, "pages touched per second of the scan" },
	{ "major_share", "share", BETTER_LOWER, "touches that waited for far memory" },
	{ "minor_share", "share", BETTER_NEITHER, "touches whose page read-ahead had brought" },
	{ "page_cluster", "count", BETTER_NEITHER,
	  "vm.page-cluster: up to 2^this pages are read at once" },
	TEAM_METRICS,
	{ .name = NULL },
};

static int check(const void *params, char *const *argv, struct err *err)
{
	uint64_t cluster;

	(void)argv;
	if (sysfile_read_u64(PAGE_CLUSTER, &cluster))
		return err_missing(err, "no " PAGE_CLUSTER ": this kernel has no swap");
	return micro_check(&((const struct params *)params)->common, err);
}

static void limit(const void *params, uint64_t *ret_local_bytes, bool *ret_lift)
{
	*ret_local_bytes = micro_limit(&((const struct params *)params)->common);
	*ret_lift = false;
}

static void loop(struct member *m)
{
	loop_count(&m->walk, &m->touched);
}

static int readahead_main(const void *arg, struct worker *worker)
{
	const struct params *p = arg;
	struct team t = { .common = &p->common, .loop = loop };
	struct window w;
	uint64_t cluster;
	int rc;

	if (sysfile_read_u64(PAGE_CLUSTER, &cluster))
		return worker_error(worker, "cannot read " PAGE_CLUSTER);
	rc = team_prime(&t, worker);
	if (!rc)
		rc = team_run(&t, worker, &w);
	if (!rc) {
		double window_s = (double)(w.end_ns - w.begin_ns) / 1e9;

		worker_result(worker, "pages", (double)w.touched / window_s);
		worker_result(worker, "major_share", (double)w.major / (double)w.touched);
		worker_result(worker, "minor_share", (double)w.minor / (double)w.touched);
		worker_result(worker, "page_cluster", (double)cluster);
		team_report(&t, &w, worker);
	}
	team_release(&t);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct workload micro_readahead = {
	.name = "readahead",
	.summary = "how many touches of a scan read-ahead spares the wait",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	.limit = limit,
	.main = readahead_main,
	WORKER_HOOKS,
};
