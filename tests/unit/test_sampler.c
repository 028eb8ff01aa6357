// SPDX-License-Identifier: GPL-2.0-or-later
/* The sampler, with collectors whose readings the tests decide. */
#include "tests/unit/query.h"
#include "tests/unit/synthetic.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#include "harness/run/sampler.h"

#define DB "sampler.db"
/* A busy machine may need long; a sampler that does nothing would need for ever. */
#define PATIENCE_NS (30 * NSEC_PER_SEC)

/* --- collectors ------------------------------------------------------------------------------- */

static atomic_uint_fast64_t level; /* what is read next */
static atomic_bool vanished;
static atomic_uint reading_ns;
static int nr_open, nr_closed;

static const struct collector_key keys[] = {
	{ "level", "bytes", KEY_GAUGE, NULL },
	{ "count", "events", KEY_COUNTER, NULL },
	{ "never", "events", KEY_COUNTER, NULL },
};

/* The state is the directory that the context names: "7" adds 7 to what is read. */
static int open_dir(const struct collector_ctx *ctx, void **ret_state, struct err *error)
{
	(void)error;
	*ret_state = (void *)ctx->memory_dir;
	nr_open++;
	return 0;
}

static int open_nothing(const struct collector_ctx *ctx, void **ret_state, struct err *error)
{
	(void)ctx;
	(void)ret_state;
	return err_missing(error, "there is none") ? -ENOENT : 0;
}

static int read_level(void *state, uint64_t *values, bool *have)
{
	uint64_t until = clock_ns() + atomic_load(&reading_ns);

	while (clock_ns() < until) /* not asleep: a busy machine wakes up late */
		;
	values[0] = atomic_load(&level) + (uint64_t)atoi(state);
	values[1] = values[0] * 2;
	have[0] = have[1] = true;
	return 0;
}

static int read_until_gone(void *state, uint64_t *values, bool *have)
{
	read_level(state, values, have);
	return atomic_load(&vanished) ? -ENODEV : 0;
}

static void close_dir(void *state)
{
	assert_non_null(state);
	nr_closed++;
}

#define COLLECTOR(n, s, o, r)                                                                      \
	{                                                                                          \
		.name = n, .summary = "of a test", .scope = s, .keys = keys,                       \
		.nr_keys = NR_KEYS(keys), .open = o, .read = r, .close = close_dir                 \
	}

static const struct collector of_machine =
	COLLECTOR("machine", SCOPE_MACHINE, open_dir, read_level);
static const struct collector of_job = COLLECTOR("job", SCOPE_JOB, open_dir, read_level);
static const struct collector fragile =
	COLLECTOR("fragile", SCOPE_BACKEND, open_dir, read_until_gone);
static const struct collector absent = COLLECTOR("absent", SCOPE_JOB, open_nothing, read_level);

static const struct collector *const just_one[] = { &of_machine, NULL };
static const struct collector *const none[] = { NULL };

/* --- a sampler and its store ------------------------------------------------------------------- */

static const struct collector_ctx jobs[] = { { .memory_dir = "100" }, { .memory_dir = "200" } };

static struct store *store;
static struct sampler *sampler;
static int64_t run;

static void start_jobs(const struct collector *const table[], size_t nr_jobs, unsigned int hz)
{
	struct run_record record = synthetic_record("null", "none", 1, 1);
	struct job_record both[2] = { record.jobs[0], record.jobs[0] };

	both[1].name = "second";
	record.jobs = both;
	record.nr_jobs = nr_jobs;
	store = synthetic_store(DB);
	run = synthetic_begin(store, &record);
	assert_ok(sampler_start(table, jobs, nr_jobs, hz, 0, store, run, &sampler, &err));
}

static void start(const struct collector *const table[], unsigned int hz)
{
	start_jobs(table, 1, hz);
}

/* Reads v, and says when. */
static uint64_t mark(uint64_t v)
{
	uint64_t at = 0;

	atomic_store(&level, v);
	assert_ok(sampler_mark(sampler, &at, &err));
	return at;
}

static struct sampler_stats stats(void)
{
	struct sampler_stats s;

	sampler_stats(sampler, &s);
	return s;
}

