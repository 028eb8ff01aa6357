// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many faults per second a number of cores can take. The loop has no clock in it; the program's
 * own count of touches is held against the kernel's count of faults.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "micro/micro.h"
#include "micro/mode.h"
#include "micro/tally.h"
#include "micro/team.h"
#include "workloads/worker_host.h"

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
	{ "stayed", "share", BETTER_NEITHER,
	  "touches of a page that the kernel had kept, by pagemap: these are no faults" },
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

static int check_place(const struct workload_ctx *ctx, struct err *err)
{
	const struct params *p = ctx->params;

	return team_check_cpus(&p->common, &ctx->inside->cpus, err);
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

static void judge(const struct params *p, const struct window *w, struct worker *worker)
{
	struct tally t = { .touched = w->all_touched,
			   .major = w->all_major,
			   .minor = w->all_minor,
			   .looked = w->looked,
			   .near = w->near,
			   .twice = strcmp(p->common.access, "read-then-write") == 0,
			   .shared = p->common.shared };
	double near = tally_near(&t), cached = (double)t.minor / (double)(t.major + t.minor);

	if (t.looked)
		worker_result(worker, "stayed", near);
	if (tally_judge(&t) != TALLY_AGREES)
		worker_flag(worker, "FAULTS_MISMATCH", SEVERITY_FATAL,
			    "%" PRIu64 " pages were touched, of which %.2f %% were there already "
			    "(by pagemap, within %.2f), but rusage counts %" PRIu64
			    " major and %" PRIu64 " minor faults",
			    t.touched, 100 * near, 100 * tally_blur(&t), t.major, t.minor);
	if (near > TALLY_AGREEMENT && strcmp(p->common.pattern, "zipf") != 0)
		worker_flag(worker, "PAGES_STAYED", SEVERITY_NOTE,
			    "%.1f %% of the touches found their page in memory (by pagemap): the "
			    "kernel kept it for a whole pass, as it evicts by its own notion of "
			    "age; faults per second counts faults only (a larger -o region helps)",
			    100 * near);
	if (!t.twice && cached > TALLY_AGREEMENT)
		worker_flag(worker, "READ_AHEAD", SEVERITY_WARNING,
			    "%.1f %% of the faults found their page in the swap cache: faults per "
			    "second counts the others only (--page-cluster 0)",
			    100 * cached);
}

static int fault_throughput_main(const void *arg, struct worker *worker)
{
	const struct params *p = arg;
	struct micro_common common = p->common;
	struct team t = { .common = &common,
			  .loop = loop,
			  .one_pass = !mode_evicts(p->mode),
			  .looks = mode_evicts(p->mode) && !p->common.shared };
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
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	.check_place = check_place,
	.limit = limit,
	.main = fault_throughput_main,
	WORKER_HOOKS,
};
