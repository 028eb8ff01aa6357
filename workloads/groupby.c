// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Filter and group over columns shaped like a table of taxi trips: hour (8 bits, busy evenings), zone (16
 * bits, Zipf over 265), passengers (8 bits), distance (32 bits, hundredths of a mile, exponential), total
 * (32 bits, cents, from the distance). The query: of trips with a passenger and at least a mile, by hour and
 * zone, how many, the sum (hence the mean) and the maximum of total. Columns are read in sequence; the groups
 * of each thread (24 x 265) stay in its cache. All arithmetic is exact.
 * Operations: rows. Verified: every group against what was kept while the columns were made.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/zipf.h"
#include "workloads/compute.h"

#define HOURS	  24
#define ZONES	  265
#define GROUPS	  (HOURS * 512) /* a zone has 9 bits: no multiplication */
#define MILE	  100
#define BLOCK	  65536
#define ROW_BYTES 12

struct params {
	struct compute_params common;
	uint64_t memory_bytes, passes;
};

static const struct opt opts[] = { OPT_SIZE("memory", struct params, memory_bytes, "256M", 65536,
					    1ull << 46, "of the columns, 12 bytes a row"),
				   OPT_U64("passes", struct params, passes, "10", 1, 1000000,
					   "how often the query runs"),
				   COMPUTE_OPTS(struct params), OPT_END };

enum { ROWS, SELECTED };

static const struct metric metrics[] = {
	[ROWS] = { "rows", "per_s", BETTER_HIGHER, "rows read per second" },
	[SELECTED] = { "selected", "share", BETTER_NEITHER, "rows that the filter lets pass" },
	COMPUTE_METRICS,
	{ .name = NULL },
};

struct group {
	uint64_t count, sum;
	uint32_t max, pad;
};

struct groupby {
	uint8_t *hour, *passengers;
	uint16_t *zone;
	uint32_t *distance, *total;
	uint64_t rows;
	struct zipf *zipf;
	struct group *due, *found; /* GROUPS a thread */
};

/* Hours of a day in 32nds: few at night, most in the evening. */
static const uint8_t hours[32] = { 0,  1,  2,  5,  6,  7,  8,  8,  9,  9,  10, 11, 12, 12, 13, 14,
				   14, 15, 15, 16, 17, 17, 18, 18, 18, 19, 19, 20, 20, 21, 22, 23 };

/* One row into its group. Out of range only with a damaged page: then into none. */
static inline void add_row(const struct groupby *g, uint64_t i, struct group *groups)
{
	uint32_t at = (uint32_t)g->hour[i] << 9 | g->zone[i];

	if (!g->passengers[i] || g->distance[i] < MILE || at >= GROUPS)
		return;
	groups[at].count++;
	groups[at].sum += g->total[i];
	groups[at].max = g->total[i] > groups[at].max ? g->total[i] : groups[at].max;
}

static void fill(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	struct groupby *g = r->state;
	uint64_t begin, end;

	crew_share(&r->crew, thread, g->rows, &begin, &end);
	for (uint64_t i = begin; i < end; i++) {
		uint64_t random = mix64(i ^ mix64(r->seed)), more = mix64(random);
		double part = ((double)(more >> 11) + 1) * 0x1p-53;

		g->hour[i] = hours[random & 31];
		g->passengers[i] = (uint8_t)((random >> 5 & 63) ? 1 + (random >> 11 & 3) : 0);
		g->zone[i] = (uint16_t)zipf_rank(g->zipf, random);
		g->distance[i] = (uint32_t)(-260 * log(part));
		g->total[i] = 370 + g->distance[i] * 3 + (uint32_t)(more & 1023);
		add_row(g, i, g->due + (size_t)thread * GROUPS);
	}
}

