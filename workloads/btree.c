// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * B+tree: 8-byte keys and 8-byte values, bulk loaded, read only. A node has 32 keys, in a leaf 32 values
 * beside them; the children of a node are neighbours, so that a child is found by its number and a damaged
 * page sends nobody out of the tree. A lookup draws a rank by Zipf, scatters it over all keys, and
 * descends by a search without branches. `range-share` of the lookups go on to read `range` pairs.
 * Operations: lookups. Verified: each lookup finds its key, and the value belongs to the key.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/scatter.h"
#include "base/zipf.h"
#include "workloads/compute.h"

#define FANOUT	   32
#define MAX_LEVELS 10
#define BATCH	   64	/* keys drawn before they are looked up */
#define BLOCK	   4096 /* lookups with a seed of their own */

struct params {
	struct compute_params common;
	uint64_t memory_bytes, lookups, range;
	double zipf, range_share;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 65536, 1ull << 44, "of the tree"),
	OPT_U64("lookups", struct params, lookups, "20000000", BLOCK, 1e13, "of all threads"),
	OPT_DOUBLE("zipf", struct params, zipf, "0.99", 0, 10, "exponent; 0: uniform"),
	OPT_DOUBLE("range-share", struct params, range_share, "0", 0, 1,
		   "share of the lookups that read a range"),
	OPT_U64("range", struct params, range, "100", 1, 1e6, "pairs of a range"),
	COMPUTE_OPTS(struct params),
	OPT_END
};

enum { LOOKUPS, PAIRS };

