// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/sides.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void side_values_add(struct side_values *v, double value, int64_t block)
{
	v->values = xreallocarray(v->values, v->nr + 1, sizeof(*v->values));
	v->blocks = xreallocarray(v->blocks, v->nr + 1, sizeof(*v->blocks));
	v->values[v->nr] = value;
	v->blocks[v->nr++] = block;
}

void side_values_release(struct side_values *v)
{
	free(v->values);
	free(v->blocks);
	*v = (struct side_values){ 0 };
}

int sides_load(struct store *s, struct side_runs runs_a, struct side_runs runs_b, const char *name,
	       const char *unit, struct side_values *a, struct side_values *b, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = db_prepare(
		s, &stmt, err,
		"WITH side AS (SELECT value AS run, ?5 AS job, 0 AS is_b FROM json_each(?1)"
		"  UNION ALL SELECT value, ?6, 1 FROM json_each(?2))"
		"SELECT is_b, v.value, dense_rank() OVER (ORDER BY k.block)"
		" FROM side CROSS JOIN result v USING (run) CROSS JOIN block k USING (run)"
		" WHERE v.name = ?3 AND v.unit = ifnull(?4, v.unit) AND v.value IS NOT NULL"
		" AND side.job IN (0, v.job)",
		"ttttii", runs_a.runs, runs_b.runs, name, unit, runs_a.job, runs_b.job);

	a->nr = b->nr = 0;
	if (rc)
		return rc;
	while ((rc = db_step(s, stmt, err)) > 0)
		side_values_add(sqlite3_column_int(stmt, 0) ? b : a, sqlite3_column_double(stmt, 1),
				sqlite3_column_int64(stmt, 2));
	sqlite3_finalize(stmt);
	return rc;
}

/* A side's geometric mean in a block; NAN where it has none (or a value without a logarithm). */
static double block_mean(const struct side_values *v, int64_t block)
{
	double sum = 0;
	size_t nr = 0;

	for (size_t i = 0; i < v->nr; i++) {
		if (v->blocks[i] == block) {
			sum += log(v->values[i]);
			nr++;
		}
	}
	return exp(sum / (double)nr);
}

static bool has_block(const struct side_values *v, size_t nr, int64_t block)
{
	for (size_t i = 0; i < nr; i++) {
		if (v->blocks[i] == block)
			return true;
	}
	return false;
}

/* Of a's blocks, those that b has; *ret_all: b has each. */
static size_t pair_blocks(const struct side_values *a, const struct side_values *b, double *pairs_a,
			  double *pairs_b, bool *ret_all)
{
	size_t nr = 0;

	*ret_all = true;
	for (size_t i = 0; i < a->nr; i++) {
		int64_t block = a->blocks[i];

		if (has_block(a, i, block))
			continue;
		if (!has_block(b, b->nr, block)) {
			*ret_all = false;
			continue;
		}
		pairs_a[nr] = block_mean(a, block);
		pairs_b[nr++] = block_mean(b, block);
	}
	for (size_t i = 0; i < b->nr; i++)
		*ret_all &= has_block(a, a->nr, b->blocks[i]);
	return nr;
}

int sides_ratio(const struct side_values *a, const struct side_values *b, struct stats_ratio *ret,
		size_t *ret_blocks)
{
	double *pairs_a = xreallocarray(NULL, a->nr, sizeof(*pairs_a));
	double *pairs_b = xreallocarray(NULL, a->nr, sizeof(*pairs_b));
	bool all;
	size_t nr = pair_blocks(a, b, pairs_a, pairs_b, &all);
	bool paired = nr >= STATS_MIN_RUNS || (nr && all);
	int rc = paired ? stats_ratio_paired(pairs_a, pairs_b, nr, ret)
			: stats_ratio_welch(a->values, a->nr, b->values, b->nr, ret);

	if (!rc)
		*ret_blocks = paired ? nr : 0;
	free(pairs_a);
	free(pairs_b);
	return rc;
}

int sides_slowdown(const struct side_values *base, const struct side_values *here,
		   const char *better, struct stats_ratio *ret, size_t *ret_blocks)
{
	return strcmp(better, "higher") == 0 ? sides_ratio(here, base, ret, ret_blocks)
					     : sides_ratio(base, here, ret, ret_blocks);
}
