// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole runs through the C interface: two jobs side by side, and what a new unit needs to take part.
 * The service and the backends below are skeletons: each is one struct, known to no other file. This
 * program is its own `fmbench worker`. Needs root: real groups.
 */
#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/swap_areas.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/progress.h"
#include "harness/group/cgroup.h"
#include "harness/run/run.h"
#include "results/export.h"
#include "workloads/worker.h"
#include "workloads/workload.h"

#define MIB (1024ull * 1024)

/* --- a service like redis: a server inside, a client outside ---------------------------------- */

struct service {
	struct child server, client;
	uint64_t go_ns;
};

/* Operations told by so many seconds after go; NULL: it tells none. */
static double (*operations_at)(double s);

static void tell(struct workload_ctx *ctx)
{
	struct service *s = ctx->state;
	uint64_t now = clock_ns();

	if (operations_at)
		progress_tell(ctx->progress,
			      (uint64_t)operations_at((double)(now - s->go_ns) / NSEC_PER_SEC),
			      now);
}

static const struct metric service_metrics[] = {
	{ "ops", "per_s", BETTER_HIGHER, "as if" },
	{ .name = NULL },
};

static int spawn(struct workload_ctx *ctx, struct child *c, const struct place *place,
		 const char *log, struct err *err)
{
	static char *const argv[] = { (char *)"sleep", (char *)"600", NULL };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", ctx->dir, log);
	return child_spawn(c, argv, place, CHILD_LOG, path, err);
}

static int service_start(struct workload_ctx *ctx, struct err *err)
{
	struct service *s = ctx->state = xcalloc(1, sizeof(*s));

	s->server = s->client = (struct child)CHILD_INIT;
	return spawn(ctx, &s->server, ctx->inside, "server.log", err);
}

static int service_load(struct workload_ctx *ctx, struct err *err)
{
	return workload_idle(ctx, err);
}

static int service_go(struct workload_ctx *ctx, struct err *err)
{
	struct service *s = ctx->state;

	s->go_ns = clock_ns();
	if (operations_at)
		progress_begin(ctx->progress, 1);
	return spawn(ctx, &s->client, ctx->outside, "client.log", err);
}

static int service_poll(struct workload_ctx *ctx, int timeout_ms, struct err *err)
{
	struct service *s = ctx->state;
	int rc = child_wait(&s->client, timeout_ms, err);

	tell(ctx);
	return rc == 1 ? err_failed(err, 0, "the client has ended") : rc;
}

static void service_stop(struct workload_ctx *ctx)
{
	struct service *s = ctx->state;

	child_stop(&s->client, 1000);
	child_stop(&s->server, 1000);
}

static int service_parse(struct workload_ctx *ctx, uint64_t begin_ns, uint64_t end_ns,
			 struct results *results, struct err *err)
{
	(void)ctx, (void)err;
	results_add_metric(results, &service_metrics[0], 1e9 / (double)(end_ns - begin_ns));
	return 0;
}

static void service_release(struct workload_ctx *ctx)
{
	struct service *s = ctx->state;

	if (s) {
		child_release(&s->client);
		child_release(&s->server);
	}
	free(s);
	ctx->state = NULL;
}

static const struct workload service = {
	.name = "service",
	.summary = "a server and its client",
	.shape = WORKLOAD_SERVICE,
	.metrics = service_metrics,
	.start = service_start,
	.load = service_load,
	.go = service_go,
	.poll = service_poll,
	.stop = service_stop,
	.parse = service_parse,
	.release = service_release,
};

/* --- backends of each kind, which do nothing but note what they are asked ---------------------- */

static struct asked {
	int prepared, forgotten;
	char dirs[4][PATH_MAX]; /* the groups of the jobs */
	bool had_dirs;
	uint64_t limit_bytes;
} asked;

static int far_up(struct backend_ctx *ctx, struct journal *j, struct err *err)
{
	(void)ctx, (void)j, (void)err;
	return 0;
}

static int far_prepare(struct backend_ctx *ctx, struct backend_job *job, struct journal *j,
		       struct err *err)
{
	struct stat st;

	(void)ctx, (void)j, (void)err;
	snprintf(asked.dirs[asked.prepared % 4], PATH_MAX, "%s", job->memory_dir);
	asked.had_dirs = (!asked.prepared || asked.had_dirs) && stat(job->memory_dir, &st) == 0;
	asked.prepared++;
	return 0;
}

static int far_limit(struct backend_ctx *ctx, struct backend_job *job, uint64_t bytes,
		     struct err *err)
{
	(void)ctx, (void)job, (void)err;
	asked.limit_bytes = bytes;
	return 0;
}

