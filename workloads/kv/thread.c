// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"

/* Sleep ends so long before the instant; the rest is spent looking for answers. */
#define SPIN_NS (60 * NSEC_PER_USEC)

/* Keys that may wait, of all connections, and of one at least. */
#define DEPTH_OF_ALL (1u << 20)
#define LEAST_DEPTH  64u

void kv_fail(struct kv_client *c, const struct err *why)
{
	pthread_mutex_lock(&c->lock);
	if (!c->failed)
		c->err = *why;
	c->failed = true;
	pthread_mutex_unlock(&c->lock);
}

/* --- connections ---------------------------------------------------------------------------- */

/* Which of all connections it is: that one sets the keys i, i + n … */
static uint64_t index_of(const struct kv_thread *t, const struct kv_connection *c)
{
	return (uint64_t)(c - t->connections) * t->client->config->threads + t->number;
}

void kv_add_ready(struct kv_thread *t, struct kv_connection *c)
{
	if (!c->is_ready)
		t->ready.at[t->ready.nr++] = c;
	c->is_ready = true;
}

static void add_unsent(struct kv_thread *t, struct kv_connection *c)
{
	if (!c->is_unsent)
		t->unsent.at[t->unsent.nr++] = c;
	c->is_unsent = true;
}

/* With many connections each has fewer waiting, but room for all of a pipeline. */
static unsigned int depth(const struct kv_config *config)
{
	unsigned int n = KV_MOST_WAITING;

	while (n > LEAST_DEPTH && n > DEPTH_OF_ALL / config->connections &&
	       n / 2 >= config->pipeline * config->keys_a_get)
		n /= 2;
	return n;
}

void kv_thread_init(struct kv_thread *t, struct kv_client *c, unsigned int number)
{
	const struct kv_config *config = c->config;
	unsigned int nr = (config->connections - number + config->threads - 1) / config->threads;

	t->client = c;
	t->number = number;
	t->random = mix64(config->seed + number + 1);
	t->record = &c->records[number];
	t->nr_connections = nr;
	t->connections = xcalloc(nr, sizeof(*t->connections));
	t->unsent.at = xcalloc(nr, sizeof(struct kv_connection *));
	t->ready.at = xcalloc(nr, sizeof(struct kv_connection *));
	t->value = xcalloc(config->sizes.high, 1);
	t->epoll_fd = -1;
	kv_inbox_init(&t->inbox, config->sizes.high);
	for (unsigned int i = 0; i < nr; i++) {
		t->connections[i].fd = -1;
		t->connections[i].next_fill = index_of(t, &t->connections[i]);
	}
}

void kv_thread_open(struct kv_thread *t)
{
	const struct kv_config *config = t->client->config;
	struct err err;

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned int i = 0; i < t->nr_connections && !t->client->failed; i++) {
		struct kv_connection *c = &t->connections[i];
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
					     .data.ptr = c };

		if (kv_connect(c, config->protocol, config->socket, config->port, depth(config),
			       &err)) {
			err_prefix(&err, "connection %u of %u", i + 1, t->nr_connections);
			kv_fail(t->client, &err);
			return;
		}
		epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
	}
}

void kv_thread_release(struct kv_thread *t)
{
	for (unsigned int i = 0; i < t->nr_connections; i++)
		kv_disconnect(&t->connections[i]);
	if (t->epoll_fd >= 0)
		close(t->epoll_fd);
	kv_inbox_release(&t->inbox);
	free(t->connections);
	free(t->unsent.at);
	free(t->ready.at);
	free(t->value);
	kv_record_release(t->record);
}

/* --- requests ------------------------------------------------------------------------------- */

