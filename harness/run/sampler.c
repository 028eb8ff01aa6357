// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/sampler.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"

/* The main thread drains ten times a second: room for when it can't. */
#define RING_S	       4
#define MIN_RING_TICKS 512u
#define MAX_RING_TICKS 4096u

struct source {
	const struct collector *collector;
	int job; /* from 1; 0: of the machine or the backend */
	void *state;
	size_t first; /* its first column in a tick */
};

struct tick {
	struct store_tick time;
	uint64_t *values; /* nr_columns of the ring's */
	bool *have;
};

struct sampler {
	struct source *sources;
	size_t nr_sources, nr_columns;
	struct facts missing; /* why a collector is no source */
	int64_t *metric;      /* the store's id of each column */
	uint64_t *stored;     /* what the store holds now */
	bool *was_stored;

	pthread_t thread;
	bool running;
	int cpu;
	uint64_t period_ns;

	pthread_mutex_t lock;
	pthread_cond_t wake,
		marked; /* the thread waits for the one, sampler_mark() for the other */
	bool stop, mark;
	uint64_t mark_ns;
	struct tick *ring;
	size_t ring_ticks;
	uint64_t *ring_values; /* of all ticks, one after the other */
	bool *ring_have;
	uint64_t head, tail; /* ticks ever written and drained; the thread owns head */
	struct sampler_stats stats;

	struct store *store;
	int64_t run;
};

/* "missing.COLLECTOR", and of the second job on "missing.COLLECTOR.JOB". */
static void missing_name(char *dst, size_t size, const char *collector, int job)
{
	if (job > 1)
		snprintf(dst, size, "missing.%s.%d", collector, job);
	else
		snprintf(dst, size, "missing.%s", collector);
}

/* A run goes on without what does not open, and says so. */
static void open_source(struct sampler *s, const struct collector *c,
			const struct collector_ctx *ctx, int job)
{
	struct source source = { .collector = c, .job = job, .first = s->nr_columns };
	struct collector_ctx of = *ctx;
	struct err why = { 0 };
	char fact[64];
	int rc;

	of.self = c;
	rc = c->open(&of, &source.state, &why);

	if (!rc) {
		s->sources = xreallocarray(s->sources, s->nr_sources + 1, sizeof(*s->sources));
		s->sources[s->nr_sources++] = source;
		s->nr_columns += c->nr_keys;
		return;
	}
	missing_name(fact, sizeof(fact), c->name, job);
	facts_set(&s->missing, fact, "%s", why.msg);
	if (rc != -ENOENT && !s->stats.refused++)
		snprintf(s->stats.refused_why, sizeof(s->stats.refused_why), "%s: %.200s", c->name,
			 why.msg);
}

static void open_sources(struct sampler *s, const struct collector *const table[],
			 const struct collector_ctx *jobs, size_t nr_jobs)
{
	for (size_t i = 0; table[i]; i++) {
		const struct collector *c = table[i];

		if (c->scope != SCOPE_JOB)
			open_source(s, c, &jobs[0], 0);
		for (size_t j = 0; c->scope == SCOPE_JOB && j < nr_jobs; j++)
			open_source(s, c, &jobs[j], (int)j + 1);
	}
}

static int name_columns(struct sampler *s, struct err *err)
{
	int rc = store_begin(s->store, err);

	for (size_t i = 0; i < s->nr_sources && !rc; i++) {
		const struct collector *c = s->sources[i].collector;

		for (size_t k = 0; k < c->nr_keys && !rc; k++)
			rc = store_metric(s->store, s->sources[i].job, c->name, c->keys[k].name,
					  c->keys[k].unit, c->keys[k].kind == KEY_COUNTER,
					  &s->metric[s->sources[i].first + k], err);
	}
	return rc ? rc : store_commit(s->store, err);
}

/* A column of the job's, or of nobody's, that had a value in the last tick. -1: none. */
static int64_t sampled_column(const struct sampler *s, int job, const char *collector,
			      const char *key)
{
	for (size_t i = 0; i < s->nr_sources; i++) {
		const struct source *source = &s->sources[i];
		const struct collector *c = source->collector;

		if (strcmp(c->name, collector) != 0 || (source->job && source->job != job))
			continue;
		for (size_t k = 0; k < c->nr_keys; k++) {
			size_t column = source->first + k;

			if (strcmp(c->keys[k].name, key) == 0 && s->head > 0 &&
			    s->ring[(s->head - 1) % s->ring_ticks].have[column])
				return (int64_t)column;
		}
	}
	return -1;
}

static bool is_job_usage(const char *what)
{
	static const char *const names[] = { USAGE_LOCAL, USAGE_FAR, USAGE_PAGE_INS,
					     USAGE_PAGE_OUTS };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], what) == 0)
			return true;
	}
	return false;
}

