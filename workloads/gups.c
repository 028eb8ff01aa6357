// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Giga updates per second: HPCC RandomAccess's rule T[a] ^= a on a table of 64-bit words, with a hot set
 * as in the evaluations of tiered memory (HeMem, MEMTIS, Nomad, Colloid): `hot` of a thread's pages get
 * `hot-share` of its updates, and move to other pages every `move`. Each thread updates a slice of its
 * own, so that no update is lost. Addresses come from splitmix64 instead of HPCC's shift register: each
 * thread's stream can then be run again. A bin of 100 ms is looked at from outside; after each move they
 * show how deep updates fell and when they were back.
 * Operations: updates. Verified: the same updates once more give back the table (x ^ a ^ a is x).
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/stats.h"
#include "workloads/compressible.h"
#include "workloads/compute.h"

#define BATCH	   1024
#define PAGE_WORDS 512
#define DRAWN	   64
#define BIN_NS	   (100 * NSEC_PER_MSEC)
#define BACK	   0.9 /* of the rate before a move: it has recovered */
#define BACK_BINS  3   /* for so long */

struct params {
	struct compute_params common;
	uint64_t memory_bytes, duration_ns, move_ns, updates;
	double hot, hot_share, compressible;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 65536, 1ull << 46,
		 "size of the table"),
	OPT_DURATION("duration", struct params, duration_ns, "30s", 1e8, 864e11,
		     "how long to update"),
	OPT_U64("updates", struct params, updates, "0", 0, 1e15,
		"end after so many, of all threads; 0: after duration"),
	OPT_DOUBLE("hot", struct params, hot, "0.1", 0.0001, 1, "share of the pages that is hot"),
	OPT_DOUBLE("hot-share", struct params, hot_share, "0.9", 0, 1,
		   "share of the updates that goes there; the rest goes anywhere"),
	OPT_DURATION("move", struct params, move_ns, "10s", 0, 864e11,
		     "how long a hot set stays where it is; 0: for ever"),
	OPT_COMPRESSIBLE(struct params, 0.875),
	COMPUTE_OPTS(struct params),
	OPT_END
};

enum { GUPS, RECOVERY, DIP, MOVES, UNRECOVERED, UPDATES };

static const struct metric metrics[] = {
	[GUPS] = { "gups", "g_per_s", BETTER_HIGHER, "giga updates per second" },
	[RECOVERY] = { "recovery", "s", BETTER_LOWER,
		       "from a move until 90 % of the rate before it, mean over the moves" },
	[DIP] = { "dip", "share", BETTER_HIGHER,
		  "lowest rate after a move, of the rate before it; mean over the moves" },
	[MOVES] = { "moves", "count", BETTER_NEITHER, "of the hot set" },
	[UNRECOVERED] = { "unrecovered", "count", BETTER_LOWER,
			  "moves after which the rate was not back before the next; they count as "
			  "that long" },
	[UPDATES] = { "updates", "count", BETTER_NEITHER, "in all" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

/* A thread's updates in one place of its hot set: enough to run them again. */
struct stay {
	uint64_t place, batches;
};

struct lane {
	uint64_t *table;
	uint64_t words, hot_words, places;
	unsigned int rest; /* compressible.h */
	struct stay *stays;
	uint64_t nr_stays;
};

struct gups {
	uint64_t *table, words;
	unsigned int rest;
	uint64_t hot_below; /* of 2^32 */
	struct lane *lanes;
	uint64_t max_stays;
	_Atomic uint64_t place; /* of the hot sets, by number: written by the main thread */
	atomic_bool stop;
	uint64_t *bin_ns, *bin_updates, *move_bins, nr_bins, nr_moves;
};

static uint64_t first_value(const struct compute_run *r, uint64_t i)
{
	const struct gups *g = r->state;

	return compressible_word(mix64(i ^ r->seed), i, g->rest);
}

static uint64_t max_moves(const struct params *p)
{
	return p->move_ns ? p->duration_ns / p->move_ns + 1 : 0;
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct gups *g = r->state;
	uint64_t pages = p->memory_bytes / 4096, max_bins = p->duration_ns / BIN_NS + 16;

	if (pages / r->crew.nr < 2)
		return err_usage(err, "memory=%" PRIu64 " is less than two pages a thread",
				 p->memory_bytes);
	g->words = pages * PAGE_WORDS;
	g->table = compute_alloc(r, "table", g->words * sizeof(*g->table), COMPUTE_WORK, err);
	if (!g->table)
		return -ENOMEM;
	g->rest = compressible_rest(p->compressible);
	for (uint64_t i = 0; i < g->words; i++)
		g->table[i] = first_value(r, i);
	g->hot_below = (uint64_t)(p->hot_share * 0x1p32);
	g->max_stays = max_moves(p) + 1;
	g->lanes = xcalloc(r->crew.nr, sizeof(*g->lanes));
	for (unsigned int i = 0; i < r->crew.nr; i++) {
		struct lane *lane = &g->lanes[i];
		uint64_t begin, end;

		crew_share(&r->crew, i, pages, &begin, &end);
		lane->table = g->table + begin * PAGE_WORDS;
		lane->words = (end - begin) * PAGE_WORDS;
		lane->rest = g->rest;
		lane->hot_words = (uint64_t)ceil((double)(end - begin) * p->hot) * PAGE_WORDS;
		lane->places = lane->words / lane->hot_words;
		lane->stays = xcalloc(g->max_stays, sizeof(*lane->stays));
	}
	g->bin_ns = xcalloc(max_bins, sizeof(*g->bin_ns));
	g->bin_updates = xcalloc(max_bins, sizeof(*g->bin_updates));
	g->move_bins = xcalloc(g->max_stays, sizeof(*g->move_bins));
	return 0;
}

static inline uint64_t within(uint64_t random, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)random * n) >> 64);
}

