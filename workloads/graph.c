// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/graph.h"

#include <inttypes.h>

#include "base/random.h"
#include "base/scatter.h"

#define EDGE_CHUNK   4096
#define VERTEX_CHUNK 1024
#define SMALL	     24

/* Of 2^16, summed up: a quarter of a word of randomness chooses a quadrant. */
#define BELOW_A 37356u
#define BELOW_B (BELOW_A + 12452u)
#define BELOW_C (BELOW_B + 12452u)

struct building {
	struct graph *g;
	struct scatter scatter;
	uint64_t seed, scale;
	enum graph_rows rows;
	_Atomic uint32_t *out_degree;
	_Atomic uint64_t *at; /* offset + 1: counts, then where a row's next neighbour goes */
	_Atomic uint64_t next;
	bool place;
};

static void make_edge(const struct building *b, uint64_t edge, uint64_t *ret_u, uint64_t *ret_v)
{
	uint64_t state = mix64(b->seed + edge), random = 0, u = 0, v = 0;

	for (uint64_t level = 0; level < b->scale; level++) {
		if (level % 4 == 0)
			random = random_next(&state);

		uint32_t draw = random & 0xffff;

		u = u << 1 | (draw >= BELOW_B);
		v = v << 1 | ((draw >= BELOW_A) ^ (draw >= BELOW_B) ^ (draw >= BELOW_C));
		random >>= 16;
	}
	*ret_u = scatter(&b->scatter, u);
	*ret_v = scatter(&b->scatter, v);
}

static void add_arc(struct building *b, uint64_t row, uint64_t neighbour)
{
	uint64_t at = atomic_fetch_add_explicit(&b->at[row], 1, memory_order_relaxed);

	if (b->place && at < b->g->arcs) /* else a page was damaged */
		b->g->neighbour[at] = (uint32_t)neighbour;
}

static void add_edges(void *arg, unsigned int thread)
{
	struct building *b = arg;
	uint64_t begin, end, u, v;

	(void)thread;
	while (crew_take(&b->next, b->g->edges, EDGE_CHUNK, &begin, &end)) {
		for (uint64_t e = begin; e < end; e++) {
			make_edge(b, e, &u, &v);
			add_arc(b, v, u);
			if (b->rows == GRAPH_BOTH)
				add_arc(b, u, v);
			if (b->out_degree && b->place)
				atomic_fetch_add_explicit(&b->out_degree[u], 1,
							  memory_order_relaxed);
		}
	}
}

static void insertion_sort(uint32_t *a, uint64_t n)
{
	for (uint64_t i = 1; i < n; i++) {
		uint32_t v = a[i];
		uint64_t j = i;

		for (; j > 0 && a[j - 1] > v; j--)
			a[j] = a[j - 1];
		a[j] = v;
	}
}

/* By digits of 8 bits from the highest, in place (American flag sort): rows are random, and long. */
static void sort(uint32_t *a, uint64_t n, unsigned int shift)
{
	uint64_t begin[257] = { 0 }, at[256];

	if (n <= SMALL) {
		insertion_sort(a, n);
		return;
	}
	for (uint64_t i = 0; i < n; i++)
		begin[((a[i] >> shift) & 255) + 1]++;
	for (unsigned int d = 0; d < 256; d++) {
		begin[d + 1] += begin[d];
		at[d] = begin[d];
	}
	for (unsigned int d = 0; d < 256; d++) {
		while (at[d] < begin[d + 1]) {
			uint32_t v = a[at[d]], digit;

			while ((digit = (v >> shift) & 255) != d) {
				uint64_t to = at[digit]++;
				uint32_t other = a[to];

				a[to] = v;
				v = other;
			}
			a[at[d]++] = v;
		}
	}
	for (unsigned int d = 0; d < 256 && shift; d++)
		sort(a + begin[d], begin[d + 1] - begin[d], shift - 8);
}

static void sort_rows(void *arg, unsigned int thread)
{
	struct building *b = arg;
	struct graph *g = b->g;
	uint64_t begin, end, from, to;

	(void)thread;
	while (crew_take(&b->next, g->vertices, VERTEX_CHUNK, &begin, &end)) {
		for (uint64_t v = begin; v < end; v++) {
			graph_row(g, v, &from, &to);
			sort(g->neighbour + from, to - from, 24);
		}
	}
}

/* Counts to where rows begin: at[v] becomes the sum of the counts before v. */
static void add_up(struct building *b)
{
	uint64_t sum = 0;

	for (uint64_t v = 0; v < b->g->vertices; v++) {
		uint64_t count = b->at[v];

		b->at[v] = sum;
		sum += count;
	}
}

int graph_load(struct graph *g, struct compute_run *r, uint64_t scale, uint64_t edge_factor,
	       enum graph_rows rows, uint32_t *out_degree, struct err *err)
{
	struct building b = { .g = g, .seed = mix64(r->seed), .scale = scale, .rows = rows };

	g->vertices = 1ull << scale;
	g->edges = edge_factor << scale;
	g->arcs = rows == GRAPH_BOTH ? 2 * g->edges : g->edges;
	g->offset = compute_alloc(r, "rows of the graph", (g->vertices + 1) * sizeof(uint64_t),
				  COMPUTE_INPUT, err);
	if (!g->offset)
		return -ENOMEM;
	g->neighbour = compute_alloc(r, "neighbours of the graph", g->arcs * sizeof(uint32_t),
				     COMPUTE_INPUT, err);
	if (!g->neighbour)
		return -ENOMEM;
	scatter_init(&b.scatter, g->vertices, r->seed + 1);
	b.out_degree = (_Atomic uint32_t *)out_degree;
	b.at = (_Atomic uint64_t *)g->offset + 1;
	crew_run(&r->crew, add_edges, &b);
	add_up(&b);
	b.next = 0;
	b.place = true;
	crew_run(&r->crew, add_edges, &b); /* each at[v] ends where v + 1 begins: offset[v + 1] */
	b.next = 0;
	crew_run(&r->crew, sort_rows, &b);
	return 0;
}
