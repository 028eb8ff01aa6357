/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The field's synthetic graph: a Kronecker (R-MAT) graph as Graph500 makes it, 2^scale vertices and
 * factor x 2^scale edges, quadrants A .57, B .19, C .19, D .05, numbers of vertices scattered, loops and
 * repeated edges kept. Each edge is a function of its number and the seed: made twice, to count and to
 * place, the list of edges takes no memory.
 *
 * Stored as compressed rows: the neighbours of v are neighbour[offset[v]] to neighbour[offset[v + 1] - 1],
 * in ascending order, whatever the threads.
 */
#ifndef WORKLOADS_GRAPH_H
#define WORKLOADS_GRAPH_H

#include "workloads/compute.h"

struct graph {
	uint64_t vertices, arcs, edges; /* arcs: entries of the rows */
	uint64_t *offset;		/* vertices + 1 */
	uint32_t *neighbour;
};

enum graph_rows {
	GRAPH_IN,   /* v's row: from where edges come to v */
	GRAPH_BOTH, /* edges have no direction: each is in two rows */
};

#define GRAPH_OPTS(S)                                                                              \
	OPT_U64("scale", S, scale, "20", 4, 31, "2^scale vertices"),                               \
		OPT_U64("edge-factor", S, edge_factor, "16", 1, 1024, "edges a vertex")

/* out_degree: as many as vertices, of edges that leave a vertex; NULL: not wanted. */
int graph_load(struct graph *g, struct compute_run *r, uint64_t scale, uint64_t edge_factor,
	       enum graph_rows rows, uint32_t *out_degree, struct err *err);

/* v's row, inside of the graph even where a page of offsets is damaged. */
static inline void graph_row(const struct graph *g, uint64_t v, uint64_t *ret_begin,
			     uint64_t *ret_end)
{
	uint64_t begin = g->offset[v], end = g->offset[v + 1];

	*ret_end = end < g->arcs ? end : g->arcs;
	*ret_begin = begin < *ret_end ? begin : *ret_end;
}

/* The neighbour at a place of a row, a vertex even where its page is damaged. */
static inline uint32_t graph_neighbour(const struct graph *g, uint64_t at)
{
	return g->neighbour[at] & (uint32_t)(g->vertices - 1);
}

#endif