/*
 * The hot set is disjoint from the last one's, if there is room for two. Numbers are drawn ahead, so that
 * misses of the cache overlap; a is used as drawn, and its word is asked for DRAWN updates before it is due:
 * into the second level, where more misses may be under way than the first has room for.
 */
static void update(const struct lane *lane, uint64_t place, uint64_t hot_below, uint64_t *seed)
{
	uint64_t hot = place % lane->places * lane->hot_words, drawn[DRAWN], at[DRAWN];
	unsigned int rest = lane->rest;

	for (unsigned int i = 0; i < BATCH + DRAWN; i++) {
		unsigned int k = i % DRAWN;

		if (i >= DRAWN)
			lane->table[at[k]] ^= compressible_word(drawn[k], at[k], rest);
		if (i >= BATCH)
			continue;

		uint64_t a = random_next(seed);
		bool is_hot = (a & UINT32_MAX) < hot_below;

		drawn[k] = a;
		at[k] = within(a, is_hot ? lane->hot_words : lane->words) + (is_hot ? hot : 0);
		__builtin_prefetch(&lane->table[at[k]], 0, 2);
	}
}

static uint64_t seed_of(const struct compute_run *r, unsigned int thread, uint64_t stay)
{
	return mix64(r->seed + thread) + mix64(stay + 1);
}

static void work(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct params *p = r->params;
	struct gups *g = r->state;
	struct lane *lane = &g->lanes[thread];
	struct stay *stay = lane->stays;
	uint64_t done = 0, most = p->updates ? p->updates / r->crew.nr : UINT64_MAX, seed;

	stay->place = atomic_load_explicit(&g->place, memory_order_relaxed);
	seed = seed_of(r, thread, 0);
	while (done < most && !atomic_load_explicit(&g->stop, memory_order_relaxed)) {
		uint64_t place = atomic_load_explicit(&g->place, memory_order_relaxed);

		if (place != stay->place) {
			stay++;
			stay->place = place;
			seed = seed_of(r, thread, (uint64_t)(stay - lane->stays));
		}
		update(lane, place, g->hot_below, &seed);
		stay->batches++;
		done += BATCH;
		progress_set(r->progress, thread, done);
	}
	lane->nr_stays = (uint64_t)(stay - lane->stays) + 1;
}

/* Move the hot sets and fill the bins until the end. */
static void watch(struct compute_run *r)
{
	const struct params *p = r->params;
	struct gups *g = r->state;
	uint64_t begin_ns = clock_ns(), now = begin_ns;

	while (now < begin_ns + p->duration_ns) {
		uint64_t moves = p->move_ns ? (now - begin_ns) / p->move_ns : 0;

		if (moves > g->nr_moves && g->nr_moves + 1 < g->max_stays) {
			g->move_bins[g->nr_moves++] = g->nr_bins;
			atomic_store(&g->place, g->nr_moves);
		}
		now = begin_ns + (g->nr_bins + 1) * BIN_NS;
		clock_sleep_until(now);
		now = clock_ns();
		g->bin_ns[g->nr_bins] = now;
		g->bin_updates[g->nr_bins++] = progress_sum(r->progress);
	}
}

