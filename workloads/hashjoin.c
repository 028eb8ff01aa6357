// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hash join without partitions: relation R is built into one table by linear probing (16-byte slots, half
 * of them used, all threads at once), relation S, `probe` times as long, probes it. Tuples are an 8-byte
 * key and an 8-byte payload. R's keys are 1 to n in random order, S's are drawn evenly, `hit` of them from
 * R's. Both relations are read in sequence, the table at random.
 * Operations: tuples. Verified: the number of matches and the sum of both payloads over them are known
 * from making S; a damaged tuple or slot changes the sum.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/scatter.h"
#include "workloads/compute.h"

#define CHUNK 4096

struct params {
	struct compute_params common;
	uint64_t memory_bytes, probe;
	double hit;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 65536, 1ull << 46,
		 "of both relations and the table"),
	OPT_U64("probe", struct params, probe, "4", 1, 1000, "tuples of S for each of R"),
	OPT_DOUBLE("hit", struct params, hit, "1", 0.01, 1, "share of S that has a match in R"),
	COMPUTE_OPTS(struct params), OPT_END
};

enum { TUPLES, MATCHES };

static const struct metric metrics[] = {
	[TUPLES] = { "tuples", "per_s", BETTER_HIGHER, "tuples of both relations per second" },
	[MATCHES] = { "matches", "count", BETTER_NEITHER, "tuples of S that have a match" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct tuple {
	uint64_t key, payload;
};

struct slot {
	_Atomic uint64_t key; /* 0: free */
	uint64_t payload;
};

struct hashjoin {
	struct tuple *r, *s;
	struct slot *table;
	uint64_t nr_r, nr_s, slots, keys; /* keys: S's are 1 to keys */
	struct scatter scatter;
	_Atomic uint64_t next_r, next_s, due_matches, due_sum, matches, sum;
};

static uint64_t payload_of(const struct compute_run *r, uint64_t key)
{
	return mix64(key ^ r->seed);
}

static void fill(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct hashjoin *h = r->state;
	uint64_t begin, end, matches = 0, sum = 0;

	crew_share(&r->crew, thread, h->nr_r, &begin, &end);
	for (uint64_t i = begin; i < end; i++) {
		h->r[i].key = 1 + scatter(&h->scatter, i);
		h->r[i].payload = payload_of(r, h->r[i].key);
	}
	crew_share(&r->crew, thread, h->nr_s, &begin, &end);
	for (uint64_t i = begin; i < end; i++) {
		uint64_t random = mix64(i + r->seed * GOLDEN_GAMMA);

		h->s[i].key = 1 + random % h->keys;
		h->s[i].payload = mix64(random);
		if (h->s[i].key > h->nr_r)
			continue;
		matches++;
		sum += payload_of(r, h->s[i].key) + h->s[i].payload;
	}
	atomic_fetch_add(&h->due_matches, matches);
	atomic_fetch_add(&h->due_sum, sum);
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct hashjoin *h = r->state;

	h->nr_r = p->memory_bytes / (sizeof(struct tuple) * (1 + p->probe + 2));
	if (h->nr_r < 16)
		return err_usage(err, "memory=%" PRIu64 " holds less than 16 tuples of R",
				 p->memory_bytes);
	h->nr_s = h->nr_r * p->probe;
	h->slots = 2 * h->nr_r;
	h->keys = (uint64_t)((double)h->nr_r / p->hit);
	h->r = compute_alloc(r, "relation R", h->nr_r * sizeof(*h->r), COMPUTE_INPUT, err);
	h->s = h->r ? compute_alloc(r, "relation S", h->nr_s * sizeof(*h->s), COMPUTE_INPUT, err)
		    : NULL;
	h->table = h->s ? compute_alloc(r, "hash table", h->slots * sizeof(*h->table), COMPUTE_WORK,
					err)
			: NULL;
	if (!h->table)
		return -ENOMEM;
	scatter_init(&h->scatter, h->nr_r, r->seed);
	crew_run(&r->crew, fill, r);
	return 0;
}

static inline uint64_t slot_of(const struct hashjoin *h, uint64_t key)
{
	return (uint64_t)(((unsigned __int128)(key * GOLDEN_GAMMA) * h->slots) >> 64);
}

static void insert(struct hashjoin *h, const struct tuple *t)
{
	uint64_t at = slot_of(h, t->key);

	for (uint64_t tries = 0; tries < h->slots; tries++) {
		uint64_t free = 0;

		if (!atomic_load_explicit(&h->table[at].key, memory_order_relaxed) &&
		    atomic_compare_exchange_strong_explicit(&h->table[at].key, &free, t->key,
							    memory_order_relaxed,
							    memory_order_relaxed)) {
			h->table[at].payload = t->payload;
			return;
		}
		at = at + 1 < h->slots ? at + 1 : 0;
	}
}

/* NULL: none has it. */
static inline const struct slot *find(const struct hashjoin *h, uint64_t key)
{
	uint64_t at = slot_of(h, key);

	for (uint64_t tries = 0; tries < h->slots; tries++) {
		uint64_t there = atomic_load_explicit(&h->table[at].key, memory_order_relaxed);

		if (there == key)
			return &h->table[at];
		if (!there)
			return NULL;
		at = at + 1 < h->slots ? at + 1 : 0;
	}
	return NULL;
}

static void join(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct hashjoin *h = r->state;
	uint64_t begin, end, matches = 0, sum = 0;

	while (crew_take(&h->next_r, h->nr_r, CHUNK, &begin, &end)) {
		for (uint64_t i = begin; i < end; i++)
			insert(h, &h->r[i]);
		progress_add(r->progress, thread, end - begin);
	}
	crew_meet(&r->crew);
	while (crew_take(&h->next_s, h->nr_s, CHUNK, &begin, &end)) {
		for (uint64_t i = begin; i < end; i++) {
			const struct slot *slot = find(h, h->s[i].key);

			if (!slot)
				continue;
			matches++;
			sum += slot->payload + h->s[i].payload;
		}
		progress_add(r->progress, thread, end - begin);
	}
	atomic_fetch_add(&h->matches, matches);
	atomic_fetch_add(&h->sum, sum);
}

static void measure(struct compute_run *r)
{
	crew_run(&r->crew, join, r);
}

static void verify(struct compute_run *r)
{
	const struct hashjoin *h = r->state;
	uint64_t used = 0;

	if (h->matches != h->due_matches)
		compute_wrong(r, "%" PRIu64 " matches, not %" PRIu64, h->matches, h->due_matches);
	if (h->sum != h->due_sum)
		compute_wrong(r,
			      "the payloads of the matches have another sum than S was made with");
	for (uint64_t i = 0; i < h->slots; i++) {
		uint64_t key = h->table[i].key;

		used += key != 0;
		if (h->table[i].payload != (key ? payload_of(r, key) : 0))
			compute_wrong(r, "slot %" PRIu64 " has the payload of another key", i);
	}
	if (used != h->nr_r)
		compute_wrong(r, "the table has %" PRIu64 " keys, not %" PRIu64, used, h->nr_r);
	compute_answer(r, h->sum);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct hashjoin *h = r->state;

	results_add_metric(results, &metrics[TUPLES], (double)(h->nr_r + h->nr_s) / seconds);
	results_add_metric(results, &metrics[MATCHES], (double)h->matches);
}

static const struct compute hashjoin = {
	.state_size = sizeof(struct hashjoin),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
};

const struct workload workload_hashjoin = {
	.name = "hashjoin",
	.summary = "builds a hash table of one relation and probes it with another",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(hashjoin),
};