/* The thread's end; what is in the ring by now is in the store. */
static struct sampler_stats finish(void)
{
	struct sampler_stats last;

	assert_ok(sampler_drain(sampler, &err));
	last = stats();
	sampler_free(sampler);
	sampler = NULL;
	assert_ok(store_run_end(store, run, "ok", NULL, &err));
	return last;
}

static double ask(const char *sql)
{
	return query(synthetic_path(DB), sql);
}

static int setup(void **state)
{
	(void)state;
	atomic_store(&level, 0);
	atomic_store(&vanished, false);
	atomic_store(&reading_ns, 0);
	nr_open = nr_closed = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sampler_free(sampler);
	sampler = NULL;
	store_close(store);
	store = NULL;
	return nr_open == nr_closed ? 0 : -1;
}

/* --- the tests --------------------------------------------------------------------------------- */

/* The store's delta between two marks is what the source counted between them. */
static void marks_are_boundaries(void **state)
{
	uint64_t before = clock_ns(), begin, end;
	double value = 0;

	(void)state;
	start(just_one, 0);
	mark(10);
	begin = mark(40);
	end = mark(90);
	mark(1000);
	assert_true(before < begin && begin < end && end < clock_ns());
	assert_ok(sampler_drain(sampler, &err));
	assert_ok(store_phase(store, run, "measure", begin, end, &err));
	assert_ok(store_phase_value(store, run, 1, "measure", "machine", "count", &value, &err));
	assert_true(value == 100);
	assert_int_equal(
		store_phase_value(store, run, 1, "measure", "machine", "never", &value, NULL),
		-ENODATA);
}

static void without_a_rate_there_are_marks_only(void **state)
{
	struct sampler_stats s;
	uint64_t at[3];

	(void)state;
	atomic_store(&reading_ns, 2000000);
	start(just_one, 0);
	for (size_t i = 0; i < 3; i++)
		at[i] = mark(i);
	s = finish();
	assert_int_equal(s.ticks, 3);
	assert_int_equal(s.late, 0);
	assert_int_equal(s.dropped, 0);
	assert_true(s.busy_ns >= 3 * 2000000);
	assert_true(ask("SELECT count(*) FROM tick") == 3);
	assert_true(ask("SELECT max(late_ns) FROM tick") == 0);
	assert_true(ask("SELECT min(end_ns - begin_ns) FROM tick") >= 2000000);
	assert_true(ask("SELECT end_ns FROM tick WHERE tick = 1") == (double)at[1]);
}

static void only_changes_are_stored(void **state)
{
	(void)state;
	start(just_one, 0);
	mark(5);
	mark(5);
	assert_ok(sampler_drain(sampler, &err));
	mark(5);
	mark(6);
	finish();
	assert_true(ask("SELECT count(*) FROM tick") == 4);
	assert_true(ask("SELECT count(*) FROM sample JOIN metric ON id = metric "
			"WHERE key = 'level'") == 2);
	assert_true(ask("SELECT max(tick) FROM sample") == 3);
	assert_true(ask("SELECT count(*) FROM sample JOIN metric ON id = metric "
			"WHERE key = 'never'") == 0);
	assert_true(ask("SELECT counter FROM metric WHERE key = 'count'") == 1);
	assert_true(ask("SELECT counter FROM metric WHERE key = 'level'") == 0);
}

static void a_rate(void **state)
{
	uint64_t deadline = clock_ns() + PATIENCE_NS;
	const struct timespec ms = { .tv_nsec = 1000000 };
	struct sampler_stats s;

	(void)state;
	start(just_one, 200);
	while (stats().ticks < 20 && clock_ns() < deadline)
		nanosleep(&ms, NULL);
	s = finish();
	assert_true(s.ticks >= 20);
	assert_true(ask("SELECT count(*) FROM tick") >= 20);
	/* Ticks are scheduled whole periods apart, however late each of them was. */
	assert_true(ask("SELECT min((b.begin_ns - b.late_ns) - (a.begin_ns - a.late_ns)) "
			"FROM tick a JOIN tick b ON b.tick = a.tick + 1") >= 5000000);
	assert_true(ask("SELECT max(((b.begin_ns - b.late_ns) - (a.begin_ns - a.late_ns)) % "
			"5000000) FROM tick a JOIN tick b ON b.tick = a.tick + 1") == 0);
}

