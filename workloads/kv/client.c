// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/client.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/scatter.h"
#include "base/zipf.h"
#include "workloads/kv/connection.h"
#include "workloads/kv/report.h"

#define FILL_DEPTH  32u
#define FILL_BYTES  (256u << 10)
#define BATCH	    64u			 /* requests between two looks at the answers */
#define SPIN_NS	    (30 * NSEC_PER_USEC) /* a shorter wait is spent looking for answers */
#define CAPACITY_NS (2 * NSEC_PER_SEC)
#define SETTLE_NS   (NSEC_PER_SEC / 2) /* of that, not counted */
#define DRAIN_NS    NSEC_PER_SEC
#define LOOK_NS	    (100 * NSEC_PER_MSEC) /* how often a thread that waits looks up */

struct client;

struct thread {
	pthread_t id;
	struct client *client;
	unsigned int number;
	struct kv_connection *connections;
	unsigned int nr_connections, turn;
	int epoll_fd, timer_fd;
	uint64_t random;
	uint64_t next_ns; /* when the next request is meant to be sent */
	char *value;	  /* room for one */
	uint64_t outstanding, operations;
	uint64_t written[BATCH]; /* meant instants of what is written but not sent */
	unsigned int nr_written;
	struct kv_record *record;
	bool recording;
	uint64_t misses, refusals, strange;
	double cpu_s, run_s;
};

struct client {
	const struct kv_config *config;
	struct worker *worker;
	struct progress *progress;
	struct thread *threads;
	struct kv_record *records;
	struct zipf *zipf;
	struct scatter scatter;
	uint64_t hot;
	_Atomic uint32_t *issued, *stored; /* versions, by key */
	double rate;			   /* requests a second of all threads, 0: closed */
	uint64_t origin_ns;
	pthread_barrier_t barrier;
	pthread_mutex_t lock; /* over what follows, and rate */
	atomic_bool failed;
	struct err err;
	char refusal[128];
};

/* The first reason counts. */
static void fail(struct client *c, const struct err *why)
{
	pthread_mutex_lock(&c->lock);
	if (!c->failed)
		c->err = *why;
	c->failed = true;
	pthread_mutex_unlock(&c->lock);
}

static void open_connections(struct thread *t)
{
	const struct kv_config *config = t->client->config;
	struct epoll_event event = { .events = EPOLLIN };
	struct err err;

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->timer_fd, &event);
	for (unsigned int i = 0; i < t->nr_connections; i++) {
		struct kv_connection *c = &t->connections[i];

		if (kv_connect(c, config->protocol, config->port, config->sizes.high, &err)) {
			fail(t->client, &err);
			return;
		}
		event = (struct epoll_event){ .events = EPOLLIN | EPOLLOUT | EPOLLET,
					      .data.ptr = c };
		epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
	}
}

/* --- requests ------------------------------------------------------------------------------- */

static uint64_t choose_key(struct thread *t)
{
	const struct client *c = t->client;
	const struct kv_config *config = c->config;
	uint64_t random = random_next(&t->random), rank;

	if (config->popularity == KV_ZIPF)
		rank = zipf_rank(c->zipf, random);
	else if (config->popularity == KV_HOTSPOT &&
		 random_unit(random_next(&t->random)) < config->hot_share)
		rank = random % c->hot;
	else
		rank = random % config->keys;
	return scatter(&c->scatter, rank);
}

/* Which of all connections it is: that one sets the keys i, i + n … */
static uint64_t index_of(const struct thread *t, const struct kv_connection *c)
{
	return (uint64_t)(c - t->connections) * t->client->config->threads + t->number;
}

/* The connection's own key next to that one. */
static uint64_t own_key(const struct thread *t, const struct kv_connection *c, uint64_t key)
{
	const struct kv_config *config = t->client->config;

	key = key - key % config->connections + index_of(t, c);
	return key < config->keys ? key : index_of(t, c);
}

static void set_key(struct thread *t, struct kv_connection *c, uint64_t key, uint64_t meant_ns)
{
	const struct kv_config *config = t->client->config;
	size_t size = kv_size(&config->sizes, config->seed, key);
	struct kv_request r = { .meant_ns = meant_ns, .key = key, .set = true };

	r.version = atomic_fetch_add(&t->client->issued[key], 1) + 1;
	kv_fill(t->value, size, key, r.version, config->compressible);
	kv_write(c, &r, t->value, size);
	t->outstanding++;
}

