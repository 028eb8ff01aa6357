// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel paging against userfaultfd: the same walks over the same pages, with far memory served in
 * user space (pager.h). Each thread keeps its newest pages up to its share of `local` and evicts
 * the oldest in batches; what was written is protected and written back first.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "workloads/latency.h"
#include "micro/micro.h"
#include "micro/mode.h"
#include "micro/pager.h"
#include "micro/team.h"
#include "workloads/worker_host.h"

#define AGREEMENT	0.01
#define OPERATION_PAGES 16384 /* each operation alone is timed over about so many */

struct params {
	struct micro_common common;
	char *measure, *mode, *handler, *fds, *evict;
	uint64_t handlers, batch_pages;
};

static const struct opt opts[] = {
	MICRO_REGION_OPTS(struct params, "256M", "16M"),
	MICRO_WALK_OPTS(struct params, "random"),
	OPT_CHOICE("measure", struct params, measure, "latency", "latency|throughput",
		   "time each fault, or count faults"),
	OPT_CHOICE("mode", struct params, mode, "evict-clean", MODES,
		   "noevict: each page comes once; evict-*: pages leave again, read (clean) or "
		   "written (dirty)"),
	OPT_CHOICE("handler", struct params, handler, "sigbus", PAGER_HANDLERS,
		   "who fills pages: the faulting thread, or threads that sleep or spin"),
	OPT_U64("handlers", struct params, handlers, "1", 1, 256,
		"handler threads (not with sigbus)"),
	OPT_CHOICE("fds", struct params, fds, "per-core", "one|per-core",
		   "userfaultfd descriptors: one for all threads, or one each"),
	OPT_CHOICE("evict", struct params, evict, "madvise", PAGER_EVICTS,
		   "how pages leave: one call a page, or one a batch"),
	OPT_U64("batch", struct params, batch_pages, "32", 1, PAGER_MAX_BATCH,
		"pages evicted at a time"),
	OPT_END
};

static const struct metric metrics[] = {
	{ "faults", "per_s", BETTER_HIGHER, "missing faults per second of the window" },
	{ "faults_per_core", "per_s", BETTER_HIGHER, "the same for each thread" },
	{ "threads", "count", BETTER_NEITHER, "one to a core" },
	LATENCY_METRICS("uffd", "missing fault"),
	LATENCY_METRICS("uffd_wp", "write-protect fault"),
	LATENCY_METRICS("copy", "UFFDIO_COPY of a batch, per page"),
	LATENCY_METRICS("protect", "write-protecting a batch, per page"),
	LATENCY_METRICS("unprotect", "unprotecting a batch, per page"),
	LATENCY_METRICS("evict", "evicting a batch, per page"),
	{ "clock_cost", "ns", BETTER_NEITHER, "two readings of the clock: part of each latency" },
	TEAM_METRICS,
	{ .name = NULL },
};

static bool timed(const struct params *p)
{
	return strcmp(p->measure, "latency") == 0;
}

static struct pager_config pager_config(const struct params *p)
{
	return (struct pager_config){
		.handler = p->handler,
		.evict = p->evict,
		.fds = strcmp(p->fds, "one") ? (unsigned int)p->common.threads : 1,
		.handlers = (unsigned int)p->handlers,
		.track_writes = strcmp(p->common.access, "read-then-write") == 0,
	};
}

static int check(const void *params, char *const *argv, struct err *err)
{
	const struct params *p = params;
	struct pager_config config = pager_config(p);
	uint64_t quota = p->common.local_bytes / PAGE_BYTES / p->common.threads;
	int rc = micro_check(&p->common, err);

	(void)argv;
	if (!rc)
		rc = mode_check(p->mode, &p->common, err);
	if (!rc && mode_evicts(p->mode) && quota < p->batch_pages)
		rc = err_usage(err,
			       "a thread's share of local is %" PRIu64 " pages, less than "
			       "batch=%" PRIu64,
			       quota, p->batch_pages);
	return rc ? rc : pager_check(&config, err);
}

static int check_place(const struct workload_ctx *ctx, struct err *err)
{
	const struct params *p = ctx->params;

	return team_check_cpus(&p->common, &ctx->inside->cpus, err);
}

/* --- the loop ------------------------------------------------------------------------------ */

/* A thread's pages, oldest first. */
struct local {
	alignas(CACHE_LINES) struct pager *pager;
	uint64_t filled; /* missing pages that its own thread filled */
	uint64_t *ring;
	size_t cap, batch, at, nr;
	bool evicts, dirty;
	int rc; /* why the loop ended early */
};

