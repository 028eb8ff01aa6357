// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pointer chase: each thread's slice is an array of nodes of `node` bytes (64: a cache line, 4096: a page),
 * linked into one cycle in random order by 64-bit indices; a step is one load that depends on the one
 * before. The order is a bijection with an inverse (base/scatter.h), so that nodes are filled one after
 * the other. The rest of a node is random numbers.
 * Operations: steps. Verified: after n steps the thread is back where it began, it has been at each node
 * once (the sum of their numbers), and no node has changed.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/scatter.h"
#include "workloads/compute.h"

#define BATCH 4096

struct params {
	struct compute_params common;
	uint64_t memory_bytes, node_bytes, passes;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 65536, 1ull << 46, "of all nodes"),
	OPT_SIZE("node", struct params, node_bytes, "64", 8, 65536,
		 "bytes from node to node: 64 a cache line, 4096 a page; a multiple of 8"),
	OPT_U64("passes", struct params, passes, "1", 1, 1e6, "how often round the cycle"),
	COMPUTE_OPTS(struct params), OPT_END
};

enum { STEP, STEPS };

static const struct metric metrics[] = {
	[STEP] = { "step", "ns", BETTER_LOWER, "a step of one thread, mean" },
	[STEPS] = { "steps", "per_s", BETTER_HIGHER, "of all threads" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct chase {
	uint64_t *words, nodes, step; /* step: words a node */
	struct tour {
		uint64_t end, sum, first, n; /* of nodes */
	} * tours;
};

static int check(const void *params, char *const *argv, struct err *err)
{
	const struct params *p = params;

	(void)argv;
	if (p->node_bytes % 8)
		return err_usage(err, "node=%" PRIu64 " is no multiple of 8", p->node_bytes);
	if (p->memory_bytes / p->node_bytes / p->common.threads < 2)
		return err_usage(err, "memory=%" PRIu64 " is less than two nodes a thread",
				 p->memory_bytes);
	return 0;
}

static void fill(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct chase *c = r->state;
	struct tour *t = &c->tours[thread];
	struct scatter s;
	uint64_t end;

	crew_share(&r->crew, thread, c->nodes, &t->first, &end);
	t->n = end - t->first;
	scatter_init(&s, t->n, r->seed + t->first);
	for (uint64_t i = 0; i < t->n; i++) {
		uint64_t *node = c->words + (t->first + i) * c->step, at = gather(&s, i);

		node[0] = scatter(&s, at + 1 < t->n ? at + 1 : 0);
		for (uint64_t k = 1; k < c->step; k++)
			node[k] = mix64((t->first + i) * c->step + k + r->seed);
	}
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct chase *c = r->state;

	c->step = p->node_bytes / 8;
	c->nodes = p->memory_bytes / p->node_bytes;
	c->words = compute_alloc(r, "nodes", c->nodes * p->node_bytes, COMPUTE_INPUT, err);
	if (!c->words)
		return -ENOMEM;
	c->tours = xcalloc(r->crew.nr, sizeof(*c->tours));
	crew_run(&r->crew, fill, r);
	return 0;
}

static void walk(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct params *p = r->params;
	const struct chase *c = r->state;
	struct tour *t = &c->tours[thread];
	const uint64_t *base = c->words + t->first * c->step;
	uint64_t at = 0, sum = 0, all = t->n * p->passes;

	for (uint64_t done = 0; done < all;) {
		uint64_t n = all - done < BATCH ? all - done : BATCH;

		for (uint64_t i = 0; i < n; i++) {
			sum += at;
			at = base[at * c->step];
			if (__builtin_expect(at >= t->n, 0)) /* damaged: stay inside */
				at = 0;
		}
		done += n;
		progress_set(r->progress, thread, done);
	}
	t->end = at;
	t->sum = sum;
}

static void measure(struct compute_run *r)
{
	crew_run(&r->crew, walk, r);
}

static void verify(struct compute_run *r)
{
	const struct params *p = r->params;
	const struct chase *c = r->state;
	uint64_t all = 0;

	for (unsigned int i = 0; i < r->crew.nr; i++) {
		const struct tour *t = &c->tours[i];

		if (t->end != 0)
			compute_wrong(r, "thread %u ended at node %" PRIu64 ", not where it began",
				      i, t->end);
		if (t->sum != t->n * (t->n - 1) / 2 * p->passes)
			compute_wrong(r, "thread %u was not at each node once a pass", i);
		all += t->n;
	}
	compute_answer(r, all);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct params *p = r->params;
	double steps = (double)(((struct chase *)r->state)->nodes * p->passes);

	results_add_metric(results, &metrics[STEP], seconds * 1e9 * r->crew.nr / steps);
	results_add_metric(results, &metrics[STEPS], steps / seconds);
}

static void release(struct compute_run *r)
{
	free(((struct chase *)r->state)->tours);
}

static const struct compute chase = {
	.state_size = sizeof(struct chase),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_chase = {
	.name = "chase",
	.summary = "follows pointers round one random cycle through lines or pages",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	.check = check,
	COMPUTE_HOOKS(chase),
};
