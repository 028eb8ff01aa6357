// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/micro.h"

#include <stddef.h>

#include "plots/series.h"

/* SQL has lines of its own. */
/* clang-format off */

/* Trusted runs; `cell` is the same for those that differ in the one parameter alone. */
#define RUNS(parameter)                                                                         \
	"WITH runs AS (SELECT r.*, json_array(machine, workload, backend, backend_params,"      \
	"  json_remove(workload_params, '$." parameter "'),"                                    \
	"  json_remove(run_params, '$." parameter "')) AS cell"                                 \
	" FROM run r WHERE status = 'ok'"                                   \
	"  AND (?2 IS NULL OR experiment = ?2)),"

#define PARAM(name) "(workload_params ->> '$." name "')"
#define RESULT(result) "(SELECT value FROM result WHERE run = r.id AND name = '" result "')"

/*
 * From `point` (id, cell, name, panel, x, y): series, one a name and cell; medians with the range
 * of the repeats. A chosen run (?1) selects those alike.
 */
#define SERIES                                                                                  \
	" shown AS (SELECT *, dense_rank() OVER (ORDER BY name, cell) - 1 AS series FROM point" \
	"  WHERE y IS NOT NULL AND (NOT ?1 OR cell = (SELECT cell FROM runs WHERE id = ?1))),"  \
	" ranked AS (SELECT panel, series, x, y,"                                               \
	"  row_number() OVER (PARTITION BY panel, series, x ORDER BY y) AS i,"                  \
	"  count(*) OVER (PARTITION BY panel, series, x) AS n FROM shown),"                     \
	" middle AS (SELECT panel, series, x,"                                                  \
	"  avg(CASE WHEN i IN ((n + 1) / 2, (n + 2) / 2) THEN y END) AS median,"                \
	"  min(y) AS low, max(y) AS high FROM ranked GROUP BY panel, series, x),"               \
	SERIES_NAMES

#define PANEL(number)                                                                           \
	" SELECT series, x, median, low, high FROM middle WHERE panel = " number                \
	" ORDER BY series, x"

/* --- latency-cdf --------------------------------------------------------------------------- */

/* Histograms of repeats are pooled. */
#define LATENCY                                                                                 \
	RUNS("repeat")                                                                          \
	" point AS (SELECT r.id, r.cell, b.high, b.count, CASE b.name"                          \
	"   WHEN 'uffd' THEN 'userfaultfd, ' || " PARAM("handler")                              \
	"   WHEN 'uffd_wp' THEN 'userfaultfd, write-protected'"                                 \
	"   ELSE backend || ', ' || b.name END"                                                 \
	"  || CASE WHEN " PARAM("pattern") " = 'random' THEN ''"                                \
	"   ELSE ', ' || " PARAM("pattern") " END AS name"                                      \
	"  FROM runs r JOIN bucket b ON b.run = r.id"                                           \
	"  WHERE r.workload IN ('fault_latency', 'uffd')"                                       \
	"   AND b.name IN ('major', 'minor', 'uffd', 'uffd_wp')),"                              \
	" shown AS (SELECT *, dense_rank() OVER (ORDER BY name, cell) - 1 AS series FROM point" \
	"  WHERE NOT ?1 OR cell = (SELECT cell FROM runs WHERE id = ?1)),"                      \
	SERIES_NAMES

static const char *const latency_queries[] = {
	LATENCY
	", pooled AS (SELECT series, high, sum(count) AS count FROM shown GROUP BY series, high)"
	" SELECT series, high / 1e3 AS us,"
	"  1.0 * sum(count) OVER (PARTITION BY series ORDER BY high)"
	"  / sum(count) OVER (PARTITION BY series) AS share FROM pooled ORDER BY series, high",
	NULL,
};

const struct figure figure_latency_cdf = {
	.name = "latency-cdf",
	.summary = "latency of one fault: which share is done within which time",
	.gp = latency_cdf_gp,
	.queries = latency_queries,
	.variables = LATENCY SERIES_LABELS("repeat"),
	.empty_hint = "make a run with fmbench micro fault_latency --backend zram, or "
		      "fmbench micro uffd",
};

/* --- xput ---------------------------------------------------------------------------------- */

#define XPUT                                                                                    \
	RUNS("threads")                                                                         \
	" point AS (SELECT r.id, r.cell, 1 AS panel, " RESULT("threads") " AS x,"               \
	"  " RESULT("faults") " / 1e3 AS y,"                                                    \
	"  CASE workload WHEN 'uffd' THEN 'userfaultfd, ' || " PARAM("handler")                 \
	"   ELSE backend END || ', ' || " PARAM("mode")                                         \
	"  || CASE WHEN " PARAM("mode") " = 'noevict' AND " PARAM("access") " <> 'read'"        \
	"   THEN ', ' || " PARAM("access") " ELSE '' END AS name"                               \
	"  FROM runs r WHERE workload IN ('fault_throughput', 'uffd')),"                        \
	SERIES

/*
 * Fastswap over RDMA as published with Eden (repository eden-farmem/eden-all,
 * benchmarks/pgfault/data): thousands of faults per second, kernel 4.15, one socket at 2.2 GHz.
 * No figure was published for 6 cores with write-back.
 */
