// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lookups of macroscopic cross sections, the pattern of XSBench with a unionised energy grid (Tramm and
 * others: XSBench, 2014). Each nuclide has a grid of energies with five cross sections (doubles). The union
 * of all energies is one sorted array; beside each of its points stands, for each nuclide, the index of its
 * last point below (32 bits). A lookup draws an energy and one of twelve materials (XSBench's shares and
 * numbers of nuclides for its small reactor), finds the energy by binary search, and for each nuclide of the
 * material interpolates five values and adds them up by their concentrations.
 * Operations: lookups. Verified: as in XSBench, which of the five sums is largest goes into a checksum; the
 * first hundredth of the lookups comes to the same with a search in each nuclide's own grid.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "workloads/compute.h"

#define XS	  5
#define MATERIALS 12
#define MAX_NUCS  34
#define BLOCK	  1024 /* lookups with a seed of their own */

struct params {
	struct compute_params common;
	uint64_t memory_bytes, lookups, nuclides;
};

static const struct opt opts[] = {
	OPT_SIZE("memory", struct params, memory_bytes, "256M", 1 << 20, 1ull << 46,
		 "of all grids; it decides the points of each nuclide"),
	OPT_U64("lookups", struct params, lookups, "5000000", BLOCK, 1e12, "of all threads"),
	OPT_U64("nuclides", struct params, nuclides, "68", MAX_NUCS, 1024,
		"68 as XSBench's small reactor, 355 as its large one"),
	COMPUTE_OPTS(struct params), OPT_END
};

enum { LOOKUPS, POINTS };

