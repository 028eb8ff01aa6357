-- SPDX-License-Identifier: GPL-2.0-or-later
-- After head.sql and a figure's `axis` and `candidate`: the number that :y names of each sound run, and what
-- it is relative to. NULL: the slowdown where all runs have a baseline or there are several units, which
-- have no axis in common; else the performance.

CREATE TEMP TABLE performed AS
SELECT r.id, r.job, r.ratio, p.name AS metric, p.unit, p.better, p.value
FROM run_job r JOIN result p ON p.run = r.id AND p.job = r.job
	AND p.ord = (SELECT min(ord) FROM result x WHERE x.run = r.id AND x.job = r.job
		AND CASE WHEN ifnull(:y, 'slowdown') IN ('slowdown', 'performance')
			THEN x.better IS NOT NULL ELSE x.name = :y END)
WHERE r.status = 'ok' AND (p.value > 0 OR p.name = :y);

CREATE TEMP TABLE only_slowdown AS
SELECT :y IS 'slowdown' OR :y IS NULL AND count(DISTINCT metric || ' ' || unit) > 1
	AND count(baseline_run) AS so
FROM performed p JOIN candidate USING (id, job) LEFT JOIN baseline b ON b.run = p.id AND b.job = p.job;

-- `cell`: runs that differ in ratio and repeat alone.
CREATE TEMP TABLE measured AS
SELECT p.*, r.workload, r.backend, r.backend_params, a.cell AS alike,
	json_array(r.workload, r.backend, a.cell, r.backend_params) AS cell, b.baseline_run, b.age_s
FROM performed p JOIN candidate r USING (id, job)
JOIN alike a ON a.run = p.id AND a.job = p.job
LEFT JOIN baseline b ON b.run = p.id AND b.job = p.job
WHERE NOT ((SELECT so FROM only_slowdown) AND b.baseline_run IS NULL);

-- The median of the runs at ratio 1 that a cell's runs are measured against (results/baseline.sql).
CREATE TEMP TABLE base AS
SELECT cell, median(value) AS base FROM (
	SELECT DISTINCT m.cell, p.id, p.value FROM measured m JOIN performed p ON p.id = m.baseline_run)
GROUP BY cell;

-- With one run without a baseline nothing is normalised: raw and relative numbers do not go on one
-- axis.
CREATE TEMP TABLE normal AS
SELECT ifnull(:y, 'slowdown') = 'slowdown'
	AND NOT EXISTS (SELECT 1 FROM measured LEFT JOIN base USING (cell)
		WHERE baseline_run IS NULL OR base IS NULL) AS normalised;

CREATE TEMP TABLE scaled AS
SELECT m.*, CASE WHEN NOT normalised THEN value
		WHEN better = 'higher' THEN base / value ELSE value / base END AS y
FROM measured m LEFT JOIN base USING (cell) JOIN normal;

-- Which runs are 1, and how far away in time.
CREATE TEMP VIEW relative AS
WITH ids AS (SELECT DISTINCT baseline_run AS id FROM shown ORDER BY 1 LIMIT 12)
SELECT 'relative to run' || CASE count(*) WHEN 1 THEN ' ' ELSE 's ' END || group_concat(id, ' ') || ' at ratio 1'
	|| CASE WHEN count(*) < (SELECT count(DISTINCT baseline_run) FROM shown) THEN ' …' ELSE '' END
	|| (SELECT CASE WHEN max(age_s) >= 7200 THEN ', up to ' || CAST(max(age_s) / 3600 AS INTEGER) || ' h away'
		WHEN max(age_s) >= 120 THEN ', up to ' || CAST(max(age_s) / 60 AS INTEGER) || ' min away'
		ELSE '' END FROM shown) AS text
FROM ids;

CREATE TEMP VIEW without_baseline AS
SELECT CASE WHEN so AND n THEN format('; %d run%s without a baseline left out', n, iif(n > 1, 's', ''))
	ELSE '' END AS text
FROM only_slowdown, (SELECT count(*) AS n FROM performed JOIN candidate c USING (id, job)
	WHERE NOT EXISTS (SELECT 1 FROM measured m WHERE m.id = c.id AND m.job = c.job));

CREATE TEMP VIEW y_axis AS
SELECT normalised, (SELECT min(y) FROM shown) AS bottom, (SELECT max(y) FROM shown) AS top,
	caption || CASE WHEN normalised THEN CASE caption WHEN '' THEN '' ELSE '; ' END
		|| (SELECT text FROM relative) || (SELECT text FROM without_baseline) ELSE '' END AS caption,
	CASE WHEN normalised AND (SELECT count(DISTINCT metric) FROM shown) = 1
		THEN 'slowdown of ' || (SELECT metric FROM shown LIMIT 1) || ' (times ratio 1)'
		WHEN normalised THEN 'slowdown (times ratio 1)'
		WHEN (SELECT count(DISTINCT metric || ' ' || unit) FROM shown) = 1
		THEN (SELECT metric || ' (' || CASE unit WHEN 'per_s' THEN '1/s' WHEN 'us' THEN 'µs'
			ELSE unit END || ')' FROM shown LIMIT 1)
		ELSE 'performance (each in its own unit)' END AS y_label
FROM caption JOIN normal;
