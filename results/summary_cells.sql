-- SPDX-License-Identifier: GPL-2.0-or-later
-- The cells of the runs ?1 (a JSON array), a row a cell and job: runs that are alike in all that
-- compare_differ.sql looks at, and made by one fmbench. ?2: the key whose values are columns ('_' and
-- '.' as '-'; NULL: none). ?3: a result (NULL: the performance).
--
-- Columns: row (cells that differ in nothing but ?2 share it), column (?2's value), workload, backend,
-- ratio, how (what else differs, for people), job, its runs (a JSON array), their number, result, unit, better.
-- Ordered by what tells them apart, numbers by size.

WITH chosen AS MATERIALIZED (SELECT value AS run FROM json_each(?1)),
property AS MATERIALIZED (
	SELECT p.run, p.source, p.key, p.dashed, p.bare, p.value,
		p.dashed IS ?2 OR ?2 IS NOT NULL AND p.bare IS ?2
			OR ifnull(?2 IN ('workload', 'backend') AND p.source = ?2, 0)
			OR EXISTS (SELECT 1 FROM follows f WHERE f.parent = ?2 AND p.key GLOB f.key)
			AS is_column
	FROM chosen JOIN (
		SELECT * FROM kind_property
		UNION ALL
		SELECT * FROM run_property WHERE source = 'label' AND key = 'version') p USING (run)),
-- A limit that comes from a peak that was measured anew is the same limit; so is a co-run's share of peaks.
value_of AS MATERIALIZED (
	SELECT run, source, key, dashed, bare, is_column,
		CASE WHEN key IN ('limit', 'local')
			THEN ifnull((SELECT min(o.value) FROM property o
				WHERE o.key = p.key AND o.value * iif(p.key = 'limit', 1.05, 1.01) >= p.value), p.value)
			ELSE p.value END AS value
	FROM property p),
setting AS MATERIALIZED (
	SELECT run, group_concat(key || '=' || value, char(10)) AS settings
	FROM (SELECT * FROM value_of WHERE source <> 'fact' ORDER BY source, key, value) GROUP BY run),
size AS (SELECT settings, count(*) AS nr FROM setting GROUP BY settings),
-- Facts in which runs of the same settings differ, or any of the chosen runs: those that all of them have.
telling AS MATERIALIZED (
	SELECT s.settings, p.key FROM setting s JOIN value_of p USING (run) JOIN size USING (settings)
	WHERE p.source = 'fact' AND p.key NOT GLOB 'set.*' GROUP BY s.settings, p.key
	HAVING count(*) = max(size.nr) AND count(DISTINCT p.value) > 1
	UNION
	SELECT s.settings, k.key FROM size s JOIN (
		SELECT key FROM value_of
		WHERE source = 'fact' AND key NOT GLOB 'set.*' AND key NOT GLOB 'placement.*'
		GROUP BY key HAVING count(*) = (SELECT count(*) FROM chosen)
			AND count(DISTINCT value) > 1) k
	WHERE NOT EXISTS (SELECT 1 FROM follows f WHERE key GLOB f.key AND f.parent IN (
		SELECT v.key FROM value_of v WHERE v.source <> 'fact' GROUP BY v.key
		HAVING count(DISTINCT v.value) > 1
			OR count(DISTINCT v.run) < (SELECT count(*) FROM chosen)))),
fact_of AS MATERIALIZED (
	SELECT run, key, value, is_column FROM setting JOIN telling USING (settings)
	JOIN value_of USING (run, key) WHERE source = 'fact'),
cell AS MATERIALIZED (
	SELECT run, settings || ifnull((SELECT group_concat(key || '=' || value, char(10))
		FROM (SELECT * FROM fact_of f WHERE f.run = s.run ORDER BY key)), '') AS cell
	FROM setting s),
row_of AS MATERIALIZED (
	SELECT run, group_concat(key || '=' || value, char(10)) AS row
	FROM (SELECT run, key, value FROM value_of
		WHERE source <> 'fact' AND NOT is_column AND key <> 'limit'
		UNION ALL
		SELECT run, key, value FROM fact_of WHERE NOT is_column
		ORDER BY run, key, value)
	GROUP BY run),
-- What differs, for people: a parameter among the runs that can have it.
job_of AS MATERIALIZED (
	SELECT j.* FROM chosen JOIN run_job j ON j.id = chosen.run),
text_of AS MATERIALIZED (
	SELECT p.run, p.job, p.whose, p.key, p.value, p.text,
		CASE p.whose WHEN 'workload' THEN j.workload WHEN 'backend' THEN j.backend ELSE '' END
			AS owner
	FROM job_of j JOIN param p ON p.run = j.id AND p.job = j.job),
differ AS (
	SELECT whose, owner, key FROM text_of GROUP BY 1, 2, 3
	HAVING count(DISTINCT ifnull(value, '')) > 1),
several AS MATERIALIZED (
	SELECT source, key FROM value_of GROUP BY source, key HAVING count(DISTINCT value) > 1),
told AS MATERIALIZED (
	SELECT run, job, key, key || '=' || text AS text, value,
		replace(replace(key, '_', '-'), '.', '-') IS ?2
			OR owner || '-' || replace(replace(key, '_', '-'), '.', '-') IS ?2
			OR key GLOB 'set.*' AND replace(replace(key,
				rtrim(key, replace(key, '.', '')), ''), '_', '-') IS ?2 AS is_column,
		whose IS ?2 AS of_column, 1 AS ord
	FROM text_of JOIN differ USING (whose, owner, key) WHERE value IS NOT NULL
	UNION ALL
	SELECT v.run, j.job, v.key, v.key || '=' || v.value, v.value, v.is_column, 0, 2
	FROM value_of v JOIN job_of j ON j.id = v.run
	WHERE (v.source = 'machine' OR v.key = 'version')
		AND (v.source, v.key) IN (SELECT source, key FROM several)
		AND NOT EXISTS (SELECT 1 FROM follows f JOIN several o ON o.key = f.parent
			WHERE v.key GLOB f.key)
	UNION ALL
	SELECT f.run, j.job, f.key, f.key || '=' || f.value, f.value, f.is_column, 0, 3
	FROM fact_of f JOIN job_of j ON j.id = f.run)
SELECT row_of.row || char(10) || j.job AS row,
	CASE WHEN ?2 IS NULL THEN ''
		ELSE ifnull(ifnull((SELECT p.text FROM text_of p WHERE p.run = j.id AND p.job = j.job
				AND ?2 IN (replace(replace(p.key, '_', '-'), '.', '-'),
					p.owner || '-' || replace(replace(p.key, '_', '-'), '.', '-'))),
			(SELECT value FROM value_of v WHERE v.run = j.id AND ?2 IN (v.dashed, v.bare)
			 ORDER BY value = 'null' LIMIT 1)), '-')
			|| ifnull((SELECT ' ' || group_concat(text, ' ') FROM told
				WHERE told.run = j.id AND told.job = j.job AND of_column), '') END AS column,
	j.workload, j.backend, j.ratio,
	(SELECT group_concat(text, ' ') FROM (SELECT text FROM told
		WHERE told.run = j.id AND told.job = j.job AND NOT is_column AND NOT of_column
		ORDER BY ord, key)) AS how,
	j.job, json_group_array(j.id) AS runs, count(*) AS nr, r.name, r.unit, r.better
FROM job_of j JOIN cell ON cell.run = j.id JOIN row_of ON row_of.run = j.id
LEFT JOIN result r ON r.run = j.id AND r.job = j.job AND r.ord = (
	SELECT min(ord) FROM result x WHERE x.run = j.id AND x.job = j.job
		AND CASE WHEN ?3 IS NULL THEN x.better IS NOT NULL ELSE x.name = ?3 END)
GROUP BY cell.cell, j.job, r.name, r.unit
ORDER BY j.workload, j.backend, j.ratio DESC,
	(SELECT group_concat(CASE WHEN typeof(value) IN ('integer', 'real') THEN printf('%024.6f', value)
		ELSE value END, ' ') FROM (SELECT value FROM told WHERE told.run = j.id AND told.job = j.job
		ORDER BY ord, key)), min(j.id), j.job;
