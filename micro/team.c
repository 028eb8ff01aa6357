// SPDX-License-Identifier: GPL-2.0-or-later
#include "micro/team.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "base/steady.h"
#include "micro/verify.h"

#define STACK_BYTES   (128u << 10)
#define MAX_WARMUP_NS (30 * NSEC_PER_SEC)
#define BIN_NS	      (100 * NSEC_PER_MSEC)
/* A gigabyte read once lasts only for a second or some. */
#define ONE_PASS_BIN_NS (5 * NSEC_PER_MSEC)
/* The warm-up is over when the rate has held still for so many bins. */
#define WARM_BINS      10
#define SHORT_WINDOW_S 0.2
#define ASLEEP	       0.5  /* a thread that is on its CPU for less than this share */
#define MAX_BINS       6200 /* of the warm-up: 30 s of the shortest bins, and some */

/* --- CPUs ---------------------------------------------------------------------------------- */

int team_check_cpus(const struct micro_common *common, const cpu_set_t *allowed, struct err *err)
{
	struct cpus cpus;

	cpus_among(&cpus, allowed);
	if (common->threads <= (common->smt ? cpus.nr : cpus.cores))
		return 0;
	return err_missing(
		err,
		"%llu threads need as many physical cores, and the workload has %u: lower "
		"--cores, or give it more (%s--cpus LIST, or --reclaim-cpu none, which "
		"keeps no CPU free)",
		(unsigned long long)common->threads, common->smt ? cpus.nr : cpus.cores,
		common->threads <= cpus.nr ? "-o smt takes their siblings, too; " : "");
}

static int choose_cpus(struct team *t, struct err *err)
{
	cpu_set_t allowed;
	struct cpus cpus;
	int rc;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return err_failed(err, errno, "sched_getaffinity");
	rc = team_check_cpus(t->common, &allowed, err);
	if (rc)
		return rc;
	cpus_among(&cpus, &allowed);
	for (unsigned int i = 0; i < t->nr; i++)
		t->members[i].cpu = cpus.cpu[i];
	return 0;
}

/* --- life ---------------------------------------------------------------------------------- */

static void *member_main(void *arg)
{
	struct member *m = arg;

	pthread_barrier_wait(&m->team->gate);
	if (!atomic_load(&m->team->stop))
		m->team->loop(m);
	atomic_fetch_add(&m->team->ended, 1);
	return NULL;
}

static int start_member(struct member *m, struct err *err)
{
	pthread_attr_t attr;
	cpu_set_t cpus;
	int rc;

	CPU_ZERO(&cpus);
	CPU_SET(m->cpu, &cpus);
	pthread_attr_init(&attr);
	rc = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (!rc)
		rc = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	if (!rc)
		rc = pthread_create(&m->thread, &attr, member_main, m);
	pthread_attr_destroy(&attr);
	return rc ? err_failed(err, rc, "cannot start a thread on CPU %d", m->cpu) : 0;
}

static int start(struct team *t, struct worker *worker, struct err *err)
{
	int rc;

	t->nr = (unsigned int)t->common->threads;
	t->members = aligned_alloc(CACHE_LINES, t->nr * sizeof(*t->members));
	if (!t->members)
		abort();
	memset(t->members, 0, t->nr * sizeof(*t->members));
	ticks_init(&t->ticks);

	rc = choose_cpus(t, err);
	if (!rc) {
		rc = -pthread_barrier_init(&t->gate, NULL, t->nr + 1);
		t->gated = !rc;
		if (rc)
			err_failed(err, -rc, "pthread_barrier_init");
	}
	for (unsigned int i = 0; i < t->nr && !rc; i++) {
		struct member *m = &t->members[i];

		m->team = t;
		m->index = i;
		m->timing.ticks = &t->ticks;
		m->timing.recording = &t->recording;
		for (size_t k = 0; k < NR_FAULT_KINDS; k++) {
			m->timing.hist[k] = hist_new();
			if (!m->timing.hist[k])
				abort();
		}
		rc = start_member(m, err);
		t->running += !rc;
	}
	/* As they fault in: locking whole stacks at once would fill them. */
	if (!rc && mlockall(MCL_CURRENT | MCL_ONFAULT))
		worker_flag(worker, "NOT_LOCKED", SEVERITY_WARNING,
			    "the benchmark's own memory could not be locked (ulimit -l): some of "
			    "the faults may be its own");
	return rc;
}

