-- SPDX-License-Identifier: GPL-2.0-or-later
-- Performance over the local ratio, every repeat a point, medians joined.

CREATE TEMP TABLE axis AS SELECT 'ratio' AS parameter;
CREATE TEMP TABLE candidate AS SELECT * FROM asked WHERE ratio > 0;

CREATE TEMP TABLE performed AS
SELECT r.id, r.job, r.ratio, a.cell, p.name AS metric, p.unit, p.better, p.value
FROM run_job r JOIN alike a ON a.run = r.id AND a.job = r.job
JOIN performance p ON p.run = r.id AND p.job = r.job
WHERE r.status = 'ok' AND r.ratio > 0 AND p.value > 0;

-- The median at ratio 1 over all runs of the same cell.
CREATE TEMP TABLE base AS
WITH ranked AS (
	SELECT cell, value, row_number() OVER (PARTITION BY cell ORDER BY value) AS i,
		count(*) OVER (PARTITION BY cell) AS n
	FROM performed WHERE ratio = 1)
SELECT cell, avg(value) AS value FROM ranked WHERE i IN ((n + 1) / 2, (n + 2) / 2) GROUP BY cell;

CREATE TEMP TABLE chosen AS
SELECT p.*, b.value AS base, c.workload, c.backend, c.backend_params
FROM performed p JOIN candidate c USING (id, job) LEFT JOIN base b USING (cell);

-- With one cell without a base nothing is normalised: raw and relative numbers do not go on one
-- axis.
CREATE TEMP TABLE normal AS
SELECT NOT EXISTS (SELECT 1 FROM chosen WHERE base IS NULL) AS normalised;

CREATE TEMP TABLE shown AS
SELECT c.*, workload || ', ' || backend AS name,
	dense_rank() OVER (ORDER BY workload, backend, cell, backend_params) - 1 AS series,
	CASE WHEN NOT normalised THEN value
		WHEN better = 'higher' THEN value / base ELSE base / value END AS y
FROM chosen c JOIN normal;

SELECT series, ratio, y AS performance, id IN (SELECT id FROM flagged) AS flagged
FROM shown ORDER BY series, ratio, id;

WITH ranked AS (
	SELECT series, ratio, y, row_number() OVER (PARTITION BY series, ratio ORDER BY y) AS i,
		count(*) OVER (PARTITION BY series, ratio) AS n
	FROM shown)
SELECT series, ratio, avg(y) AS performance FROM ranked
WHERE i IN ((n + 1) / 2, (n + 2) / 2) GROUP BY series, ratio ORDER BY series, ratio;

CREATE TEMP VIEW variables AS
SELECT common.*, normalised,
	CASE WHEN normalised THEN 'performance relative to ratio 1'
		WHEN (SELECT count(DISTINCT metric || ' ' || unit) FROM shown) = 1
		THEN (SELECT metric || ' (' || replace(unit, 'per_s', '1/s') || ')' FROM shown LIMIT 1)
		ELSE 'performance (each in its own unit)' END AS y_label
FROM common JOIN normal;
