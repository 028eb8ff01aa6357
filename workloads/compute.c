// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/compute.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "base/clock.h"
#include "base/random.h"
#include "workloads/latency.h"

void *compute_alloc(struct compute_run *r, const char *name, size_t bytes, enum compute_memory kind,
		    struct err *err)
{
	struct compute_range *range = &r->ranges[r->nr_ranges];
	void *p;

	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		err_failed(err, errno,
			   "no room for %zu bytes of %s; take a lower -o memory or scale", bytes,
			   name);
		return NULL;
	}
	*range = (struct compute_range){ .name = name, .base = p, .bytes = bytes, .kind = kind };
	r->nr_ranges++;
	return p;
}

void compute_wrong(struct compute_run *r, const char *fmt, ...)
{
	va_list ap;

	if (r->wrong[0])
		return;
	va_start(ap, fmt);
	vsnprintf(r->wrong, sizeof(r->wrong), fmt, ap);
	va_end(ap);
}

void compute_answer(struct compute_run *r, uint64_t part)
{
	r->answer = mix64(r->answer + GOLDEN_GAMMA) ^ part;
}

static uint64_t sum_of(const struct compute_range *range)
{
	return checksum64(range->base, (range->bytes + 7) / sizeof(uint64_t));
}

int compute_load(struct compute_run *r, const struct compute *c, struct err *err)
{
	const struct compute_params *p = r->params;
	int rc = crew_init(&r->crew, (unsigned int)p->threads, err);

	r->seed = mix64(r->seed + GOLDEN_GAMMA); /* seeds of neighbours share no numbers */
	r->state = xcalloc(1, c->state_size);
	/* What steers the computation is not what shall be far away; where it may not be locked, it is. */
	(void)mlock(r->state, c->state_size);
	if (!rc)
		rc = c->load(r, err);
	for (unsigned int i = 0; i < r->nr_ranges && !rc; i++) {
		if (r->ranges[i].kind == COMPUTE_INPUT)
			r->ranges[i].sum = sum_of(&r->ranges[i]);
	}
	return rc;
}

void compute_verify(struct compute_run *r, const struct compute *c)
{
	c->verify(r);
	for (unsigned int i = 0; i < r->nr_ranges; i++) {
		const struct compute_range *range = &r->ranges[i];

		if (range->kind == COMPUTE_INPUT && sum_of(range) != range->sum)
			compute_wrong(r, "the %s changed: its checksum is another", range->name);
	}
}

void compute_release(struct compute_run *r, const struct compute *c)
{
	crew_release(&r->crew);
	if (c->release && r->state)
		c->release(r);
	for (unsigned int i = 0; i < r->nr_ranges; i++)
		munmap(r->ranges[i].base, r->ranges[i].bytes);
	r->nr_ranges = 0;
	if (r->state)
		munlock(r->state, c->state_size);
	free(r->state);
	r->state = NULL;
}

static double seconds_since(uint64_t begin_ns)
{
	return (double)(clock_ns() - begin_ns) / 1e9;
}

static void report(const struct compute_run *r, const struct compute *c, double seconds)
{
	struct results results;

	results_init(&results);
	c->report(r, seconds, &results);
	for (size_t i = 0; i < results.nr; i++)
		worker_result(r->worker, results.rows[i].name, results.rows[i].value);
	for (size_t i = 0; i < results.nr_hists; i++)
		latency_report(r->worker, results.hists[i].name, results.hists[i].hist);
	results_release(&results);
}

enum workload_loads compute_loads(const void *params)
{
	(void)params;
	return LOADS_ALONE;
}

int compute_main(const void *params, struct worker *worker)
{
	const struct workload *w = worker_workload(worker);
	const struct compute *c = w->compute;
	const struct compute_params *p = params;
	struct compute_run r = { .params = params, .worker = worker };
	struct err err = { 0 };
	uint64_t begin_ns = clock_ns();
	double load_s, seconds;
	int rc;

	r.seed = p->seed ? p->seed : worker_seed(worker);
	rc = compute_load(&r, c, &err);
	if (rc) {
		worker_error(worker, "%s: %s", w->name, err.msg);
		goto out;
	}
	load_s = seconds_since(begin_ns);
	rc = worker_ready(worker);
	if (rc)
		goto out;
	r.progress = worker_progress(worker, (unsigned int)p->threads);
	begin_ns = clock_ns();
	c->measure(&r);
	seconds = seconds_since(begin_ns);

	rc = worker_phase(worker, "verify");
	if (rc)
		goto out;
	begin_ns = clock_ns();
	compute_verify(&r, c);
	if (r.wrong[0])
		worker_flag(worker, "PAGE_CORRUPTED", SEVERITY_FATAL, "%s: %s", w->name, r.wrong);
	report(&r, c, seconds);
	worker_result(worker, "elapsed", seconds);
	worker_result(worker, "load", load_s);
	worker_result(worker, "verify", seconds_since(begin_ns));
out:
	compute_release(&r, c);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
