/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SQL by which figures name their curves. Figures that show several share it. */
#ifndef PLOTS_SERIES_H
#define PLOTS_SERIES_H

/* SQL has lines of its own. */
/* clang-format off */

/* From `shown` (series, name, id: a run): one row a series. */
#define SERIES_NAMES " names AS (SELECT series, name, min(id) AS first FROM shown GROUP BY series)"

/* "64M" of a number of bytes, "yes", the beginning of what is long. */
#define SERIES_VALUE                                                                            \
	"CASE WHEN type = 'true' THEN 'yes' WHEN type = 'false' THEN 'no'"                      \
	" WHEN type = 'integer' AND value >= 1048576 AND value % 1048576 = 0"                   \
	"  THEN (value / 1048576) || 'M'"                                                       \
	" WHEN type = 'integer' AND value >= 4096 AND value % 1024 = 0"                         \
	"  THEN (value / 1024) || 'K'"                                                          \
	" WHEN length(value) > 24 THEN substr(value, 1, 24) || '…' ELSE value END"

#define SERIES_PARAMS(column, x)                                                                \
	" SELECT n.series, n.name, '" column "' AS whose, p.key, p.value, p.type FROM names n"  \
	" JOIN run r ON r.id = n.first JOIN json_each(r." column ") p WHERE p.key <> '" x "'"

/*
 * Their number and their labels, with tabs between. Two of one name are told apart by the
 * parameters that they differ in, but the one on the x axis, and if need be by their first run.
 */
#define SERIES_LABELS(x)                                                                                                                \
	", params AS (" SERIES_PARAMS("workload_params", x) " UNION ALL" SERIES_PARAMS("backend_params", x) " UNION ALL" SERIES_PARAMS( \
		"run_params",                                                                                                           \
		x) "),"                                                                                                                 \
		   " telling AS (SELECT series, group_concat(key || '=' || " SERIES_VALUE                                               \
		   ", ' ') AS how"                                                                                                      \
		   "  FROM params p WHERE value IS NOT NULL AND EXISTS (SELECT 1 FROM params q"                                         \
		   "   WHERE q.name = p.name AND q.whose = p.whose AND q.key = p.key"                                                   \
		   "    AND q.value IS NOT p.value)"                                                                                    \
		   "  GROUP BY series),"                                                                                                \
		   " told AS (SELECT series, first, name || ifnull(', ' || how, '') AS label"                                           \
		   "  FROM names LEFT JOIN telling USING (series))"                                                                     \
		   " SELECT (SELECT count(*) FROM names) AS nr_series,"                                                                 \
		   " (SELECT group_concat(text, char(9)) FROM (SELECT label || CASE WHEN (SELECT count(*)"                              \
		   "   FROM told b WHERE b.label = a.label) > 1 THEN ' (run ' || first || ' …)' ELSE ''"                              \
		   "   END AS text FROM told a ORDER BY series)) AS labels"

/* clang-format on */

#endif
