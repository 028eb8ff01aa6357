// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/phase.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "harness/run/signals.h"

#define HEALTH_NS NSEC_PER_SEC
/* Several jobs are looked at in turns: so much later than it was may an end be seen. */
#define TURN_MS 2

/* Those jobs that have a window inside their life. */
static void feed_paces(struct run *r, bool anew)
{
	for_each_job (j, r) {
		if (j->spec->workload->shape == WORKLOAD_BATCH)
			continue;
		if (anew)
			pace_reset(&j->pace);
		pace_feed(&j->pace, r->sampler, j->number, j->progress, r->spec->backend->usage);
	}
}

static bool is_paced(const char *phase)
{
	return phase && (strcmp(phase, "warmup") == 0 || strcmp(phase, "measure") == 0);
}

int phase_next(struct run *r, const char *name, struct err *err)
{
	uint64_t now;
	int rc;

	rc = sampler_mark(r->sampler, &now, err);
	if (rc)
		return rc;
	if (is_paced(r->phase))
		feed_paces(r, false);
	r->warmup_ns = r->phase && strcmp(r->phase, "warmup") == 0 ? now - r->phase_begin_ns
								   : r->warmup_ns;
	if (r->phase)
		rc = store_phase(r->session->store, r->outcome->id, r->phase, r->phase_begin_ns,
				 now, err);
	if (r->phase && strcmp(r->phase, "measure") == 0) {
		r->measure_end_ns = now;
		r->own_cpu_ns = clock_process_ns() - r->own_cpu_ns;
	}
	if (name && strcmp(name, "measure") == 0) {
		r->measure_begin_ns = now;
		r->own_cpu_ns = clock_process_ns();
	}
	r->phase = name;
	r->phase_begin_ns = now;
	if (is_paced(name))
		feed_paces(r, true);
	return rc;
}

int phase_check_health(struct run *r, bool has_failed, struct err *err)
{
	struct err lost = { 0 };
	int rc;

	if (!r->backend_up || !r->spec->backend->health)
		return 0;
	r->next_health_ns = clock_ns() + HEALTH_NS;
	rc = r->spec->backend->health(&r->backend, &lost);
	if (rc == 0 || (rc > 0 && !has_failed))
		return 0;
	*err = lost;
	results_flag(&r->results, "BACKEND_LOST", SEVERITY_FATAL, "%s", err->msg);
	return rc < 0 ? rc : -EIO;
}

void phase_show_output(struct run *r)
{
	for (size_t i = 0; r->spec->settings->show_output && i < r->spec->nr_jobs; i++)
		follow_look(&r->follows[i], r->jobs[i].dir);
}

/* What must happen ten times a second in every phase. */
static int tick(struct run *r, struct err *err)
{
	const struct job_spec *first = &r->spec->jobs[0];
	bool measuring = r->phase && strcmp(r->phase, "measure") == 0;
	uint64_t now = clock_ns();
	char what[160];
	int rc = signals_check(err);

	if (!rc)
		rc = sampler_drain(r->sampler, err);
	for_each_job (j, r) {
		if (!rc)
			rc = job_look(j, measuring, err);
	}
	phase_show_output(r);
	if (rc)
		return rc;
	if (is_paced(r->phase))
		feed_paces(r, false);
	if (now >= r->next_health_ns)
		rc = phase_check_health(r, false, err);
	if (r->spec->nr_jobs > 1)
		snprintf(what, sizeof(what), "%zu jobs %s", r->spec->nr_jobs,
			 r->spec->backend->name);
	else if (first->workload->shape == WORKLOAD_LOOP)
		snprintf(what, sizeof(what), "%s %s", first->name, r->spec->backend->name);
	else
		snprintf(what, sizeof(what), "%s %s ratio %g", first->name, r->spec->backend->name,
			 first->ratio);
	log_progress("%s%s: %s %.0f s", r->session->progress, what, r->phase ? r->phase : "",
		     (double)(now - r->phase_begin_ns) / NSEC_PER_SEC);
	return rc;
}

int phase_idle(void *arg, struct err *err)
{
	return tick(arg, err);
}

/* Where the workload says itself when it begins to measure. Phases are the run's: with several jobs one
 * that says so goes on, and changes none. */
static int next_own_phase(struct run *r, struct job *j, struct err *err)
{
	const struct workload *w = j->spec->workload;
	bool has_own = w->phase && (w->shape == WORKLOAD_LOOP || w->loads);
	const char *name = has_own ? w->phase(&j->ctx) : NULL;
	int rc = name && r->spec->nr_jobs == 1 ? phase_next(r, name, err) : 0;

	return rc || !name ? rc : w->go(&j->ctx, err);
}

/* Which jobs still run: those that a window's end stops, and those that end by themselves. */
struct running {
	unsigned int services, others;
};

/* A warm-up has a length, and so has the window of a service whose client does not end by itself. */
static bool is_timed(const struct run *r, const struct job *j)
{
	const struct workload *w = j->spec->workload;

	return w->shape == WORKLOAD_SERVICE && (!w->measure || strcmp(r->phase, "measure") != 0);
}

static int poll_jobs(struct run *r, int timeout_ms, struct running *ret, struct err *err)
{
	bool alone = r->spec->nr_jobs == 1;

	*ret = (struct running){ 0 };

	for_each_job (j, r) {
		int rc = !j->started || j->ended ? 0 : job_poll(j, alone ? timeout_ms : 0, err);

		if (rc == -EINTR)
			rc = 0; /* tick() tells whether it is the end */
		if (rc >= 0 && !j->ended)
			rc = next_own_phase(r, j, err);
		if (rc < 0)
			return rc;
		if (!j->started || j->ended)
			continue;
		if (is_timed(r, j))
			ret->services++;
		else
			ret->others++;
	}
	if (!alone)
		usleep((useconds_t)(timeout_ms < TURN_MS ? timeout_ms : TURN_MS) * 1000);
	return 0;
}

int phase_run_until(struct run *r, uint64_t deadline_ns, struct err *err)
{
	for (;;) {
		uint64_t now = clock_ns();
		struct running running;
		int timeout_ms = POLL_MS, rc;

		if (now < deadline_ns && deadline_ns - now < POLL_MS * NSEC_PER_MSEC)
			timeout_ms = (int)((deadline_ns - now) / NSEC_PER_MSEC) + 1;
		rc = poll_jobs(r, timeout_ms, &running, err);
		if (!rc)
			rc = tick(r, err);
		if (rc)
			return rc;
		if (!running.others && (!running.services || clock_ns() >= deadline_ns))
			return 0;
	}
}