static void measure(struct compute_run *r)
{
	const struct params *p = r->params;
	struct gups *g = r->state;

	crew_begin(&r->crew, work, r);
	if (!p->updates) {
		watch(r);
		atomic_store(&g->stop, true);
	}
	crew_wait(&r->crew);
}

static void work_again(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct gups *g = r->state;
	const struct lane *lane = &g->lanes[thread];

	for (uint64_t i = 0; i < lane->nr_stays; i++) {
		uint64_t seed = seed_of(r, thread, i);

		for (uint64_t k = 0; k < lane->stays[i].batches; k++)
			update(lane, lane->stays[i].place, g->hot_below, &seed);
	}
}

static void verify(struct compute_run *r)
{
	const struct gups *g = r->state;

	for (uint64_t i = 0; i < g->words; i += PAGE_WORDS)
		compute_answer(r, g->table[i]);
	crew_run(&r->crew, work_again, r);
	for (uint64_t i = 0; i < g->words; i++) {
		if (g->table[i] != first_value(r, i))
			compute_wrong(
				r, "word %" PRIu64 " of the table is not what the updates made it",
				i);
	}
}

static double rate(const struct gups *g, uint64_t bin)
{
	return (double)(g->bin_updates[bin] - g->bin_updates[bin - 1]) /
	       (double)(g->bin_ns[bin] - g->bin_ns[bin - 1]);
}

/* Median rate of the bins from begin to end - 1. */
static double typical(const struct gups *g, uint64_t begin, uint64_t end)
{
	double *rates = xcalloc(end - begin, sizeof(*rates)), median;

	for (uint64_t i = begin; i < end; i++)
		rates[i - begin] = rate(g, i);
	median = stats_median(rates, end - begin);
	free(rates);
	return median;
}

/* Of one move: until when BACK_BINS in a row were back, and how deep the lowest was. False: never. */
static bool recover(const struct gups *g, uint64_t move, double *ret_s, double *ret_dip)
{
	uint64_t from = g->move_bins[move], in_a_row = 0, i = from;
	uint64_t end = move + 1 < g->nr_moves ? g->move_bins[move + 1] : g->nr_bins;
	uint64_t last = move ? g->move_bins[move - 1] : 0;
	double before = typical(g, from - (from - last) / 2, from), lowest = before;

	for (; i < end && in_a_row < BACK_BINS; i++) {
		double now = rate(g, i);

		lowest = fmin(lowest, now);
		in_a_row = now >= BACK * before ? in_a_row + 1 : 0;
	}
	if (in_a_row == BACK_BINS)
		i -= BACK_BINS;
	*ret_s = i > from ? (double)(g->bin_ns[i - 1] - g->bin_ns[from - 1]) / 1e9 : 0;
	*ret_dip = before > 0 ? lowest / before : 0;
	return in_a_row == BACK_BINS;
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct gups *g = r->state;
	uint64_t updates = progress_sum(r->progress);
	double sum_s = 0, sum_dip = 0, s, dip, nr = 0, never = 0;

	for (uint64_t i = 0; i < g->nr_moves; i++) {
		if (g->move_bins[i] < 4 || g->nr_bins - g->move_bins[i] < 4)
			continue;
		never += !recover(g, i, &s, &dip);
		sum_s += s, sum_dip += dip, nr++;
	}
	results_add_metric(results, &metrics[GUPS], (double)updates / seconds / 1e9);
	if (nr > 0) {
		results_add_metric(results, &metrics[RECOVERY], sum_s / nr);
		results_add_metric(results, &metrics[DIP], sum_dip / nr);
		results_add_metric(results, &metrics[UNRECOVERED], never);
	}
	results_add_metric(results, &metrics[MOVES], (double)g->nr_moves);
	results_add_metric(results, &metrics[UPDATES], (double)updates);
}

static void release(struct compute_run *r)
{
	struct gups *g = r->state;

	for (unsigned int i = 0; g->lanes && i < r->crew.nr; i++)
		free(g->lanes[i].stays);
	free(g->lanes);
	free(g->bin_ns);
	free(g->bin_updates);
	free(g->move_bins);
}

static const struct compute gups = {
	.state_size = sizeof(struct gups),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_gups = {
	.name = "gups",
	.summary = "random updates of a table (RandomAccess) with a hot set that moves",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(gups),
};