static int far_local(struct backend_ctx *ctx, struct backend_job *job, uint64_t *ret_bytes,
		     struct err *err)
{
	(void)ctx, (void)job, (void)err;
	*ret_bytes = asked.limit_bytes;
	return 0;
}

static void far_forget(struct backend_ctx *ctx, struct backend_job *job)
{
	(void)ctx, (void)job;
	asked.forgotten++;
}

static const struct backend like_swap = {
	.name = "like-swap",
	.summary = "memory.high limits it, a swap area would carry it",
	.caps = CAP_SWAP,
	.usage = swap_usage,
	.up = far_up,
	.prepare = far_prepare,
	.forget = far_forget,
};

static const struct backend_usage tier_usage[] = {
	{ USAGE_LOCAL, "memory_stat", "anon" },
	{ USAGE_PAGE_INS, "vmstat", "no_such_key" },
	{ USAGE_PAGE_INS, "vmstat", "pgfault" },
	{ NULL, NULL, NULL },
};

/* Memory is bound to a node, and the limit is a share of it. */
static int tier_prepare(struct backend_ctx *ctx, struct backend_job *job, struct journal *j,
			struct err *err)
{
	job->mem_node = -1;
	return far_prepare(ctx, job, j, err);
}

static const struct backend like_tier = {
	.name = "like-tier",
	.summary = "a slow node",
	.caps = CAP_TIER,
	.usage = tier_usage,
	.up = far_up,
	.prepare = tier_prepare,
	.limit = far_limit,
	.local = far_local,
	.forget = far_forget,
};

static int pager_prepare(struct backend_ctx *ctx, struct backend_job *job, struct journal *j,
			 struct err *err)
{
	job->env = xcalloc(2, sizeof(*job->env));
	job->env[0] = xstrdup("LIKE_PAGER=it was here");
	return far_prepare(ctx, job, j, err);
}

static const struct backend like_pager = {
	.name = "like-pager",
	.summary = "a library in the job's processes",
	.caps = CAP_PAGER,
	.usage = swap_usage,
	.up = far_up,
	.prepare = pager_prepare,
	.limit = far_limit,
	.local = far_local,
	.forget = far_forget,
};

/* --- making runs ------------------------------------------------------------------------------ */

static struct run_settings settings = {
	.duration_ns = 300000000,
	.warmup_ns = 100000000,
	.settle_ns = 1000000000,
	.sample_hz = 50,
	.reclaim_cpu = (char *)"auto",
};

/* The run of a test. Its session holds the machine's lock, and ends with the test however that goes. */
static struct made {
	struct session session;
	struct run_outcome outcome;
	struct err err;
	char db[PATH_MAX], state_dir[PATH_MAX];
} made;

static void end_session(void)
{
	if (made.session.state_dir)
		session_close(&made.session);
	memset(&made, 0, sizeof(made));
	made.session.lock_fd = -1;
}

static int teardown(void **state)
{
	(void)state;
	end_session();
	return 0;
}

static bool have_groups(void)
{
	struct cgroup_machine machine;
	struct err err = { 0 };

	return geteuid() == 0 && cgroup_detect(&machine, &err) == 0 &&
	       cgroup_check(&machine, "/", &err) == 0;
}

static int make(void **state, const struct backend *backend, const struct job_spec *jobs,
		size_t nr_jobs)
{
	struct run_spec spec = { .settings = &settings,
				 .backend = backend,
				 .backend_params = NULL,
				 .jobs = jobs,
				 .nr_jobs = nr_jobs,
				 .repeat = 1,
				 .seed = 1 };

	end_session();
	memset(&asked, 0, sizeof(asked));
	snprintf(made.db, sizeof(made.db), "%s", scratch_path(state, "jobs.db"));
	snprintf(made.state_dir, sizeof(made.state_dir), "%s", scratch_path(state, "state"));
	if (session_open(&made.session, made.db, made.state_dir, "test_jobs", &made.err) != 0)
		fail_msg("%s", made.err.msg);
	return run_execute(&made.session, &spec, &made.outcome, &made.err);
}

static char *export_runs(void)
{
	struct export_filter filter = { .run = made.outcome.id };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(
		export_rows(made.session.store, "runs", &filter, EXPORT_CSV, out, &made.err), 0);
	fclose(out);
	return text;
}