static int fill(struct team *t, uint64_t seed, struct err *err)
{
	const struct micro_common *c = t->common;
	enum order_kind kind = order_kind(c->pattern);
	int rc;

	if (kind == ORDER_ZIPF) {
		uint64_t pages = c->region_bytes / PAGE_BYTES;

		t->zipf = xcalloc(1, sizeof(*t->zipf));
		zipf_init(t->zipf, c->shared ? pages : pages / t->nr, c->zipf_exponent);
		if (mlock(t->zipf, sizeof(*t->zipf)) && errno != ENOMEM && errno != EPERM)
			return err_failed(err, errno, "mlock");
	}
	rc = region_init(&t->region, c, 1, err);
	if (!rc && t->looks)
		rc = t->pagemap_fd = region_open_pagemap(err);
	if (rc < 0)
		return rc;
	for (unsigned int i = 0; i < t->nr; i++) {
		struct member *m = &t->members[i];
		uint64_t slice = t->region.pages / t->nr, first = slice * i;

		m->walk = (struct walk){
			.region = &t->region,
			.access = access_kind(c->access),
			.verify = c->verify,
			.most = t->one_pass ? slice : UINT64_MAX,
			.stop = &t->stop,
			.pagemap_fd = t->pagemap_fd,
			.until_look = t->looks ? LOOK_EVERY : 0,
		};
		if (c->shared) {
			/* One order for all, each begins elsewhere in it. */
			order_init(&m->walk.order, kind, 0, t->region.pages, c->stride_pages,
				   t->zipf, seed);
			m->walk.order.at += kind == ORDER_ZIPF ? i : first;
		} else {
			order_init(&m->walk.order, kind, first, slice, c->stride_pages, t->zipf,
				   seed + i);
		}
	}
	return 0;
}

static void end_threads(struct team *t)
{
	atomic_store(&t->stop, true);
	for (unsigned int i = 0; i < t->running; i++)
		pthread_join(t->members[i].thread, NULL);
	t->running = 0;
}

void team_release(struct team *t)
{
	if (t->running == t->nr && t->gated && t->running) {
		/* They never ran: let them through the gate, to their end. */
		atomic_store(&t->stop, true);
		pthread_barrier_wait(&t->gate);
		end_threads(t);
	}
	/* With some threads missing the gate never opens: the process's end ends them. */
	if (t->gated && !t->running)
		pthread_barrier_destroy(&t->gate);
	for (unsigned int i = 0; t->members && !t->running && i < t->nr; i++) {
		for (size_t k = 0; k < NR_FAULT_KINDS; k++)
			hist_free(t->members[i].timing.hist[k]);
	}
	region_release(&t->region);
	if (t->pagemap_fd > 0)
		close(t->pagemap_fd);
	if (!t->running)
		free(t->members);
	free(t->zipf);
}

/* --- the run ------------------------------------------------------------------------------- */

/* All that is known at one moment. */
struct moment {
	uint64_t ns, touched, major, minor, cpu_ns;
	uint64_t *by_member;
};

