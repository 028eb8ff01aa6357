// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PageRank by pulling, as GAPBS does: on the graph of graph.h, rows of 32-bit neighbours in sequence, and
 * for each of them one 32-bit float from anywhere in an array of contributions (rank / out-degree). Damping
 * 0.85; what vertices without an edge out hold goes to all. It ends after `iterations`, or when the ranks
 * of two iterations differ by less than `tolerance` in all. Ranks are floats, their sums doubles in a fixed
 * order, so that the answer is the same for any number of threads.
 * Operations: edges followed. Verified: ranks sum to 1, and the last iteration done once more from the
 * contributions that it had gives the same ranks, bit by bit.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "workloads/graph.h"

#define DAMPING 0.85
#define BLOCK	1024 /* vertices: what a thread takes, and a partial sum */

struct params {
	struct compute_params common;
	uint64_t scale, edge_factor, iterations;
	double tolerance;
};

static const struct opt opts[] = {
	GRAPH_OPTS(struct params),
	OPT_U64("iterations", struct params, iterations, "20", 1, 10000, "at most"),
	OPT_DOUBLE("tolerance", struct params, tolerance, "1e-4", 0, 1,
		   "end when the sum of all changes is below it; 0: never"),
	COMPUTE_OPTS(struct params), OPT_END
};

enum { EDGES, ITERATION, ITERATIONS };

static const struct metric metrics[] = {
	[EDGES] = { "edges", "per_s", BETTER_HIGHER, "edges followed per second" },
	[ITERATION] = { "iteration", "s", BETTER_LOWER, "an iteration, mean" },
	[ITERATIONS] = { "iterations", "count", BETTER_NEITHER, "until it ended" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct pagerank {
	struct graph graph;
	uint32_t *out_degree;
	float *rank, *from, *to; /* contributions of the last iteration and for the next */
	struct partial {
		double change, dangling;
	} * partials;
	uint64_t blocks, done;
	float base; /* what each vertex gets of all */
	_Atomic uint64_t next;
};

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct pagerank *s = r->state;
	uint64_t n = 1ull << p->scale;
	float **const arrays[] = { &s->rank, &s->from, &s->to };

	s->out_degree = compute_alloc(r, "out-degrees", n * sizeof(uint32_t), COMPUTE_INPUT, err);
	for (size_t i = 0; i < 3 && s->out_degree; i++) {
		*arrays[i] = compute_alloc(r, i ? "contributions" : "ranks", n * sizeof(float),
					   i ? COMPUTE_SCRATCH : COMPUTE_WORK, err);
		if (!*arrays[i])
			return -ENOMEM;
	}
	if (!s->out_degree)
		return -ENOMEM;
	s->blocks = (n + BLOCK - 1) / BLOCK;
	s->partials = xcalloc(s->blocks, sizeof(*s->partials));
	return graph_load(&s->graph, r, p->scale, p->edge_factor, GRAPH_IN, s->out_degree, err);
}

static float pull(const struct pagerank *s, uint64_t v)
{
	uint64_t begin, end;
	double sum[2] = { 0, 0 };

	graph_row(&s->graph, v, &begin, &end);
	for (; begin + 2 <= end; begin += 2) {
		sum[0] += s->from[graph_neighbour(&s->graph, begin)];
		sum[1] += s->from[graph_neighbour(&s->graph, begin + 1)];
	}
	if (begin < end)
		sum[0] += s->from[graph_neighbour(&s->graph, begin)];
	return s->base + (float)(DAMPING * (sum[0] + sum[1]));
}

/* Give v its rank, and say what it will contribute. */
static void set_rank(struct pagerank *s, uint64_t v, float rank, struct partial *partial)
{
	uint32_t degree = s->out_degree[v];

	partial->change += fabsf(rank - s->rank[v]);
	partial->dangling += degree ? 0 : rank;
	s->rank[v] = rank;
	s->to[v] = degree ? rank / (float)degree : 0;
}

static void iterate(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct pagerank *s = r->state;
	uint64_t begin, end, arcs = s->graph.arcs;

	while (crew_take(&s->next, s->graph.vertices, BLOCK, &begin, &end)) {
		struct partial partial = { 0 };

		for (uint64_t v = begin; v < end; v++)
			set_rank(s, v, s->done ? pull(s, v) : 1.0f / (float)s->graph.vertices,
				 &partial);
		s->partials[begin / BLOCK] = partial;
		if (s->done)
			progress_add(r->progress, thread,
				     (s->graph.offset[end] - s->graph.offset[begin]) % (arcs + 1));
	}
}

/* One iteration (the first only sets ranks). Returns by how much ranks changed. */
static double step(struct compute_run *r)
{
	struct pagerank *s = r->state;
	double change = 0, dangling = 0;
	float *from = s->from;

	s->next = 0;
	s->from = s->to;
	s->to = from;
	crew_run(&r->crew, iterate, r);
	for (uint64_t i = 0; i < s->blocks; i++) {
		change += s->partials[i].change;
		dangling += s->partials[i].dangling;
	}
	/* Of the next iteration. */
	s->partials[0].dangling = dangling;
	return change;
}

static void set_base(struct pagerank *s)
{
	double n = (double)s->graph.vertices;

	s->base = (float)((1 - DAMPING) / n + DAMPING * s->partials[0].dangling / n);
}

static void measure(struct compute_run *r)
{
	const struct params *p = r->params;
	struct pagerank *s = r->state;
	double change = 1;

	step(r);
	while (s->done < p->iterations && change >= p->tolerance) {
		set_base(s);
		s->done++;
		change = step(r);
	}
}

static void verify(struct compute_run *r)
{
	const struct pagerank *s = r->state;
	double sum = 0;

	for (uint64_t v = 0; v < s->graph.vertices; v++) {
		float again = pull(s, v);
		uint32_t bits;

		if (memcmp(&again, &s->rank[v], sizeof(again)) != 0)
			compute_wrong(r,
				      "vertex %" PRIu64 " has rank %.9g; computed again it is %.9g",
				      v, (double)s->rank[v], (double)again);
		sum += s->rank[v];
		memcpy(&bits, &s->rank[v], sizeof(bits));
		compute_answer(r, bits);
	}
	if (!(fabs(sum - 1) < 1e-3))
		compute_wrong(r, "ranks sum to %.9g, not to 1", sum);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct pagerank *s = r->state;

	results_add_metric(results, &metrics[EDGES],
			   (double)s->graph.arcs * (double)s->done / seconds);
	results_add_metric(results, &metrics[ITERATION], seconds / (double)s->done);
	results_add_metric(results, &metrics[ITERATIONS], (double)s->done);
}

static void release(struct compute_run *r)
{
	free(((struct pagerank *)r->state)->partials);
}

static const struct compute pagerank = {
	.state_size = sizeof(struct pagerank),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_pagerank = {
	.name = "pagerank",
	.summary = "PageRank of a Kronecker graph, pulling",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(pagerank),
};