static unsigned int lines(const char *text)
{
	unsigned int nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

static double mean(int job, const char *collector, const char *key)
{
	double value = -1;

	store_phase_value(made.session.store, made.outcome.id, job, "measure", collector, key,
			  &value, &made.err);
	return value;
}

struct null_params {
	void *bytes[16]; /* room for the options of workload null, which are its own */
};

static void null_job(struct job_spec *job, const char *name, struct null_params *params,
		     const char *memory)
{
	struct err err = { 0 };

	memset(params, 0, sizeof(*params));
	assert_true(workload_null.params_size <= sizeof(*params));
	opt_defaults(workload_null.opts, params);
	assert_int_equal(opt_set(workload_null.opts, params, "memory", memory, "test", &err), 0);
	assert_int_equal(opt_set(workload_null.opts, params, "seconds", "500ms", "test", &err), 0);
	*job = (struct job_spec){
		.name = name, .workload = &workload_null, .params = params, .ratio = 1, .seed = 1
	};
}

/* --- the tests -------------------------------------------------------------------------------- */

static void test_two_jobs(void **state)
{
	struct null_params params[2];
	struct job_spec jobs[2];
	struct stat st;
	char *text;

	if (!have_groups())
		skip();
	null_job(&jobs[0], "small", &params[0], "16M");
	null_job(&jobs[1], "large", &params[1], "48M");
	if (make(state, &like_swap, jobs, 2) != 0)
		fail_msg("%s", made.err.msg);
	assert_int_not_equal(made.outcome.status, RUN_FAILED);

	/* Two groups, there while it ran and gone now. */
	assert_int_equal(asked.prepared, 2);
	assert_int_equal(asked.forgotten, 2);
	assert_true(asked.had_dirs);
	assert_string_not_equal(asked.dirs[0], asked.dirs[1]);
	assert_int_not_equal(stat(asked.dirs[0], &st), 0);
	assert_int_not_equal(stat(asked.dirs[1], &st), 0);

	/* Two sets of samples. */
	assert_true(mean(1, "memory_events", "oom_kill") == 0);
	assert_true(mean(2, "memory_events", "oom_kill") == 0);
	assert_true(mean(1, "memory_usage", "memory.current") > 0);
	assert_true(mean(2, "memory_usage", "memory.current") >
		    mean(1, "memory_usage", "memory.current"));

	/* Two rows. */
	text = export_runs();
	assert_int_equal(lines(text), 3);
	assert_non_null(strstr(text, ",1,null,like-swap,1,1,"));
	assert_non_null(strstr(text, ",2,null,like-swap,1,1,"));
	free(text);
	opt_release(workload_null.opts, &params[0]);
	opt_release(workload_null.opts, &params[1]);
}

static void test_service_beside_batch(void **state)
{
	struct null_params params;
	struct job_spec jobs[2];
	char *text;

	if (!have_groups())
		skip();
	null_job(&jobs[0], "batch", &params, "8M");
	jobs[1] = (struct job_spec){ .name = "service", .workload = &service, .ratio = 1 };
	if (make(state, &like_swap, jobs, 2) != 0)
		fail_msg("%s", made.err.msg);
	text = export_runs();
	assert_int_equal(lines(text), 3);
	assert_non_null(strstr(text, "ops_per_s"));
	free(text);
	opt_release(workload_null.opts, &params);
}

/* The backend limits memory in its own way, and names its own counters. */
static void test_backends(void **state)
{
	static const struct backend *const backends[] = { &like_swap, &like_tier, &like_pager };

	if (!have_groups())
		skip();
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		struct null_params params;
		struct job_spec job;

		null_job(&job, "null", &params, "16M");
		job.ratio = backends[i]->limit ? 0.5 : 1;
		job.peak_bytes = 64 * MIB;
		if (make(state, backends[i], &job, 1) != 0)
			fail_msg("%s: %s", backends[i]->name, made.err.msg);
		assert_int_equal(asked.prepared, 1);
		assert_int_equal(asked.forgotten, 1);
		assert_true(asked.limit_bytes == (backends[i]->limit ? 32 * MIB : 0));
		opt_release(workload_null.opts, &params);
	}
}

/* What the backend adds to the environment reaches the job's processes. */
static void test_environment(void **state)
{
	static char *const argv[] = { (char *)"sh", (char *)"-c",
				      (char *)"echo \"$LIKE_PAGER\" >$OUT", NULL };
	char path[PATH_MAX], line[64] = "";
	void *params = calloc(1, workload_command.params_size);
	struct job_spec job = { .name = "command",
				.workload = &workload_command,
				.params = params,
				.argv = argv,
				.ratio = 1 };
	FILE *in;

	if (!have_groups())
		skip();
	opt_defaults(workload_command.opts, params);
	snprintf(path, sizeof(path), "%s", scratch_path(state, "environment"));
	setenv("OUT", path, 1);
	if (make(state, &like_pager, &job, 1) != 0)
		fail_msg("%s", made.err.msg);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_non_null(fgets(line, sizeof(line), in));
	assert_string_equal(line, "it was here\n");
	fclose(in);
	opt_release(workload_command.opts, params);
	free(params);
}

