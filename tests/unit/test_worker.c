// SPDX-License-Identifier: GPL-2.0-or-later
/* Both sides of the worker protocol: this program is its own `fmbench worker`. */
#include "tests/unit/test.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "workloads/latency.h"
#include "workloads/worker.h"
#include "workloads/worker_host.h"
#include "workloads/workload.h"

struct params {
	char *mode;
	char *text;
	uint64_t size_bytes;
};

static const struct opt opts[] = {
	OPT_STRING("mode", struct params, mode, "well", "how it ends"),
	OPT_STRING("text", struct params, text, NULL, "said back as a flag"),
	OPT_SIZE("size", struct params, size_bytes, "4K", 1, 1 << 30, "said back as a result"),
	OPT_END,
};

static const struct metric metrics[] = {
	{ "elapsed", "s", BETTER_LOWER, "life" },
	{ "size", "bytes", BETTER_NEITHER, "as asked" },
	{ "seed", "count", BETTER_NEITHER, "as asked" },
	{ "seeds", "count", BETTER_NEITHER, "one a thread" },
	LATENCY_METRICS("touch", "touch"),
	{ .name = NULL },
};

static void say_all(const struct params *p, struct worker *w)
{
	struct hist *h = hist_new();

	assert_non_null(h);
	hist_add(h, 3);
	hist_add(h, 3);
	hist_add(h, 123456789);
	worker_hist(w, "latency", h);
	hist_free(h);
	worker_result(w, "size", (double)p->size_bytes);
	worker_result(w, "seed", (double)worker_seed(w));
	worker_thread_result(w, "seeds", 11, 3);
	worker_flag(w, "TEST_NOTE", SEVERITY_NOTE, "%s", p->text ? p->text : "nothing");
}

/* 1, 2, … 100 µs: 10 of them lie beyond the 90th percentile, one beyond the 99th. */
static void say_latency(struct worker *w)
{
	struct hist *h = hist_new();

	for (uint64_t us = 1; us <= 100; us++)
		hist_add(h, us * 1000);
	latency_report(w, "touch", h);
	hist_free(h);
}

static int end(const struct params *p, struct worker *w)
{
	if (strcmp(p->mode, "latency") == 0)
		say_latency(w);
	if (strcmp(p->mode, "error") == 0)
		return worker_error(w, "the %s is\ttoo\nsmall", "disk");
	if (strcmp(p->mode, "error-then-0") == 0)
		return worker_error(w, "it said so"), 0;
	if (strcmp(p->mode, "status") == 0)
		return 5;
	if (strcmp(p->mode, "killed") == 0)
		raise(SIGKILL);
	if (strcmp(p->mode, "unknown") == 0)
		worker_result(w, "no_such_metric", 1);
	if (strcmp(p->mode, "unknown-thread") == 0)
		worker_result(w, "seeds.first", 1);
	return 0;
}

static int batch_main(const void *params, struct worker *w)
{
	struct progress *progress = worker_progress(w, 3);
	const struct params *p = params;

	if (strcmp(p->mode, "loads") == 0 && (worker_ready(w) || worker_phase(w, "verify")))
		return 5;

	progress_set(progress, 0, 1000);
	progress_set(progress, 0, 4000);
	progress_set(progress, 1, 300);
	progress_add(progress, 2, 20);
	progress_add(progress, 2, 1);
	say_all(params, w);
	return end(params, w);
}

static int service_main(const void *params, struct worker *w)
{
	const struct params *p = params;

	if (strcmp(p->mode, "early") == 0)
		return 0;
	if (strcmp(p->mode, "early-error") == 0)
		return worker_error(w, "no memory to fill");
	while (strcmp(p->mode, "never-ready") == 0 && !worker_stopping(w))
		usleep(1000);
	if (worker_ready(w))
		return 0;
	if (strcmp(p->mode, "phases") == 0 &&
	    (worker_phase(w, "measure") || worker_phase(w, "verify")))
		return 0;
	if (strcmp(p->mode, "odd-phase") == 0)
		worker_phase(w, "nap");
	while (!worker_stopping(w))
		usleep(1000);
	say_all(p, w);
	return end(p, w);
}

static const struct workload batch = {
	.name = "batch",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.main = batch_main,
	WORKER_HOOKS,
};

static const struct workload service = {
	.name = "service",
	.shape = WORKLOAD_LOOP,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.main = service_main,
	WORKER_HOOKS,
};

