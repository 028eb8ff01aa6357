-- SPDX-License-Identifier: GPL-2.0-or-later
-- Performance over the local ratio, every repeat a point, medians joined.

CREATE TEMP TABLE axis AS SELECT 'ratio' AS parameter;
CREATE TEMP TABLE candidate AS SELECT * FROM asked WHERE ratio > 0;

CREATE TEMP TABLE performed AS
SELECT r.id, r.job, r.ratio, a.cell, p.name AS metric, p.unit, p.better, p.value
FROM run_job r JOIN alike a ON a.run = r.id AND a.job = r.job
JOIN performance p ON p.run = r.id AND p.job = r.job
WHERE r.status = 'ok' AND r.ratio > 0 AND p.value > 0;

CREATE TEMP TABLE chosen AS
SELECT p.*, workload || ', ' || backend AS name, b.baseline_run, b.age_s,
	dense_rank() OVER (ORDER BY workload, backend, cell, backend_params) - 1 AS series
FROM performed p JOIN candidate USING (id, job)
LEFT JOIN baseline b ON b.run = p.id AND b.job = p.job;

-- The median of the runs at ratio 1 that a series' runs are measured against (results/baseline.sql).
CREATE TEMP TABLE base AS
WITH bases AS (
	SELECT DISTINCT c.series, p.id, p.value FROM chosen c JOIN performed p ON p.id = c.baseline_run),
ranked AS (
	SELECT series, value, row_number() OVER (PARTITION BY series ORDER BY value) AS i,
		count(*) OVER (PARTITION BY series) AS n
	FROM bases)
SELECT series, avg(value) AS base FROM ranked WHERE i IN ((n + 1) / 2, (n + 2) / 2) GROUP BY series;

-- With one run without a baseline nothing is normalised: raw and relative numbers do not go on one
-- axis.
CREATE TEMP TABLE normal AS
SELECT NOT EXISTS (SELECT 1 FROM chosen LEFT JOIN base USING (series)
	WHERE baseline_run IS NULL OR base IS NULL) AS normalised;

CREATE TEMP TABLE shown AS
SELECT c.*, CASE WHEN NOT normalised THEN value
		WHEN better = 'higher' THEN value / base ELSE base / value END AS y
FROM chosen c LEFT JOIN base USING (series) JOIN normal;

SELECT series, ratio, y AS performance, id IN (SELECT id FROM flagged) AS flagged,
	id AS run, baseline_run
FROM shown ORDER BY series, ratio, id;

WITH ranked AS (
	SELECT series, ratio, y, row_number() OVER (PARTITION BY series, ratio ORDER BY y) AS i,
		count(*) OVER (PARTITION BY series, ratio) AS n
	FROM shown)
SELECT series, ratio, avg(y) AS performance FROM ranked
WHERE i IN ((n + 1) / 2, (n + 2) / 2) GROUP BY series, ratio ORDER BY series, ratio;

-- Which runs are 1, and how far away in time.
CREATE TEMP VIEW relative AS
WITH ids AS (SELECT DISTINCT baseline_run AS id FROM shown ORDER BY 1 LIMIT 12)
SELECT 'relative to run' || CASE count(*) WHEN 1 THEN ' ' ELSE 's ' END || group_concat(id, ' ') || ' at ratio 1'
	|| CASE WHEN count(*) < (SELECT count(DISTINCT baseline_run) FROM shown) THEN ' …' ELSE '' END
	|| (SELECT CASE WHEN max(age_s) >= 7200 THEN ', up to ' || CAST(max(age_s) / 3600 AS INTEGER) || ' h away'
		WHEN max(age_s) >= 120 THEN ', up to ' || CAST(max(age_s) / 60 AS INTEGER) || ' min away'
		ELSE '' END FROM shown) AS text
FROM ids;

CREATE TEMP VIEW variables AS
SELECT nr_series, labels, unsound, normalised,
	caption || CASE WHEN normalised THEN CASE caption WHEN '' THEN '' ELSE '; ' END
		|| (SELECT text FROM relative) ELSE '' END AS caption,
	CASE WHEN normalised THEN 'performance relative to ratio 1'
		WHEN (SELECT count(DISTINCT metric || ' ' || unit) FROM shown) = 1
		THEN (SELECT metric || ' (' || replace(unit, 'per_s', '1/s') || ')' FROM shown LIMIT 1)
		ELSE 'performance (each in its own unit)' END AS y_label
FROM common JOIN normal;