int sampler_note_usage(struct sampler *s, int job, const struct backend_usage *usage,
		       struct err *err)
{
	int rc = 0;

	for (const struct backend_usage *u = usage; u && u->what && !rc; u++) {
		bool first = true;
		int64_t column;

		pthread_mutex_lock(&s->lock);
		column = sampled_column(s, job, u->collector, u->key);
		for (const struct backend_usage *before = usage; before < u; before++)
			first &= strcmp(before->what, u->what) != 0 ||
				 sampled_column(s, job, before->collector, before->key) < 0;
		pthread_mutex_unlock(&s->lock);
		if (column >= 0 && first && is_job_usage(u->what))
			rc = store_usage(s->store, s->run, job, u->what, s->metric[column], err);
	}
	return rc;
}

/* One reading of everything. Called without the lock; only this thread writes at head. */
static void take_tick(struct sampler *s, uint64_t scheduled_ns)
{
	struct tick *t = &s->ring[s->head % s->ring_ticks];

	t->time.begin_ns = clock_ns();
	t->time.late_ns = scheduled_ns && t->time.begin_ns > scheduled_ns
				  ? t->time.begin_ns - scheduled_ns
				  : 0;
	memset(t->have, 0, s->nr_columns * sizeof(*t->have));
	for (size_t i = 0; i < s->nr_sources; i++) {
		struct source *source = &s->sources[i];

		if (source->collector->read(source->state, t->values + source->first,
					    t->have + source->first) != 0) {
			memset(t->have + source->first, 0,
			       source->collector->nr_keys * sizeof(*t->have));
			if (!s->stats.lost++)
				s->stats.lost_name = source->collector->name;
		}
	}
	t->time.end_ns = clock_ns();
}

static void count_tick(struct sampler *s, const struct store_tick *t)
{
	s->stats.ticks++;
	s->stats.late += s->period_ns && t->late_ns > s->period_ns;
	s->stats.busy_ns += t->end_ns - t->begin_ns;
	s->mark_ns = t->end_ns;
}

