// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long it takes from lowering the limit to the memory being gone. The process does nothing: a
 * thread reads its resident size a thousand times a second while the harness shrinks it.
 */
#include <inttypes.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "micro/micro.h"
#include "micro/region.h"
#include "micro/verify.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"

#define INTERVAL_NS NSEC_PER_MSEC
#define STEPS	    512	 /* the resident size is noted when it changed by this part of the region */
#define EDGE	    0.01 /* the first and last 1 % of what leaves are not timed */

struct params {
	struct micro_common common;
};

static const struct opt opts[] = { MICRO_REGION_OPTS(struct params, "1G", "64M"), OPT_END };

enum { PAGES, SECONDS, LEFT, PUSHED, OWN_CPU };

static const struct metric metrics[] = {
	[PAGES] = { "evicted", "per_s", BETTER_HIGHER, "pages that left per second" },
	[SECONDS] = { "shrink", "s", BETTER_LOWER,
		      "from the first to the last page that left, 1 % at either end aside" },
	[LEFT] = { "left", "pages", BETTER_NEITHER, "pages that left by the limit alone" },
	[PUSHED] = { "pages_pushed", "count", BETTER_NEITHER,
		     "pages that were still in memory, pushed out by MADV_PAGEOUT" },
	[OWN_CPU] = { "own_cpu", "s", BETTER_NEITHER,
		      "CPU time of this process meanwhile: the rest of reclaim was others'" },
	VERIFY_METRICS,
	{ .name = NULL },
};

static int check(const void *params, char *const *argv, struct err *err)
{
	(void)argv;
	return micro_check(&((const struct params *)params)->common, err);
}

static void limit(const void *params, uint64_t *ret_local_bytes, bool *ret_lift)
{
	*ret_local_bytes = micro_limit(&((const struct params *)params)->common);
	*ret_lift = false;
}

struct observer {
	pthread_t thread;
	atomic_bool stop;
	int fd;
	uint64_t step_pages;
	size_t nr;
	struct {
		uint64_t ns, pages;
	} seen[2 * STEPS];
};

/* Resident pages: the second field of /proc/self/statm (proc(5)). */
static uint64_t resident_pages(int fd)
{
	char text[128];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	uint64_t pages = 0;

	text[n > 0 ? n : 0] = '\0';
	sscanf(text, "%*u %" SCNu64, &pages);
	return pages;
}

static void *observe(void *arg)
{
	struct observer *o = arg;
	uint64_t next_ns = clock_ns();

	while (!atomic_load(&o->stop) && o->nr < sizeof(o->seen) / sizeof(o->seen[0])) {
		uint64_t pages = resident_pages(o->fd);

		if (o->nr == 0 || pages + o->step_pages <= o->seen[o->nr - 1].pages) {
			o->seen[o->nr].ns = clock_ns();
			o->seen[o->nr++].pages = pages;
		}
		next_ns += INTERVAL_NS;
		clock_sleep_until(next_ns);
	}
	return NULL;
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int report(const struct observer *o, struct worker *worker)
{
	uint64_t first = o->seen[0].pages, last = o->seen[o->nr - 1].pages;
	uint64_t edge = (uint64_t)(EDGE * (double)(first - last));
	size_t begin = 0, end = o->nr - 1;

	if (o->nr < 2)
		return worker_error(worker, "no page left when the limit was lowered: is there a "
					    "limit, and a swap area?");
	while (begin + 1 < o->nr && o->seen[begin + 1].pages + edge >= first)
		begin++;
	while (end > begin + 1 && o->seen[end - 1].pages <= last + edge)
		end--;

	double seconds = (double)(o->seen[end].ns - o->seen[begin].ns) / 1e9;

	worker_result(worker, metrics[PAGES].name,
		      (double)(o->seen[begin].pages - o->seen[end].pages) / seconds);
	worker_result(worker, metrics[SECONDS].name, seconds);
	worker_result(worker, metrics[LEFT].name, (double)(first - last));
	return 0;
}

static int shrink(const struct params *p, struct region *r, struct worker *worker)
{
	struct observer o = { .fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC) };
	struct err err = { 0 };
	uint64_t pushed = 0;
	double before_s;
	int rc;

	if (o.fd < 0)
		return worker_error(worker, "cannot open /proc/self/statm");
	rc = region_init(r, &p->common, 1, &err);
	o.step_pages = r->pages / STEPS ? r->pages / STEPS : 1;
	if (!rc && pthread_create(&o.thread, NULL, observe, &o))
		rc = err_failed(&err, EAGAIN, "cannot start a thread");
	if (rc)
		goto out;
	before_s = cpu_s();
	rc = worker_ready(worker);
	atomic_store(&o.stop, true);
	pthread_join(o.thread, NULL);
	if (!rc)
		rc = report(&o, worker);
	if (!rc) {
		worker_result(worker, metrics[OWN_CPU].name, cpu_s() - before_s);
		rc = worker_phase(worker, "measure"); /* what is left: two readings of it */
	}
	if (!rc)
		rc = worker_phase(worker, "verify");
	if (!rc)
		rc = region_prove_far(r, &pushed, &err);
	if (!rc)
		worker_result(worker, metrics[PUSHED].name, (double)pushed);
	if (!rc && p->common.verify)
		verify_region(r, NULL, worker);
out:
	close(o.fd);
	if (rc && err.kind)
		worker_error(worker, "%s", err.msg);
	return rc;
}

static int shrink_main(const void *arg, struct worker *worker)
{
	struct region region = { 0 };
	int rc = shrink(arg, &region, worker);

	region_release(&region);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct workload micro_shrink = {
	.name = "shrink",
	.summary = "how fast memory leaves once the limit is lowered",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	.limit = limit,
	.main = shrink_main,
	WORKER_HOOKS,
};
