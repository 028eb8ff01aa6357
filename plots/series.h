/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SQL by which figures name their curves. Figures that show several share it. */
#ifndef PLOTS_SERIES_H
#define PLOTS_SERIES_H

/* SQL has lines of its own. */
/* clang-format off */

/* From `shown` (series, name, id: a run): one row a series. */
#define SERIES_NAMES " names AS (SELECT series, name, min(id) AS first FROM shown GROUP BY series)"

/*
 * Their number and their labels, with tabs between. Two of one name are told apart by the
 * parameters (results/store.h: view param) that they differ in, but the one on the x axis, and if
 * need be by their first run.
 */
#define SERIES_LABELS(x)                                                                        \
	", params AS MATERIALIZED (SELECT n.series, n.name, p.whose, p.key, p.value, p.text"    \
	"  FROM names n JOIN param p ON p.run = n.first WHERE p.key <> '" x "'),"               \
	" telling AS (SELECT series, group_concat(key || '=' || text, ' ') AS how"              \
	"  FROM params p WHERE value IS NOT NULL AND EXISTS (SELECT 1 FROM params q"            \
	"   WHERE q.name = p.name AND q.whose = p.whose AND q.key = p.key"                      \
	"    AND q.value IS NOT p.value) GROUP BY series),"                                     \
	" told AS (SELECT series, first, name || ifnull(', ' || how, '') AS label"              \
	"  FROM names LEFT JOIN telling USING (series))"                                        \
	" SELECT (SELECT count(*) FROM names) AS nr_series,"                                    \
	" (SELECT group_concat(text, char(9)) FROM (SELECT label || CASE WHEN (SELECT count(*)" \
	"   FROM told b WHERE b.label = a.label) > 1 THEN ' (run ' || first || ' …)' ELSE ''"   \
	"   END AS text FROM told a ORDER BY series)) AS labels"

/* clang-format on */

#endif