static int evict_oldest(struct local *l)
{
	uint64_t batch[PAGER_MAX_BATCH];

	for (size_t i = 0; i < l->batch; i++) {
		batch[i] = l->ring[l->at];
		l->at = l->at + 1 < l->cap ? l->at + 1 : 0;

		int rc = l->dirty ? pager_write_back(l->pager, batch[i]) : 0;

		if (rc)
			return rc;
	}
	l->nr -= l->batch;
	return pager_evict(l->pager, batch, l->batch);
}

static int keep(struct local *l, uint64_t page)
{
	if (!l->evicts)
		return 0;

	size_t end = l->at + l->nr;

	l->ring[end < l->cap ? end : end - l->cap] = page;
	return ++l->nr == l->cap ? evict_oldest(l) : 0;
}

static void touch_timed(struct member *m, uint64_t *word, uint64_t stamp)
{
	const struct ticks *ticks = m->timing.ticks;
	const struct walk *w = &m->walk;
	bool twice = w->access == ACCESS_READ_THEN_WRITE;
	uint64_t begin = ticks_now(ticks), middle, end;

	touch(word, twice ? ACCESS_READ : w->access, stamp, w->verify);
	middle = ticks_now(ticks);
	if (twice)
		touch(word, ACCESS_WRITE, stamp, w->verify);
	end = twice ? ticks_now(ticks) : middle;
	if (!atomic_load_explicit(m->timing.recording, memory_order_relaxed))
		return;
	hist_add(m->timing.hist[0], ticks_to_ns(ticks, middle - begin));
	if (twice)
		hist_add(m->timing.hist[1], ticks_to_ns(ticks, end - middle));
}

static inline __attribute__((always_inline)) void loop(struct member *m, bool with_clock)
{
	struct local *l = m->arg;
	struct walk *w = &m->walk;

	pager_count_into(&l->filled);
	for (uint64_t n = 0; n < w->most && !l->rc;) {
		uint64_t page, stamp;
		uint64_t *word;

		if (atomic_load_explicit(w->stop, memory_order_relaxed))
			break;
		page = order_next(&w->order);
		stamp = region_stamp(w->region, page);
		word = region_page(w->region, page);
		if (with_clock)
			touch_timed(m, word, stamp);
		else
			touch(word, w->access, stamp, w->verify);
		if (w->verify)
			walk_verify(w, page);
		l->rc = keep(l, page);
		atomic_store_explicit(&m->touched, ++n, memory_order_relaxed);
	}
}

static void loop_latency(struct member *m)
{
	loop(m, true);
}

static void loop_throughput(struct member *m)
{
	loop(m, false);
}

/* --- each operation alone ------------------------------------------------------------------ */

enum operation { COPY, PROTECT, UNPROTECT, EVICT, NR_OPERATIONS };

static const char *const operation_names[] = {
	[COPY] = "copy",
	[PROTECT] = "protect",
	[UNPROTECT] = "unprotect",
	[EVICT] = "evict",
};

static int operate(struct pager *p, enum operation o, const uint64_t *pages, uint64_t nr)
{
	switch (o) {
	case COPY:
		return pager_copy_in(p, pages[0], nr);
	case PROTECT:
		return pager_protect(p, pages[0], nr, true);
	case UNPROTECT:
		return pager_protect(p, pages[0], nr, false);
	default:
		return pager_evict(p, pages, nr);
	}
}

/* The first batch of the region comes and goes; written pages are safe in far memory by then. */
static int time_operations(struct team *t, struct pager *p, uint64_t batch, struct worker *worker)
{
	struct hist *hist[NR_OPERATIONS];
	uint64_t pages[PAGER_MAX_BATCH];
	int rc;

	if (batch > p->pages_per_fd)
		batch = p->pages_per_fd;
	for (uint64_t i = 0; i < batch; i++)
		pages[i] = i;
	for (size_t o = 0; o < NR_OPERATIONS; o++) {
		hist[o] = hist_new();
		if (!hist[o])
			abort();
	}
	rc = pager_evict(p, pages, batch);
	for (uint64_t done = 0; done < OPERATION_PAGES && !rc; done += batch) {
		for (size_t o = 0; o < NR_OPERATIONS && !rc; o++) {
			uint64_t begin = ticks_now(&t->ticks);

			rc = operate(p, (enum operation)o, pages, batch);
			hist_add(hist[o],
				 ticks_to_ns(&t->ticks, ticks_now(&t->ticks) - begin) / batch);
		}
	}
	for (size_t o = 0; o < NR_OPERATIONS; o++) {
		if (!rc)
			latency_report(worker, operation_names[o], hist[o]);
		hist_free(hist[o]);
	}
	return rc;
}

/* --- the whole ----------------------------------------------------------------------------- */

static struct local *give_locals(struct team *t, struct pager *pager, const struct params *p)
{
	struct local *all = aligned_alloc(alignof(struct local), t->nr * sizeof(*all));