static double flat(double s)
{
	return 5000 * s;
}

static double ramp(double s)
{
	return 5000 * s + 1000 * s * s;
}

/* Rises for two seconds. */
static double warming(double s)
{
	return s < 2 ? 2500 * s * s : 10000 + 10000 * (s - 2);
}

/* A run of a service that tells its operations. Returns the detail of its flag, or NULL. */
static const char *run_paced(void **state, double (*operations)(double), uint64_t warmup_ns,
			     const char *code)
{
	struct run_settings before = settings;
	struct job_spec job = { .name = "service", .workload = &service, .ratio = 1 };
	static char detail[256];
	double n = 0;
	char *text = NULL, *found;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct export_filter filter;

	settings.duration_ns = 2 * NSEC_PER_SEC;
	settings.warmup_ns = warmup_ns;
	operations_at = operations;
	if (make(state, &like_swap, &job, 1) != 0)
		fail_msg("%s", made.err.msg);
	settings = before;
	operations_at = NULL;
	filter = (struct export_filter){ .run = made.outcome.id };
	assert_int_equal(
		export_rows(made.session.store, "flags", &filter, EXPORT_CSV, out, &made.err), 0);
	fclose(out);
	/* The operations are in the samples as well. */
	assert_int_equal(store_phase_value(made.session.store, made.outcome.id, 1, "measure",
					   "progress", "operations", &n, &made.err),
			 0);
	assert_true(n > 5000);
	found = strstr(text, code);
	snprintf(detail, sizeof(detail), "%.200s", found ? found : "");
	free(text);
	return found ? detail : NULL;
}

static double phase_s(const char *name)
{
	struct export_filter filter = { .run = made.outcome.id };
	char *text = NULL, *row, pattern[32];
	double begin = 0, end = 0;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(
		export_rows(made.session.store, "phases", &filter, EXPORT_CSV, out, &made.err), 0);
	fclose(out);
	snprintf(pattern, sizeof(pattern), ",%s,", name);
	row = strstr(text, pattern);
	assert_non_null(row);
	assert_int_equal(sscanf(row + strlen(pattern), "%lf,%lf", &begin, &end), 2);
	free(text);
	return end - begin;
}

/* However busy the machine: the service tells its operations by the clock. */
static void test_steady_or_not(void **state)
{
	const char *detail;

	if (!have_groups())
		skip();
	assert_null(run_paced(state, flat, 100000000, "NOT_STEADY"));
	detail = run_paced(state, ramp, 100000000, "NOT_STEADY");
	assert_non_null(detail);
	assert_non_null(strstr(detail, "operations per second rose by"));
}

static void test_warm_up_until_steady(void **state)
{
	if (!have_groups())
		skip();
	assert_null(run_paced(state, warming, WARMUP_AUTO, "NO"));
	/* Two seconds of rise, and the two that show that it is over. */
	assert_true(phase_s("warmup") > 3.5 && phase_s("warmup") < 8);
}

static void test_a_loop_is_alone(void **state)
{
	static const struct workload loop = { .name = "loop", .shape = WORKLOAD_LOOP };
	struct job_spec jobs[2] = { { .name = "a", .workload = &loop, .ratio = 1 },
				    { .name = "b", .workload = &service, .ratio = 1 } };

	if (!have_groups())
		skip();
	assert_true(make(state, &like_swap, jobs, 2) < 0);
	assert_non_null(strstr(made.err.msg, "times itself"));
	assert_int_equal(made.outcome.id, 0);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_two_jobs, teardown),
		cmocka_unit_test_teardown(test_service_beside_batch, teardown),
		cmocka_unit_test_teardown(test_backends, teardown),
		cmocka_unit_test_teardown(test_environment, teardown),
		cmocka_unit_test_teardown(test_steady_or_not, teardown),
		cmocka_unit_test_teardown(test_warm_up_until_steady, teardown),
		cmocka_unit_test_teardown(test_a_loop_is_alone, teardown),
	};

	if (argc > 2 && strcmp(argv[1], "worker") == 0)
		return worker_run(&workload_null, argc - 2, argv + 2);
	return cmocka_run_group_tests_name("jobs", tests, scratch_setup, scratch_teardown);
}
