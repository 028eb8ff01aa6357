// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/pager/report.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "base/opt.h"

#define TOLERATED_BYTES (2ull << 20)

struct counters report_sum(const struct board *b)
{
	struct counters sum = b->past;

	for (uint32_t i = 0; i < BOARD_PROCESSES; i++) {
		if (b->processes[i].state != PROCESS_FREE)
			counters_add(&sum, &b->processes[i].counters);
	}
	return sum;
}

uint64_t report_overshoot(const struct board *b)
{
	uint64_t above = b->overshoot > 0 ? (uint64_t)b->overshoot * PAGE_BYTES : 0;
	uint64_t tolerated = b->limit_pages * PAGE_BYTES / 100;

	if (tolerated < TOLERATED_BYTES)
		tolerated = TOLERATED_BYTES;
	return above > tolerated ? above : 0;
}

static int64_t bytes(int64_t pages)
{
	return pages > 0 ? pages * (int64_t)PAGE_BYTES : 0;
}

static size_t read_facts(const struct pool_ctx *pool, struct pool_fact facts[POOL_FACTS])
{
	return pool->pool->facts ? pool->pool->facts(pool, facts) : 0;
}

static void add_pool(struct json *j, const struct pool_ctx *pool)
{
	struct pool_fact facts[POOL_FACTS];
	size_t nr = read_facts(pool, facts);

	json_begin(j, "pool", '{');
	json_add_text(j, "name", pool->pool->name);
	for (size_t i = 0; i < nr; i++)
		json_add_number(j, facts[i].name, facts[i].value);
	json_end(j, '}');
}

void report_json(struct board *b, const struct pool_ctx *pool, uint64_t after_ns, FILE *out)
{
	struct counters sum = report_sum(b);
	struct buf text = BUF_INIT;
	struct json j = { .text = &text };
	uint64_t limit = board_limit(b);

	json_begin(&j, NULL, '{');
	json_add_number(&j, "seconds", (double)after_ns / 1e9);
	if (limit == NO_LIMIT)
		json_add_raw(&j, "limit_bytes", NULL);
	else
		json_add_integer(&j, "limit_bytes", bytes((int64_t)limit));
	json_add_integer(&j, "local_bytes", bytes(b->resident + b->unpaged - b->shared));
	json_add_integer(&j, "unpaged_bytes", bytes(b->unpaged));
	json_add_integer(&j, "far_bytes", bytes(b->far));
	json_add_integer(&j, "peak_bytes", bytes(b->peak));
	json_add_integer(&j, "unpaged_peak_bytes", bytes(b->unpaged_peak));
	json_add_integer(&j, "above_limit_bytes", bytes(b->overshoot));
	json_add_integer(&j, "processes", b->nr_seen);
	json_add_integer(&j, "unpaged_programs", b->nr_bare);
#define X(name, help) json_add_integer(&j, #name, (int64_t)sum.name);
	BOARD_COUNTERS(X)
#undef X
	add_pool(&j, pool);
	json_end(&j, '}');
	fprintf(out, "%s\n", text.data);
	fflush(out);
	buf_release(&text);
}

static void line(FILE *out, const char *what, uint64_t value, const char *help)
{
	if (value)
		fprintf(out, "  %-12s %12" PRIu64 "  %s\n", what, value, help);
}

static void pool_lines(const struct pool_ctx *pool, FILE *out)
{
	struct pool_fact facts[POOL_FACTS];
	size_t nr = read_facts(pool, facts);

	if (nr)
		fprintf(out, "pool %s\n", pool->pool->name);
	for (size_t i = 0; i < nr; i++)
		fprintf(out, "  %-12s %12.10g  %s\n", facts[i].name, facts[i].value, facts[i].help);
}

void report_text(struct board *b, const struct pool_ctx *pool, FILE *out)
{
	struct counters sum = report_sum(b);
	char peak[16], unpaged[16], above[16];

	format_size(peak, sizeof(peak), (uint64_t)bytes(b->peak));
	format_size(unpaged, sizeof(unpaged), (uint64_t)bytes(b->unpaged_peak));
	fprintf(out, "fmpager: %u processes, at most %s in memory, of which %s can't be paged\n",
		(unsigned int)b->nr_seen, peak, unpaged);
#define X(name, help) line(out, #name, sum.name, help);
	BOARD_COUNTERS(X)
#undef X
	pool_lines(pool, out);
	if (b->nr_bare)
		fprintf(out,
			"fmpager: UNPAGED: %u programs were not paged, and outside the limit\n",
			(unsigned int)b->nr_bare);
	if (!report_overshoot(b))
		return;
	format_size(above, sizeof(above), report_overshoot(b));
	fprintf(out, "fmpager: OVERSHOOT: memory was up to %s above the limit\n", above);
}
