// SPDX-License-Identifier: GPL-2.0-or-later
/* What two sides differ in, and whether that was asked for. */
#include "results/compare_side.h"

#include <string.h>

#include "results/db.h"

/*
 * Keys (GLOB) that differ because another does: only that one has to be named. A parameter follows
 * from its workload or backend, too.
 */
#define FOLLOWS                                                                                    \
	"follows (parent, key) AS (VALUES ('kernel', 'kernel_build'), ('kernel', 'memory_bytes')," \
	" ('kernel', 'cmdline'), ('machine', 'cmdline'), ('machine', 'arch'), ('machine', 'cpu')," \
	" ('machine', 'cpus'), ('machine', 'memory_bytes'), ('machine', 'numa_nodes'),"            \
	" ('machine', 'placement.*'))"

/* What a run happens to find or makes to measure: other areas that are on, devices and sizes. */
#define CIRCUMSTANCE "source = 'fact' AND (key GLOB 'swap_*' OR key GLOB '*_bytes')"

/* A limit that comes from a peak that was measured anew is the same limit. */
#define SAME_LIMIT                                                                                 \
	"CASE WHEN p.key = 'limit' THEN ifnull((SELECT min(o.value) FROM property o JOIN side"     \
	"  USING (run) WHERE o.key = 'limit' AND o.value * 1.02 >= p.value), p.value)"             \
	" ELSE p.value END"

/* Other parameters, another machine have another peak. Another backend has not. */
#define LIMIT_FOLLOWS                                                                              \
	"p.key = 'limit' AND (o.key IN ('ratio', 'workload') OR o.source IN ('workload', "         \
	"'machine'))"

/*
 * A fact that only one side has says nothing: it comes with its backend or with the kernel. Any
 * other key that a side lacks is a difference.
 */
#define DIFFERENCES                                                                                \
	"WITH " COMPARE_PROPERTY ", " FOLLOWS ","                                                  \
	" side AS (SELECT value AS run, 'A' AS side FROM json_each(?1)"                            \
	"  UNION ALL SELECT value, 'B' FROM json_each(?2)),"                                       \
	" seen AS (SELECT DISTINCT source, key, " SAME_LIMIT " AS value, side"                     \
	"  FROM property p JOIN side USING (run)"                                                  \
	"  WHERE source <> 'label' AND NOT (" CIRCUMSTANCE ") ORDER BY value),"                    \
	" kinds AS (SELECT source, key, sum(side = 'A') AS nr_a, sum(side = 'B') AS nr_b,"         \
	"  group_concat(CASE side WHEN 'A' THEN substr(value, 1, 40) END, ', ') AS a,"             \
	"  group_concat(CASE side WHEN 'B' THEN substr(value, 1, 40) END, ', ') AS b,"             \
	"  count(DISTINCT value) AS nr FROM seen GROUP BY source, key),"                           \
	" differing AS (SELECT *, nr_a > 1 OR nr_b > 1 AS mixed FROM kinds"                        \
	"  WHERE nr > 1 AND (source <> 'fact' OR nr_a AND nr_b)"                                   \
	"   OR nr_a <> nr_b AND source <> 'fact')"                                                 \
	"SELECT key, nr_a, nr_b, ifnull(a, 'none'), ifnull(b, 'none') FROM differing p"            \
	" WHERE NOT (NOT mixed"                                                                    \
	"   AND EXISTS (SELECT 1 FROM json_each(?3) t WHERE " COMPARE_SAME_KEY ")"                 \
	"   AND EXISTS (SELECT 1 FROM json_each(?4) t WHERE " COMPARE_SAME_KEY "))"                \
	"  AND NOT EXISTS (SELECT 1 FROM differing o WHERE o.key <> p.key AND"                     \
	"   (o.key IN (SELECT parent FROM follows f WHERE p.key GLOB f.key) OR"                    \
	"    o.key IN ('workload', 'backend') AND o.key = p.source OR " LIMIT_FOLLOWS "))"         \
	" ORDER BY source <> 'run', source = 'fact', p.key"

#define MAX_NAMED 8

static void add_difference(struct buf *list, sqlite3_stmt *stmt)
{
	const char *key = (const char *)sqlite3_column_text(stmt, 0);
	const char *a = (const char *)sqlite3_column_text(stmt, 3);
	const char *b = (const char *)sqlite3_column_text(stmt, 4);

	if (list->len)
		buf_adds(list, "; ");
	if (sqlite3_column_int(stmt, 1) > 1 && sqlite3_column_int(stmt, 2) > 1 && !strcmp(a, b))
		buf_addf(list, "%s (%.120s on both)", key, a);
	else
		buf_addf(list, "%s (A: %.120s; B: %.120s)", key, a, b);
}

static int check_overlap(const struct compare_side *a, const struct compare_side *b,
			 struct err *err)
{
	for (size_t i = 0; i < a->nr_runs; i++) {
		for (size_t k = 0; k < b->nr_runs; k++) {
			if (a->runs[i] == b->runs[k])
				return err_usage(
					err, "run %lld is on both sides: name what tells A from B",
					(long long)a->runs[i]);
		}
	}
	return 0;
}

int compare_sides_check(struct store *s, const struct compare_side *a, const struct compare_side *b,
			struct err *err)
{
	struct buf runs_a = BUF_INIT, runs_b = BUF_INIT, list = BUF_INIT;
	size_t nr = 0;
	sqlite3_stmt *stmt;
	int r = check_overlap(a, b, err);

	if (r)
		return r;
	compare_side_json(a, &runs_a);
	compare_side_json(b, &runs_b);
	r = db_prepare(s, &stmt, err, DIFFERENCES, "tttt", runs_a.data, runs_b.data, a->terms.data,
		       b->terms.data);
	if (r)
		goto out;
	while ((r = db_step(s, stmt, err)) > 0) {
		if (nr++ < MAX_NAMED)
			add_difference(&list, stmt);
	}
	sqlite3_finalize(stmt);
	if (nr > MAX_NAMED)
		buf_addf(&list, "; and %zu more", nr - MAX_NAMED);
	if (!r && nr)
		r = err_usage(
			err,
			"not comparable, they differ in %.800s: narrow each side to one kind, and "
			"name on both what may differ",
			list.data);
out:
	buf_release(&runs_a);
	buf_release(&runs_b);
	buf_release(&list);
	return r;
}
