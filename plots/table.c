// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/figure.h"

#include <string.h>

#include "base/embed.h"
#include "base/opt.h"
#include "plots/micro.h"
#include "plots/series.h"
#include "plots/style.h"

EMBED(style_gp, "plots/style.gp");
EMBED(timeseries_gp, "plots/timeseries.gp");
EMBED(slowdown_gp, "plots/slowdown.gp");
EMBED(latency_cdf_gp, "plots/latency-cdf.gp");
EMBED(readahead_gp, "plots/readahead.gp");
EMBED(reclaim_gp, "plots/reclaim.gp");
EMBED(xput_gp, "plots/xput.gp");

/* --- timeseries --------------------------------------------------------------------------- */

/* The chosen run, or the latest. */
#define THIS_RUN                                                                                   \
	"this AS (SELECT * FROM run WHERE id = CASE WHEN ?1 THEN ?1 ELSE"                          \
	" (SELECT max(id) FROM run WHERE (?2 IS NULL OR experiment = ?2)) END)"

/* Ends "(SELECT value FROM sample s WHERE s.metric = …": at that tick, filled forward. */
#define AT_TICK " AND s.run = b.run AND s.tick <= b.tick ORDER BY s.tick DESC LIMIT 1)"

/*
 * At most some 200 points, what a column's width can show, each a mean over its time: marks at
 * phase boundaries lie so close to their neighbours that a rate between the two would be a spike.
 */
static const char *const timeseries_queries[] = {
	"WITH " THIS_RUN ","
	" sampled AS (SELECT m.id, m.collector || ' ' || m.key AS name FROM metric m JOIN this"
	"  WHERE EXISTS (SELECT 1 FROM sample s WHERE s.run = this.id AND s.metric = m.id)),"
	" metrics AS (SELECT"
	"  (SELECT id FROM sampled WHERE name = 'memory_stat pgmajfault') AS ins,"
	"  coalesce((SELECT id FROM sampled WHERE name = 'memory_stat pswpout'),"
	"   (SELECT id FROM sampled WHERE name = 'vmstat pswpout')) AS outs,"
	"  (SELECT id FROM sampled WHERE name = 'memory_usage memory.current') AS near,"
	"  (SELECT id FROM sampled WHERE name = 'memory_usage memory.swap.current') AS far),"
	" span AS (SELECT min(end_ns) AS first_ns,"
	"  max(100000000, (max(end_ns) - min(end_ns)) / 200) AS bin_ns"
	"  FROM tick WHERE run = (SELECT id FROM this)),"
	" bins AS (SELECT t.run, max(t.tick) AS tick, max(t.end_ns) AS end_ns"
	"  FROM tick t JOIN span WHERE t.run = (SELECT id FROM this)"
	"  GROUP BY (t.end_ns - first_ns) / bin_ns),"
	" points AS (SELECT (b.end_ns - this.begin_ns) / 1e9 AS t_s,"
	"  (SELECT value FROM sample s WHERE s.metric = metrics.ins" AT_TICK " AS ins,"
	"  (SELECT value FROM sample s WHERE s.metric = metrics.outs" AT_TICK " AS outs,"
	"  (SELECT value FROM sample s WHERE s.metric = metrics.near" AT_TICK " AS near,"
	"  (SELECT value FROM sample s WHERE s.metric = metrics.far" AT_TICK " AS far"
	"  FROM bins b JOIN this JOIN metrics)"
	"SELECT t_s, (ins - lag(ins) OVER w) / (t_s - lag(t_s) OVER w) AS page_ins_per_s,"
	" (outs - lag(outs) OVER w) / (t_s - lag(t_s) OVER w) AS page_outs_per_s,"
	" near / 1048576.0 AS local_mib, far / 1048576.0 AS far_mib"
	" FROM points WINDOW w AS (ORDER BY t_s) ORDER BY t_s",

	"WITH " THIS_RUN " SELECT name AS phase, (p.begin_ns - this.begin_ns) / 1e9 AS begin_s,"
	" (p.end_ns - this.begin_ns) / 1e9 AS end_s"
	" FROM this JOIN phase p ON p.run = this.id ORDER BY p.begin_ns",
	NULL,
};

static const char timeseries_variables[] =
	"WITH " THIS_RUN
	" SELECT (SELECT max(t.end_ns - this.begin_ns) / 1e9 FROM tick t WHERE t.run = this.id) AS end_s,"
	" limit_bytes / 1048576.0 AS limit_mib FROM this";

static const struct figure timeseries = {
	.name = "timeseries",
	.summary = "one run: far page-ins and page-outs per second, resident and swapped memory",
	.gp = timeseries_gp,
	.queries = timeseries_queries,
	.variables = timeseries_variables,
	.one_run = true,
	.empty_hint = "this run has no samples; make one with fmbench run WORKLOAD --ratio 0.5 "
		      "(and not --sample-hz 0)",
};

