// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In-process hash table of 8-byte keys and values of value-min to value-max bytes (a key's size is drawn once,
 * evenly on a logarithmic scale). 16-byte slots with linear probing, half of them used, give a value's place
 * and version; values lie one after the other in the order of their keys' numbers. Keys are drawn by Zipf and
 * scattered. A get reads and checks all of the value, a set makes its next version in place. Keys share 4096
 * locks, which a single thread does not take. Every 16th operation is timed.
 * Operations: gets and sets. Verified: each value names its key and version, and its words follow from both;
 * in the end all versions add up to the sets.
 */
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/scatter.h"
#include "base/zipf.h"
#include "workloads/compressible.h"
#include "workloads/compute.h"
#include "workloads/latency.h"

#define LOCKS	     4096
#define BLOCK	     2048 /* operations with a seed of their own */
#define DRAWN	     64
#define TIMED	     16
#define HEADER	     2 /* words: key, version */
#define MAX_WORDS    (1ull << 32)
#define SIZE_CLASSES 64

struct params {
	struct compute_params common;
	uint64_t memory_bytes, operations, value_min, value_max;
	double zipf, get_share, compressible;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 1 << 20, 1ull << 35,
		 "of the table and all values"),
	OPT_U64("operations", struct params, operations, "10000000", BLOCK, 1e13, "of all threads"),
	OPT_DOUBLE("zipf", struct params, zipf, "0.99", 0, 10, "exponent; 0: uniform"),
	OPT_DOUBLE("get-share", struct params, get_share, "0.95", 0, 1, "the rest are sets"),
	OPT_SIZE("value-min", struct params, value_min, "8", 8, 65536, "least size of a value"),
	OPT_SIZE("value-max", struct params, value_max, "4096", 8, 65536, "largest size"),
	OPT_COMPRESSIBLE(struct params, 0.875),
	COMPUTE_OPTS(struct params),
	OPT_END
};

enum { OPS, KEYS, LATENCY };