static const struct metric metrics[] = {
	[LOOKUPS] = { "lookups", "per_s", BETTER_HIGHER, "macroscopic lookups per second" },
	[POINTS] = { "points", "count", BETTER_NEITHER, "of the unionised grid" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct point {
	double energy, xs[XS];
};

struct material {
	uint32_t below; /* of 2^32: draws of this and the materials before it */
	unsigned int nr;
	uint32_t nuclide[MAX_NUCS];
	double concentration[MAX_NUCS];
};

struct xslookup {
	struct point *grid; /* nuclides x points */
	double *energy;	    /* the union's */
	uint32_t *index;    /* union x nuclides */
	uint64_t nuclides, points, all;
	struct material materials[MATERIALS];
	_Atomic uint64_t next;
	uint64_t blocks, sampled; /* the first `sampled` blocks are looked up again */
	_Atomic uint64_t sum, sampled_sum;
};

static const struct {
	double share;
	unsigned int nuclides;
} reactor[MATERIALS] = {
	{ 0.140, 34 }, { 0.052, 5 },  { 0.275, 4 },  { 0.134, 4 },  { 0.154, 27 }, { 0.064, 21 },
	{ 0.066, 21 }, { 0.055, 21 }, { 0.008, 21 }, { 0.015, 21 }, { 0.025, 9 },  { 0.013, 9 },
};

static void make_materials(struct compute_run *r)
{
	struct xslookup *x = r->state;
	uint64_t seed = mix64(r->seed + 3);
	double below = 0;

	for (unsigned int m = 0; m < MATERIALS; m++) {
		struct material *mat = &x->materials[m];

		below += reactor[m].share;
		mat->below = m + 1 < MATERIALS ? (uint32_t)(below / 1.001 * 0x1p32) : UINT32_MAX;
		mat->nr = reactor[m].nuclides;
		for (unsigned int i = 0; i < mat->nr; i++) {
			mat->nuclide[i] = (uint32_t)(random_next(&seed) % x->nuclides);
			mat->concentration[i] = random_unit(random_next(&seed));
		}
	}
}

/* Energies ascend: each is drawn from a part of its own. */
static void fill_grids(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct xslookup *x = r->state;
	uint64_t begin, end;

	crew_share(&r->crew, thread, x->nuclides * x->points, &begin, &end);
	for (uint64_t i = begin; i < end; i++) {
		uint64_t seed = r->seed ^ mix64(i);

		x->grid[i].energy = ((double)(i % x->points) + random_unit(random_next(&seed))) /
				    (double)x->points;
		for (unsigned int k = 0; k < XS; k++)
			x->grid[i].xs[k] = random_unit(random_next(&seed));
	}
}

/* Where nuclide n stands in the merge: its next energy. */
static double next_energy(const struct xslookup *x, const uint32_t *at, uint32_t n)
{
	return at[n] < x->points ? x->grid[n * x->points + at[n]].energy : 2;
}

static void sift_down(const struct xslookup *x, const uint32_t *at, uint32_t *heap, uint64_t root)
{
	for (uint64_t child; (child = 2 * root + 1) < x->nuclides; root = child) {
		uint32_t n = heap[root];

		if (child + 1 < x->nuclides &&
		    next_energy(x, at, heap[child + 1]) < next_energy(x, at, heap[child]))
			child++;
		if (next_energy(x, at, n) <= next_energy(x, at, heap[child]))
			return;
		heap[root] = heap[child];
		heap[child] = n;
	}
}

/* The last point of a nuclide that has another after it, if `at` are not above the energy. */
static uint32_t index_of(const struct xslookup *x, uint64_t at)
{
	uint64_t last = at ? at - 1 : 0;

	return (uint32_t)(last < x->points - 2 ? last : x->points - 2);
}

/* Merge all grids into the union, and note at each of its points where each nuclide stands. */
static void unionise(struct xslookup *x)
{
	uint32_t *at = xcalloc(x->nuclides, sizeof(*at));
	uint32_t *heap = xcalloc(x->nuclides, sizeof(*heap));

	for (uint32_t n = 0; n < x->nuclides; n++)
		heap[n] = n;
	for (uint64_t i = x->nuclides / 2; i-- > 0;)
		sift_down(x, at, heap, i);
	for (uint64_t u = 0; u < x->all; u++) {
		x->energy[u] = next_energy(x, at, heap[0]);
		at[heap[0]] += at[heap[0]] < x->points;
		for (uint64_t n = 0; n < x->nuclides; n++)
			x->index[u * x->nuclides + n] = index_of(x, at[n]);
		sift_down(x, at, heap, 0);
	}
	free(at);
	free(heap);
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct xslookup *x = r->state;

	x->nuclides = p->nuclides;
	x->points = p->memory_bytes / p->nuclides /
		    (sizeof(struct point) + sizeof(double) + sizeof(uint32_t) * p->nuclides);
	if (x->points < 3)
		return err_usage(err, "memory=%" PRIu64 " is less than 3 points for each nuclide",
				 p->memory_bytes);
	x->all = x->nuclides * x->points;
	x->blocks = p->lookups / BLOCK;
	x->sampled = x->blocks / 100 + 1;
	x->grid = compute_alloc(r, "grids", x->all * sizeof(*x->grid), COMPUTE_INPUT, err);
	x->energy = x->grid ? compute_alloc(r, "unionised grid", x->all * sizeof(double),
					    COMPUTE_INPUT, err)
			    : NULL;
	x->index = x->energy ? compute_alloc(r, "indices", x->all * x->nuclides * sizeof(uint32_t),
					     COMPUTE_INPUT, err)
			     : NULL;
	if (!x->index)
		return -ENOMEM;
	make_materials(r);
	crew_run(&r->crew, fill_grids, r);
	unionise(x);
	return 0;
}

/* The last point of the union that is not above the energy; 0 where all are. */
static uint64_t search(const struct xslookup *x, double energy)
{
	const double *base = x->energy;
	uint64_t n = x->all;

	while (n > 1) {
		uint64_t half = n / 2;

		base += base[half] <= energy ? half : 0;
		n -= half;
	}
	return (uint64_t)(base - x->energy);
}

static uint32_t search_own(const struct xslookup *x, uint32_t nuclide, double energy)
{
	const struct point *grid = x->grid + nuclide * x->points;
	uint64_t low = 0, high = x->points; /* the first that is above lies between */

	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (grid[middle].energy <= energy)
			low = middle + 1;
		else
			high = middle;
	}
	return index_of(x, low);
}

static void add_nuclide(const struct xslookup *x, uint32_t nuclide, uint32_t index, double energy,
			double concentration, double sum[XS])
{
	const struct point *low =
		x->grid + nuclide * x->points + (index < x->points - 1 ? index : 0);
	const struct point *high = low + 1;
	double f = (high->energy - energy) / (high->energy - low->energy);

	for (unsigned int k = 0; k < XS; k++)
		sum[k] += concentration * (high->xs[k] - f * (high->xs[k] - low->xs[k]));
}

/* Returns which of the five sums is largest, from 1. */
static unsigned int look_up(const struct xslookup *x, uint64_t *seed, bool own_grids)
{
	double energy = random_unit(random_next(seed)), sum[XS] = { 0 };
	uint32_t draw = (uint32_t)random_next(seed);
	const struct material *m = x->materials;
	const uint32_t *row;
	unsigned int largest = 0;

	while (draw >= m->below && m < x->materials + MATERIALS - 1)
		m++;
	row = x->index + (own_grids ? 0 : search(x, energy)) * x->nuclides;
	for (unsigned int i = 0; i < m->nr; i++) {
		uint32_t n = m->nuclide[i];

		add_nuclide(x, n, own_grids ? search_own(x, n, energy) : row[n], energy,
			    m->concentration[i], sum);
	}
	for (unsigned int k = 1; k < XS; k++)
		largest = sum[k] > sum[largest] ? k : largest;
	return largest + 1;
}

static uint64_t block(const struct compute_run *r, uint64_t number, bool own_grids)
{
	uint64_t seed = mix64(r->seed + number), sum = 0;

	for (unsigned int i = 0; i < BLOCK; i++)
		sum += look_up(r->state, &seed, own_grids) * (number + i + 1);
	return sum;
}

static void work(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct xslookup *x = r->state;
	uint64_t begin, end;

	while (crew_take(&x->next, x->blocks, 1, &begin, &end)) {
		uint64_t sum = block(r, begin, false);

		atomic_fetch_add(&x->sum, sum);
		if (begin < x->sampled)
			atomic_fetch_add(&x->sampled_sum, sum);
		progress_add(r->progress, thread, BLOCK);
	}
}

static void measure(struct compute_run *r)
{
	crew_run(&r->crew, work, r);
}

static void verify(struct compute_run *r)
{
	const struct xslookup *x = r->state;
	uint64_t again = 0;

	for (uint64_t i = 0; i < x->sampled && i < x->blocks; i++)
		again += block(r, i, true);
	if (again != x->sampled_sum)
		compute_wrong(r,
			      "%" PRIu64 " blocks of lookups come to another checksum by each "
			      "nuclide's own grid",
			      x->sampled);
	compute_answer(r, x->sum);
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct xslookup *x = r->state;

	results_add_metric(results, &metrics[LOOKUPS], (double)(x->blocks * BLOCK) / seconds);
	results_add_metric(results, &metrics[POINTS], (double)x->all);
}

static const struct compute xslookup = {
	.state_size = sizeof(struct xslookup),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
};

const struct workload workload_xslookup = {
	.name = "xslookup",
	.summary = "cross-section lookups in a unionised energy grid (XSBench)",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(xslookup),
};
