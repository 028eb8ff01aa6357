// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/window.h"

#include "base/clock.h"
#include "harness/run/phase.h"

/* A warm-up that ends by itself lasts for three windows at the most, or for MAX. */
#define LEAST_WARMUP_NS (3 * NSEC_PER_SEC)
#define MAX_WARMUP_NS	(30 * NSEC_PER_SEC)

static bool any_service(const struct run *r)
{
	for_each_job (j, r) {
		if (j->spec->workload->shape == WORKLOAD_SERVICE)
			return true;
	}
	return false;
}

/* It evicts, warms up and measures by itself: its phases are its own. */
static int measure_loop(struct run *r, struct err *err)
{
	struct job *j = &r->jobs[0];
	int rc = phase_next(r, "prime", err);

	if (!rc)
		rc = j->spec->workload->go(&j->ctx, err);
	return rc ? rc : phase_run_until(r, UINT64_MAX, err);
}

static bool any_running(const struct run *r)
{
	for_each_job (j, r) {
		if (j->started && !j->ended)
			return true;
	}
	return false;
}

/* The least settled of the services. */
static enum steady_verdict lately(const struct run *r)
{
	enum steady_verdict worst = STEADY_UNKNOWN;

	for_each_job (j, r) {
		enum steady_verdict v = STEADY_UNKNOWN;

		if (j->spec->workload->shape == WORKLOAD_SERVICE)
			v = pace_lately(&j->pace, r->phase_begin_ns, clock_ns());
		worst = v > worst ? v : worst;
	}
	return worst;
}

/* Until the rates of all services have held still; for a while where nothing is counted. */
static int warm_up_until_steady(struct run *r, struct err *err)
{
	uint64_t longest_ns = 3 * r->spec->settings->duration_ns;
	int rc = 0;

	if (longest_ns < MAX_WARMUP_NS)
		longest_ns = MAX_WARMUP_NS;
	while (!rc && any_running(r)) {
		uint64_t now = clock_ns(), passed_ns = now - r->phase_begin_ns;

		r->warmed = lately(r);
		if (passed_ns >= longest_ns ||
		    (passed_ns >= LEAST_WARMUP_NS && r->warmed <= STEADY_YES))
			break;
		rc = phase_run_until(r, now + POLL_MS * NSEC_PER_MSEC, err);
	}
	return rc;
}

/* Load generators run until they are stopped. */
static int warm_up(struct run *r, struct err *err)
{
	int rc = phase_next(r, "warmup", err);

	for_each_job (j, r) {
		if (!rc && j->spec->workload->shape == WORKLOAD_SERVICE)
			rc = j->spec->workload->go(&j->ctx, err);
	}
	if (rc)
		return rc;
	if (r->spec->settings->warmup_ns == WARMUP_AUTO)
		return warm_up_until_steady(r, err);
	return phase_run_until(r, clock_ns() + r->spec->settings->warmup_ns, err);
}

/* From its first page where it has no load phase. */
static int begin_batch(struct run *r, struct job *j, struct err *err)
{
	if (job_loads(j->spec, r->spec->nr_jobs) == LOADS_NOT)
		return job_start(j, err);
	return j->spec->workload->go(&j->ctx, err);
}

int window_measure(struct run *r, struct err *err)
{
	bool service = any_service(r);
	int rc = 0;

	if (r->spec->jobs[0].workload->shape == WORKLOAD_LOOP)
		return measure_loop(r, err);
	if (service)
		rc = warm_up(r, err);
	if (!rc)
		rc = phase_next(r, "measure", err);
	for_each_job (j, r) {
		const struct workload *w = j->spec->workload;

		if (!rc && w->shape == WORKLOAD_BATCH)
			rc = begin_batch(r, j, err);
		if (!rc && w->measure)
			rc = w->measure(&j->ctx, err);
	}
	if (rc)
		return rc;
	return phase_run_until(
		r, service ? r->measure_begin_ns + r->spec->settings->duration_ns : UINT64_MAX,
		err);
}