static const struct metric metrics[] = {
	[OPS] = { "ops", "per_s", BETTER_HIGHER, "gets and sets per second" },
	[KEYS] = { "keys", "count", BETTER_NEITHER, "in the table" },
	[LATENCY] = LATENCY_METRICS("operation", "an operation, every 16th timed"),
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct slot {
	uint64_t key; /* 0: free */
	uint32_t at;  /* of the value, in words */
	uint32_t version;
};

struct lock {
	alignas(64) atomic_bool held;
};

struct kvmap {
	struct slot *slots;
	uint64_t *words, nr_slots, nr_words, keys;
	uint32_t size_words[SIZE_CLASSES],
		random_words[SIZE_CLASSES]; /* of a value; the rest are zeros */
	struct zipf zipf;
	struct scatter scatter;
	uint64_t get_below; /* of 2^32 */
	struct lock *locks;
	struct hist **hists; /* a thread's */
	struct hist *all;
	_Atomic uint64_t next, wrong, sets;
};

static int check(const void *params, char *const *argv, struct err *err)
{
	const struct params *p = params;

	(void)argv;
	if (p->value_min > p->value_max)
		return err_usage(err, "value-min=%" PRIu64 " is above value-max=%" PRIu64,
				 p->value_min, p->value_max);
	return 0;
}

/* Never 0; number: 0 to keys - 1. */
static uint64_t key_of(const struct compute_run *r, uint64_t number)
{
	return mix64(number + 1 + r->seed) | 1ull << 63;
}

static uint64_t size_of(const struct kvmap *m, uint64_t key)
{
	return m->size_words[key % SIZE_CLASSES];
}

static inline uint64_t stamp_of(uint64_t key, uint64_t version)
{
	return mix64(key + version * GOLDEN_GAMMA);
}

static void write_value(const struct kvmap *m, uint64_t *value, uint64_t key, uint64_t version)
{
	uint64_t stamp = stamp_of(key, version), words = size_of(m, key);
	uint64_t random = m->random_words[key % SIZE_CLASSES];

	value[0] = key;
	value[1] = version;
	for (uint64_t i = 0; i < random; i++)
		value[HEADER + i] = stamp + i * GOLDEN_GAMMA;
	for (uint64_t i = random; i < words; i++)
		value[HEADER + i] = 0;
}

static bool is_value(const struct kvmap *m, const uint64_t *value, uint64_t key, uint64_t version)
{
	uint64_t stamp = stamp_of(key, version), wrong = (value[0] ^ key) | (value[1] ^ version);
	uint64_t words = size_of(m, key), random = m->random_words[key % SIZE_CLASSES];

	for (uint64_t i = 0; i < random; i++)
		wrong |= value[HEADER + i] ^ (stamp + i * GOLDEN_GAMMA);
	for (uint64_t i = random; i < words; i++)
		wrong |= value[HEADER + i];
	return !wrong;
}

/* The key's slot, or a free one for it; NULL: neither, as pages were damaged. */
static inline struct slot *find(const struct kvmap *m, uint64_t key)
{
	/* Keys are hashes of numbers already; a bit is always set. */
	uint64_t at = (uint64_t)(((unsigned __int128)(key << 1) * m->nr_slots) >> 64);

	for (uint64_t tries = 0; tries < m->nr_slots; tries++) {
		if (m->slots[at].key == key || !m->slots[at].key)
			return &m->slots[at];
		at = at + 1 < m->nr_slots ? at + 1 : 0;
	}
	return NULL;
}

static void choose_sizes(struct compute_run *r)
{
	const struct params *p = r->params;
	struct kvmap *m = r->state;
	double low = (double)p->value_min, high = (double)p->value_max, sum = 0;

	for (unsigned int i = 0; i < SIZE_CLASSES; i++) {
		double size = low * pow(high / low, i / (SIZE_CLASSES - 1.0));

		m->size_words[i] = (uint32_t)(size + 7.5) / 8;
		m->random_words[i] =
			(m->size_words[i] * compressible_rest(p->compressible) + 7) / 8;
		sum += 8 * (m->size_words[i] + HEADER);
	}
	m->keys = (uint64_t)((double)p->memory_bytes /
			     (sum / SIZE_CLASSES + 2 * sizeof(struct slot)));
}

static void fill(struct compute_run *r)
{
	struct kvmap *m = r->state;
	uint64_t at = 0;

	for (uint64_t i = 0; i < m->keys; i++) {
		uint64_t key = key_of(r, i), words = size_of(m, key);
		struct slot *slot = find(m, key);

		if (!slot)
			return;
		*slot = (struct slot){ .key = key, .at = (uint32_t)at, .version = 1 };
		write_value(m, m->words + at, key, 1);
		at += HEADER + words;
	}
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct kvmap *m = r->state;

	choose_sizes(r);
	if (m->keys < 16)
		return err_usage(err, "memory=%" PRIu64 " holds less than 16 values",
				 p->memory_bytes);
	for (uint64_t i = 0; i < m->keys; i++)
		m->nr_words += HEADER + size_of(m, key_of(r, i));
	if (m->nr_words >= MAX_WORDS)
		return err_usage(err, "values are more than 32 GiB; lower memory");
	m->nr_slots = 2 * m->keys;
	m->slots = compute_alloc(r, "slots", m->nr_slots * sizeof(*m->slots), COMPUTE_WORK, err);
	m->words = m->slots ? compute_alloc(r, "values", m->nr_words * 8, COMPUTE_WORK, err) : NULL;
	if (!m->words)
		return -ENOMEM;
	zipf_init(&m->zipf, m->keys, p->zipf);
	scatter_init(&m->scatter, m->keys, r->seed);
	m->get_below = (uint64_t)(p->get_share * 0x1p32);
	m->locks = aligned_alloc(64, LOCKS * sizeof(*m->locks));
	m->hists = xcalloc(r->crew.nr, sizeof(struct hist *));
	m->all = hist_new();
	for (unsigned int i = 0; i < r->crew.nr; i++)
		m->hists[i] = hist_new();
	if (!m->locks || !m->all)
		return err_failed(err, ENOMEM, "locks and histograms");
	memset(m->locks, 0, LOCKS * sizeof(*m->locks));
	fill(r);
	return 0;
}

/* A get (or set) of the key. Returns whether its value was right. */
static bool operate(struct kvmap *m, uint64_t key, bool set)
{
	struct slot *slot = find(m, key);
	uint64_t words = size_of(m, key), *value;

	if (!slot || slot->key != key || slot->at + HEADER + words > m->nr_words)
		return false;
	value = m->words + slot->at;
	if (!set)
		return is_value(m, value, key, slot->version);
	/* What a set overwrites it would not see: the header at least is compared. */
	if (value[0] != key || value[1] != slot->version)
		return false;
	write_value(m, value, key, ++slot->version);
	return true;
}

static void take(struct lock *lock)
{
	while (atomic_exchange_explicit(&lock->held, true, memory_order_acquire)) {
		while (atomic_load_explicit(&lock->held, memory_order_relaxed))
			sched_yield(); /* whoever holds it may wait for a page */
	}
}

static void drop(struct lock *lock)
{
	atomic_store_explicit(&lock->held, false, memory_order_release);
}

static bool operate_locked(struct compute_run *r, uint64_t key, bool set)
{
	struct kvmap *m = r->state;
	struct lock *lock = &m->locks[(key * GOLDEN_GAMMA) >> 52];
	bool right;

	if (r->crew.nr == 1)
		return operate(m, key, set);
	take(lock);
	right = operate(m, key, set);
	drop(lock);
	return right;
}

/* The next keys, and what to do with each: drawn ahead, so that drawing is not part of what is timed. */
static void draw(const struct compute_run *r, uint64_t keys[DRAWN], bool set[DRAWN], uint64_t *seed)
{
	const struct kvmap *m = r->state;

	for (unsigned int i = 0; i < DRAWN; i++) {
		keys[i] = key_of(r, scatter(&m->scatter, zipf_rank(&m->zipf, random_next(seed))));
		set[i] = (uint32_t)mix64(*seed) >= m->get_below;
	}
}

static void work(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct params *p = r->params;
	struct kvmap *m = r->state;
	struct hist *hist = m->hists[thread];
	uint64_t begin, end, wrong = 0, sets = 0, keys[DRAWN];
	bool set[DRAWN];

	while (crew_take(&m->next, p->operations / BLOCK, 1, &begin, &end)) {
		uint64_t seed = mix64(r->seed + begin);

		for (unsigned int i = 0; i < BLOCK; i++) {
			if (i % DRAWN == 0)
				draw(r, keys, set, &seed);

			unsigned int k = i % DRAWN;
			bool timed = i % TIMED == 0;
			uint64_t begin_ns = timed ? clock_ns() : 0;

			wrong += !operate_locked(r, keys[k], set[k]);
			sets += set[k];
			if (timed)
				hist_add(hist, clock_ns() - begin_ns);
		}
		progress_add(r->progress, thread, BLOCK);
	}
	atomic_fetch_add(&m->wrong, wrong);
	atomic_fetch_add(&m->sets, sets);
}

static void measure(struct compute_run *r)
{
	crew_run(&r->crew, work, r);
}

static void verify(struct compute_run *r)
{
	struct kvmap *m = r->state;
	uint64_t versions = 0, used = 0;

	if (m->wrong)
		compute_wrong(r, "%" PRIu64 " gets and sets found another value than was set",
			      m->wrong);
	for (uint64_t i = 0; i < m->keys; i++) {
		uint64_t key = key_of(r, i);
		const struct slot *slot = find(m, key);

		if (!slot || slot->key != key ||
		    slot->at + HEADER + size_of(m, key) > m->nr_words ||
		    !is_value(m, m->words + slot->at, key, slot->version)) {
			compute_wrong(r, "key %" PRIu64 " has not the value that was set last", i);
			continue;
		}
		versions += slot->version - 1;
		compute_answer(r, slot->version);
	}
	for (uint64_t i = 0; i < m->nr_slots; i++) {
		used += m->slots[i].key != 0;
		if (!m->slots[i].key && (m->slots[i].at || m->slots[i].version))
			compute_wrong(r, "free slot %" PRIu64 " is not empty", i);
	}
	if (used != m->keys)
		compute_wrong(r, "%" PRIu64 " slots are used, by %" PRIu64 " keys", used, m->keys);
	if (versions != m->sets)
		compute_wrong(r, "%" PRIu64 " sets made %" PRIu64 " versions", m->sets, versions);
	for (unsigned int i = 0; i < r->crew.nr; i++)
		hist_merge(m->all, m->hists[i]);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct params *p = r->params;
	struct kvmap *m = r->state;

	results_add_metric(results, &metrics[OPS],
			   (double)(p->operations / BLOCK * BLOCK) / seconds);
	results_add_metric(results, &metrics[KEYS], (double)m->keys);
	results_add_hist(results, "operation", m->all);
	m->all = NULL;
}

static void release(struct compute_run *r)
{
	struct kvmap *m = r->state;

	for (unsigned int i = 0; m->hists && i < r->crew.nr; i++)
		hist_free(m->hists[i]);
	free(m->hists);
	hist_free(m->all);
	free(m->locks);
}

static const struct compute kvmap = {
	.state_size = sizeof(struct kvmap),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_kvmap = {
	.name = "kvmap",
	.summary = "gets and sets in a hash table, Zipf over the keys",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	COMPUTE_HOOKS(kvmap),
};
