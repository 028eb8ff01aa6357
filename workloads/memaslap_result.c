// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/memaslap_result.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Objects touched may fall behind what even gets would touch, as connections differ in speed: at
 * most by 3 % where it was measured. */
#define TOUCHED_TOLERANCE 0.1
/* memcached goes on moving objects between its LRU lists while it dumps them one list after the
 * other, and so misses some: up to 6 % on a busy machine. */
#define DUMP_TOLERANCE 0.1

enum {
	OPS,
	LATENCY_AVG,
	LATENCY_MAX,
	LATENCY_MIN,
	LATENCY_SD,
	LATENCY_COUNT,
	GET_MISSES,
	OBJECTS,
	VERIFY_FAILURES,
	TOUCHED,
	TOUCHED_EVENLY,
};

/*
 * No percentiles: memaslap counts powers of two, and prints them for its whole life only, warm-up and
 * all. What it prints each second has a mean without its fraction: the window's is too low by up to 1 us.
 */
const struct metric memaslap_metrics[] = {
	[OPS] = { "ops", "per_s", BETTER_HIGHER, "gets and sets answered per second" },
	[LATENCY_AVG] = { "latency_avg", "us", BETTER_LOWER, "mean answer time, in a closed loop" },
	[LATENCY_MAX] = { "latency_max", "us", BETTER_LOWER, "longest answer time" },
	[LATENCY_MIN] = { "latency_min", "us", BETTER_LOWER, "shortest answer time" },
	[LATENCY_SD] = { "latency_sd", "us", BETTER_NEITHER, "standard deviation of answer times" },
	[LATENCY_COUNT] = { "latency_count", "count", BETTER_NEITHER, "answers that were timed" },
	[GET_MISSES] = { "get_misses", "count", BETTER_LOWER, "gets that found nothing" },
	[OBJECTS] = { "objects", "count", BETTER_NEITHER, "that gets choose from" },
	[VERIFY_FAILURES] = { "verify_failures", "count", BETTER_LOWER,
			      "values that came back changed (-o verify)" },
	[TOUCHED] = { "store_touched", "share", BETTER_NEITHER,
		      "objects fetched at least once since they were set (-o audit)" },
	[TOUCHED_EVENLY] = { "store_touched_evenly", "share", BETTER_NEITHER,
			     "the same if all gets together were uniform: 1 - exp(-gets/objects)" },
	{ .name = NULL },
};

/* Values that came back changed; a miss prints the same without a length. */
static int count_failures(const char *log_path, uint64_t *ret, struct err *err)
{
	static const char mark[] = "\treceived data len: ";
	FILE *f = fopen(log_path, "re");
	char *line = NULL;
	size_t size = 0;
	uint64_t n = 0;

	if (!f)
		return err_failed(err, errno, "reading %s", log_path);
	while (getline(&line, &size, f) >= 0)
		n += strncmp(line, mark, sizeof(mark) - 1) == 0;
	free(line);
	fclose(f);
	*ret = n;
	return 0;
}

static int add_verified(const struct memaslap *m, struct results *results, struct err *err)
{
	uint64_t failures = 0;
	int rc = count_failures(m->log_path, &failures, err);

	if (rc)
		return rc;
	results_add_metric(results, &memaslap_metrics[VERIFY_FAILURES], (double)failures);
	if (failures)
		results_flag(results, "PAGE_CORRUPTED", SEVERITY_FATAL,
			     "memaslap: %" PRIu64 " values came back changed; see %s", failures,
			     m->log_path);
	return 0;
}

static int add_audit(const struct memaslap *m, struct results *results, struct err *err)
{
	double dumped = (double)m->audit_objects, objects = (double)m->objects;
	double touched = (double)m->audit_fetched / dumped;
	double evenly = 1 - exp(-(double)m->audit_gets / objects);

	if (fabs(dumped - objects) > DUMP_TOLERANCE * objects)
		return err_failed(err, 0,
				  "memaslap: the audit found %" PRIu64 " objects where %" PRIu64
				  " were set",
				  m->audit_objects, m->objects);
	results_add_metric(results, &memaslap_metrics[TOUCHED], touched);
	results_add_metric(results, &memaslap_metrics[TOUCHED_EVENLY], evenly);
	if (fabs(touched - evenly) > TOUCHED_TOLERANCE * evenly)
		results_flag(
			results, "GETS_UNEVEN", SEVERITY_WARNING,
			"memaslap's gets touched %.1f %% of the store, uniform ones would have "
			"touched %.1f %%",
			100 * touched, 100 * evenly);
	return 0;
}

int memaslap_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
		   struct results *results, struct err *err)
{
	const struct memaslap *m = ctx->state;
	const struct memaslap_params *p = &m->params;
	struct memaslap_sum sum = memaslap_output_sum(&m->output, begin_ns, end_ns);
	int rc = 0;

	if (sum.periods < MIN_PERIODS)
		return err_failed(
			err, 0,
			"memaslap: %zu whole seconds of its statistics lie in the measure "
			"window of %.1f s, %d are needed; measure longer (see %s)",
			sum.periods, (double)(end_ns - begin_ns) / 1e9, MIN_PERIODS, m->out_path);
	if (!sum.ops)
		return err_failed(err, 0,
				  "memaslap: not one answer in %.1f s; measure longer or "
				  "with more local memory",
				  (double)(sum.end_ns - sum.begin_ns) / 1e9);
	if (m->audit_status) {
		if (err)
			*err = m->audit_err;
		err_prefix(err, "after the measurement");
		return m->audit_status;
	}
	if (!memaslap_mixed(p) && m->evictions)
		return err_failed(err, ENOSPC,
				  "memcached evicted %" PRIu64 " objects; raise -o memory",
				  m->evictions);

	if (memaslap_clock_step(m))
		results_flag(results, "CLOCK_STEPPED", SEVERITY_FATAL,
			     "the machine's clock was set by %+.1f s during the run, and memaslap "
			     "takes its latencies from it",
			     memaslap_clock_step(m));
	results_add_metric(results, &memaslap_metrics[OPS],
			   (double)sum.ops * 1e9 / (double)(sum.end_ns - sum.begin_ns));
	results_add_metric(results, &memaslap_metrics[LATENCY_AVG], sum.avg_us);
	results_add_metric(results, &memaslap_metrics[LATENCY_MAX], (double)sum.max_us);
	results_add_metric(results, &memaslap_metrics[LATENCY_MIN], (double)sum.min_us);
	if (sum.ops > 1)
		results_add_metric(results, &memaslap_metrics[LATENCY_SD], sum.sd_us);
	results_add_metric(results, &memaslap_metrics[LATENCY_COUNT], (double)sum.ops);
	results_add_metric(results, &memaslap_metrics[GET_MISSES], (double)sum.get_misses);
	results_add_metric(results, &memaslap_metrics[OBJECTS], (double)m->objects);
	if (p->verify_share > 0)
		rc = add_verified(m, results, err);
	if (rc == 0 && p->audit)
		rc = add_audit(m, results, err);
	return rc;
}
