// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/client.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "workloads/kv/course.h"
#include "workloads/kv/report.h"
#include "workloads/kv/thread.h"

#define CAPACITY_NS (2 * NSEC_PER_SEC)
#define SETTLE_NS   (NSEC_PER_SEC / 2) /* of that, not counted */

/* --- the threads' life ---------------------------------------------------------------------- */

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* In a closed loop, before memory is taken. */
static void find_capacity(struct kv_thread *t)
{
	uint64_t before, began_ns = clock_ns();
	double rate;

	kv_follow(t, kv_course_closed, began_ns + SETTLE_NS);
	before = t->operations;
	began_ns = clock_ns();
	kv_follow(t, kv_course_closed, began_ns + CAPACITY_NS - SETTLE_NS);
	rate = (double)(t->operations - before) * 1e9 / (double)(clock_ns() - began_ns);
	pthread_mutex_lock(&t->client->lock);
	t->client->rate += rate;
	pthread_mutex_unlock(&t->client->lock);
	kv_drain(t);
}

static void measure(struct kv_thread *t)
{
	struct kv_client *c = t->client;
	double cpu_before_s = cpu_s();
	uint64_t began_ns = clock_ns();

	t->misses = t->refusals = 0;
	t->record->origin_ns = t->next_ns = c->origin_ns;
	t->recording = true;
	if (c->rate > 0)
		t->next_ns += kv_interval(t);
	kv_follow(t, c->rate > 0 ? kv_course_open : kv_course_closed, UINT64_MAX);
	t->cpu_s = cpu_s() - cpu_before_s;
	t->run_s = (double)(clock_ns() - began_ns) / 1e9;
	if (c->rate > 0)
		kv_count_unsent(t, clock_ns());
	kv_drain(t);
}

static void *thread_main(void *arg)
{
	struct kv_thread *t = arg;
	struct kv_client *c = t->client;

	/* A timer may be late by 50 us unless it is asked not to be. */
	prctl(PR_SET_TIMERSLACK, 1);
	kv_thread_open(t);
	kv_follow(t, kv_course_fill, UINT64_MAX);
	pthread_barrier_wait(&c->barrier); /* filled */
	if (c->config->of_capacity > 0)
		find_capacity(t);
	pthread_barrier_wait(&c->barrier); /* ready */
	pthread_barrier_wait(&c->barrier); /* go */
	/* Else requests of filling may still be under way, which were meant for no instant. */
	if (!c->failed && !worker_stopping(c->worker))
		measure(t);
	return NULL;
}

static void start(struct kv_client *c, unsigned int i)
{
	kv_thread_init(&c->threads[i], c, i);
	if (pthread_create(&c->threads[i].id, NULL, thread_main, &c->threads[i]))
		abort();
}

/* The main thread's part of the same. */
static void lead(struct kv_client *c)
{
	struct err err;

	pthread_barrier_wait(&c->barrier); /* filled */
	pthread_barrier_wait(&c->barrier); /* ready */
	if (c->config->of_capacity > 0) {
		worker_result(c->worker, KV_CAPACITY, c->rate);
		c->rate *= c->config->of_capacity;
	}
	if (*c->refusal) {
		err_failed(&err, 0, "the server refused keys: '%s'", c->refusal);
		kv_fail(c, &err);
	}
	/* That it is to end the threads see by themselves. */
	if (!c->failed)
		worker_ready(c->worker);
	c->origin_ns = clock_ns();
	pthread_barrier_wait(&c->barrier); /* go */
	for (unsigned int i = 0; i < c->config->threads; i++)
		pthread_join(c->threads[i].id, NULL);
}

static int report(const struct kv_client *c)
{
	struct kv_totals totals = { .records = c->records,
				    .threads = c->config->threads,
				    .paced = c->rate > 0 };

	if (c->failed)
		return worker_error(c->worker, "kv: %s", c->err.msg);
	for (unsigned int i = 0; i < totals.threads; i++) {
		const struct kv_thread *t = &c->threads[i];

		totals.misses += t->misses;
		totals.refusals += t->refusals;
		totals.strange += t->strange;
		totals.client_cpu += t->cpu_s / t->run_s / totals.threads;
	}
	kv_report(c->worker, &totals);
	return EXIT_SUCCESS;
}

int kv_client_run(const struct kv_config *config, struct worker *worker)
{
	struct kv_client c = { .config = config,
			       .worker = worker,
			       .rate = config->rate,
			       .lock = PTHREAD_MUTEX_INITIALIZER,
			       .progress = worker_progress(worker, config->threads) };
	int rc;

	c.threads = xcalloc(config->threads, sizeof(*c.threads));
	c.records = xcalloc(config->threads, sizeof(*c.records));
	c.issued = xcalloc(config->keys, sizeof(*c.issued));
	c.stored = xcalloc(config->keys, sizeof(*c.stored));
	c.hot = (uint64_t)((double)config->keys * config->hot_keys) + 1;
	scatter_init(&c.scatter, config->keys, config->seed);
	c.zipf = xcalloc(1, sizeof(*c.zipf));
	zipf_init(c.zipf, config->keys, config->exponent);
	pthread_barrier_init(&c.barrier, NULL, config->threads + 1);
	for (unsigned int i = 0; i < config->threads; i++)
		start(&c, i);
	lead(&c);
	rc = report(&c);
	for (unsigned int i = 0; i < config->threads; i++)
		kv_thread_release(&c.threads[i]);
	pthread_barrier_destroy(&c.barrier);
	free(c.threads);
	free(c.records);
	free((void *)c.issued);
	free((void *)c.stored);
	free(c.zipf);
	return rc;
}