/* Each reading takes three periods, so that the next is due long before it begins. */
static void late_ticks_are_counted(void **state)
{
	uint64_t deadline = clock_ns() + PATIENCE_NS;
	const struct timespec ms = { .tv_nsec = 1000000 };
	struct sampler_stats s;

	(void)state;
	atomic_store(&reading_ns, 15000000);
	start(just_one, 200);
	while (stats().ticks < 5 && clock_ns() < deadline)
		nanosleep(&ms, NULL);
	s = finish();
	assert_true(s.ticks >= 5);
	assert_true(s.late >= s.ticks - 2); /* the first may be in time, the last be under way */
	assert_int_equal(s.dropped, 0);
	assert_true(ask("SELECT count(*) FROM tick WHERE late_ns > 5000000") >= 4);
}

/* Nobody drains: the ring keeps its first ticks, counts the others, and still has room for a mark. */
static void a_full_ring_drops(void **state)
{
	uint64_t deadline = clock_ns() + PATIENCE_NS, marked;
	const struct timespec ms = { .tv_nsec = 1000000 };
	struct sampler_stats full, s;

	(void)state;
	start(just_one, 1000); /* the ring holds 4 s */
	while (stats().dropped < 10 && clock_ns() < deadline)
		nanosleep(&ms, NULL);
	full = stats();
	assert_true(full.dropped >= 10);
	assert_true(full.ticks >= 1000);
	marked = mark(77);
	s = finish();
	assert_true(s.ticks > full.ticks);
	assert_true(ask("SELECT count(*) FROM tick") > (double)full.ticks);
	assert_true(ask("SELECT max(tick) + 1 - count(*) FROM tick") == 0);
	/* None was overwritten: time goes forward, up to the mark and beyond. */
	assert_true(ask("SELECT count(*) FROM tick a JOIN tick b ON b.tick = a.tick + 1 "
			"WHERE b.begin_ns < a.end_ns") == 0);
	assert_true(ask("SELECT max(end_ns) FROM tick") >= (double)marked);
	assert_true(ask("SELECT max(value) FROM sample JOIN metric ON id = metric "
			"WHERE key = 'level'") == 177);
}

static void a_source_that_vanishes(void **state)
{
	static const struct collector *const table[] = { &fragile, &of_machine, NULL };
	struct sampler_stats s;
	uint64_t value = 0, at = 0;

	(void)state;
	start(table, 0);
	mark(1);
	assert_int_equal(stats().lost, 0);
	assert_int_equal(sampler_latest(sampler, 1, "fragile", "level", &value, &at), 0);
	assert_int_equal(value, 101);
	atomic_store(&vanished, true);
	mark(2);
	assert_int_equal(sampler_latest(sampler, 1, "fragile", "level", &value, &at), -ENODATA);
	assert_int_equal(sampler_latest(sampler, 1, "machine", "level", &value, &at), 0);
	assert_int_equal(value, 102);
	mark(3);
	s = finish();
	assert_int_equal(s.lost, 2);
	assert_string_equal(s.lost_name, "fragile");
	assert_true(ask("SELECT max(value) FROM sample JOIN metric ON id = metric "
			"WHERE collector = 'fragile' AND key = 'level'") == 101);
	assert_true(ask("SELECT max(value) FROM sample JOIN metric ON id = metric "
			"WHERE collector = 'machine' AND key = 'level'") == 103);
}

static void an_instance_a_job(void **state)
{
	static const struct collector *const table[] = { &of_job, &absent, &of_machine, NULL };
	uint64_t value = 0, at = 0;

	(void)state;
	start_jobs(table, 2, 0);
	assert_int_equal(nr_open, 3);
	mark(1);
	assert_int_equal(sampler_latest(sampler, 1, "job", "level", &value, &at), 0);
	assert_int_equal(value, 101);
	assert_int_equal(sampler_latest(sampler, 2, "job", "level", &value, &at), 0);
	assert_int_equal(value, 201);
	assert_int_equal(sampler_latest(sampler, 3, "job", "level", &value, &at), -ENODATA);
	/* The machine's has the first job's context, and answers for any. */
	assert_int_equal(sampler_latest(sampler, 2, "machine", "level", &value, &at), 0);
	assert_int_equal(value, 101);
	finish();
	assert_true(ask("SELECT count(*) FROM metric WHERE collector = 'absent'") == 0);
	assert_true(ask("SELECT value FROM sample JOIN metric ON id = metric "
			"WHERE job = 2 AND key = 'level'") == 201);
	assert_true(ask("SELECT count(DISTINCT job) FROM metric WHERE collector = 'machine'") == 1);
	assert_true(ask("SELECT job FROM metric WHERE collector = 'machine'") == 0);
}