static void ask_something(struct thread *t, struct kv_connection *c, uint64_t meant_ns)
{
	uint64_t key = choose_key(t);
	struct kv_request r = { .meant_ns = meant_ns, .key = key };

	if (random_unit(random_next(&t->random)) >= t->client->config->get_share) {
		set_key(t, c, own_key(t, c, key), meant_ns);
	} else {
		r.version = atomic_load(&t->client->stored[key]);
		kv_write(c, &r, NULL, 0);
		t->outstanding++;
	}
	t->written[t->nr_written++] = meant_ns;
}

static void send_all(struct thread *t)
{
	struct err err;
	uint64_t now_ns;

	for (unsigned int i = 0; i < t->nr_connections; i++)
		if (kv_unsent(&t->connections[i]) && kv_send(&t->connections[i], &err))
			fail(t->client, &err);
	now_ns = clock_ns();
	for (unsigned int i = 0; i < t->nr_written && t->recording; i++) {
		struct kv_second *s = kv_record_at(t->record, t->written[i]);

		s->offered++;
		s->late += now_ns - t->written[i] > KV_LATE_NS;
		hist_add(s->delay, now_ns - t->written[i]);
	}
	t->nr_written = 0;
}

/* --- answers -------------------------------------------------------------------------------- */

/* A value must be of a version that was stored when the question was sent, or is newer. */
static bool is_strange(const struct client *c, const struct kv_request *r,
		       const struct kv_answer *a)
{
	uint32_t version;

	return !kv_check(a->text, a->size, r->key, c->config->compressible, &version) ||
	       version < r->version || version > atomic_load(&c->issued[r->key]);
}

static void note_refusal(struct thread *t, const struct kv_answer *a)
{
	struct client *c = t->client;

	t->refusals++;
	pthread_mutex_lock(&c->lock);
	if (!*c->refusal)
		snprintf(c->refusal, sizeof(c->refusal), "%.*s", (int)a->size, a->text);
	pthread_mutex_unlock(&c->lock);
}

static int take_answer(void *arg, const struct kv_request *r, const struct kv_answer *a,
		       uint64_t now_ns, struct err *err)
{
	struct thread *t = arg;

	(void)err;
	t->outstanding--;
	t->operations++;
	if (a->kind == KV_VALUE)
		t->strange += is_strange(t->client, r, a);
	else if (a->kind == KV_STORED)
		atomic_store(&t->client->stored[r->key], r->version);
	else if (a->kind == KV_REFUSED)
		note_refusal(t, a);
	else
		t->misses++;
	if (t->recording) {
		hist_add(kv_record_at(t->record, r->meant_ns)->latency, now_ns - r->meant_ns);
		kv_record_at(t->record, now_ns)->answered++;
	}
	return 0;
}