static const struct place anywhere = { .mem_node = -1 };

struct run {
	struct workload_ctx ctx;
	struct params params;
	struct err err;
	struct results results;
};

static void run_init_at(struct run *run, const struct workload *w, const char *dir,
			const char *mode, const char *text, const struct place *place)
{
	memset(run, 0, sizeof(*run));
	opt_defaults(opts, &run->params);
	assert_int_equal(opt_set(opts, &run->params, "mode", mode, "test", NULL), 0);
	if (text)
		assert_int_equal(opt_set(opts, &run->params, "text", text, "test", NULL), 0);
	results_init(&run->results);
	run->ctx = (struct workload_ctx){
		.workload = w,
		.params = &run->params,
		.seed = 12345678901,
		.inside = place,
		.outside = place,
		.dir = dir,
	};
	if (run->ctx.workload->start(&run->ctx, &run->err))
		fail_msg("%s", run->err.msg);
}

static void run_init(struct run *run, const struct workload *w, const char *dir, const char *mode,
		     const char *text)
{
	run_init_at(run, w, dir, mode, text, &anywhere);
}

static void run_release(struct run *run)
{
	run->ctx.workload->release(&run->ctx);
	assert_null(run->ctx.state);
	results_release(&run->results);
	opt_release(opts, &run->params);
}

static int wait_for_end(struct run *run)
{
	uint64_t deadline_ns = clock_ns() + 20 * NSEC_PER_SEC;
	int rc = 0;

	while (rc == 0 && clock_ns() < deadline_ns)
		rc = run->ctx.workload->poll(&run->ctx, 1000, &run->err);
	return rc;
}

static void check_said(struct run *run, const char *text)
{
	const struct results *r = &run->results;

	assert_int_equal(results_find(r, "size")->value, 4096);
	assert_string_equal(results_find(r, "size")->unit, "bytes");
	assert_int_equal(results_find(r, "seed")->value, 12345678901);
	assert_int_equal(results_find(r, "seeds.11")->value, 3);
	assert_string_equal(results_find(r, "seeds.11")->unit, "count");
	assert_int_equal(r->nr_flags, 1);
	assert_string_equal(r->flags[0].code, "TEST_NOTE");
	assert_int_equal(r->flags[0].severity, SEVERITY_NOTE);
	assert_string_equal(r->flags[0].detail, text);
	assert_int_equal(r->nr_hists, 1);
	assert_string_equal(r->hists[0].name, "latency");

	const struct hist *h = r->hists[0].hist;

	assert_int_equal(h->count, 3);
	assert_int_equal(h->sum, 123456795);
	assert_int_equal(h->min, 3);
	assert_int_equal(h->max, 123456789);
	assert_int_equal(h->bucket[3], 2);
	assert_int_equal(h->bucket[hist_index(123456789)], 1);
}

static void test_batch(void **state)
{
	struct run run;

	run_init(&run, &batch, *state, "well", "a\tb\nc");
	assert_int_equal(wait_for_end(&run), 1);
	run.ctx.workload->stop(&run.ctx);
	assert_int_equal(run.ctx.workload->parse(&run.ctx, 0, 0, &run.results, &run.err), 0);
	check_said(&run, "a b c");
	assert_in_range((uint64_t)(results_find(&run.results, "elapsed")->value * 1e9), 1,
			20 * NSEC_PER_SEC);
	run_release(&run);
}

static void test_latency(void **state)
{
	struct run run;

	run_init(&run, &batch, *state, "latency", NULL);
	assert_int_equal(wait_for_end(&run), 1);
	run.ctx.workload->stop(&run.ctx);
	assert_int_equal(run.ctx.workload->parse(&run.ctx, 0, 0, &run.results, &run.err), 0);

	const struct results *r = &run.results;

	assert_float_equal(results_find(r, "touch_p50")->value, 50, 0.2);
	assert_float_equal(results_find(r, "touch_p90")->value, 90, 0.4);
	assert_null(results_find(r, "touch_p99"));
	assert_null(results_find(r, "touch_p99_9"));
	assert_float_equal(results_find(r, "touch_mean")->value, 50.5, 1e-9);
	assert_float_equal(results_find(r, "touch_max")->value, 100, 1e-9);
	assert_float_equal(results_find(r, "touch_count")->value, 100, 0);
	run_release(&run);
}