static uint64_t cpu_ns(const struct rusage *u)
{
	return (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * NSEC_PER_SEC +
	       (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) * 1000;
}

static void look(const struct team *t, struct moment *m)
{
	struct rusage usage, own;

	m->ns = clock_ns();
	m->touched = 0;
	for (unsigned int i = 0; i < t->nr; i++) {
		m->by_member[i] =
			atomic_load_explicit(&t->members[i].touched, memory_order_relaxed);
		m->touched += m->by_member[i];
	}
	getrusage(RUSAGE_SELF, &usage);
	m->major = (uint64_t)usage.ru_majflt;
	m->minor = (uint64_t)usage.ru_minflt;
	/* This thread's own looking aside. */
	getrusage(RUSAGE_THREAD, &own);
	m->cpu_ns = cpu_ns(&usage) - cpu_ns(&own);
}

struct series {
	uint64_t *by_member;
	struct moment *moments;
	size_t nr;
	struct steady_series latest, window; /* touches: the last bins, and the window's */
};

static struct series *series_new(unsigned int threads)
{
	struct series *s = xcalloc(1, sizeof(*s));

	s->by_member = xcalloc((size_t)MAX_BINS * threads, sizeof(*s->by_member));
	s->moments = xcalloc(MAX_BINS, sizeof(*s->moments));
	for (size_t i = 0; i < MAX_BINS; i++)
		s->moments[i].by_member = s->by_member + i * threads;
	/* calloc's pages are not there yet: these faults must not come while threads run. */
	memset(s->by_member, 1, (size_t)MAX_BINS * threads * sizeof(*s->by_member));
	memset(&s->latest, 1, sizeof(s->latest));
	memset(&s->window, 1, sizeof(s->window));
	steady_series_reset(&s->window);
	return s;
}

static void series_free(struct series *s)
{
	free(s->by_member);
	free(s->moments);
	free(s);
}

static void series_add(const struct team *t, struct series *s)
{
	look(t, &s->moments[s->nr++]);
}

/* Has the rate held still for the last bins? */
static bool is_warm(struct series *s)
{
	struct steady verdict;

	if (s->nr <= WARM_BINS)
		return false;
	steady_series_reset(&s->latest);
	for (size_t i = s->nr - 1 - WARM_BINS; i < s->nr; i++)
		steady_series_add(&s->latest, s->moments[i].ns, s->moments[i].touched);
	steady_judge(&s->latest, 0, UINT64_MAX, &verdict);
	return verdict.verdict == STEADY_YES;
}

static bool any_ended(const struct team *t)
{
	return atomic_load(&t->ended) > 0;
}

static void fill_window(const struct team *t, const struct moment *first,
			const struct moment *begin, const struct moment *end, struct window *w)
{
	w->begin_ns = begin->ns;
	w->end_ns = end->ns;
	w->warmup_ns = begin->ns - first->ns;
	w->touched = end->touched - begin->touched;
	w->major = end->major - begin->major;
	w->minor = end->minor - begin->minor;
	w->on_cpu = (double)(end->cpu_ns - begin->cpu_ns) / (double)(end->ns - begin->ns) / t->nr;
	for (unsigned int i = 0; i < t->nr; i++)
		t->members[i].share = (double)((end->by_member[i] - begin->by_member[i]) * t->nr) /
				      (double)w->touched;
}

/* Watch until the rate is steady; the last moment of the series is then the window's first. */
static void warm_up(struct team *t, struct worker *worker, struct series *s, uint64_t bin_ns,
		    struct window *w)
{
	while (s->nr < MAX_BINS && !any_ended(t) && !worker_stopping(worker)) {
		clock_sleep_until(s->moments[s->nr - 1].ns + bin_ns);
		series_add(t, s);
		w->steady = is_warm(s);
		if (w->steady || s->moments[s->nr - 1].ns - s->moments[0].ns >= MAX_WARMUP_NS)
			break;
	}
}

/* Watch to the window's end. A moment at which a thread had ended already does not count. */
static void measure(struct team *t, struct worker *worker, uint64_t begin_ns, uint64_t bin_ns,
		    struct moment *now, struct moment *last, struct steady_series *series)
{
	uint64_t end_ns = begin_ns + t->common->duration_ns;

	while (!worker_stopping(worker)) {
		uint64_t next_ns = last->ns + bin_ns;
		struct moment swap;

		clock_sleep_until(next_ns < end_ns ? next_ns : end_ns);
		look(t, now);
		if (any_ended(t))
			break;
		swap = *last, *last = *now, *now = swap;
		steady_series_add(series, last->ns, last->touched);
		if (last->ns >= end_ns)
			break;
	}
}

static int run(struct team *t, struct worker *worker, uint64_t bin_ns, struct window *ret)
{
	const struct moment *begin, *end;
	struct moment now, last, all;
	struct window w = { 0 };
	struct series *s = series_new(t->nr);
	int rc = 0;

	now.by_member = xcalloc(t->nr, sizeof(uint64_t));
	last.by_member = xcalloc(t->nr, sizeof(uint64_t));
	all.by_member = xcalloc(t->nr, sizeof(uint64_t));

	rc = worker_phase(worker, "measure");
	if (rc)
		goto out;
	/* The first look is before the gate: nothing that a thread does escapes it. */
	series_add(t, s);
	pthread_barrier_wait(&t->gate);
	warm_up(t, worker, s, bin_ns, &w);

	begin = &s->moments[s->nr - 1];
	look(t, &last);
	end = &last;
	if (!any_ended(t)) {
		steady_series_add(&s->window, begin->ns, begin->touched);
		atomic_store(&t->recording, true);
		measure(t, worker, begin->ns, bin_ns, &now, &last, &s->window);
	}
	steady_judge(&s->window, 0, UINT64_MAX, &w.pace);
	w.exhausted = any_ended(t);
	atomic_store(&t->recording, false);
	end_threads(t);
	look(t, &all);

	if (end->ns - begin->ns < bin_ns / 2 && s->nr > 2) {
		/* It ended before it was warm: all but the first half has to do. */
		w.steady = false;
		begin = &s->moments[s->nr / 2 - 1];
		end = &s->moments[s->nr - 2];
	}
	rc = worker_phase(worker, "verify");
	if (!rc && end->touched <= begin->touched)
		rc = -ENODATA;
	if (!rc) {
		fill_window(t, &s->moments[0], begin, end, &w);
		w.all_touched = all.touched - s->moments[0].touched;
		w.all_major = all.major - s->moments[0].major;
		w.all_minor = all.minor - s->moments[0].minor;
		for (unsigned int i = 0; i < t->nr; i++) {
			w.looked += t->members[i].walk.looked;
			w.near += t->members[i].walk.near;
		}
		*ret = w;
	}
out:
	free(now.by_member);
	free(last.by_member);
	free(all.by_member);
	series_free(s);
	return rc;
}

/* --- what micro-benchmarks call ------------------------------------------------------------ */

int team_prime(struct team *t, struct worker *worker)
{
	struct err err = { 0 };
	int rc = start(t, worker, &err);

	if (!rc)
		rc = fill(t, worker_seed(worker), &err);
	if (!rc)
		rc = worker_ready(worker);
	if (!rc && !t->stays)
		rc = region_prove_far(&t->region, &t->pushed, &err);
	if (rc && err.kind)
		worker_error(worker, "%s", err.msg);
	return rc;
}

int team_run(struct team *t, struct worker *worker, struct window *ret)
{
	int rc = run(t, worker, t->one_pass ? ONE_PASS_BIN_NS : BIN_NS, ret);

	if (rc == -ENODATA && t->one_pass)
		worker_error(worker, "the region was used up before a window could begin; raise "
				     "-o region");
	else if (rc == -ENODATA)
		worker_error(worker, "not a page was touched in the window");
	return rc;
}

static void verify(struct team *t, struct worker *worker)
{
	struct damage all = { 0 };

	for (unsigned int i = 0; i < t->nr; i++)
		damage_merge(&all, &t->members[i].walk.damage);
	verify_region(&t->region, &all, worker);
}

static void report_pace(const struct window *w, struct worker *worker)
{
	char how[160];

	if (w->pace.verdict != STEADY_NO)
		return;
	steady_describe(&w->pace, how, sizeof(how));
	worker_flag(worker, "NOT_STEADY", SEVERITY_WARNING,
		    "touches per second %s: the window's number is a mean of different states",
		    how);
}

static void report_shares(const struct team *t, struct worker *worker)
{
	double least = t->members[0].share, most = least;

	for (unsigned int i = 1; i < t->nr; i++) {
		least = fmin(least, t->members[i].share);
		most = fmax(most, t->members[i].share);
	}
	worker_result(worker, "thread_share_min", least);
	worker_result(worker, "thread_share_max", most);
	for (unsigned int i = 0; i < t->nr; i++)
		worker_thread_result(worker, "thread_share", i, t->members[i].share);
}

void team_report(struct team *t, const struct window *w, struct worker *worker)
{
	double window_s = (double)(w->end_ns - w->begin_ns) / 1e9;

	worker_result(worker, "window", window_s);
	worker_result(worker, "warmup", (double)w->warmup_ns / 1e9);
	worker_result(worker, "major_faults", (double)w->major);
	worker_result(worker, "minor_faults", (double)w->minor);
	worker_result(worker, "touches", (double)w->touched);
	worker_result(worker, "all_major_faults", (double)w->all_major);
	report_shares(t, worker);
	worker_result(worker, "on_cpu", w->on_cpu);
	worker_result(worker, "pages_pushed", (double)t->pushed);
	if (!w->steady)
		worker_flag(worker, "NO_PLATEAU", SEVERITY_WARNING,
			    "the rate of touches never held still for %d ms (within %g %%): the "
			    "window is what came last%s",
			    WARM_BINS *
				    (int)((t->one_pass ? ONE_PASS_BIN_NS : BIN_NS) / NSEC_PER_MSEC),
			    STEADY_HALVES * 100, w->exhausted ? "; a larger -o region helps" : "");
	else if (w->exhausted && window_s < SHORT_WINDOW_S)
		worker_flag(worker, "WINDOW_SHORT", SEVERITY_WARNING,
			    "the region was used up %.2f s after the warm-up; raise -o region",
			    window_s);
	if (w->on_cpu < ASLEEP)
		worker_flag(
			worker, "ASLEEP", SEVERITY_NOTE,
			"a thread was on its CPU for only %.0f %% of the window: else it slept, "
			"for its turn at the device or as memory.high slows down a group that "
			"exceeds it (-o local=32M a thread and more, --offload-reclaim)",
			100 * w->on_cpu);
	report_pace(w, worker);
	if (t->common->verify)
		verify(t, worker);
}
