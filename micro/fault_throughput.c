// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many faults per second a number of cores can take. The loop has no clock in it; the program's
 * own count of touches is held against the kernel's count of faults.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "micro/micro.h"
#include "micro/mode.h"
#include "micro/team.h"

/* How far the program's count and the kernel's may be apart. */
#define AGREEMENT 0.01

struct params {
	struct micro_common common;
	char *mode;
};

static const struct opt opts[] = {
	MICRO_REGION_OPTS(struct params, "1G", "64M"), MICRO_WALK_OPTS(struct params, "random"),
	MICRO_SHARED_OPT(struct params),
	OPT_CHOICE("mode", struct params, mode, "evict-clean", MODES,
		   "noevict: the limit is lifted first, each page comes once; evict-*: the limit "
		   "stays, pages are read (clean) or written (dirty)"),
	OPT_END
};

static const struct metric metrics[] = {
	{ "faults", "per_s", BETTER_HIGHER, "major faults per second of the window" },
	{ "touched", "per_s", BETTER_HIGHER, "pages touched per second of the window" },
	{ "faults_per_core", "per_s", BETTER_HIGHER, "major faults per second and thread" },
	{ "threads", "count", BETTER_NEITHER, "one to a core" },
	TEAM_METRICS,
	{ .name = NULL },
};

static int check(const void *params, char *const *argv, struct err *err)
{
	const struct params *p = params;
	int rc = micro_check(&p->common, err);

	(void)argv;
	return rc ? rc : mode_check(p->mode, &p->common, err);
}

static void limit(const void *params, uint64_t *ret_local_bytes, bool *ret_lift)
{
	const struct params *p = params;

	*ret_local_bytes = micro_limit(&p->common);
	*ret_lift = !mode_evicts(p->mode);
}

static void loop(struct member *m)
{
	loop_count(&m->walk, &m->touched);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100 * (double)part / (double)whole : 0;
}

/* Does every touch stand for one major fault? */
static void judge(const struct params *p, const struct window *w, struct worker *worker)
{
	uint64_t faults = w->major + w->minor;
	bool far_apart = fabs((double)w->touched - (double)faults) > AGREEMENT * (double)faults;
	/* Zipf's popular pages stay near, a shared page was brought by another thread, and a write
	 * after a read is a fault of its own. */
	bool one_each = !p->common.shared && strcmp(p->common.pattern, "zipf") != 0 &&
			strcmp(p->common.access, "read-then-write") != 0;

	if (one_each && far_apart)
		worker_flag(worker, "FAULTS_MISMATCH", SEVERITY_FATAL,
			    "%" PRIu64 " pages were touched, but rusage counts %" PRIu64
			    " major and %" PRIu64 " minor faults",
			    w->touched, w->major, w->minor);
	if (one_each && (double)w->minor > AGREEMENT * (double)faults)
		worker_flag(worker, "READ_AHEAD", SEVERITY_WARNING,
			    "%.1f %% of the faults found their page in the swap cache: faults per "
			    "second counts the others only (sysctl vm.page-cluster=0)",
			    percent(w->minor, faults));
}

static int fault_throughput_main(const void *arg, struct worker *worker)
{
	const struct params *p = arg;
	struct micro_common common = p->common;
	struct team t = { .common = &common, .loop = loop, .one_pass = !mode_evicts(p->mode) };
	struct window w;
	int rc;

	common.access = (char *)mode_access(p->mode, &common);
	rc = team_prime(&t, worker);
	if (!rc)
		rc = team_run(&t, worker, &w);
	if (!rc) {
		double window_s = (double)(w.end_ns - w.begin_ns) / 1e9;

		worker_result(worker, "faults", (double)w.major / window_s);
		worker_result(worker, "touched", (double)w.touched / window_s);
		worker_result(worker, "faults_per_core", (double)w.major / window_s / t.nr);
		worker_result(worker, "threads", t.nr);
		judge(p, &w, worker);
		team_report(&t, &w, worker);
	}
	team_release(&t);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct workload micro_fault_throughput = {
	.name = "fault_throughput",
	.summary = "how many far pages per second a number of cores can touch",
	.shape = WORKLOAD_SERVICE,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	.limit = limit,
	.main = fault_throughput_main,
};
