// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * k-means by Lloyd's iterations: points of 16 floats in k = 32 clusters, a fixed number of iterations. Points
 * are read in sequence; their distances to all centres come from the scalar product (|c|^2 - 2 p c), eight
 * centres to a vector. Sums of a cluster are doubles. The points are made around 32 planted centres, one
 * after the other, and the first 32 points are where the search begins. Of compressible points the last
 * dimensions are zero, and the planted centres stand near the corners of a cube in the others.
 * Operations: points assigned. Verified: inertia (the sum of squared distances) never grows, and each point is
 * in the cluster that it was planted in.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "workloads/compressible.h"
#include "workloads/compute.h"

#define D      16
#define LOG2_K 5
#define K      (1 << LOG2_K)
#define LANES  8
#define NOISE  0.2f
#define BLOCK  8192

struct params {
	struct compute_params common;
	uint64_t memory_bytes, iterations;
	double compressible;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 65536, 1ull << 46,
		 "of the points and their clusters, 65 bytes a point"),
	OPT_U64("iterations", struct params, iterations, "10", 2, 10000, "of Lloyd"),
	OPT_COMPRESSIBLE(struct params, 0.625), /* six dimensions tell 32 clusters apart */
	COMPUTE_OPTS(struct params), OPT_END
};

enum { ITERATIONS, POINTS, INERTIA };