/* Until an answer comes, or the instant. */
static int wait_events(struct thread *t, uint64_t until_ns, struct epoll_event *events, int nr)
{
	uint64_t now_ns = clock_ns();
	struct itimerspec at = { .it_value = { (time_t)(until_ns / NSEC_PER_SEC),
					       (long)(until_ns % NSEC_PER_SEC) } };

	if (until_ns <= now_ns + SPIN_NS)
		return epoll_wait(t->epoll_fd, events, nr, 0);
	timerfd_settime(t->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
	/* The next second's histograms are made while there is time. */
	if (t->recording)
		kv_record_at(t->record, now_ns + NSEC_PER_SEC);
	return epoll_wait(t->epoll_fd, events, nr, -1);
}

static void look_for_answers(struct thread *t, uint64_t until_ns)
{
	struct epoll_event events[64];
	int n = wait_events(t, until_ns, events, 64);
	uint64_t expired;
	struct err err;

	for (int i = 0; i < n; i++) {
		struct kv_connection *c = events[i].data.ptr;
		int rc = 0;

		if (!c) {
			(void)!read(t->timer_fd, &expired, sizeof(expired));
			continue;
		}
		if (events[i].events & EPOLLOUT && kv_unsent(c))
			rc = kv_send(c, &err);
		if (!rc)
			rc = kv_receive(c, take_answer, t, &err);
		if (rc)
			fail(t->client, &err);
	}
	progress_set(t->client->progress, t->number, t->operations);
}

/* --- courses: when to ask ------------------------------------------------------------------- */

/* Each returns when to ask again at the latest, if no answer comes. */
typedef uint64_t (*course)(struct thread *t, uint64_t now_ns);

static uint64_t fill(struct thread *t, uint64_t now_ns)
{
	const struct kv_config *config = t->client->config;

	for (unsigned int i = 0; i < t->nr_connections; i++) {
		struct kv_connection *c = &t->connections[i];

		while (kv_waiting(c) < FILL_DEPTH && c->out.len < FILL_BYTES &&
		       c->next_fill < config->keys) {
			set_key(t, c, c->next_fill, 0);
			c->next_fill += config->connections;
		}
	}
	return now_ns + LOOK_NS;
}

static uint64_t closed(struct thread *t, uint64_t now_ns)
{
	for (unsigned int i = 0; i < t->nr_connections; i++) {
		struct kv_connection *c = &t->connections[i];

		while (kv_waiting(c) < t->client->config->pipeline && t->nr_written < BATCH)
			ask_something(t, c, now_ns);
	}
	return now_ns + (t->nr_written == BATCH ? 0 : LOOK_NS);
}

/* The time to the next request of this thread. */
static uint64_t interval(struct thread *t)
{
	double mean_ns = 1e9 * t->client->config->threads / t->client->rate;

	if (t->client->config->poisson)
		return (uint64_t)(-log(1 - random_unit(random_next(&t->random))) * mean_ns);
	return (uint64_t)mean_ns;
}

/* What is due goes to the connections in turns; a full one is passed by. */
static uint64_t open_loop(struct thread *t, uint64_t now_ns)
{
	while (t->next_ns <= now_ns && t->nr_written < BATCH) {
		unsigned int passed = 0;

		while (kv_waiting(&t->connections[t->turn]) >= KV_DEPTH) {
			t->turn = (t->turn + 1) % t->nr_connections;
			if (++passed == t->nr_connections)
				return now_ns + LOOK_NS;
		}
		ask_something(t, &t->connections[t->turn], t->next_ns);
		t->turn = (t->turn + 1) % t->nr_connections;
		t->next_ns += interval(t);
	}
	return t->next_ns < now_ns + LOOK_NS ? t->next_ns : now_ns + LOOK_NS;
}

static bool filled(const struct thread *t)
{
	for (unsigned int i = 0; i < t->nr_connections; i++)
		if (t->connections[i].next_fill < t->client->config->keys)
			return false;
	return !t->outstanding;
}

static void follow(struct thread *t, course ask, uint64_t until_ns)
{
	for (uint64_t now_ns; (now_ns = clock_ns()) < until_ns;) {
		uint64_t next_ns;

		if (t->client->failed || worker_stopping(t->client->worker))
			return;
		next_ns = ask(t, now_ns);
		send_all(t);
		if (ask == fill && filled(t))
			return;
		look_for_answers(t, next_ns);
	}
}

/* What was meant to be sent by then and was not, a millisecond at a time: too many to count singly. */
static void count_unsent(struct thread *t, uint64_t end_ns)
{
	const uint64_t step_ns = NSEC_PER_MSEC;
	uint64_t n = (uint64_t)(t->client->rate / t->client->config->threads / 1e3);

	for (uint64_t at_ns = t->next_ns; at_ns + step_ns <= end_ns && n; at_ns += step_ns) {
		struct kv_second *s = kv_record_at(t->record, at_ns);

		s->offered += n;
		s->late += n;
		s->unanswered += n;
		hist_add_many(s->latency, end_ns - at_ns, n);
		hist_add_many(s->delay, end_ns - at_ns, n);
	}
}

/* What is under way is answered, or counted with its age. */
static void drain(struct thread *t)
{
	uint64_t end_ns = clock_ns() + DRAIN_NS;

	while (t->outstanding && !t->client->failed && clock_ns() < end_ns) {
		send_all(t);
		look_for_answers(t, end_ns);
	}
	for (unsigned int i = 0; i < t->nr_connections && t->recording; i++) {
		struct kv_connection *c = &t->connections[i];

		for (; c->head != c->tail; c->head++) {
			uint64_t meant_ns = c->ring[c->head % KV_DEPTH].meant_ns;
			struct kv_second *s = kv_record_at(t->record, meant_ns);

			s->unanswered++;
			hist_add(s->latency, clock_ns() - meant_ns);
		}
	}
}

/* --- the threads' life ---------------------------------------------------------------------- */

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* In a closed loop, before memory is taken. */
static void find_capacity(struct thread *t)
{
	uint64_t before, began_ns = clock_ns();
	double rate;

	follow(t, closed, began_ns + SETTLE_NS);
	before = t->operations;
	began_ns = clock_ns();
	follow(t, closed, began_ns + CAPACITY_NS - SETTLE_NS);
	rate = (double)(t->operations - before) * 1e9 / (double)(clock_ns() - began_ns);
	pthread_mutex_lock(&t->client->lock);
	t->client->rate += rate;
	pthread_mutex_unlock(&t->client->lock);
	drain(t);
}

static void measure(struct thread *t)
{
	struct client *c = t->client;
	double cpu_before_s = cpu_s();
	uint64_t began_ns = clock_ns();

	t->misses = t->refusals = 0;
	t->record->origin_ns = t->next_ns = c->origin_ns;
	t->recording = true;
	if (c->rate > 0)
		t->next_ns += interval(t);
	follow(t, c->rate > 0 ? open_loop : closed, UINT64_MAX);
	t->cpu_s = cpu_s() - cpu_before_s;
	t->run_s = (double)(clock_ns() - began_ns) / 1e9;
	if (c->rate > 0)
		count_unsent(t, clock_ns());
	drain(t);
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	struct client *c = t->client;

	/* A timer may be late by 50 us unless it is asked not to be. */
	prctl(PR_SET_TIMERSLACK, 1);
	open_connections(t);
	follow(t, fill, UINT64_MAX);
	pthread_barrier_wait(&c->barrier); /* filled */
	if (c->config->of_capacity > 0)
		find_capacity(t);
	pthread_barrier_wait(&c->barrier); /* ready */
	pthread_barrier_wait(&c->barrier); /* go */
	measure(t);
	return NULL;
}

static void start_thread(struct client *c, unsigned int i)
{
	const struct kv_config *config = c->config;
	struct thread *t = &c->threads[i];

	t->client = c;
	t->number = i;
	t->random = mix64(config->seed + i + 1);
	t->record = &c->records[i];
	t->nr_connections = (config->connections - i + config->threads - 1) / config->threads;
	t->connections = xcalloc(t->nr_connections, sizeof(*t->connections));
	t->value = xcalloc(config->sizes.high, 1);
	for (unsigned int k = 0; k < t->nr_connections; k++) {
		t->connections[k].fd = -1;
		t->connections[k].next_fill = index_of(t, &t->connections[k]);
	}
	if (pthread_create(&t->id, NULL, thread_main, t))
		abort();
}

static void end_thread(struct thread *t)
{
	for (unsigned int i = 0; i < t->nr_connections; i++)
		kv_disconnect(&t->connections[i]);
	close(t->timer_fd);
	close(t->epoll_fd);
	free(t->connections);
	free(t->value);
	kv_record_release(t->record);
}

/* The main thread's part of the same. */
static void lead(struct client *c)
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
		fail(c, &err);
	}
	/* That it is to end the threads see by themselves. */
	if (!c->failed)
		worker_ready(c->worker);
	c->origin_ns = clock_ns();
	pthread_barrier_wait(&c->barrier); /* go */
	for (unsigned int i = 0; i < c->config->threads; i++)
		pthread_join(c->threads[i].id, NULL);
}

static int report(const struct client *c)
{
	struct kv_totals totals = { .records = c->records,
				    .threads = c->config->threads,
				    .paced = c->rate > 0 };

	if (c->failed)
		return worker_error(c->worker, "kv: %s", c->err.msg);
	for (unsigned int i = 0; i < totals.threads; i++) {
		const struct thread *t = &c->threads[i];

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
	struct client c = { .config = config,
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
		start_thread(&c, i);
	lead(&c);
	rc = report(&c);
	for (unsigned int i = 0; i < config->threads; i++)
		end_thread(&c.threads[i]);
	pthread_barrier_destroy(&c.barrier);
	free(c.threads);
	free(c.records);
	free((void *)c.issued);
	free((void *)c.stored);
	free(c.zipf);
	return rc;
}