static void latest(void **state)
{
	uint64_t value = 1234, at = 0, marked;

	(void)state;
	start(just_one, 0);
	assert_int_equal(sampler_latest(sampler, 1, "machine", "level", &value, &at), -ENODATA);
	mark(7);
	marked = mark(8);
	assert_int_equal(sampler_latest(sampler, 1, "machine", "count", &value, &at), 0);
	assert_int_equal(value, 216);
	assert_int_equal(at, marked);
	assert_int_equal(sampler_latest(sampler, 1, "machine", "never", &value, &at), -ENODATA);
	assert_int_equal(sampler_latest(sampler, 1, "machine", "nothing", &value, &at), -ENODATA);
	assert_int_equal(sampler_latest(sampler, 1, "nobody", "level", &value, &at), -ENODATA);
	assert_int_equal(value, 216);
	/* What was drained is still the latest. */
	assert_ok(sampler_drain(sampler, &err));
	assert_int_equal(sampler_latest(sampler, 1, "machine", "level", &value, &at), 0);
	assert_int_equal(value, 108);
}

/* Of the rows that say the same the first that was sampled counts. */
static void usage_by_the_first_that_is_sampled(void **state)
{
	static const struct collector *const table[] = { &of_job, &of_machine, &absent, NULL };
	static const struct backend_usage usage[] = {
		{ USAGE_LOCAL, "absent", "level" },  { USAGE_LOCAL, "job", "never" },
		{ USAGE_LOCAL, "job", "level" },     { USAGE_LOCAL, "machine", "level" },
		{ USAGE_FAR, "machine", "level" },   { USAGE_PAGE_INS, "absent", "count" },
		{ USAGE_PAGE_OUTS, "job", "count" }, { NULL, NULL, NULL },
	};

	(void)state;
	start_jobs(table, 2, 0);
	mark(1);
	for (int job = 1; job <= 2; job++)
		assert_ok(sampler_note_usage(sampler, job, usage, &err));
	assert_ok(sampler_note_usage(sampler, 1, NULL, &err));
	finish();
#define USED(job, what, metric)                                                                    \
	assert_true(ask("SELECT count(*) FROM usage u JOIN metric m ON m.id = u.metric WHERE "     \
			"u.job = " job " AND what = '" what "' AND " metric) == 1)
	assert_true(ask("SELECT count(*) FROM usage") == 6);
	USED("1", "local", "m.job = 1 AND collector = 'job' AND key = 'level'");
	USED("2", "local", "m.job = 2 AND collector = 'job' AND key = 'level'");
	USED("2", "far", "m.job = 0 AND collector = 'machine' AND key = 'level'");
	USED("2", "page_outs", "m.job = 2 AND collector = 'job' AND key = 'count'");
#undef USED
}

static void nothing_to_read(void **state)
{
	(void)state;
	start(none, 0);
	mark(0);
	assert_int_equal(finish().ticks, 1);
	assert_true(ask("SELECT count(*) FROM tick") == 1);
	sampler_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(marks_are_boundaries),
		TEST(without_a_rate_there_are_marks_only),
		TEST(only_changes_are_stored),
		TEST(a_rate),
		TEST(late_ticks_are_counted),
		TEST(a_full_ring_drops),
		TEST(a_source_that_vanishes),
		TEST(an_instance_a_job),
		TEST(latest),
		TEST(usage_by_the_first_that_is_sampled),
		TEST(nothing_to_read),
	};

	return cmocka_run_group_tests_name("sampler", tests, NULL, synthetic_clean);
}