static const char published[] =
	"WITH published (cores, noevict, clean, dirty) AS (VALUES"
	" (1, 164.758, 155.053, 107.307), (2, 282.688, 256.277, 135.121),"
	" (3, 405.042, 360.287, 173.749), (4, 520.933, 431.502, 204.702),"
	" (5, 627.663, 500.430, 236.109), (6, 731.869, 551.330, NULL),"
	" (7, 807.657, 586.871, 292.586), (8, 891.761, 622.134, 316.321),"
	" (9, 977.496, 665.379, 330.768), (10, 1044.668, 581.840, 281.331),"
	" (11, 1138.515, 472.668, 255.724), (12, 1192.601, 432.271, 247.422))"
	" SELECT * FROM published";

static const char *const xput_queries[] = { XPUT PANEL("1"), NULL };
static const char *const xput_published_queries[] = { XPUT PANEL("1"), published, NULL };

#define XPUT_HINT                                                                               \
	"make some runs with fmbench micro fault_throughput --cores 1-4 --backend zram --repeat 5"

const struct figure figure_xput = {
	.name = "xput",
	.summary = "faults per second over cores: medians, bars over all repeats",
	.gp = xput_gp,
	.queries = xput_queries,
	.variables = XPUT SERIES_LABELS("threads") ", 0 AS overlay",
	.empty_hint = XPUT_HINT,
};

const struct figure figure_xput_published = {
	.name = "xput-published",
	.summary = "the same over Fastswap's published curves (another machine's)",
	.gp = xput_gp,
	.queries = xput_published_queries,
	.variables = XPUT SERIES_LABELS("threads") ", 1 AS overlay",
	.empty_hint = XPUT_HINT,
};

/* --- readahead ----------------------------------------------------------------------------- */

#define READAHEAD                                                                               \
	RUNS("page-cluster")                                                                    \
	" scan AS (SELECT r.id, r.cell, backend || ', ' || " PARAM("pattern") " AS name,"       \
	"  " RESULT("page_cluster") " AS x, " RESULT("pages") " / 1e3 AS pages,"                \
	"  " RESULT("major_share") " AS major FROM runs r WHERE workload = 'readahead'),"       \
	" point AS (SELECT id, cell, name, 1 AS panel, x, pages AS y FROM scan UNION ALL"       \
	"  SELECT id, cell, name, 2, x, major FROM scan),"                                      \
	SERIES

static const char *const readahead_queries[] = {
	READAHEAD PANEL("1"),
	READAHEAD PANEL("2"),
	NULL,
};

const struct figure figure_readahead = {
	.name = "readahead",
	.summary = "pages per second of a scan, and touches that waited, over vm.page-cluster",
	.gp = readahead_gp,
	.queries = readahead_queries,
	.variables = READAHEAD SERIES_LABELS("page-cluster"),
	.empty_hint = "make some runs with fmbench micro readahead --page-cluster N, N from 0 to 6",
};

/* --- reclaim ------------------------------------------------------------------------------- */

#define DELTA(collector, key)                                                                   \
	"ifnull((SELECT delta FROM phase_delta d WHERE d.run = r.id AND d.phase = 'measure'"    \
	" AND d.collector = '" collector "' AND d.key = '" key "'), 0)"

/*
 * Before Linux 6.15 the kernel counts what memory.reclaim does as direct reclaim: there the
 * reclaimer's own count is taken off. cgroup v1 does not say who reclaimed: no second panel.
 */
#define RECLAIM                                                                                 \
	RUNS("threads")                                                                         \
	" steal AS (SELECT r.id, r.cell, " RESULT("threads") " AS x,"                           \
	"  " RESULT("faults") " / 1e3 AS faults,"                                               \
	"  " DELTA("memory_stat", "pgsteal_direct") " AS direct,"                               \
	"  " DELTA("memory_stat", "pgsteal_kswapd") " AS kswapd,"                               \
	"  " DELTA("memory_stat", "pgsteal_proactive") " AS proactive,"                         \
	"  " DELTA("reclaimer", "reclaimed") " / 4096 AS offloaded,"                            \
	"  backend || ', ' || " PARAM("mode")                                                   \
	"  || CASE WHEN (run_params ->> '$.offload-reclaim') THEN ', offloaded'"                \
	"   ELSE ', not offloaded' END AS name"                                                 \
	"  FROM runs r WHERE workload = 'fault_throughput' AND " PARAM("mode") " <> 'noevict'),"\
	" point AS (SELECT id, cell, name, 1 AS panel, x, faults AS y FROM steal UNION ALL"     \
	"  SELECT id, cell, name, 2, x,"                                                        \
	"  max(0.0, direct - CASE WHEN proactive > 0 THEN 0 ELSE offloaded END)"                \
	"  / nullif(direct + kswapd + proactive, 0) FROM steal),"                               \
	SERIES

static const char *const reclaim_queries[] = {
	RECLAIM PANEL("1"),
	RECLAIM PANEL("2"),
	NULL,
};

const struct figure figure_reclaim = {
	.name = "reclaim",
	.summary = "faults per second, and the faulting threads' own share of reclaim, over cores",
	.gp = reclaim_gp,
	.queries = reclaim_queries,
	.variables = RECLAIM SERIES_LABELS("threads"),
	.empty_hint = "make some runs with fmbench micro fault_throughput --cores 1-4, and again "
		      "with --offload-reclaim",
};

/* clang-format on */