static void test_batch_fails(void **state)
{
	static const struct {
		const char *mode, *says;
	} rows[] = {
		{ "error", "the disk is too small" }, { "error-then-0", "it said so" },
		{ "status", "ended with status 5" },  { "killed", "killed by signal 9" },
		{ "unknown", "not in its protocol" }, { "unknown-thread", "not in its protocol" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run run;

		run_init(&run, &batch, *state, rows[i].mode, NULL);
		assert_true(wait_for_end(&run) < 0);
		assert_int_equal(run.err.kind, ERR_FAILED);
		if (!strstr(run.err.msg, rows[i].says))
			fail_msg("%s: %s", rows[i].mode, run.err.msg);
		run.ctx.workload->stop(&run.ctx);
		run_release(&run);
	}
}

static void test_service(void **state)
{
	struct run run;

	run_init(&run, &service, *state, "well", NULL);
	assert_int_equal(run.ctx.workload->load(&run.ctx, &run.err), 0);
	/* It is held: neither ends nor says anything. */
	assert_int_equal(run.ctx.workload->poll(&run.ctx, 100, &run.err), 0);
	assert_int_equal(run.ctx.workload->go(&run.ctx, &run.err), 0);
	assert_int_equal(run.ctx.workload->poll(&run.ctx, 100, &run.err), 0);
	run.ctx.workload->stop(&run.ctx);
	assert_int_equal(run.ctx.workload->parse(&run.ctx, 0, 0, &run.results, &run.err), 0);
	check_said(&run, "nothing");
	/* The end of a service is the harness's choice. */
	assert_null(results_find(&run.results, "elapsed"));
	run_release(&run);
}

static const char *wait_for_phase(struct run *run)
{
	uint64_t deadline_ns = clock_ns() + 20 * NSEC_PER_SEC;

	while (!run->ctx.workload->phase(&run->ctx) && clock_ns() < deadline_ns)
		assert_int_equal(run->ctx.workload->poll(&run->ctx, 1000, &run->err), 0);
	return run->ctx.workload->phase(&run->ctx);
}

/* Each phase begins when the harness says so, not before. */
static void test_phases(void **state)
{
	struct run run;

	run_init(&run, &service, *state, "phases", NULL);
	assert_int_equal(run.ctx.workload->load(&run.ctx, &run.err), 0);
	assert_null(run.ctx.workload->phase(&run.ctx));
	assert_int_equal(run.ctx.workload->go(&run.ctx, &run.err), 0);
	assert_string_equal(wait_for_phase(&run), "measure");
	assert_int_equal(run.ctx.workload->poll(&run.ctx, 100, &run.err), 0);
	assert_string_equal(run.ctx.workload->phase(&run.ctx), "measure");
	assert_int_equal(run.ctx.workload->go(&run.ctx, &run.err), 0);
	assert_string_equal(wait_for_phase(&run), "verify");
	run.ctx.workload->stop(&run.ctx); /* told to stop while it waits */
	assert_int_equal(run.ctx.workload->parse(&run.ctx, 0, 0, &run.results, &run.err), 0);
	assert_int_equal(run.results.nr, 0);
	run_release(&run);

	run_init(&run, &service, *state, "odd-phase", NULL);
	assert_int_equal(run.ctx.workload->load(&run.ctx, &run.err), 0);
	assert_int_equal(run.ctx.workload->go(&run.ctx, &run.err), 0);
	assert_true(wait_for_end(&run) < 0);
	assert_non_null(strstr(run.err.msg, "not in its protocol"));
	run.ctx.workload->stop(&run.ctx);
	run_release(&run);
}

/* Told to stop while it is held: worker_ready() comes back. */
static void test_service_never_goes(void **state)
{
	uint64_t begin_ns = clock_ns();
	struct run run;

	run_init(&run, &service, *state, "well", NULL);
	assert_int_equal(run.ctx.workload->load(&run.ctx, &run.err), 0);
	run.ctx.workload->stop(&run.ctx);
	assert_true(clock_ns() - begin_ns < 20 * NSEC_PER_SEC);
	assert_int_equal(run.ctx.workload->parse(&run.ctx, 0, 0, &run.results, &run.err), 0);
	assert_int_equal(run.results.nr, 0);
	run_release(&run);
}

static void test_service_fails(void **state)
{
	struct run run;

	run_init(&run, &service, *state, "early", NULL);
	assert_true(run.ctx.workload->load(&run.ctx, &run.err) < 0);
	assert_non_null(strstr(run.err.msg, "before it was told to"));
	run.ctx.workload->stop(&run.ctx);
	run_release(&run);

	run_init(&run, &service, *state, "early-error", NULL);
	assert_true(run.ctx.workload->load(&run.ctx, &run.err) < 0);
	assert_string_equal(run.err.msg, "no memory to fill");
	run.ctx.workload->stop(&run.ctx);
	run_release(&run);

	/* Its last words are an error: no results then. */
	run_init(&run, &service, *state, "error", NULL);
	assert_int_equal(run.ctx.workload->load(&run.ctx, &run.err), 0);
	assert_int_equal(run.ctx.workload->go(&run.ctx, &run.err), 0);
	run.ctx.workload->stop(&run.ctx);
	assert_true(run.ctx.workload->parse(&run.ctx, 0, 0, &run.results, &run.err) < 0);
	assert_non_null(strstr(run.err.msg, "the disk is too small"));
	assert_int_equal(run.results.nr, 0);
	run_release(&run);
}

static int end_it(void *arg, struct err *err)
{
	++*(int *)arg;
	return err_failed(err, EINTR, "enough");
}

/* What the harness says while a service loads ends the loading. */
static void test_idle(void **state)
{
	int calls = 0;
	struct run run;

	run_init(&run, &service, *state, "never-ready", NULL);
	run.ctx.idle = end_it;
	run.ctx.idle_arg = &calls;
	assert_int_equal(run.ctx.workload->load(&run.ctx, &run.err), -EINTR);
	assert_int_equal(calls, 1);
	run.ctx.workload->stop(&run.ctx);
	run_release(&run);
}

/* One that loads: held by load() until go(); beside other jobs, where nobody calls these, it goes on. */
static void test_loads(void **state)
{
	struct run run;

	run_init(&run, &batch, *state, "loads", NULL);
	assert_int_equal(run.ctx.workload->load(&run.ctx, &run.err), 0);
	assert_int_equal(run.ctx.workload->poll(&run.ctx, 100, &run.err), 0);
	assert_null(run.ctx.workload->phase(&run.ctx));
	assert_int_equal(run.ctx.workload->go(&run.ctx, &run.err), 0);
	assert_string_equal(wait_for_phase(&run), "verify");
	assert_int_equal(run.ctx.workload->go(&run.ctx, &run.err), 0);
	assert_int_equal(wait_for_end(&run), 1);
	run.ctx.workload->stop(&run.ctx);
	run_release(&run);

	run_init(&run, &batch, *state, "loads", NULL);
	assert_string_equal(wait_for_phase(&run), "verify");
	assert_int_equal(run.ctx.workload->go(&run.ctx, &run.err), 0);
	assert_int_equal(wait_for_end(&run), 1);
	run.ctx.workload->stop(&run.ctx);
	run_release(&run);
}

/* What a worker tells of its progress is in the harness's own memory. */
static void test_progress(void **state)
{
	struct place place = { .mem_node = -1 };
	struct progress *progress;
	struct run run;

	assert_int_equal(progress_new(&progress, &place.share_fd, NULL), 0);
	assert_int_equal(progress->slots, 0);
	run_init_at(&run, &batch, *state, "well", NULL, &place);
	assert_int_equal(wait_for_end(&run), 1);
	run.ctx.workload->stop(&run.ctx);
	assert_int_equal(progress->slots, 3);
	assert_int_equal(progress_sum(progress), 4321);
	run_release(&run);
	progress_unmap(progress);
	close(place.share_fd);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A signal ends the wait for a service that never gets ready. */
static void test_interrupted(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm }, before;
	struct run run;

	run_init(&run, &service, *state, "well", NULL);
	assert_int_equal(run.ctx.workload->load(&run.ctx, &run.err), 0);
	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	ualarm(100000, 0);
	assert_int_equal(run.ctx.workload->poll(&run.ctx, -1, &run.err), -EINTR);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	run.ctx.workload->stop(&run.ctx);
	run_release(&run);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_batch_fails),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_service_never_goes),
		cmocka_unit_test(test_service_fails),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_phases),
	};

	if (argc > 2 && strcmp(argv[1], "worker") == 0)
		return worker_run(strcmp(argv[2], "batch") == 0 ? &batch : &service, argc - 2,
				  argv + 2);
	return cmocka_run_group_tests_name("worker", tests, scratch_setup, scratch_teardown);
}
