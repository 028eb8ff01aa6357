// SPDX-License-Identifier: GPL-2.0-or-later
/* The ranks themselves, against a dense solution: hence the .c file. */
#include "tests/unit/test.h"

#include "workloads/pagerank.c"

#define N 64

/* By the definition, on a matrix: a column's share goes to its rows. */
static void solve(const struct graph *g, const uint32_t *out_degree, double rank[N])
{
	double dense[N][N] = { { 0 } }, next[N];

	for (uint64_t v = 0; v < N; v++) {
		for (uint64_t at = g->offset[v]; at < g->offset[v + 1]; at++)
			dense[v][g->neighbour[at]] += 1.0 / out_degree[g->neighbour[at]];
		rank[v] = 1.0 / N;
	}
	for (uint64_t u = 0; u < N; u++) {
		for (uint64_t v = 0; v < N && !out_degree[u]; v++)
			dense[v][u] = 1.0 / N;
	}
	for (int i = 0; i < 300; i++) {
		for (uint64_t v = 0; v < N; v++) {
			next[v] = (1 - DAMPING) / N;
			for (uint64_t u = 0; u < N; u++)
				next[v] += DAMPING * dense[v][u] * rank[u];
		}
		memcpy(rank, next, sizeof(next));
	}
}

static void test_against_dense(void **state)
{
	struct params p = {
		.common = { .threads = 2 }, .scale = 6, .edge_factor = 3, .iterations = 300
	};
	struct progress progress = { 0 };
	struct compute_run r = { .params = &p, .seed = 5, .progress = &progress };
	double rank[N];
	unsigned int dangling = 0;

	(void)state;
	assert_int_equal(compute_load(&r, &pagerank, NULL), 0);
	measure(&r);
	compute_verify(&r, &pagerank);
	assert_string_equal(r.wrong, "");

	const struct pagerank *s = r.state;

	solve(&s->graph, s->out_degree, rank);
	for (uint64_t v = 0; v < N; v++) {
		dangling += !s->out_degree[v];
		assert_true(fabs(rank[v] - (double)s->rank[v]) < 1e-6);
	}
	assert_true(dangling > 0); /* the hard case is among them */
	compute_release(&r, &pagerank);
}

/* Graph500's shape: few vertices have most of the edges; rows ascend; both directions are there. */
static void test_graph(void **state)
{
	struct params p = { .common = { .threads = 2 } };
	struct compute_run r = { .params = &p, .seed = 1 };
	uint64_t row, end, longest = 0, empty = 0;
	struct graph g;

	(void)state;
	assert_int_equal(crew_init(&r.crew, 2, NULL), 0);
	assert_int_equal(graph_load(&g, &r, 12, 16, GRAPH_BOTH, NULL, NULL), 0);
	assert_int_equal(g.offset[0], 0);
	assert_int_equal(g.offset[g.vertices], g.arcs);
	for (uint64_t v = 0; v < g.vertices; v++) {
		graph_row(&g, v, &row, &end);
		longest = end - row > longest ? end - row : longest;
		empty += row == end;
		for (uint64_t at = row; at < end; at++) {
			uint64_t back = g.offset[g.neighbour[at]];

			assert_true(at == row || g.neighbour[at - 1] <= g.neighbour[at]);
			while (g.neighbour[back] < v)
				back++;
			assert_int_equal(g.neighbour[back], v);
		}
	}
	/* Mean 32. An even graph of this size has rows of 60 at most, and none that is empty. */
	assert_true(longest > 1000 && empty > g.vertices / 20);
	compute_release(&r, &pagerank);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_dense),
		cmocka_unit_test(test_graph),
	};

	return cmocka_run_group_tests_name("pagerank", tests, NULL, NULL);
}