	if (!all)
		abort();
	for (unsigned int i = 0; i < t->nr; i++) {
		all[i] = (struct local){
			.pager = pager,
			.cap = t->common->local_bytes / PAGE_BYTES / t->nr,
			.batch = p->batch_pages,
			.evicts = mode_evicts(p->mode),
			.dirty = strcmp(t->common->access, "read") != 0,
		};
		all[i].ring = xcalloc(all[i].cap, sizeof(*all[i].ring));
		t->members[i].arg = &all[i];
	}
	return all;
}

static void free_locals(struct local *all, unsigned int nr)
{
	for (unsigned int i = 0; all && i < nr; i++)
		free(all[i].ring);
	free(all);
}

/* Written pages that are still local go to far memory, so that all of it is there. */
static int write_back_all(struct local *all, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct local *l = &all[i];

		for (; l->nr && l->dirty; l->nr--) {
			int rc = pager_write_back(l->pager, l->ring[l->at]);

			if (rc)
				return rc;
			l->at = l->at + 1 < l->cap ? l->at + 1 : 0;
		}
	}
	return 0;
}

static void report_latency(struct team *t, struct worker *worker)
{
	for (unsigned int i = 1; i < t->nr; i++) {
		hist_merge(t->members[0].timing.hist[0], t->members[i].timing.hist[0]);
		hist_merge(t->members[0].timing.hist[1], t->members[i].timing.hist[1]);
	}
	latency_report(worker, "uffd", t->members[0].timing.hist[0]);
	if (t->members[0].timing.hist[1]->count)
		latency_report(worker, "uffd_wp", t->members[0].timing.hist[1]);
	worker_result(worker, "clock_cost", t->ticks.cost_ns);
}

static void report_throughput(const struct team *t, const struct window *w, struct worker *worker)
{
	double per_s = (double)w->touched * 1e9 / (double)(w->end_ns - w->begin_ns);

	worker_result(worker, "faults", per_s);
	worker_result(worker, "faults_per_core", per_s / t->nr);
	worker_result(worker, "threads", t->nr);
}

/* Every touch stands for one page filled, unless zipf's popular pages stay. */
static void judge(const struct team *t, const struct window *w, const struct pager *pager,
		  const struct local *locals, struct worker *worker)
{
	uint64_t filled = 0;

	for (unsigned int i = 0; i < t->nr; i++)
		filled += locals[i].filled;
	for (unsigned int i = 0; i < pager->running; i++)
		filled += pager->handlers[i].filled;
	if (strcmp(t->common->pattern, "zipf") != 0 &&
	    fabs((double)w->all_touched - (double)filled) > AGREEMENT * (double)filled)
		worker_flag(worker, "FAULTS_MISMATCH", SEVERITY_FATAL,
			    "%" PRIu64 " pages were touched, but %" PRIu64 " were filled",
			    w->all_touched, filled);
}

static int measure(struct team *t, struct pager *pager, const struct pager_config *config,
		   const struct params *p, struct local **locals, struct worker *worker)
{
	struct err err = { 0 };
	struct window w;
	int rc = pager_init(pager, config, &t->region, &err);

	if (rc)
		return worker_error(worker, "%s", err.msg);
	*locals = give_locals(t, pager, p);
	rc = team_run(t, worker, &w);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < t->nr && !rc; i++)
		rc = (*locals)[i].rc;
	if (!rc && timed(p)) {
		report_latency(t, worker);
	} else if (!rc) {
		report_throughput(t, &w, worker);
	}
	if (!rc)
		judge(t, &w, pager, *locals, worker);
	if (!rc)
		rc = write_back_all(*locals, t->nr);
	if (!rc && timed(p))
		rc = time_operations(t, pager, p->batch_pages, worker);
	if (rc)
		return worker_error(worker, "moving pages failed: %s", strerror(-rc));
	team_report(t, &w, worker);
	return 0;
}

static int uffd_main(const void *arg, struct worker *worker)
{
	const struct params *p = arg;
	struct micro_common common = p->common;
	struct pager_config config;
	struct pager *pager = xcalloc(1, sizeof(*pager));
	struct local *locals = NULL;
	struct team t = {
		.common = &common,
		.loop = timed(p) ? loop_latency : loop_throughput,
		.one_pass = !mode_evicts(p->mode),
		.stays = true,
	};
	int rc;

	common.access = (char *)mode_access(p->mode, &common);
	config = pager_config(p);
	rc = team_prime(&t, worker);
	if (!rc)
		rc = measure(&t, pager, &config, p, &locals, worker);
	team_release(&t);
	pager_release(pager);
	free_locals(locals, t.nr);
	free(pager);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct workload micro_uffd = {
	.name = "uffd",
	.summary = "the same with far memory in user space: userfaultfd",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	.check_place = check_place,
	.main = uffd_main,
	WORKER_HOOKS,
};
