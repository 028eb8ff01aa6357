// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Breadth-first search as Graph500 runs it: the graph of graph.h without directions, from `sources` random
 * vertices that have an edge, one search after the other. Each turns from following the frontier's edges
 * to looking for a parent among those of every vertex not yet reached, and back, as Beamer, Asanovic and
 * Patterson do (Direction-optimizing breadth-first search, SC '12). Parents are 32-bit, the frontier is a
 * list and a bitmap.
 * Operations: edges looked at. Verified: Graph500's five checks of the last tree, and the first search
 * once more reaches as many vertices over as many levels as it did.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "workloads/graph.h"

#define NONE  UINT32_MAX
#define ALPHA 15
#define BETA  18
#define CHUNK 64 /* vertices of a list that a thread takes */
#define WORDS 16 /* words of a bitmap */
#define OWN   256

struct params {
	struct compute_params common;
	uint64_t scale, edge_factor, sources;
};

static const struct opt opts[] = { GRAPH_OPTS(struct params),
				   OPT_U64("sources", struct params, sources, "64", 1, 1 << 20,
					   "searches, one after the other"),
				   COMPUTE_OPTS(struct params), OPT_END };

enum { TEPS, EDGES, SEARCH, REACHED };

static const struct metric metrics[] = {
	[TEPS] = { "teps", "per_s", BETTER_HIGHER,
		   "traversed edges per second: the component's, harmonic mean over the searches" },
	[EDGES] = { "edges", "per_s", BETTER_HIGHER, "the same, of all searches together" },
	[SEARCH] = { "search", "s", BETTER_LOWER, "one search, mean" },
	[REACHED] = { "reached", "share", BETTER_NEITHER, "of all vertices, mean" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct found {
	uint64_t source, reached, arcs, levels, ns;
};

struct bfs {
	struct graph graph;
	_Atomic uint32_t *parent;
	uint32_t *list, *next_list; /* the frontier, and the next one */
	_Atomic uint64_t *bits, *next_bits;
	uint64_t nr_words, nr; /* in list, or of bits */
	_Atomic uint64_t next, nr_next, next_arcs;
	bool bottom_up;
	struct found *found;
};

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct bfs *b = r->state;
	uint64_t n = 1ull << p->scale;
	const struct {
		const char *name;
		void *array;
		uint64_t bytes;
	} work[] = {
		{ "parents", &b->parent, n * sizeof(uint32_t) },
		{ "frontier", &b->list, n * sizeof(uint32_t) },
		{ "next frontier", &b->next_list, n * sizeof(uint32_t) },
		{ "frontier's bitmap", &b->bits, (n + 63) / 64 * 8 },
		{ "next frontier's bitmap", &b->next_bits, (n + 63) / 64 * 8 },
	};

	for (size_t i = 0; i < sizeof(work) / sizeof(work[0]); i++) {
		void *array = compute_alloc(r, work[i].name, work[i].bytes,
					    i ? COMPUTE_SCRATCH : COMPUTE_WORK, err);

		if (!array)
			return -ENOMEM;
		memcpy(work[i].array, &array, sizeof(array));
	}
	b->nr_words = (n + 63) / 64;
	b->found = xcalloc(p->sources, sizeof(*b->found));
	return graph_load(&b->graph, r, p->scale, p->edge_factor, GRAPH_BOTH, NULL, err);
}

static uint64_t degree(const struct bfs *b, uint64_t v)
{
	uint64_t begin, end;

	graph_row(&b->graph, v, &begin, &end);
	return end - begin;
}

/* A thread's own end of the next list. */
struct own {
	uint32_t list[OWN];
	uint64_t nr, arcs, seen;
};

static void flush(struct bfs *b, struct own *own)
{
	uint64_t at = atomic_fetch_add(&b->nr_next, own->nr);

	if (at + own->nr <= b->graph.vertices)
		memcpy(b->next_list + at, own->list, own->nr * sizeof(own->list[0]));
	own->nr = 0;
}

static void follow(struct bfs *b, uint32_t u, struct own *own)
{
	uint64_t begin, end;

	graph_row(&b->graph, u, &begin, &end);
	own->seen += end - begin;
	for (; begin < end; begin++) {
		uint32_t v = graph_neighbour(&b->graph, begin), none = NONE;

		if (atomic_load_explicit(&b->parent[v], memory_order_relaxed) != NONE ||
		    !atomic_compare_exchange_strong_explicit(
			    &b->parent[v], &none, u, memory_order_relaxed, memory_order_relaxed))
			continue;
		own->arcs += degree(b, v);
		own->list[own->nr++] = v;
		if (own->nr == OWN)
			flush(b, own);
	}
}

static void top_down(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct bfs *b = r->state;
	struct own own = { .nr = 0 };
	uint64_t begin, end;

	while (crew_take(&b->next, b->nr, CHUNK, &begin, &end)) {
		for (uint64_t i = begin; i < end; i++)
			follow(b, b->list[i] & (uint32_t)(b->graph.vertices - 1), &own);
	}
	flush(b, &own);
	atomic_fetch_add(&b->next_arcs, own.arcs);
	progress_add(r->progress, thread, own.seen);
}

static bool find_parent(struct bfs *b, uint64_t v, struct own *own)
{
	uint64_t begin, end;

	graph_row(&b->graph, v, &begin, &end);
	own->arcs = end - begin;
	for (; begin < end; begin++) {
		uint32_t u = graph_neighbour(&b->graph, begin);

		own->seen++;
		if (atomic_load_explicit(&b->bits[u / 64], memory_order_relaxed) >> (u % 64) & 1) {
			atomic_store_explicit(&b->parent[v], u, memory_order_relaxed);
			return true;
		}
	}
	return false;
}

static void bottom_up(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct bfs *b = r->state;
	struct own own = { .nr = 0 };
	uint64_t begin, end, arcs = 0, nr = 0;

	while (crew_take(&b->next, b->nr_words, WORDS, &begin, &end)) {
		for (uint64_t word = begin; word < end; word++) {
			uint64_t bits = 0;

			for (uint64_t v = word * 64; v < (word + 1) * 64 && v < b->graph.vertices;
			     v++) {
				if (atomic_load_explicit(&b->parent[v], memory_order_relaxed) !=
					    NONE ||
				    !find_parent(b, v, &own))
					continue;
				bits |= 1ull << (v % 64);
				arcs += own.arcs;
				nr++;
			}
			atomic_store_explicit(&b->next_bits[word], bits, memory_order_relaxed);
		}
	}
	atomic_fetch_add(&b->next_arcs, arcs);
	atomic_fetch_add(&b->nr_next, nr);
	progress_add(r->progress, thread, own.seen);
}

static void list_to_bits(struct bfs *b)
{
	uint64_t *bits = (uint64_t *)b->bits; /* no thread runs */

	memset(bits, 0, b->nr_words * sizeof(*bits));
	for (uint64_t i = 0; i < b->nr; i++) {
		uint32_t v = b->list[i] & (uint32_t)(b->graph.vertices - 1);

		bits[v / 64] |= 1ull << (v % 64);
	}
}

static void bits_to_list(struct bfs *b)
{
	uint64_t nr = 0;

	for (uint64_t word = 0; word < b->nr_words; word++) {
		for (uint64_t bits = b->bits[word]; bits; bits &= bits - 1)
			b->list[nr++] = (uint32_t)(word * 64 + (uint64_t)__builtin_ctzll(bits));
	}
	b->nr = nr;
}

/* One level. Returns how many vertices it reached; *arcs: of their rows. */
static uint64_t level(struct compute_run *r, uint64_t *arcs)
{
	struct bfs *b = r->state;

	b->next = b->nr_next = b->next_arcs = 0;
	crew_run(&r->crew, b->bottom_up ? bottom_up : top_down, r);
	b->nr = b->nr_next <= b->graph.vertices ? b->nr_next : b->graph.vertices;
	*arcs = b->next_arcs;
	if (b->bottom_up) {
		_Atomic uint64_t *bits = b->bits;

		b->bits = b->next_bits, b->next_bits = bits;
	} else {
		uint32_t *list = b->list;

		b->list = b->next_list, b->next_list = list;
	}
	return b->nr;
}

static void turn(struct bfs *b, uint64_t arcs, uint64_t arcs_left, uint64_t before)
{
	bool bottom = b->bottom_up;

	if (!bottom && arcs > arcs_left / ALPHA) {
		list_to_bits(b);
		b->bottom_up = true;
	} else if (bottom && b->nr < before && b->nr < b->graph.vertices / BETA) {
		bits_to_list(b);
		b->bottom_up = false;
	}
}

static void search(struct compute_run *r, struct found *f)
{
	struct bfs *b = r->state;
	uint64_t arcs = degree(b, f->source), left = b->graph.arcs, before = 1;

	memset((void *)b->parent, 0xff, b->graph.vertices * sizeof(uint32_t));
	b->parent[f->source] = (uint32_t)f->source;
	b->list[0] = (uint32_t)f->source;
	b->nr = 1;
	b->bottom_up = false;
	f->reached = 1;
	f->arcs = arcs;
	/* More levels than vertices there are only with a damaged page. */
	for (f->levels = 0; b->nr && f->levels <= b->graph.vertices; f->levels++) {
		left -= arcs < left ? arcs : left;
		turn(b, arcs, left, before);
		before = b->nr;
		f->reached += level(r, &arcs);
		f->arcs += arcs;
	}
}

static void measure(struct compute_run *r)
{
	const struct params *p = r->params;
	struct bfs *b = r->state;
	uint64_t seed = mix64(r->seed + 2), tries = 0;

	for (uint64_t i = 0; i < p->sources; i++) {
		struct found *f = &b->found[i];

		do
			f->source = random_next(&seed) % b->graph.vertices;
		while (!degree(b, f->source) && tries++ < b->graph.vertices);
		f->ns = clock_ns();
		search(r, f);
		f->ns = clock_ns() - f->ns;
	}
}

/* Levels by parents: check 1, no cycle, as each way ends at the source within n steps. */
static bool find_levels(struct compute_run *r, uint32_t *levels, uint64_t source)
{
	const struct bfs *b = r->state;
	uint64_t n = b->graph.vertices;

	memset(levels, 0xff, n * sizeof(*levels));
	levels[source] = 0;
	for (uint64_t v = 0; v < n; v++) {
		uint64_t u = v, steps = 0, depth;

		while (levels[u] == NONE && b->parent[u] != NONE && steps++ < n)
			u = b->parent[u] % n;
		if (levels[u] == NONE) {
			if (u == v)
				continue; /* not reached */
			compute_wrong(r, "vertex %" PRIu64 " does not hang on the source", v);
			return false;
		}
		depth = levels[u] + steps;
		for (u = v; levels[u] == NONE; u = b->parent[u] % n)
			levels[u] = (uint32_t)depth--;
	}
	return true;
}

/* Checks 2 to 5 of v and its row. */
static void check_vertex(struct compute_run *r, const uint32_t *levels, uint64_t source, uint64_t v)
{
	const struct bfs *b = r->state;
	bool joined = v == source;
	uint64_t begin, end;

	graph_row(&b->graph, v, &begin, &end);
	for (; begin < end; begin++) {
		uint32_t u = graph_neighbour(&b->graph, begin);

		joined |= u == b->parent[v];
		if ((levels[u] == NONE) != (levels[v] == NONE))
			compute_wrong(r, "an edge joins %" PRIu64 ", reached, and %u, not reached",
				      v, u);
		else if (levels[u] > levels[v] + 1 && levels[v] != NONE)
			compute_wrong(r, "an edge from %" PRIu64 " to %u leaps over levels", v, u);
	}
	if (levels[v] == NONE || v == source)
		return;
	if (levels[v] != levels[b->parent[v] % b->graph.vertices] + 1)
		compute_wrong(r, "vertex %" PRIu64 " is not one level below its parent", v);
	if (!joined)
		compute_wrong(r, "no edge joins vertex %" PRIu64 " and its parent", v);
}

static void verify(struct compute_run *r)
{
	const struct params *p = r->params;
	struct bfs *b = r->state;
	uint32_t *levels = xcalloc(b->graph.vertices, sizeof(*levels));
	struct found again = b->found[0], *last = &b->found[p->sources - 1];
	uint64_t reached = 0;

	if (find_levels(r, levels, last->source)) {
		for (uint64_t v = 0; v < b->graph.vertices; v++) {
			check_vertex(r, levels, last->source, v);
			reached += levels[v] != NONE;
		}
		if (reached != last->reached)
			compute_wrong(
				r, "the tree has %" PRIu64 " vertices, the search reached %" PRIu64,
				reached, last->reached);
	}
	free(levels);
	search(r, &again);
	if (again.reached != b->found[0].reached || again.levels != b->found[0].levels)
		compute_wrong(r, "the first search, once more, reached others");
	for (uint64_t i = 0; i < p->sources; i++)
		compute_answer(r, b->found[i].reached << 16 ^ b->found[i].levels);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct params *p = r->params;
	const struct bfs *b = r->state;
	double reached = 0, inverse = 0, edges = 0, n = (double)p->sources;

	for (uint64_t i = 0; i < p->sources; i++) {
		const struct found *f = &b->found[i];

		reached += (double)f->reached / (double)b->graph.vertices;
		edges += (double)f->arcs / 2;
		inverse += (double)f->ns / 1e9 / ((double)f->arcs / 2);
	}
	results_add_metric(results, &metrics[TEPS], n / inverse);
	results_add_metric(results, &metrics[EDGES], edges / seconds);
	results_add_metric(results, &metrics[SEARCH], seconds / n);
	results_add_metric(results, &metrics[REACHED], reached / n);
}

static void release(struct compute_run *r)
{
	free(((struct bfs *)r->state)->found);
}

static const struct compute bfs = {
	.state_size = sizeof(struct bfs),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_bfs = {
	.name = "bfs",
	.summary = "breadth-first searches of a Kronecker graph (Graph500)",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(bfs),
};