static uint64_t choose_key(struct kv_thread *t)
{
	const struct kv_client *c = t->client;
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

/* The connection's own key next to that one. */
static uint64_t own_key(const struct kv_thread *t, const struct kv_connection *c, uint64_t key)
{
	const struct kv_config *config = t->client->config;

	key = key - key % config->connections + index_of(t, c);
	return key < config->keys ? key : index_of(t, c);
}

void kv_set_key(struct kv_thread *t, struct kv_connection *c, uint64_t key, uint64_t meant_ns)
{
	const struct kv_config *config = t->client->config;
	size_t size = kv_size(&config->sizes, config->seed, key);
	struct kv_request r = { .meant_ns = meant_ns, .key = key, .set = true };

	r.version = atomic_fetch_add(&t->client->issued[key], 1) + 1;
	kv_fill(t->value, size, key, r.version, config->compressible);
	kv_write_set(c, &r, t->value, size);
	add_unsent(t, c);
	t->outstanding++;
}

static void get_keys(struct kv_thread *t, struct kv_connection *c, uint64_t first,
		     uint64_t meant_ns)
{
	unsigned int nr = t->client->config->keys_a_get;
	struct kv_request r[KV_MOST_KEYS];

	for (unsigned int i = 0; i < nr; i++) {
		uint64_t key = i ? choose_key(t) : first;

		r[i] = (struct kv_request){ .meant_ns = meant_ns, .key = key };
		r[i].version = atomic_load(&t->client->stored[key]);
	}
	kv_write_get(c, r, nr);
	add_unsent(t, c);
	t->outstanding++;
}

void kv_ask(struct kv_thread *t, struct kv_connection *c, uint64_t meant_ns)
{
	uint64_t key = choose_key(t);

	if (random_unit(random_next(&t->random)) >= t->client->config->get_share)
		kv_set_key(t, c, own_key(t, c, key), meant_ns);
	else
		get_keys(t, c, key, meant_ns);
	t->written[t->nr_written++] = meant_ns;
}

bool kv_may_ask(const struct kv_thread *t, const struct kv_connection *c)
{
	return t->nr_written < KV_BATCH && kv_has_room(c, t->client->config->keys_a_get);
}

void kv_send_all(struct kv_thread *t)
{
	struct err err;
	uint64_t now_ns;

	for (unsigned int i = 0; i < t->unsent.nr; i++) {
		struct kv_connection *c = t->unsent.at[i];

		/* What the socket does not take goes when epoll says so. */
		c->is_unsent = false;
		if (kv_send(c, &err))
			kv_fail(t->client, &err);
	}
	t->unsent.nr = 0;
	if (t->recording && t->nr_written) {
		now_ns = clock_ns();
		for (unsigned int i = 0; i < t->nr_written; i++)
			kv_record_sent(t->record, t->written[i], now_ns);
	}
	t->nr_written = 0;
}

/* --- answers -------------------------------------------------------------------------------- */

/* A value must be of a version that was stored when the question was sent, or is newer. */
static bool is_strange(const struct kv_client *c, const struct kv_request *r,
		       const struct kv_answer *a)
{
	uint32_t version;

	return !kv_check(a->text, a->size, r->key, c->config->compressible, &version) ||
	       version < r->version || version > atomic_load(&c->issued[r->key]);
}

static void note_refusal(struct kv_thread *t, const struct kv_answer *a)
{
	struct kv_client *c = t->client;

	t->refusals++;
	pthread_mutex_lock(&c->lock);
	if (!*c->refusal)
		snprintf(c->refusal, sizeof(c->refusal), "%.*s", (int)a->size, a->text);
	pthread_mutex_unlock(&c->lock);
}

static void take_key(void *arg, const struct kv_request *r, const struct kv_answer *a)
{
	struct kv_thread *t = arg;

	if (a->kind == KV_VALUE)
		t->strange += is_strange(t->client, r, a);
	else if (a->kind == KV_STORED)
		atomic_store(&t->client->stored[r->key], r->version);
	else if (a->kind == KV_REFUSED)
		note_refusal(t, a);
	else
		t->misses++;
}

static void take_done(void *arg, const struct kv_request *r, uint64_t now_ns)
{
	struct kv_thread *t = arg;

	t->outstanding--;
	t->operations++;
	if (t->recording)
		kv_record_answered(t->record, r->meant_ns, now_ns);
}

/* Older kernels than 5.11 wait for whole milliseconds only: the rest is looking. */
static int wait_for(int epoll_fd, struct epoll_event *events, int nr, uint64_t wait_ns)
{
	struct timespec at = { (time_t)(wait_ns / NSEC_PER_SEC), (long)(wait_ns % NSEC_PER_SEC) };
	int n = (int)syscall(SYS_epoll_pwait2, epoll_fd, events, nr, &at, NULL, 0);

	if (n < 0 && errno == ENOSYS)
		n = epoll_wait(epoll_fd, events, nr, (int)(wait_ns / NSEC_PER_MSEC));
	return n;
}

static int wait_events(struct kv_thread *t, uint64_t until_ns, struct epoll_event *events, int nr)
{
	uint64_t now_ns = clock_ns();

	/* The next second's histograms are made while there is time. */
	if (t->recording)
		kv_record_at(t->record, now_ns + NSEC_PER_SEC);
	if (until_ns <= now_ns + SPIN_NS)
		return epoll_wait(t->epoll_fd, events, nr, 0);
	return wait_for(t->epoll_fd, events, nr, until_ns - now_ns - SPIN_NS);
}

void kv_look_for_answers(struct kv_thread *t, uint64_t until_ns)
{
	const struct kv_taker taker = { take_key, take_done, t };
	struct epoll_event events[KV_BATCH];
	int n = wait_events(t, until_ns, events, KV_BATCH);
	struct err err;

	for (int i = 0; i < n; i++) {
		struct kv_connection *c = events[i].data.ptr;
		int rc = 0;

		if (events[i].events & EPOLLOUT && kv_unsent(c))
			rc = kv_send(c, &err);
		if (!rc && events[i].events & ~(uint32_t)EPOLLOUT)
			rc = kv_receive(c, &t->inbox, &taker, &err);
		if (rc)
			kv_fail(t->client, &err);
		kv_add_ready(t, c);
	}
	progress_set(t->client->progress, t->number, t->operations);
}