static const struct metric metrics[] = {
	[LOOKUPS] = { "lookups", "per_s", BETTER_HIGHER, "lookups and ranges per second" },
	[PAIRS] = { "pairs", "count", BETTER_NEITHER, "keys in the tree" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct leaf {
	uint64_t key[FANOUT], value[FANOUT];
};

struct btree {
	struct leaf *leaves;
	uint64_t (*inner[MAX_LEVELS])[FANOUT]; /* the root's level first; least key of each child */
	unsigned int levels;
	uint64_t nr_leaves, pairs, gap;
	struct zipf zipf;
	struct scatter scatter;
	uint64_t range_below; /* of 2^32 */
	_Atomic uint64_t next, sum, wrong;
};

/* Ascending in i, and below UINT64_MAX. */
static uint64_t key_of(const struct compute_run *r, const struct btree *b, uint64_t i)
{
	return i * b->gap + mix64(i ^ r->seed) % b->gap;
}

static uint64_t value_of(const struct compute_run *r, uint64_t key)
{
	return mix64(key + r->seed);
}

static void fill_leaves(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct btree *b = r->state;
	uint64_t begin, end;

	crew_share(&r->crew, thread, b->nr_leaves, &begin, &end);
	for (uint64_t l = begin; l < end; l++) {
		for (uint64_t k = 0; k < FANOUT; k++) {
			uint64_t i = l * FANOUT + k;

			b->leaves[l].key[k] = i < b->pairs ? key_of(r, b, i) : UINT64_MAX;
			b->leaves[l].value[k] = value_of(r, b->leaves[l].key[k]);
		}
	}
}

/* Levels from the leaves up: level by level the least key of each child. */
static int build(struct compute_run *r, struct err *err)
{
	struct btree *b = r->state;
	uint64_t children = b->nr_leaves, sizes[MAX_LEVELS];

	b->levels = 0;
	for (uint64_t n = children; n > 1; n = (n + FANOUT - 1) / FANOUT)
		sizes[b->levels++] = n; /* children of that level, the lowest first */
	for (unsigned int up = 0; up < b->levels; up++) {
		unsigned int level = b->levels - 1 - up;
		uint64_t nodes = (sizes[up] + FANOUT - 1) / FANOUT;

		b->inner[level] = compute_alloc(r, "inner nodes", nodes * sizeof(*b->inner[level]),
						COMPUTE_INPUT, err);
		if (!b->inner[level])
			return -ENOMEM;
		for (uint64_t i = 0; i < nodes * FANOUT; i++) {
			uint64_t least = UINT64_MAX;

			if (i < sizes[up])
				least = up ? b->inner[level + 1][i][0] : b->leaves[i].key[0];
			b->inner[level][i / FANOUT][i % FANOUT] = least;
		}
	}
	return 0;
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct btree *b = r->state;

	/* An inner node of 8 x 32 bytes for each 32 leaves of 16 x 32, and so on up. */
	b->nr_leaves = (uint64_t)((double)p->memory_bytes / (sizeof(struct leaf) + 8.3));
	b->pairs = b->nr_leaves * FANOUT;
	b->gap = UINT64_MAX / (b->pairs + 1);
	b->leaves =
		compute_alloc(r, "leaves", b->nr_leaves * sizeof(*b->leaves), COMPUTE_INPUT, err);
	if (!b->leaves)
		return -ENOMEM;
	zipf_init(&b->zipf, b->pairs, p->zipf);
	scatter_init(&b->scatter, b->pairs, r->seed);
	b->range_below = (uint64_t)(p->range_share * 0x1p32);
	crew_run(&r->crew, fill_leaves, r);
	return build(r, err);
}

/* The last of the keys that is not above `key`; 0 where all are. */
static inline uint64_t search(const uint64_t keys[FANOUT], uint64_t key)
{
	const uint64_t *at = keys;

	for (uint64_t half = FANOUT / 2; half; half /= 2)
		at += at[half] <= key ? half : 0;
	return (uint64_t)(at - keys);
}

/* The leaf that has the key, if any. */
static inline uint64_t descend(const struct btree *b, uint64_t key)
{
	uint64_t node = 0;

	for (unsigned int level = 0; level < b->levels; level++)
		node = node * FANOUT + search(b->inner[level][node], key);
	return node < b->nr_leaves ? node : 0;
}

static uint64_t read_range(const struct compute_run *r, uint64_t leaf, uint64_t at, uint64_t n,
			   uint64_t *wrong)
{
	const struct btree *b = r->state;
	uint64_t sum = 0;

	for (; n && leaf < b->nr_leaves; leaf++, at = 0) {
		for (; n && at < FANOUT; at++, n--) {
			uint64_t value = b->leaves[leaf].value[at];

			*wrong += value != value_of(r, b->leaves[leaf].key[at]);
			sum += value;
		}
	}
	return sum;
}

static uint64_t look_up(const struct compute_run *r, uint64_t key, uint64_t range, uint64_t *wrong)
{
	const struct btree *b = r->state;
	uint64_t leaf = descend(b, key), at = search(b->leaves[leaf].key, key);
	uint64_t value = b->leaves[leaf].value[at];

	if (__builtin_expect(b->leaves[leaf].key[at] != key || value != value_of(r, key), 0))
		++*wrong;
	return range ? read_range(r, leaf, at, range, wrong) : value;
}

static void work(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct params *p = r->params;
	struct btree *b = r->state;
	uint64_t begin, end, sum = 0, wrong = 0, keys[BATCH], ranges[BATCH];

	while (crew_take(&b->next, p->lookups / BLOCK, 1, &begin, &end)) {
		uint64_t seed = mix64(r->seed + begin);

		for (unsigned int done = 0; done < BLOCK; done += BATCH) {
			for (unsigned int i = 0; i < BATCH; i++) {
				uint64_t rank = zipf_rank(&b->zipf, random_next(&seed));

				keys[i] = key_of(r, b, scatter(&b->scatter, rank));
				ranges[i] = (uint32_t)mix64(seed) < b->range_below ? p->range : 0;
			}
			for (unsigned int i = 0; i < BATCH; i++)
				sum += look_up(r, keys[i], ranges[i], &wrong);
		}
		progress_add(r->progress, thread, BLOCK);
	}
	atomic_fetch_add(&b->sum, sum);
	atomic_fetch_add(&b->wrong, wrong);
}

static void measure(struct compute_run *r)
{
	crew_run(&r->crew, work, r);
}

static void verify(struct compute_run *r)
{
	const struct btree *b = r->state;

	if (b->wrong)
		compute_wrong(r, "%" PRIu64 " lookups found another key or a value of another key",
			      b->wrong);
	compute_answer(r, b->sum);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct params *p = r->params;

	results_add_metric(results, &metrics[LOOKUPS],
			   (double)(p->lookups / BLOCK * BLOCK) / seconds);
	results_add_metric(results, &metrics[PAIRS], (double)((struct btree *)r->state)->pairs);
}

static const struct compute btree = {
	.state_size = sizeof(struct btree),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
};

const struct workload workload_btree = {
	.name = "btree",
	.summary = "lookups and ranges in a B+tree, Zipf over the keys",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(btree),
};