/* --- slowdown ----------------------------------------------------------------------------- */

/*
 * Trusted runs; those alike a chosen one, or of an experiment, or all. `base` is the median at
 * ratio 1 over all runs of the same cell, `y` what the figure shows. With one cell without such a
 * base nothing is normalised: raw and relative numbers do not go on one axis.
 */
#define SLOWDOWN                                                                                                  \
	"WITH trusted AS (SELECT r.id, r.workload, r.backend, r.ratio, r.experiment, a.cell,"                     \
	"  r.backend_params, p.name AS metric, p.unit, p.better, p.value FROM run r JOIN alike a ON a.run = r.id" \
	"  JOIN performance p ON p.run = r.id"                                                                    \
	"  WHERE r.status = 'ok' AND p.value > 0 AND r.ratio > 0),"                                               \
	" ranked AS (SELECT cell, value, row_number() OVER (PARTITION BY cell ORDER BY value) AS i,"              \
	"  count(*) OVER (PARTITION BY cell) AS n FROM trusted WHERE ratio = 1),"                                 \
	" bases AS (SELECT cell, avg(value) AS base FROM ranked"                                                  \
	"  WHERE i IN ((n + 1) / 2, (n + 2) / 2) GROUP BY cell),"                                                 \
	" chosen AS (SELECT t.*, b.base FROM trusted t LEFT JOIN bases b USING (cell)"                            \
	"  WHERE (NOT ?1 OR t.cell = (SELECT cell FROM alike WHERE run = ?1))"                                    \
	"  AND (?2 IS NULL OR t.experiment = ?2)),"                                                               \
	" shown AS (SELECT *, workload || ', ' || backend AS name,"                                               \
	"  dense_rank() OVER (ORDER BY workload, backend, cell, backend_params) - 1 AS series,"                   \
	"  CASE WHEN EXISTS (SELECT 1 FROM chosen WHERE base IS NULL) THEN value"                                 \
	"  WHEN better = 'higher' THEN value / base ELSE base / value END AS y FROM chosen),"                     \
	" medians AS (SELECT series, ratio, avg(y) AS y FROM (SELECT series, ratio, y,"                           \
	"   row_number() OVER (PARTITION BY series, ratio ORDER BY y) AS i,"                                      \
	"   count(*) OVER (PARTITION BY series, ratio) AS n FROM shown)"                                          \
	"  WHERE i IN ((n + 1) / 2, (n + 2) / 2) GROUP BY series, ratio) "

static const char *const slowdown_queries[] = {
	SLOWDOWN "SELECT series, ratio, y AS performance FROM shown ORDER BY series, ratio, id",
	SLOWDOWN "SELECT series, ratio, y AS performance FROM medians ORDER BY series, ratio",
	NULL,
};

static const char slowdown_variables[] = SLOWDOWN "," SERIES_NAMES SERIES_LABELS(
	"ratio") ","
		 " NOT EXISTS (SELECT 1 FROM shown WHERE base IS NULL) AS normalised,"
		 " CASE WHEN NOT EXISTS (SELECT 1 FROM shown WHERE base IS NULL)"
		 "   THEN 'performance relative to ratio 1'"
		 "  WHEN (SELECT count(DISTINCT metric || ' ' || unit) FROM shown) = 1"
		 "   THEN (SELECT metric || ' (' || replace(unit, 'per_s', '1/s') || ')' FROM shown LIMIT 1)"
		 "  ELSE 'performance (each in its own unit)' END AS y_label";

static const struct figure slowdown = {
	.name = "slowdown",
	.summary = "performance over the local ratio, every repeat a point, medians joined",
	.gp = slowdown_gp,
	.queries = slowdown_queries,
	.variables = slowdown_variables,
	.empty_hint = "there is no trusted run with a result to show; make some with "
		      "fmbench run WORKLOAD --ratio 1,0.75,0.5",
};

const struct figure *const figure_table[] = {
	&figure_latency_cdf, &figure_readahead, &figure_reclaim,	&slowdown,
	&timeseries,	     &figure_xput,	&figure_xput_published, NULL,
};

const struct figure *figure_find(const char *name, struct err *err)
{
	const char *names[sizeof(figure_table) / sizeof(figure_table[0])];
	const char *near;
	size_t i;

	for (i = 0; figure_table[i]; i++) {
		if (!strcmp(figure_table[i]->name, name))
			return figure_table[i];
		names[i] = figure_table[i]->name;
	}
	names[i] = NULL;
	near = did_you_mean(name, names);
	err_usage(err, "there is no figure %s%s%s%s: see fmbench list figures", name,
		  near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
	return NULL;
}