static const struct metric metrics[] = {
	[ITERATIONS] = { "iterations", "per_s", BETTER_HIGHER, "iterations per second" },
	[POINTS] = { "points", "per_s", BETTER_HIGHER, "points assigned per second" },
	[INERTIA] = { "inertia", "count", BETTER_NEITHER,
		      "sum of squared distances before the last iteration" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

struct sums {
	double sum[K][D], inertia;
	uint64_t count[K];
};

struct kmeans {
	float (*points)[D];
	uint8_t *cluster;
	uint64_t n;
	float centre[K][D];
	lanes by_dimension[D][K / LANES], norm[K / LANES]; /* centres as they are read */
	struct sums *sums;				   /* of each thread */
	double *inertia;				   /* of each iteration */
};

static float unit(uint64_t random)
{
	return (float)(random >> 40) * 0x1p-23f - 1;
}

/* Any place, or near the corner that has the cluster's number in its coordinates' signs. */
static float planted_at(uint64_t random, unsigned int cluster, unsigned int d, bool corner)
{
	float at = unit(random);

	if (corner)
		at = (cluster >> d % LOG2_K & 1 ? 1.0f : -1.0f) * (0.8f + NOISE * at);
	return at;
}

static void fill(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct params *p = r->params;
	struct kmeans *s = r->state;
	unsigned int used = D / COMPRESSIBLE_EIGHTHS * compressible_rest(p->compressible);
	uint64_t begin, end;

	crew_share(&r->crew, thread, s->n, &begin, &end);
	for (uint64_t i = begin; i < end; i++) {
		uint64_t planted = mix64(r->seed + i % K), noise = mix64(r->seed ^ mix64(i));

		for (unsigned int d = 0; d < used; d++)
			s->points[i][d] = planted_at(random_next(&planted), i % K, d, used < D) +
					  NOISE * unit(random_next(&noise));
	}
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct kmeans *s = r->state;

	s->n = p->memory_bytes / (sizeof(*s->points) + 1);
	s->points = compute_alloc(r, "points", s->n * sizeof(*s->points), COMPUTE_INPUT, err);
	s->cluster = s->points ? compute_alloc(r, "clusters", s->n, COMPUTE_WORK, err) : NULL;
	if (!s->cluster)
		return -ENOMEM;
	s->sums = xcalloc(r->crew.nr, sizeof(*s->sums));
	s->inertia = xcalloc(p->iterations, sizeof(*s->inertia));
	crew_run(&r->crew, fill, r);
	memcpy(s->centre, s->points, sizeof(s->centre));
	return 0;
}

/* Of K distances the least, and whose it is. */
static inline float least(const float *distance, unsigned int *ret_k)
{
	unsigned int k = 0;
	float min = distance[0];

	for (unsigned int i = 1; i < K; i++) {
		k = distance[i] < min ? i : k;
		min = distance[i] < min ? distance[i] : min;
	}
	*ret_k = k;
	return min;
}

/* With wide registers where the machine has them. */
__attribute__((target_clones("avx2", "default"))) static double
assign(struct kmeans *s, uint64_t begin, uint64_t end, struct sums *sums)
{
	double inertia = 0;

	for (uint64_t i = begin; i < end; i++) {
		const float *point = s->points[i];
		lanes distance[K / LANES];
		unsigned int k;
		float square = 0;

		memcpy(distance, s->norm, sizeof(distance));
		for (unsigned int d = 0; d < D; d++) {
			for (unsigned int v = 0; v < K / LANES; v++)
				distance[v] -= point[d] * s->by_dimension[d][v];
			square += point[d] * point[d];
		}
		inertia += square + 2 * least((const float *)distance, &k);
		s->cluster[i] = (uint8_t)k;
		sums->count[k]++;
		for (unsigned int d = 0; d < D; d++)
			sums->sum[k][d] += point[d];
	}
	return inertia;
}

static void iterate(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct kmeans *s = r->state;
	struct sums *sums = &s->sums[thread];
	uint64_t begin, end;

	memset(sums, 0, sizeof(*sums));
	crew_share(&r->crew, thread, s->n, &begin, &end);
	for (uint64_t i = begin; i < end; i += BLOCK) {
		uint64_t to = end - i < BLOCK ? end : i + BLOCK;

		sums->inertia += assign(s, i, to, sums);
		progress_add(r->progress, thread, to - i);
	}
}

static void spread_centres(struct kmeans *s)
{
	float *norm = (float *)s->norm;

	for (unsigned int k = 0; k < K; k++) {
		norm[k] = 0;
		for (unsigned int d = 0; d < D; d++) {
			((float *)s->by_dimension[d])[k] = s->centre[k][d];
			norm[k] += s->centre[k][d] * s->centre[k][d] / 2;
		}
	}
}

/* Centres of mass. A cluster without points keeps its centre. */
static void move_centres(struct kmeans *s, unsigned int threads)
{
	for (unsigned int k = 0; k < K; k++) {
		uint64_t count = 0;

		for (unsigned int i = 0; i < threads; i++)
			count += s->sums[i].count[k];
		for (unsigned int d = 0; d < D && count; d++) {
			double sum = 0;

			for (unsigned int i = 0; i < threads; i++)
				sum += s->sums[i].sum[k][d];
			s->centre[k][d] = (float)(sum / (double)count);
		}
	}
}

static void measure(struct compute_run *r)
{
	const struct params *p = r->params;
	struct kmeans *s = r->state;

	for (uint64_t i = 0; i < p->iterations; i++) {
		spread_centres(s);
		crew_run(&r->crew, iterate, r);
		for (unsigned int t = 0; t < r->crew.nr; t++)
			s->inertia[i] += s->sums[t].inertia;
		move_centres(s, r->crew.nr);
	}
}

static void verify(struct compute_run *r)
{
	const struct params *p = r->params;
	const struct kmeans *s = r->state;

	for (uint64_t i = 1; i < p->iterations; i++) {
		if (!(s->inertia[i] <= s->inertia[i - 1] * (1 + 1e-6)))
			compute_wrong(r, "inertia grew from %.9g to %.9g in iteration %" PRIu64,
				      s->inertia[i - 1], s->inertia[i], i + 1);
	}
	for (uint64_t i = 0; i < s->n; i++) {
		if (s->cluster[i] != i % K)
			compute_wrong(r,
				      "point %" PRIu64 " of cluster %" PRIu64 " is in cluster %u",
				      i, i % K, s->cluster[i]);
	}
	compute_answer(r, (uint64_t)(s->inertia[p->iterations - 1] / (double)s->n * 1e4));
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct params *p = r->params;
	const struct kmeans *s = r->state;

	results_add_metric(results, &metrics[ITERATIONS], (double)p->iterations / seconds);
	results_add_metric(results, &metrics[POINTS],
			   (double)p->iterations * (double)s->n / seconds);
	results_add_metric(results, &metrics[INERTIA], s->inertia[p->iterations - 1]);
}

static void release(struct compute_run *r)
{
	struct kmeans *s = r->state;

	free(s->sums);
	free(s->inertia);
}

static const struct compute kmeans = {
	.state_size = sizeof(struct kmeans),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_kmeans = {
	.name = "kmeans",
	.summary = "Lloyd's k-means, 16 dimensions, 32 clusters",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(kmeans),
};