static int load(struct compute_run *r, struct err *err)
{
	const struct params *p = r->params;
	struct groupby *g = r->state;
	const struct {
		const char *name;
		void *column;
		uint64_t bytes;
	} columns[] = {
		{ "hours", &g->hour, 1 },   { "passengers", &g->passengers, 1 },
		{ "zones", &g->zone, 2 },   { "distances", &g->distance, 4 },
		{ "totals", &g->total, 4 },
	};

	g->rows = p->memory_bytes / ROW_BYTES;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		void *column = compute_alloc(r, columns[i].name, g->rows * columns[i].bytes,
					     COMPUTE_INPUT, err);

		if (!column)
			return -ENOMEM;
		memcpy(columns[i].column, &column, sizeof(column));
	}
	g->zipf = xcalloc(1, sizeof(*g->zipf));
	zipf_init(g->zipf, ZONES, 1);
	g->due = xcalloc((size_t)r->crew.nr * GROUPS, sizeof(*g->due));
	g->found = xcalloc((size_t)r->crew.nr * GROUPS, sizeof(*g->found));
	crew_run(&r->crew, fill, r);
	return 0;
}

static void query(void *arg, unsigned int thread)
{
	struct compute_run *r = arg;
	const struct params *p = r->params;
	const struct groupby *g = r->state;
	struct group *groups = g->found + (size_t)thread * GROUPS;
	uint64_t begin, end;

	crew_share(&r->crew, thread, g->rows, &begin, &end);
	for (uint64_t pass = 0; pass < p->passes; pass++) {
		for (uint64_t i = begin; i < end;) {
			uint64_t n = end - i < BLOCK ? end - i : BLOCK;

			for (uint64_t k = 0; k < n; k++)
				add_row(g, i++, groups);
			progress_add(r->progress, thread, n);
		}
	}
}

static void measure(struct compute_run *r)
{
	crew_run(&r->crew, query, r);
}

/* All threads' of one group. */
static struct group merged(const struct compute_run *r, const struct group *all, uint64_t at)
{
	struct group sum = { 0 };

	for (unsigned int i = 0; i < r->crew.nr; i++) {
		const struct group *one = all + (size_t)i * GROUPS + at;

		sum.count += one->count;
		sum.sum += one->sum;
		sum.max = one->max > sum.max ? one->max : sum.max;
	}
	return sum;
}

static void verify(struct compute_run *r)
{
	const struct params *p = r->params;
	const struct groupby *g = r->state;

	for (uint64_t at = 0; at < GROUPS; at++) {
		struct group due = merged(r, g->due, at), found = merged(r, g->found, at);

		if (found.count != due.count * p->passes || found.sum != due.sum * p->passes ||
		    found.max != due.max)
			compute_wrong(r,
				      "hour %" PRIu64 ", zone %" PRIu64 ": %" PRIu64
				      " trips of %" PRIu64 " cents, not %" PRIu64 " of %" PRIu64,
				      at >> 9, at & 511, found.count, found.sum,
				      due.count * p->passes, due.sum * p->passes);
		compute_answer(r, found.sum + found.max);
	}
}

static void report(const struct compute_run *r, double seconds, struct results *results)
{
	const struct params *p = r->params;
	const struct groupby *g = r->state;
	double rows = (double)g->rows * (double)p->passes, selected = 0;

	for (uint64_t at = 0; at < GROUPS; at++)
		selected += (double)merged(r, g->found, at).count;
	results_add_metric(results, &metrics[ROWS], rows / seconds);
	results_add_metric(results, &metrics[SELECTED], selected / rows);
}

static void release(struct compute_run *r)
{
	struct groupby *g = r->state;

	free(g->zipf);
	free(g->due);
	free(g->found);
}

static const struct compute groupby = {
	.state_size = sizeof(struct groupby),
	.load = load,
	.measure = measure,
	.verify = verify,
	.report = report,
	.release = release,
};

const struct workload workload_groupby = {
	.name = "groupby",
	.summary = "filters and groups columns like those of a table of taxi trips",
	.shape = WORKLOAD_BATCH,
	.metrics = metrics,
	.opts = opts,
	.params_size = sizeof(struct params),
	COMPUTE_HOOKS(groupby),
};
