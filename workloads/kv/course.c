// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/kv/course.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"

#define FILL_DEPTH 32u
#define FILL_BYTES (256u << 10)
#define DRAIN_NS   NSEC_PER_SEC
#define HANG_NS	   (10 * NSEC_PER_SEC) /* a server that answers nothing for so long stands still */

uint64_t kv_course_fill(struct kv_thread *t, uint64_t now_ns)
{
	const struct kv_config *config = t->client->config;

	for (unsigned int i = 0; i < t->ready.nr; i++) {
		struct kv_connection *c = t->ready.at[i];

		c->is_ready = false;
		while (c->waiting < FILL_DEPTH && c->out.len < FILL_BYTES &&
		       c->next_fill < config->keys) {
			kv_set_key(t, c, c->next_fill, 0);
			c->next_fill += config->connections;
		}
	}
	t->ready.nr = 0;
	return now_ns + KV_LOOK_NS;
}

uint64_t kv_course_closed(struct kv_thread *t, uint64_t now_ns)
{
	const struct kv_config *config = t->client->config;
	unsigned int nr = t->ready.nr, at = 0;

	for (; at < nr; at++) {
		struct kv_connection *c = t->ready.at[at];

		while (c->waiting < config->pipeline && kv_may_ask(t, c))
			kv_ask(t, c, now_ns);
		if (t->nr_written == KV_BATCH)
			break;
		c->is_ready = false;
	}
	memmove(t->ready.at, t->ready.at + at, (nr - at) * sizeof(struct kv_connection *));
	t->ready.nr = nr - at;
	return t->ready.nr ? now_ns : now_ns + KV_LOOK_NS;
}

uint64_t kv_interval(struct kv_thread *t)
{
	double mean_ns = 1e9 * t->client->config->threads / t->client->rate;

	if (t->client->config->poisson)
		return (uint64_t)(-log(1 - random_unit(random_next(&t->random))) * mean_ns);
	return (uint64_t)mean_ns;
}

uint64_t kv_course_open(struct kv_thread *t, uint64_t now_ns)
{
	while (t->next_ns <= now_ns && t->nr_written < KV_BATCH) {
		unsigned int passed = 0;

		while (!kv_may_ask(t, &t->connections[t->turn])) {
			t->turn = (t->turn + 1) % t->nr_connections;
			if (++passed == t->nr_connections)
				return now_ns + KV_LOOK_NS;
		}
		kv_ask(t, &t->connections[t->turn], t->next_ns);
		t->turn = (t->turn + 1) % t->nr_connections;
		t->next_ns += kv_interval(t);
	}
	return t->next_ns < now_ns + KV_LOOK_NS ? t->next_ns : now_ns + KV_LOOK_NS;
}

static bool is_filled(const struct kv_thread *t)
{
	for (unsigned int i = 0; i < t->nr_connections; i++)
		if (t->connections[i].next_fill < t->client->config->keys)
			return false;
	return true;
}

static void fail_hung(struct kv_thread *t)
{
	struct err err;

	err_failed(&err, ETIMEDOUT, "the server has answered nothing for %llu s",
		   HANG_NS / NSEC_PER_SEC);
	kv_fail(t->client, &err);
}

void kv_follow(struct kv_thread *t, kv_course ask, uint64_t until_ns)
{
	uint64_t operations = t->operations, answered_ns = clock_ns();

	for (unsigned int i = 0; i < t->nr_connections; i++)
		kv_add_ready(t, &t->connections[i]);
	for (uint64_t now_ns; (now_ns = clock_ns()) < until_ns;) {
		uint64_t next_ns;

		if (t->client->failed || worker_stopping(t->client->worker))
			return;
		next_ns = ask(t, now_ns);
		kv_send_all(t);
		if (ask == kv_course_fill && !t->outstanding && is_filled(t))
			return;
		kv_look_for_answers(t, next_ns);
		if (ask != kv_course_fill)
			continue;
		if (t->operations != operations)
			answered_ns = now_ns;
		operations = t->operations;
		if (now_ns - answered_ns > HANG_NS)
			fail_hung(t);
	}
}

/* A millisecond at a time: too many to count singly. */
void kv_count_unsent(struct kv_thread *t, uint64_t end_ns)
{
	const uint64_t step_ns = NSEC_PER_MSEC;
	uint64_t n = (uint64_t)(t->client->rate / t->client->config->threads / 1e3);

	for (uint64_t at_ns = t->next_ns; at_ns + step_ns <= end_ns && n; at_ns += step_ns)
		kv_record_unsent(t->record, at_ns, end_ns, n);
}

void kv_drain(struct kv_thread *t)
{
	uint64_t end_ns = clock_ns() + DRAIN_NS;

	while (t->outstanding && !t->client->failed && clock_ns() < end_ns) {
		kv_send_all(t);
		kv_look_for_answers(t, end_ns);
	}
	for (unsigned int i = 0; i < t->nr_connections && t->recording; i++) {
		const struct kv_connection *c = &t->connections[i];

		for (unsigned int at = c->head; at != c->tail; at += kv_slot(c, at)->nr)
			kv_record_unanswered(t->record, kv_slot(c, at)->meant_ns, clock_ns());
	}
}