static void *sampler_thread(void *arg)
{
	struct sampler *s = arg;
	uint64_t next = clock_ns() + s->period_ns;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(s->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus); /* best effort: time-stamps tell the truth */

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		struct timespec deadline = { .tv_sec = (time_t)(next / NSEC_PER_SEC),
					     .tv_nsec = (long)(next % NSEC_PER_SEC) };
		uint64_t now = clock_ns();
		bool mark = s->mark;

		if (!mark && !s->period_ns) {
			pthread_cond_wait(&s->wake, &s->lock);
			continue;
		}
		if (!mark && now < next) {
			pthread_cond_timedwait(&s->wake, &s->lock, &deadline);
			continue;
		}
		/* The last slot is kept for a mark, which must not wait for the drain. */
		if (mark || s->head - s->tail < s->ring_ticks - 1) {
			pthread_mutex_unlock(&s->lock);
			take_tick(s, mark ? 0 : next);
			pthread_mutex_lock(&s->lock);
			count_tick(s, &s->ring[s->head++ % s->ring_ticks].time);
		} else {
			s->stats.dropped++;
		}
		if (mark) {
			s->mark = false;
			pthread_cond_signal(&s->marked);
		}
		while (!mark && next <= now)
			next += s->period_ns;
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static size_t ring_ticks(uint64_t period_ns)
{
	size_t nr = period_ns ? RING_S * NSEC_PER_SEC / period_ns : 0;

	if (nr < MIN_RING_TICKS)
		return MIN_RING_TICKS;
	return nr < MAX_RING_TICKS ? nr : MAX_RING_TICKS;
}

static int allocate(struct sampler *s, struct err *err)
{
	size_t nr = s->nr_columns ? s->nr_columns : 1;

	s->metric = calloc(nr, sizeof(*s->metric));
	s->stored = calloc(nr, sizeof(*s->stored));
	s->was_stored = calloc(nr, sizeof(*s->was_stored));
	s->ring_ticks = ring_ticks(s->period_ns);
	s->ring = calloc(s->ring_ticks, sizeof(*s->ring));
	s->ring_values = malloc(s->ring_ticks * nr * sizeof(*s->ring_values));
	s->ring_have = malloc(s->ring_ticks * nr * sizeof(*s->ring_have));
	if (!s->metric || !s->stored || !s->was_stored || !s->ring || !s->ring_values ||
	    !s->ring_have)
		return err_failed(err, ENOMEM, "sampler");
	/* Page faults happen here, not in a tick. */
	memset(s->ring_values, 0, s->ring_ticks * nr * sizeof(*s->ring_values));
	memset(s->ring_have, 0, s->ring_ticks * nr * sizeof(*s->ring_have));
	for (size_t i = 0; i < s->ring_ticks; i++) {
		s->ring[i].values = s->ring_values + i * nr;
		s->ring[i].have = s->ring_have + i * nr;
	}
	return 0;
}

int sampler_start(const struct collector *const table[], const struct collector_ctx *jobs,
		  size_t nr_jobs, unsigned int hz, int cpu, struct store *store, int64_t run,
		  struct sampler **ret, struct err *err)
{
	struct sampler *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;
	int rc;

	if (!s)
		return err_failed(err, ENOMEM, "sampler");
	s->cpu = cpu;
	s->period_ns = hz ? NSEC_PER_SEC / hz : 0;
	s->store = store;
	s->run = run;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_cond_init(&s->marked, &attr);
	pthread_condattr_destroy(&attr);

	facts_init(&s->missing);
	open_sources(s, table, jobs, nr_jobs);
	rc = allocate(s, err);
	if (!rc)
		rc = name_columns(s, err);
	if (!rc) {
		rc = pthread_create(&s->thread, NULL, sampler_thread, s);
		if (rc)
			rc = err_failed(err, rc, "cannot start the sampler thread");
		s->running = !rc;
	}
	if (rc) {
		sampler_free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

int sampler_mark(struct sampler *s, uint64_t *ret_ns, struct err *err)
{
	int rc = sampler_drain(s, err); /* makes room */

	if (rc)
		return rc;
	pthread_mutex_lock(&s->lock);
	s->mark = true;
	pthread_cond_signal(&s->wake);
	while (s->mark)
		pthread_cond_wait(&s->marked, &s->lock);
	*ret_ns = s->mark_ns;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int store_one(struct sampler *s, uint64_t number, const struct tick *t, struct err *err)
{
	int rc = store_tick(s->store, s->run, number, &t->time, err);

	for (size_t i = 0; i < s->nr_columns && !rc; i++) {
		if (!t->have[i] || (s->was_stored[i] && s->stored[i] == t->values[i]))
			continue;
		rc = store_sample(s->store, s->run, number, s->metric[i], t->values[i], err);
		s->stored[i] = t->values[i];
		s->was_stored[i] = true;
	}
	return rc;
}

int sampler_drain(struct sampler *s, struct err *err)
{
	uint64_t head, tail;
	int rc;

	pthread_mutex_lock(&s->lock);
	head = s->head;
	tail = s->tail;
	pthread_mutex_unlock(&s->lock);
	if (head == tail)
		return 0;

	/* The thread leaves the ticks from tail to head alone until tail moves. */
	rc = store_begin(s->store, err);
	for (uint64_t n = tail; n < head && !rc; n++)
		rc = store_one(s, n, &s->ring[n % s->ring_ticks], err);
	if (!rc)
		rc = store_commit(s->store, err);
	if (rc)
		store_rollback(s->store);

	pthread_mutex_lock(&s->lock);
	s->tail = head;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int sampler_latest(struct sampler *s, int job, const char *collector, const char *key,
		   uint64_t *ret_value, uint64_t *ret_ns)
{
	int64_t column;

	pthread_mutex_lock(&s->lock);
	column = sampled_column(s, job, collector, key);
	if (column >= 0) {
		const struct tick *last = &s->ring[(s->head - 1) % s->ring_ticks];

		*ret_value = last->values[column];
		*ret_ns = last->time.end_ns;
	}
	pthread_mutex_unlock(&s->lock);
	return column < 0 ? -ENODATA : 0;
}

void sampler_stats(const struct sampler *s, struct sampler_stats *ret)
{
	*ret = s->stats;
}

static void add_missing_keys(const struct sampler *s, const struct source *source,
			     struct facts *facts)
{
	const struct collector *c = source->collector;
	struct buf names = BUF_INIT;
	char fact[64];

	for (size_t k = 0; k < c->nr_keys; k++) {
		if (!s->was_stored[source->first + k])
			buf_addf(&names, "%s%s", names.len ? ", " : "", c->keys[k].name);
	}
	if (names.len) {
		missing_name(fact, sizeof(fact), c->name, source->job);
		facts_set(facts, fact, "its source does not have here: %s", names.data);
	}
	buf_release(&names);
}

void sampler_missing(const struct sampler *s, struct facts *facts)
{
	for (size_t i = 0; i < s->missing.nr; i++)
		facts_set(facts, s->missing.rows[i].name, "%s", s->missing.rows[i].value);
	for (size_t i = 0; i < s->nr_sources; i++)
		add_missing_keys(s, &s->sources[i], facts);
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	if (s->running) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	for (size_t i = 0; i < s->nr_sources; i++)
		s->sources[i].collector->close(s->sources[i].state);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->marked);
	pthread_mutex_destroy(&s->lock);
	free(s->sources);
	facts_release(&s->missing);
	free(s->metric);
	free(s->stored);
	free(s->was_stored);
	free(s->ring_values);
	free(s->ring_have);
	free(s->ring);
	free(s);
}
