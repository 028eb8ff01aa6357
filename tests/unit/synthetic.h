/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A database with runs whose every number is known, for the tests of results/ and plots/. */
#ifndef TESTS_SYNTHETIC_H
#define TESTS_SYNTHETIC_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "results/store.h"

#define MIB (1024.0 * 1024.0)

#define assert_ok(call)                                                                            \
	do {                                                                                       \
		int assert_ok_r = (call);                                                          \
                                                                                                   \
		if (assert_ok_r)                                                                   \
			fail_msg("%s: %d (%s)", #call, assert_ok_r, err.msg);                      \
	} while (0)

static struct err err;

/* A directory of this process's own, removed by synthetic_clean(). */
static inline const char *synthetic_dir(void)
{
	static char dir[64];

	if (!*dir) {
		snprintf(dir, sizeof(dir), "/tmp/fmbench-test.XXXXXX");
		assert_non_null(mkdtemp(dir));
	}
	return dir;
}

static inline int synthetic_remove(const char *path, const struct stat *st, int type,
				   struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline int synthetic_clean(void **state)
{
	(void)state;
	return nftw(synthetic_dir(), synthetic_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *synthetic_path(const char *name)
{
	static char path[4][256];
	static unsigned int next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", synthetic_dir(), name);
	return p;
}

/* A store in a new file. */
static inline struct store *synthetic_store(const char *name)
{
	struct store *s = NULL;

	unlink(synthetic_path(name));
	assert_ok(store_open(synthetic_path(name), STORE_WRITE, &s, &err));
	return s;
}

static inline int64_t synthetic_machine(struct store *s, const char *kernel)
{
	struct facts facts;
	int64_t machine = 0;

	facts_init(&facts);
	facts_set(&facts, "kernel", "%s", kernel);
	assert_ok(store_machine(s, &facts, &machine, &err));
	facts_release(&facts);
	return machine;
}

static inline struct run_record synthetic_record(const char *workload, const char *backend,
						 double ratio, int repeat)
{
	static char uuid[64];
	static unsigned int next;
	static struct job_record jobs[1024]; /* each record has its own */
	struct job_record *job = &jobs[next % 1024];

	snprintf(uuid, sizeof(uuid), "%08x-0000-4000-8000-000000000000", ++next * 2654435761u);
	*job = (struct job_record){
		.name = workload,
		.workload = workload,
		.workload_params = "{\"memory\":536870912}",
		.ratio = ratio,
		.peak_bytes = 512u << 20,
		.limit_bytes = ratio < 1 ? (uint64_t)(ratio * 512) << 20 : 0,
	};
	return (struct run_record){
		.uuid = uuid,
		.backend = backend,
		.backend_params = "{}",
		.run_params = "{\"measure\":10}",
		.command = "fmbench run memaslap --ratio 1,0.5",
		.version = "v0",
		.repeat = repeat,
		.seed = 18446744073709551615u,
		.pid = getpid(),
		.jobs = job,
		.nr_jobs = 1,
	};
}

static inline int64_t synthetic_begin(struct store *s, const struct run_record *r)
{
	int64_t run = 0;

	assert_ok(store_run_begin(s, synthetic_machine(s, "6.1"), r, &run, &err));
	return run;
}

static inline void synthetic_tick(struct store *s, int64_t run, uint64_t tick, uint64_t end_ns)
{
	struct store_tick t = { end_ns - 1000, end_ns, 0 };

	assert_ok(store_tick(s, run, tick, &t, &err));
}

/*
 * A whole memaslap-like run: load, shrink, settle, warmup, measure; 10 Hz. Far page-ins and
 * resident memory follow the ratio, ops_per_s is `ops`. Samples are stored when they changed.
 */
static inline int64_t synthetic_run(struct store *s, const struct run_record *record, double ops)
{
	static const struct {
		const char *name;
		double begin_s, end_s;
	} phases[] = {
		{ "load", 0.2, 6 },   { "shrink", 6, 9 },      { "settle", 9, 11 },
		{ "warmup", 11, 14 }, { "measure", 14, 34.0 },
	};
	static const char *const keys[][3] = {
		{ "memory_usage", "memory.current", "bytes" },
		{ "memory_usage", "memory.swap.current", "bytes" },
		{ "memory_stat", "pgmajfault", "events" },
		{ "memory_stat", "pswpout", "pages" },
	};
	static const char *const uses[] = { "local", "far", "page_ins", "page_outs" };
	int64_t run = synthetic_begin(s, record), metric[4];
	uint64_t origin = clock_ns(), last[4] = { 0 };
	double faults = 0, outs = 0, far_share = 1 - record->jobs[0].ratio;

	assert_ok(store_begin(s, &err));
	for (int i = 0; i < 4; i++) {
		assert_ok(store_metric(s, 1, keys[i][0], keys[i][1], keys[i][2], i >= 2, &metric[i],
				       &err));
		assert_ok(store_usage(s, run, 1, uses[i], metric[i], &err));
	}
	for (int tick = 0; tick <= 345; tick++) {
		double t = tick / 10.0, wobble = (tick * 7919 % 97) / 97.0;
		double local = t < 6 ? 512 * (t < 0.2 ? 0 : t - 0.2) / 5.8 : 512;

		if (t > 6)
			local = 512 - 512 * far_share * (t < 9 ? (t - 6) / 3 : 1);
		if (t > 6 && t <= 9)
			outs += 512 * 256 * far_share / 30;
		if (t > 11 && far_share > 0) {
			double level = 9000 * far_share * (t < 14 ? 0.4 + 0.2 * (t - 11) : 1);

			faults += level * (0.85 + 0.3 * wobble) / 10;
			outs += level * (0.8 + 0.3 * wobble) / 10;
		}

		uint64_t values[4] = { (uint64_t)(local * MIB),
				       t > 6 ? (uint64_t)((512 - local) * MIB) : 0,
				       (uint64_t)faults, (uint64_t)outs };

		synthetic_tick(s, run, (uint64_t)tick, origin + (uint64_t)tick * 100000000u);
		for (int i = 0; i < 4; i++) {
			if (!tick || values[i] != last[i])
				assert_ok(store_sample(s, run, (uint64_t)tick, metric[i], values[i],
						       &err));
			last[i] = values[i];
		}
	}
	assert_ok(store_commit(s, &err));
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		assert_ok(store_phase(s, run, phases[i].name,
				      origin + (uint64_t)(phases[i].begin_s * 1e9),
				      origin + (uint64_t)(phases[i].end_s * 1e9), &err));

	struct results results;
	struct hist *hist = hist_new();

	for (uint64_t i = 1; i <= 10000; i++)
		hist_add(hist, i * 1000);
	results_init(&results);
	results_add(&results, "ops", "per_s", BETTER_HIGHER, ops);
	results_add(&results, "latency_avg", "us", BETTER_LOWER, 16e6 / ops);
	results_add(&results, "get_misses", "count", BETTER_NEITHER, 0);
	results_add(&results, "thread_share.0", "share", BETTER_NEITHER, 0.75);
	results_add(&results, "thread_share.10", "share", BETTER_NEITHER, 1.25);
	results_add_hist(&results, "get", hist);
	results_flag(
		&results, "SHARED_CORES", SEVERITY_WARNING,
		"2 cores for 4 roles: \"workload\", load generator, sampler and reclaim share them");
	assert_ok(store_results(s, run, 1, &results, &err));
	results_release(&results);
	assert_ok(store_run_end(s, run, "ok", NULL, &err));
	return run;
}

#endif
